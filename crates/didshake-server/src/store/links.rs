//! Links that log a browser in to a session that a program has made.

use didshake::UnixTime;
use didshake_axum::{SessionRecord, StoreError};

use super::database::Database;
use super::row::{self, sql_time};
use super::sessions::unavailable;
use crate::cookie::SecretHash;

/// Where links are until they are used.
#[derive(Clone, Debug)]
pub(crate) struct SqlLinks {
    database: Database,
}

impl SqlLinks {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Keeps a link to a session; the one before it counts no more. `false` where there is no such session.
    pub(crate) async fn add(&self, hash: &SecretHash, session: &[u8; 16], ends: UnixTime) -> Result<bool, StoreError> {
        let added = sqlx::query(
            "INSERT INTO browser_links (hash, session_id, ends) SELECT $1, id, $2 FROM sessions WHERE id = $3
                ON CONFLICT (session_id) DO UPDATE SET hash = excluded.hash, ends = excluded.ends",
        )
        .bind(hash.as_bytes().as_slice())
        .bind(sql_time(ends))
        .bind(session.as_slice())
        .execute(&mut *self.database.write().await.map_err(unavailable)?)
        .await
        .map_err(unavailable)?;
        Ok(added.rows_affected() == 1)
    }

    /// The session that a link leads to, live or not.
    pub(crate) async fn find(&self, hash: &SecretHash, now: UnixTime) -> Result<Option<SessionRecord>, StoreError> {
        let row = sqlx::query(
            "SELECT sessions.* FROM browser_links JOIN sessions ON sessions.id = browser_links.session_id
                WHERE browser_links.hash = $1 AND browser_links.ends > $2",
        )
        .bind(hash.as_bytes().as_slice())
        .bind(sql_time(now))
        .fetch_optional(&self.database.reader)
        .await
        .map_err(unavailable)?;
        row.as_ref().map(row::record).transpose().map_err(unavailable)
    }

    /// Uses a link up: `true` for one of all who ask.
    pub(crate) async fn take(&self, hash: &SecretHash, now: UnixTime) -> Result<bool, StoreError> {
        let taken = sqlx::query("DELETE FROM browser_links WHERE hash = $1 AND ends > $2")
            .bind(hash.as_bytes().as_slice())
            .bind(sql_time(now))
            .execute(&mut *self.database.write().await.map_err(unavailable)?)
            .await
            .map_err(unavailable)?;
        Ok(taken.rows_affected() == 1)
    }
}
