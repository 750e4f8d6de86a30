//! Mailboxes, and who may deposit in them (spec/relay-1.md, section 3).

use didshake::mailbox::KeyId;
use didshake::relay::{MAX_ENVELOPE_BYTES, MailboxName, TokenHash};
use didshake::{Did, UnixTime};
use didshake_axum::StoreError;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::database::Database;
use super::row::{self, sql_time, unix_time};
use super::sessions::unavailable;
use super::sweeper::{Table, rows};
use crate::policy::holder;

/// Tokens of one mailbox at most.
pub(crate) const MAX_TOKENS: u64 = 1024;

/// How much may wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct MailboxBounds {
    /// Mailboxes in all.
    pub(crate) mailboxes: u64,
    /// Deposits of one mailbox.
    pub(crate) waiting: u64,
    /// Bytes of their envelopes.
    pub(crate) bytes: u64,
    /// So many further deposits, and a state is kept no more.
    pub(crate) states: u64,
}

impl MailboxBounds {
    /// What may wait under one token where the owner says nothing: a quarter, so that whoever finds one leaves room to the
    /// others; one envelope at least.
    pub(crate) fn of_token(&self) -> (u64, u64) {
        (self.waiting.div_ceil(4), (self.bytes / 4).max(MAX_ENVELOPE_BYTES as u64))
    }
}

/// A mailbox, as its owner sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Mailbox {
    pub(crate) name: MailboxName,
    pub(crate) waiting: u64,
    pub(crate) bytes: u64,
    pub(crate) key: Option<(KeyId, UnixTime)>,
}

/// What a deposit token is good for; `None`: [`MailboxBounds::of_token`], and for ever.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct TokenLimits {
    pub(crate) ends: Option<UnixTime>,
    pub(crate) waiting: Option<u64>,
    pub(crate) bytes: Option<u64>,
}

/// A deposit token, and what waits under it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Token {
    pub(crate) hash: TokenHash,
    pub(crate) limits: TokenLimits,
    pub(crate) waiting: u64,
    pub(crate) bytes: u64,
}

/// What became of a token that was let in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LetIn {
    New,
    Changed,
    /// There are as many as there may be.
    Full,
}

/// How many there are, and what waits in them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct MailboxSums {
    pub(crate) waiting: u64,
    pub(crate) bytes: u64,
}

/// Where mailboxes are kept.
#[derive(Clone, Debug)]
pub(crate) struct Mailboxes {
    database: Database,
    bounds: MailboxBounds,
}

impl Mailboxes {
    pub(crate) fn new(database: Database, bounds: MailboxBounds) -> Self {
        Self { database, bounds }
    }

    pub(crate) fn bounds(&self) -> MailboxBounds {
        self.bounds
    }

    /// Opens the mailbox of an owner, under the name that was drawn; `false` where it was open.
    ///
    /// # Errors
    /// [`StoreError::Full`] where there are as many as there may be.
    pub(crate) async fn open(
        &self,
        owner: &Did,
        drawn: MailboxName,
        now: UnixTime,
    ) -> Result<(Mailbox, bool), StoreError> {
        if let Some(mailbox) = self.of(owner).await? {
            return Ok((mailbox, false));
        }
        let mut transaction = self.database.begin().await.map_err(unavailable)?;
        let opened = sqlx::query(
            "INSERT INTO mailboxes (name, owner, opened, last_sequence, waiting, bytes) VALUES ($1, $2, $3, 0, 0, 0)
                ON CONFLICT (owner) DO NOTHING",
        )
        .bind(drawn.0.as_slice())
        .bind(holder(owner))
        .bind(sql_time(now))
        .execute(&mut *transaction)
        .await
        .map_err(unavailable)?;
        if rows(Table::Mailboxes, &mut *transaction).await.map_err(unavailable)? > self.bounds.mailboxes {
            return Err(StoreError::Full);
        }
        transaction.commit().await.map_err(unavailable)?;
        let is_new = opened.rows_affected() == 1;
        let mailbox =
            read_by_owner(owner, &mut *self.database.write().await.map_err(unavailable)?).await.map_err(unavailable)?;
        mailbox.map(|mailbox| (mailbox, is_new)).ok_or_else(|| unavailable(sqlx::Error::RowNotFound))
    }

    /// The mailbox of an owner.
    pub(crate) async fn of(&self, owner: &Did) -> Result<Option<Mailbox>, StoreError> {
        read_by_owner(owner, &self.database.reader).await.map_err(unavailable)
    }

