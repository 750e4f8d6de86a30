//! What has ended is deleted: now and then, and where room is needed.

use std::time::Duration;

use didshake::UnixTime;
use didshake_did::{Clock, SystemClock};
use sqlx::AnyConnection;
use sqlx::any::AnyExecutor;
use tokio::task::JoinHandle;

use super::database::Database;
use super::deposits;
use super::row::sql_time;

const PERIOD: Duration = Duration::from_secs(30);

/// The tables that have a bound.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Table {
    Sessions,
    Nonces,
    Burns,
    Invites,
    Accounts,
    Revocations,
    Mailboxes,
}

impl Table {
    pub(crate) const ALL: [Self; 7] =
        [Self::Sessions, Self::Nonces, Self::Burns, Self::Invites, Self::Accounts, Self::Revocations, Self::Mailboxes];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sessions => "sessions",
            Self::Nonces => "request_nonces",
            Self::Burns => "burned_handshakes",
            Self::Invites => "invites",
            Self::Accounts => "accounts",
            Self::Revocations => "revocations",
            Self::Mailboxes => "mailboxes",
        }
    }

    /// A thousand at a time, so that no transaction holds up the others. `None`: nothing in it ends by itself.
    fn delete_ended(self) -> Option<&'static str> {
        Some(match self {
            Self::Sessions => "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE ends <= $1 LIMIT 1000)",
            Self::Nonces => {
                "DELETE FROM request_nonces WHERE (session_id, nonce) IN
                    (SELECT session_id, nonce FROM request_nonces WHERE ends <= $1 LIMIT 1000)"
            }
            Self::Burns => {
                "DELETE FROM burned_handshakes WHERE th3 IN
                    (SELECT th3 FROM burned_handshakes WHERE ends <= $1 LIMIT 1000)"
            }
            Self::Invites => {
                "DELETE FROM invites WHERE invite_id IN
                    (SELECT invite_id FROM invites WHERE kept_until <= $1 LIMIT 1000)"
            }
            Self::Accounts | Self::Revocations | Self::Mailboxes => return None,
        })
    }
}

/// Whether a table is within its bound, if need be without what has ended.
pub(super) async fn fits(table: Table, bound: u64, now: UnixTime, on: &mut AnyConnection) -> Result<bool, sqlx::Error> {
    if rows(table, &mut *on).await? <= bound {
        return Ok(true);
    }
    sweep(table, now, on).await?;
    Ok(rows(table, on).await? <= bound)
}

/// How many there are, without counting them.
pub(super) async fn rows(table: Table, on: impl AnyExecutor<'_>) -> Result<u64, sqlx::Error> {
    let rows = sqlx::query_scalar("SELECT CAST(sum(row_count) AS BIGINT) FROM sizes WHERE name = $1");
    // Nothing was ever counted: no row, in PostgreSQL.
    let rows: Option<i64> = rows.bind(table.name()).fetch_one(on).await?;
    Ok(rows.and_then(|rows| u64::try_from(rows).ok()).unwrap_or_default())
}

/// How many it deleted.
async fn sweep(table: Table, now: UnixTime, on: &mut AnyConnection) -> Result<u64, sqlx::Error> {
    let Some(delete_ended) = table.delete_ended() else { return Ok(0) };
    let deleted = sqlx::query(delete_ended).bind(sql_time(now)).execute(on).await?;
    Ok(deleted.rows_affected())
}

/// Sweeps until it is dropped.
#[derive(Debug)]
pub(crate) struct Sweeper(JoinHandle<()>);

impl Sweeper {
    pub(crate) fn start(database: Database) -> Self {
        Self(tokio::spawn(async move {
            let mut turns = tokio::time::interval(PERIOD);
            turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                turns.tick().await;
                if let Err(error) = sweep_all(&database, SystemClock.now()).await {
                    tracing::error!(error = &error as &dyn std::error::Error, "what has ended cannot be deleted");
                }
            }
        }))
    }
}

impl Drop for Sweeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

pub(crate) async fn sweep_all(database: &Database, now: UnixTime) -> Result<(), sqlx::Error> {
    for table in Table::ALL {
        loop {
            let mut transaction = database.begin().await?;
            let deleted = sweep(table, now, &mut transaction).await?;
            transaction.commit().await?;
            if deleted == 0 {
                break;
            }
        }
    }
    // As few as sessions and applications, and gone in half a minute.
    for over in ["DELETE FROM login_codes WHERE ends <= $1", "DELETE FROM browser_links WHERE ends <= $1"] {
        sqlx::query(over).bind(sql_time(now)).execute(&mut *database.write().await?).await?;
    }
    deposits::expire(database, now).await?;
    deposits::forget(database, now).await
}
