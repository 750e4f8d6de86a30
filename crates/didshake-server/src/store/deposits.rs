//! Deposits: what waits, what became of it (spec/relay-1.md, sections 3 and 4).

mod batch;
mod expiry;

use std::collections::HashMap;

use didshake::UnixTime;
use didshake::relay::{DepositName, DepositState, MailboxName, TokenHash};
use didshake_axum::StoreError;
use sqlx::{AssertSqlSafe, Row as _};

pub(crate) use batch::{Answers, BatchJob, BatchResult, CHANNEL, NewDeposit, Placed};
pub(super) use expiry::{expire, forget};

use super::database::Database;
use super::mailboxes::{number, sql_number};
use super::row::{self, sql_time, unix_time};
use super::sessions::unavailable;

/// Seconds for which the state of a deposit is kept after it was decided: a week.
const STATE_SECONDS: u64 = 604_800;
/// Names in one statement.
const NAMES: usize = 64;

const WAITING: i64 = 0;
const TAKEN: i64 = 1;
const REFUSED: i64 = 2;
const EXPIRED: i64 = 3;

/// A deposit that waits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Waiting {
    pub(crate) sequence: u64,
    pub(crate) expires: UnixTime,
    pub(crate) envelope: Vec<u8>,
}

/// Where deposits are kept.
#[derive(Clone, Debug)]
pub(crate) struct Deposits {
    pub(super) database: Database,
}

impl Deposits {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// What waits above a sequence number, ascending: at most so many, and together at most so many bytes, but one at least.
    pub(crate) async fn page(
        &self,
        mailbox: &MailboxName,
        after: u64,
        most: usize,
        bytes: u64,
        now: UnixTime,
    ) -> Result<Vec<Waiting>, StoreError> {
        let page = async {
            let Some(last) = self.last_of_page(mailbox, after, most, bytes, now).await? else { return Ok(Vec::new()) };
            let rows = sqlx::query(
                "SELECT sequence, ends, envelope FROM deposits
                    WHERE mailbox = $1 AND state = 0 AND sequence > $2 AND sequence <= $3 AND ends > $4 ORDER BY sequence",
            )
            .bind(mailbox.0.as_slice())
            .bind(sql_number(after))
            .bind(last)
            .bind(sql_time(now))
            .fetch_all(&self.database.reader)
            .await?;
            let read = |row: &sqlx::any::AnyRow| -> Result<Waiting, sqlx::Error> {
                let (sequence, expires) = (number(row, "sequence")?, unix_time(row.try_get("ends")?));
                Ok(Waiting { sequence, expires, envelope: row.try_get("envelope")? })
            };
            rows.iter().map(read).collect()
        };
        page.await.map_err(unavailable)
    }

    /// The last sequence number that fits.
    async fn last_of_page(
        &self,
        mailbox: &MailboxName,
        after: u64,
        most: usize,
        bytes: u64,
        now: UnixTime,
    ) -> Result<Option<i64>, sqlx::Error> {
        let rows = sqlx::query(
            "SELECT sequence, size FROM deposits
                WHERE mailbox = $1 AND state = 0 AND sequence > $2 AND ends > $3 ORDER BY sequence LIMIT $4",
        )
        .bind(mailbox.0.as_slice())
        .bind(sql_number(after))
        .bind(sql_time(now))
        .bind(i64::try_from(most).unwrap_or(i64::MAX))
        .fetch_all(&self.database.reader)
        .await?;
        let (mut last, mut total) = (None, 0_u64);
        for row in rows {
            total = total.saturating_add(number(&row, "size")?);
            if last.is_some() && total > bytes {
                break;
            }
            last = Some(row.try_get("sequence")?);
        }
        Ok(last)
    }

    /// Of these, what still waits.
    pub(crate) async fn still_waiting(
        &self,
        mailbox: &MailboxName,
        sequences: &[u64],
        now: UnixTime,
    ) -> Result<Vec<u64>, StoreError> {
        let mut waiting = Vec::new();
        for some in sequences.chunks(NAMES) {
            let select = format!(
                "SELECT sequence FROM deposits WHERE mailbox = $1 AND state = 0 AND ends > $2 AND sequence IN ({})",
                placeholders(3, NAMES)
            );
            let mut query = sqlx::query(AssertSqlSafe(select)).bind(mailbox.0.as_slice()).bind(sql_time(now));
            for at in 0..NAMES {
                query = query.bind(some.get(at).or(some.last()).map(|sequence| sql_number(*sequence)));
            }
            let rows = query.fetch_all(&self.database.reader).await.map_err(unavailable)?;
            for row in rows {
                waiting.push(number(&row, "sequence").map_err(unavailable)?);
            }
        }
        Ok(waiting)
    }

    /// What became of deposits of one token, in the order in which they are asked for.
    pub(crate) async fn states(
        &self,
        mailbox: &MailboxName,
        token: &TokenHash,
        names: &[DepositName],
        now: UnixTime,
    ) -> Result<Vec<DepositState>, StoreError> {
        let mut connection = self.database.reader.acquire().await.map_err(unavailable)?;
        let mut known = HashMap::new();
        for some in names.chunks(NAMES) {
            let read = states_of(mailbox, token, some, now, &mut connection).await.map_err(unavailable)?;
            known.extend(read);
        }
        Ok(names.iter().map(|name| known.get(name).copied().unwrap_or(DepositState::Unknown)).collect())
    }
}

/// The states of at most [`NAMES`] deposits that are known.
async fn states_of(
    mailbox: &MailboxName,
    token: &TokenHash,
    names: &[DepositName],
    now: UnixTime,
    on: &mut sqlx::AnyConnection,
) -> Result<HashMap<DepositName, DepositState>, sqlx::Error> {
    let many = if names.len() == 1 { 1 } else { NAMES };
    let select = format!(
        "SELECT name, state, ends FROM deposits WHERE mailbox = $1 AND token = $2 AND name IN ({})",
        placeholders(3, many)
    );
    let mut query = sqlx::query(AssertSqlSafe(select)).bind(mailbox.0.as_slice()).bind(token.0.as_slice());
    // As many statements as there are lengths would each be kept.
    for at in 0..many {
        let name = names.get(at).or(names.last());
        query = query.bind(name.map(|name| name.0.to_vec()));
    }
    let mut known = HashMap::new();
    for row in query.fetch_all(on).await? {
        let (state, ends) = (row.try_get::<i64, _>("state")?, unix_time(row.try_get("ends")?));
        // Nobody has looked yet.
        let state = if state == WAITING && ends <= now { EXPIRED } else { state };
        known.insert(DepositName(row::bytes(&row, "name")?), state_of(state));
    }
    Ok(known)
}

fn state_of(number: i64) -> DepositState {
    match number {
        WAITING => DepositState::Waiting,
        TAKEN => DepositState::Taken,
        REFUSED => DepositState::Refused,
        EXPIRED => DepositState::Expired,
        _ => DepositState::Unknown,
    }
}

/// `$first, …`, so many.
fn placeholders(first: usize, many: usize) -> String {
    let numbers: Vec<String> = (first..first.saturating_add(many)).map(|number| format!("${number}")).collect();
    numbers.join(", ")
}