    /// Closes the mailbox of an owner: nothing of it is left. `false` where there is none.
    pub(crate) async fn close(&self, name: &MailboxName) -> Result<bool, StoreError> {
        let close = async {
            // From here on nobody deposits; a mailbox with many deposits holds nobody else up.
            let tokens = sqlx::query("DELETE FROM deposit_tokens WHERE mailbox = $1").bind(name.0.as_slice());
            tokens.execute(&mut *self.database.write().await?).await?;
            loop {
                let some = sqlx::query(
                    "DELETE FROM deposits WHERE mailbox = $1 AND sequence IN
                        (SELECT sequence FROM deposits WHERE mailbox = $1 LIMIT 1000)",
                );
                let gone = some.bind(name.0.as_slice()).execute(&mut *self.database.write().await?).await?;
                if gone.rows_affected() == 0 {
                    break;
                }
            }
            let closed = sqlx::query("DELETE FROM mailboxes WHERE name = $1").bind(name.0.as_slice());
            closed.execute(&mut *self.database.write().await?).await
        };
        close.await.map(|closed| closed.rows_affected() == 1).map_err(unavailable)
    }

    /// What depositors are given from now on.
    pub(crate) async fn set_key(
        &self,
        name: &MailboxName,
        key: &[u8],
        id: &KeyId,
        ends: UnixTime,
    ) -> Result<bool, StoreError> {
        let set = sqlx::query("UPDATE mailboxes SET mailbox_key = $1, key_id = $2, key_ends = $3 WHERE name = $4")
            .bind(key)
            .bind(id.as_slice())
            .bind(sql_time(ends))
            .bind(name.0.as_slice())
            .execute(&mut *self.database.write().await.map_err(unavailable)?)
            .await
            .map_err(unavailable)?;
        Ok(set.rows_affected() == 1)
    }

    /// The mailbox key, for whoever has a token: `None` where the token does not count, `Some(None)` where there is no key.
    pub(crate) async fn key(
        &self,
        name: &MailboxName,
        token: &TokenHash,
        now: UnixTime,
    ) -> Result<Option<Option<Vec<u8>>>, StoreError> {
        let found = sqlx::query(
            "SELECT mailbox_key FROM mailboxes JOIN deposit_tokens ON mailbox = mailboxes.name
                WHERE mailboxes.name = $1 AND hash = $2 AND (ends IS NULL OR ends > $3)",
        );
        let found = found.bind(name.0.as_slice()).bind(token.0.as_slice()).bind(sql_time(now));
        let row = found.fetch_optional(&self.database.reader).await.map_err(unavailable)?;
        row.map(|row| row.try_get("mailbox_key")).transpose().map_err(unavailable)
    }

    /// Whether a token counts in a mailbox.
    pub(crate) async fn knows(&self, name: &MailboxName, token: &TokenHash, now: UnixTime) -> Result<bool, StoreError> {
        let found = sqlx::query(
            "SELECT 1 FROM deposit_tokens WHERE mailbox = $1 AND hash = $2 AND (ends IS NULL OR ends > $3)",
        );
        let found = found.bind(name.0.as_slice()).bind(token.0.as_slice()).bind(sql_time(now));
        let row = found.fetch_optional(&self.database.reader).await.map_err(unavailable)?;
        Ok(row.is_some())
    }

    /// Lets a token in, or changes what it is good for.
    pub(crate) async fn let_in(
        &self,
        name: &MailboxName,
        token: &TokenHash,
        limits: &TokenLimits,
    ) -> Result<LetIn, StoreError> {
        let mut transaction = self.database.begin().await.map_err(unavailable)?;
        let let_in = async {
            if change_token(name, token, limits, &mut transaction).await? {
                transaction.commit().await?;
                return Ok(LetIn::Changed);
            }
            // Whoever lets another one in at the same time waits here.
            let lock = sqlx::query("UPDATE mailboxes SET waiting = waiting WHERE name = $1").bind(name.0.as_slice());
            lock.execute(&mut *transaction).await?;
            let count = sqlx::query_scalar("SELECT count(*) FROM deposit_tokens WHERE mailbox = $1");
            let count: i64 = count.bind(name.0.as_slice()).fetch_one(&mut *transaction).await?;
            if u64::try_from(count).is_ok_and(|count| count >= MAX_TOKENS) {
                return Ok(LetIn::Full);
            }
            add_token(name, token, limits, &mut transaction).await?;
            transaction.commit().await?;
            Ok(LetIn::New)
        };
        let_in.await.map_err(unavailable)
    }

    /// Revokes a token; what waits under it stays. `false` where there is none.
    pub(crate) async fn revoke(&self, name: &MailboxName, token: &TokenHash) -> Result<bool, StoreError> {
        let revoked = sqlx::query("DELETE FROM deposit_tokens WHERE mailbox = $1 AND hash = $2")
            .bind(name.0.as_slice())
            .bind(token.0.as_slice())
            .execute(&mut *self.database.write().await.map_err(unavailable)?)
            .await
            .map_err(unavailable)?;
        Ok(revoked.rows_affected() == 1)
    }

