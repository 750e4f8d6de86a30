//! Sessions, and the nonces of their requests.

use didshake::request::WINDOW_SECONDS;
use didshake::{Did, UnixTime};
use didshake_axum::{SessionRecord, SessionStore, StoreError, Use};
use didshake_did::BoxFuture;
use didshake_peer::SKEW_SECONDS;
use sqlx::AnyConnection;
use sqlx::any::AnyExecutor;

use super::Bounds;
use super::database::Database;
use super::entry::Entry;
use super::looks::look_again;
use super::row::{self, sql_time};
use super::sweeper::{Table, fits};

/// [`SessionStore`] in the database.
#[derive(Clone, Debug)]
pub(crate) struct SqlSessions {
    pub(super) database: Database,
    pub(super) bounds: Bounds,
    pub(super) entry: Entry,
    looks_every: Option<u64>,
}

impl SqlSessions {
    pub(crate) fn new(database: Database, bounds: Bounds, entry: Entry) -> Self {
        Self { database, bounds, entry, looks_every: None }
    }

    /// The same; each new session has the document of its DID looked at again within so many seconds.
    pub(crate) fn looked_at_every(self, seconds: Option<u64>) -> Self {
        Self { looks_every: seconds, ..self }
    }

    async fn add(&self, record: &SessionRecord) -> Result<(), StoreError> {
        let parts = record.session.parts();
        let mut transaction = self.database.begin().await.map_err(unavailable)?;
        self.entry.enter(&parts.did, parts.accepted, &mut transaction).await?;
        self.add_within(record, &mut transaction).await?;
        transaction.commit().await.map_err(unavailable)
    }

    /// Keeps the session of whoever may come in, in a transaction of the caller.
    pub(super) async fn add_within(&self, record: &SessionRecord, on: &mut AnyConnection) -> Result<(), StoreError> {
        let parts = record.session.parts();
        // Whoever has too many sessions loses the oldest: signing in again and again locks nobody out.
        sqlx::query(
            "DELETE FROM sessions WHERE id IN
                (SELECT id FROM sessions WHERE did = $1 ORDER BY accepted DESC, id LIMIT 9223372036854775807 OFFSET $2)",
        )
        .bind(parts.did.as_str())
        .bind(i64::from(self.bounds.sessions_of_did.saturating_sub(1)))
        .execute(&mut *on)
        .await
        .map_err(unavailable)?;
        insert(record, &mut *on).await.map_err(unavailable)?;
        if let Some(seconds) = self.looks_every {
            let due = parts.accepted.plus(seconds);
            look_again(&parts.did, parts.accepted, due, &mut *on).await.map_err(unavailable)?;
        }
        let is_within = fits(Table::Sessions, self.bounds.sessions, parts.accepted, on).await.map_err(unavailable)?;
        if is_within { Ok(()) } else { Err(StoreError::Full) }
    }

    /// Whether a session is all that there is to write for a DID of which nothing is known here.
    pub(super) fn takes_unknown(&self, did: &Did) -> bool {
        let is_looked_at = self.looks_every.is_some() && !did.has_single_method();
        !is_looked_at && self.entry.lets_in_unknown(did)
    }

    async fn burn_nonce(
        &self,
        id: &[u8; 16],
        nonce: &[u8; 16],
        until: UnixTime,
        now: UnixTime,
    ) -> Result<Use, StoreError> {
        let mut transaction = self.database.begin().await.map_err(unavailable)?;
        // Dropping the transaction rolls back. Of requests of one session the second waits here for the first.
        if !mark_used(id, now, &mut transaction).await.map_err(unavailable)? {
            return Ok(Use::Over);
        }
        let created = UnixTime(until.0.saturating_sub(WINDOW_SECONDS + 1 + SKEW_SECONDS));
        if insert_new(id, nonce, until, created, self.bounds.nonces, &mut transaction).await.map_err(unavailable)? {
            transaction.commit().await.map_err(unavailable)?;
            return Ok(Use::First);
        }
        // What it was, and whether there is room without what has ended.
        let known = may_be_burned(id, created, &mut transaction).await.map_err(unavailable)?
            || !insert_nonce(id, nonce, until, &mut transaction).await.map_err(unavailable)?;
        if known {
            return Ok(Use::Replayed);
        }
        if !fits(Table::Nonces, self.bounds.nonces, now, &mut transaction).await.map_err(unavailable)? {
            return Err(StoreError::Full);
        }
        transaction.commit().await.map_err(unavailable)?;
        Ok(Use::First)
    }
}

