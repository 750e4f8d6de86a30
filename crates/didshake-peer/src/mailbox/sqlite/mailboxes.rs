//! Mailboxes of ours, their keys, and the tokens that were given for them.

use didshake::mailbox::{GRACE_SECONDS, MailboxSecret};
use didshake::relay::DepositToken;
use didshake::{Origin, UnixTime};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::row::{bytes, did, maybe_bytes, origin, secret, sql_time, time, token, url};
use super::{Failure, SqliteStore};
use crate::mailbox::records::{GivenToken, KeptKey, OwnMailbox};

impl SqliteStore {
    pub(super) async fn write_mailbox(&self, mailbox: &OwnMailbox) -> Result<(), Failure> {
        sqlx::query(
            "INSERT OR REPLACE INTO mailboxes (own, origin, relay_did, url, opened, shown) VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(self.own_text())
        .bind(mailbox.origin.as_str())
        .bind(mailbox.relay.as_str())
        .bind(mailbox.url.as_str())
        .bind(sql_time(mailbox.opened))
        .bind(mailbox.shown.as_ref().map(<[u8; 16]>::as_slice))
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    pub(super) async fn read_mailboxes(&self) -> Result<Vec<OwnMailbox>, Failure> {
        let query = sqlx::query("SELECT * FROM mailboxes WHERE own = ? ORDER BY origin");
        let rows = query.bind(self.own_text()).fetch_all(&self.reader).await?;
        Ok(rows.iter().map(mailbox).collect::<Result<_, _>>()?)
    }

    pub(super) async fn delete_mailbox(&self, origin: &Origin) -> Result<(), Failure> {
        let mut transaction = self.begin().await?;
        for statement in [
            "DELETE FROM mailboxes WHERE own = ? AND origin = ?",
            "DELETE FROM given_tokens WHERE own = ? AND origin = ?",
        ] {
            let query = sqlx::query(statement).bind(self.own_text()).bind(origin.as_str());
            query.execute(&mut *transaction).await?;
        }
        Ok(transaction.commit().await?)
    }

    pub(super) async fn write_key(&self, key: &KeptKey) -> Result<(), Failure> {
        sqlx::query(
            "INSERT INTO mailbox_keys (own, key_id, secret, begins, ends, signed, made) VALUES (?1, ?2, ?3, ?4, ?5, ?6,
                (SELECT coalesce(max(made), 0) + 1 FROM mailbox_keys WHERE own = ?1))",
        )
        .bind(self.own_text())
        .bind(key.id.as_slice())
        .bind(key.secret.secret().expose().as_slice())
        .bind(sql_time(key.begins))
        .bind(sql_time(key.ends))
        .bind(key.signed.as_slice())
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    pub(super) async fn read_keys(&self) -> Result<Vec<KeptKey>, Failure> {
        let query = sqlx::query("SELECT * FROM mailbox_keys WHERE own = ? ORDER BY ends DESC, made DESC");
        let rows = query.bind(self.own_text()).fetch_all(&self.reader).await?;
        Ok(rows.iter().map(key).collect::<Result<_, _>>()?)
    }

    pub(super) async fn delete_keys(&self, now: UnixTime) -> Result<u64, Failure> {
        let over = now.0.checked_sub(GRACE_SECONDS).map_or(-1, |over| sql_time(UnixTime(over)));
        let query = sqlx::query("DELETE FROM mailbox_keys WHERE own = ? AND ends <= ?");
        let gone = query.bind(self.own_text()).bind(over).execute(&self.writer).await?.rows_affected();
        if gone > 0 {
            // The journal has the page as it was when the key was made.
            sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&self.writer).await?;
        }
        Ok(gone)
    }

    pub(super) async fn write_token(&self, given: &GivenToken) -> Result<(), Failure> {
        sqlx::query(
            "INSERT OR REPLACE INTO given_tokens (own, token, origin, label, given, expires, registered, revoked)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(self.own_text())
        .bind(given.token.secret().expose().as_slice())
        .bind(given.origin.as_str())
        .bind(given.label.as_str())
        .bind(sql_time(given.given))
        .bind(given.expires.map(sql_time))
        .bind(given.registered)
        .bind(given.revoked)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    pub(super) async fn read_tokens(&self) -> Result<Vec<GivenToken>, Failure> {
        let query = sqlx::query("SELECT * FROM given_tokens WHERE own = ? ORDER BY given, token");
        let rows = query.bind(self.own_text()).fetch_all(&self.reader).await?;
        Ok(rows.iter().map(given).collect::<Result<_, _>>()?)
    }

    pub(super) async fn delete_token(&self, token: &DepositToken) -> Result<(), Failure> {
        let query = sqlx::query("DELETE FROM given_tokens WHERE own = ? AND token = ?");
        query.bind(self.own_text()).bind(token.secret().expose().as_slice()).execute(&self.writer).await?;
        Ok(())
    }
}

fn mailbox(row: &SqliteRow) -> Result<OwnMailbox, sqlx::Error> {
    Ok(OwnMailbox {
        origin: origin(row, "origin")?,
        relay: did(row, "relay_did")?,
        url: url(row.try_get("url")?)?,
        opened: time(row, "opened")?,
        shown: maybe_bytes(row, "shown")?,
    })
}

fn key(row: &SqliteRow) -> Result<KeptKey, sqlx::Error> {
    Ok(KeptKey {
        id: bytes(row, "key_id")?,
        secret: MailboxSecret::from_secret(secret(row, "secret")?),
        begins: time(row, "begins")?,
        ends: time(row, "ends")?,
        signed: row.try_get("signed")?,
    })
}

fn given(row: &SqliteRow) -> Result<GivenToken, sqlx::Error> {
    let expires = row.try_get::<Option<i64>, _>("expires")?;
    Ok(GivenToken {
        token: token(row, "token")?,
        origin: origin(row, "origin")?,
        label: row.try_get("label")?,
        given: time(row, "given")?,
        expires: expires.map(|_| time(row, "expires")).transpose()?,
        registered: row.try_get("registered")?,
        revoked: row.try_get("revoked")?,
    })
}
