//! Codes that take a login to an application's host.

use didshake::{Origin, UnixTime};
use didshake_axum::StoreError;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::database::Database;
use super::row::{self, sql_time};
use super::sessions::unavailable;
use crate::cookie::SecretHash;

/// What a code stands for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct LoginCode {
    pub(crate) session_id: [u8; 16],
    /// The application's.
    pub(crate) origin: Origin,
    /// Of the browser that asked for it.
    pub(crate) state: SecretHash,
    pub(crate) ends: UnixTime,
}

/// Where codes are until they are used.
#[derive(Clone, Debug)]
pub(crate) struct SqlCodes {
    database: Database,
}

impl SqlCodes {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Keeps a code. The one before it for the same session and application counts no more.
    pub(crate) async fn add(&self, hash: &SecretHash, code: &LoginCode) -> Result<(), StoreError> {
        let added = sqlx::query(
            "INSERT INTO login_codes (hash, session_id, origin, state, ends) VALUES ($1, $2, $3, $4, $5)
                ON CONFLICT (session_id, origin) DO UPDATE
                SET hash = excluded.hash, state = excluded.state, ends = excluded.ends",
        )
        .bind(hash.as_bytes().as_slice())
        .bind(code.session_id.as_slice())
        .bind(code.origin.as_str())
        .bind(code.state.as_bytes().as_slice())
        .bind(sql_time(code.ends))
        .execute(&mut *self.database.write().await.map_err(unavailable)?)
        .await;
        added.map(|_| ()).map_err(unavailable)
    }

    /// Takes out a code that counts, for a browser with this state at this origin: it is there for one of all who ask.
    pub(crate) async fn take(
        &self,
        hash: &SecretHash,
        state: &SecretHash,
        origin: &Origin,
        now: UnixTime,
    ) -> Result<Option<LoginCode>, StoreError> {
        // Whoever makes codes up holds nobody up that writes.
        let row = sqlx::query("SELECT session_id, origin, state, ends FROM login_codes WHERE hash = $1")
            .bind(hash.as_bytes().as_slice())
            .fetch_optional(&self.database.reader)
            .await
            .map_err(unavailable)?;
        let code = row.as_ref().map(read).transpose().map_err(unavailable)?;
        let counts = |code: &LoginCode| code.origin == *origin && code.state == *state && now < code.ends;
        let Some(code) = code.filter(counts) else { return Ok(None) };
        let taken = sqlx::query("DELETE FROM login_codes WHERE hash = $1").bind(hash.as_bytes().as_slice());
        let taken =
            taken.execute(&mut *self.database.write().await.map_err(unavailable)?).await.map_err(unavailable)?;
        Ok((taken.rows_affected() == 1).then_some(code))
    }
}

fn read(row: &AnyRow) -> Result<LoginCode, sqlx::Error> {
    Ok(LoginCode {
        session_id: row::bytes(row, "session_id")?,
        origin: row::origin(row, "origin")?,
        state: SecretHash::from_bytes(row::bytes(row, "state")?),
        ends: row::unix_time(row.try_get("ends")?),
    })
}