impl SessionStore for SqlSessions {
    fn create(&self, record: SessionRecord) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move { self.add(&record).await })
    }

    fn find<'a>(&'a self, id: &'a [u8; 16]) -> BoxFuture<'a, Result<Option<SessionRecord>, StoreError>> {
        Box::pin(async move {
            let row = sqlx::query("SELECT * FROM sessions WHERE id = $1").bind(id.as_slice());
            let row = row.fetch_optional(&self.database.reader).await.map_err(unavailable)?;
            row.as_ref().map(row::record).transpose().map_err(unavailable)
        })
    }

    fn use_once<'a>(
        &'a self,
        id: &'a [u8; 16],
        nonce: &'a [u8; 16],
        until: UnixTime,
        now: UnixTime,
    ) -> BoxFuture<'a, Result<Use, StoreError>> {
        Box::pin(self.burn_nonce(id, nonce, until, now))
    }

    fn of<'a>(&'a self, did: &'a Did, now: UnixTime) -> BoxFuture<'a, Result<Vec<SessionRecord>, StoreError>> {
        Box::pin(async move {
            let rows = sqlx::query("SELECT * FROM sessions WHERE did = $1 AND ends > $2 ORDER BY accepted DESC, id")
                .bind(did.as_str())
                .bind(sql_time(now))
                .fetch_all(&self.database.reader)
                .await
                .map_err(unavailable)?;
            rows.iter().map(row::record).collect::<Result<_, _>>().map_err(unavailable)
        })
    }

    fn end<'a>(&'a self, id: &'a [u8; 16]) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move {
            let ended = sqlx::query("DELETE FROM sessions WHERE id = $1").bind(id.as_slice());
            let ended =
                ended.execute(&mut *self.database.write().await.map_err(unavailable)?).await.map_err(unavailable)?;
            Ok(ended.rows_affected() > 0)
        })
    }
}

pub(super) fn unavailable(error: sqlx::Error) -> StoreError {
    StoreError::Unavailable(Box::new(error))
}

/// A session as a row, in both databases.
pub(super) const INSERT: &str =
    "INSERT INTO sessions (id, did, fragment, algorithm, public_key, accepted, lifetime, used, origin,
        request_key, client, last_used, ends)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

async fn insert(record: &SessionRecord, on: impl AnyExecutor<'_>) -> Result<(), sqlx::Error> {
    let parts = record.session.parts();
    sqlx::query(INSERT)
        .bind(parts.id.as_slice())
        .bind(parts.did.as_str())
        .bind(parts.fragment.as_str())
        .bind(i64::from(parts.algorithm as u8))
        .bind(parts.key.as_slice())
        .bind(sql_time(parts.accepted))
        .bind(i64::from(parts.lifetime))
        .bind(i64::from(parts.used))
        .bind(record.origin.as_str())
        .bind(record.request_key.secret().expose().as_slice())
        .bind(record.client.map(|address| address.to_string()))
        .bind(record.last_used.map(sql_time))
        .bind(sql_time(record.session.expires()))
        .execute(on)
        .await
        .map(|_| ())
}

/// The first use makes the session last for its lifetime. `false` where it is over.
async fn mark_used(id: &[u8; 16], now: UnixTime, on: &mut AnyConnection) -> Result<bool, sqlx::Error> {
    let marked = sqlx::query(
        "UPDATE sessions SET used = 1, last_used = $1, ends = accepted + lifetime WHERE id = $2 AND ends > $1",
    );
    let marked = marked.bind(sql_time(now)).bind(id.as_slice()).execute(on).await?;
    Ok(marked.rows_affected() == 1)
}

/// Whether a request of this session may have been burned in the database that a backup replaced, by a client whose
/// clock is as far ahead as it may be.
async fn may_be_burned(id: &[u8; 16], created: UnixTime, on: &mut AnyConnection) -> Result<bool, sqlx::Error> {
    let found =
        sqlx::query("SELECT 1 FROM sessions, restored WHERE id = $1 AND accepted <= restored_at AND $2 <= restored_at");
    let since = UnixTime(created.0.saturating_sub(WINDOW_SECONDS));
    let found = found.bind(id.as_slice()).bind(sql_time(since)).fetch_optional(on).await?;
    Ok(found.is_some())
}

/// What nearly always happens, in one statement. `false`: it is there, or may have been, or there is no room.
async fn insert_new(
    id: &[u8; 16],
    nonce: &[u8; 16],
    until: UnixTime,
    created: UnixTime,
    bound: u64,
    on: &mut AnyConnection,
) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query(
        "INSERT INTO request_nonces SELECT $1, $2, $3
            WHERE COALESCE((SELECT sum(row_count) FROM sizes WHERE name = 'request_nonces'), 0) < $4
                AND NOT EXISTS (SELECT 1 FROM sessions, restored
                    WHERE id = $1 AND accepted <= restored_at AND $5 <= restored_at)
            ON CONFLICT DO NOTHING",
    )
    .bind(id.as_slice())
    .bind(nonce.as_slice())
    .bind(sql_time(until))
    .bind(i64::try_from(bound).unwrap_or(i64::MAX))
    .bind(sql_time(UnixTime(created.0.saturating_sub(WINDOW_SECONDS))))
    .execute(on)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// `false` where the nonce is there already.
async fn insert_nonce(
    id: &[u8; 16],
    nonce: &[u8; 16],
    until: UnixTime,
    on: &mut AnyConnection,
) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query("INSERT INTO request_nonces VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
        .bind(id.as_slice())
        .bind(nonce.as_slice())
        .bind(sql_time(until))
        .execute(on)
        .await?;
    Ok(inserted.rows_affected() == 1)
}
