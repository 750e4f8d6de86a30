//! The cookies of sessions.

use didshake::{Origin, UnixTime};
use didshake_axum::{SessionRecord, StoreError};

use super::database::Database;
use super::row::{self, sql_time};
use super::sessions::unavailable;
use crate::cookie::SecretHash;

/// Seconds between two notes that a session was used: a page asks several times at once.
const NOTE_SECONDS: u64 = 60;

/// Which cookie stands for which session.
#[derive(Clone, Debug)]
pub(crate) struct SqlCookies {
    database: Database,
}

impl SqlCookies {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Keeps a cookie for a session at an origin; the one before it counts no more. `false` where there is no such
    /// session.
    pub(crate) async fn issue(
        &self,
        hash: &SecretHash,
        session: &[u8; 16],
        origin: &Origin,
    ) -> Result<bool, StoreError> {
        let issued = sqlx::query(
            "INSERT INTO cookies (hash, session_id, origin) SELECT $1, id, $2 FROM sessions WHERE id = $3
                ON CONFLICT (session_id, origin) DO UPDATE SET hash = excluded.hash",
        )
        .bind(hash.as_bytes().as_slice())
        .bind(origin.as_str())
        .bind(session.as_slice())
        .execute(&mut *self.database.write().await.map_err(unavailable)?)
        .await
        .map_err(unavailable)?;
        Ok(issued.rows_affected() == 1)
    }

    /// The session that a cookie stands for at an origin, live or not.
    pub(crate) async fn find(&self, hash: &SecretHash, origin: &Origin) -> Result<Option<SessionRecord>, StoreError> {
        let row = sqlx::query(
            "SELECT sessions.* FROM cookies JOIN sessions ON sessions.id = cookies.session_id
                WHERE cookies.hash = $1 AND cookies.origin = $2",
        )
        .bind(hash.as_bytes().as_slice())
        .bind(origin.as_str())
        .fetch_optional(&self.database.reader)
        .await
        .map_err(unavailable)?;
        row.as_ref().map(row::record).transpose().map_err(unavailable)
    }

    /// Notes that a session was used through its cookie, to the minute.
    pub(crate) async fn note_use(&self, session: &SessionRecord, now: UnixTime) -> Result<(), StoreError> {
        if session.last_used.is_some_and(|last| now.0 < last.0.saturating_add(NOTE_SECONDS)) {
            return Ok(());
        }
        let noted = sqlx::query("UPDATE sessions SET last_used = $1 WHERE id = $2")
            .bind(sql_time(now))
            .bind(session.session.id().as_slice())
            .execute(&mut *self.database.write().await.map_err(unavailable)?)
            .await;
        noted.map(|_| ()).map_err(unavailable)
    }
}