    /// The tokens of a mailbox.
    pub(crate) async fn tokens(&self, name: &MailboxName) -> Result<Vec<Token>, StoreError> {
        let found = sqlx::query("SELECT * FROM deposit_tokens WHERE mailbox = $1 ORDER BY hash");
        let found = found.bind(name.0.as_slice()).fetch_all(&self.database.reader).await.map_err(unavailable)?;
        found.iter().map(read_token).collect::<Result<_, _>>().map_err(unavailable)
    }

    /// What waits in all mailboxes.
    pub(crate) async fn sums(&self) -> Result<MailboxSums, StoreError> {
        let sums = sqlx::query(
            "SELECT CAST(coalesce(sum(waiting), 0) AS BIGINT) AS waiting, CAST(coalesce(sum(bytes), 0) AS BIGINT) AS bytes
                FROM mailboxes",
        );
        let row = sums.fetch_one(&self.database.reader).await.map_err(unavailable)?;
        let sums = || Ok(MailboxSums { waiting: number(&row, "waiting")?, bytes: number(&row, "bytes")? });
        sums().map_err(unavailable)
    }
}

pub(super) fn number(row: &AnyRow, column: &str) -> Result<u64, sqlx::Error> {
    row.try_get::<i64, _>(column).map(|number| u64::try_from(number).unwrap_or_default())
}

/// Numbers as the database has them; what is more than it can count is as much as it can.
pub(super) fn sql_number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

async fn read_by_owner(owner: &Did, on: impl sqlx::any::AnyExecutor<'_>) -> Result<Option<Mailbox>, sqlx::Error> {
    let found = sqlx::query("SELECT name, waiting, bytes, key_id, key_ends FROM mailboxes WHERE owner = $1");
    let row = found.bind(holder(owner)).fetch_optional(on).await?;
    row.as_ref().map(read_mailbox).transpose()
}

fn read_mailbox(row: &AnyRow) -> Result<Mailbox, sqlx::Error> {
    let ends: Option<i64> = row.try_get("key_ends")?;
    let key = ends.map(|ends| Ok::<_, sqlx::Error>((row::bytes(row, "key_id")?, unix_time(ends)))).transpose()?;
    let name = MailboxName(row::bytes(row, "name")?);
    Ok(Mailbox { name, waiting: number(row, "waiting")?, bytes: number(row, "bytes")?, key })
}

pub(super) fn read_token(row: &AnyRow) -> Result<Token, sqlx::Error> {
    let optional = |column| row.try_get::<Option<i64>, _>(column);
    let count = |number: i64| u64::try_from(number).unwrap_or_default();
    Ok(Token {
        hash: TokenHash(row::bytes(row, "hash")?),
        limits: TokenLimits {
            ends: optional("ends")?.map(unix_time),
            waiting: optional("max_waiting")?.map(count),
            bytes: optional("max_bytes")?.map(count),
        },
        waiting: number(row, "waiting")?,
        bytes: number(row, "bytes")?,
    })
}

async fn change_token(
    name: &MailboxName,
    token: &TokenHash,
    limits: &TokenLimits,
    on: &mut sqlx::AnyConnection,
) -> Result<bool, sqlx::Error> {
    let changed = sqlx::query(
        "UPDATE deposit_tokens SET ends = $1, max_waiting = $2, max_bytes = $3 WHERE mailbox = $4 AND hash = $5",
    )
    .bind(limits.ends.map(sql_time))
    .bind(limits.waiting.map(sql_number))
    .bind(limits.bytes.map(sql_number))
    .bind(name.0.as_slice())
    .bind(token.0.as_slice())
    .execute(on)
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// A token that was revoked and is let in again has what still waits under it.
async fn add_token(
    name: &MailboxName,
    token: &TokenHash,
    limits: &TokenLimits,
    on: &mut sqlx::AnyConnection,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO deposit_tokens (mailbox, hash, ends, max_waiting, max_bytes, waiting, bytes)
            SELECT $1, $2, $3, $4, $5, count(*), CAST(coalesce(sum(size), 0) AS BIGINT) FROM deposits
            WHERE mailbox = $1 AND token = $2 AND state = 0",
    )
    .bind(name.0.as_slice())
    .bind(token.0.as_slice())
    .bind(limits.ends.map(sql_time))
    .bind(limits.waiting.map(sql_number))
    .bind(limits.bytes.map(sql_number))
    .execute(on)
    .await
    .map(|_| ())
}
