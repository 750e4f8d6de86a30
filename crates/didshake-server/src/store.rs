//! What is kept, in SQLite or PostgreSQL: sessions, the nonces of their requests, burned handshakes, accounts; durable when a
//! call returns. What several must not do at once is one statement, or one transaction.

mod accounts;
mod burns;
mod codes;
mod cookies;
mod database;
mod deposits;
mod entry;
mod error;
mod invites;
mod links;
mod logins;
mod logs;
mod looks;
mod mailboxes;
mod postgres;
mod revocations;
mod row;
mod sessions;
mod shared_keys;
mod spent_rates;
mod sqlite;
mod standing;
mod sweeper;
mod writing;

pub(crate) use accounts::{ADMIN, Account, AccountBounds, Accounts, Change, Undone};
pub(crate) use burns::SqlBurns;
pub(crate) use codes::{LoginCode, SqlCodes};
pub(crate) use cookies::SqlCookies;
pub(crate) use database::Database;
pub(crate) use deposits::{Answers, BatchJob, BatchResult, CHANNEL, Deposits, NewDeposit, Placed, Waiting};
pub(crate) use entry::Entry;
pub use error::{Place, StorageError};
pub(crate) use invites::{Invite, Made, Purpose};
pub(crate) use links::SqlLinks;
pub(crate) use logins::SqlLogins;
pub(crate) use logs::{MAX_LOGS, SqlLogHistory};
pub(crate) use looks::{DueLook, SqlLooks};
pub(crate) use mailboxes::{LetIn, MAX_TOKENS, Mailbox, MailboxBounds, MailboxSums, Mailboxes, Token, TokenLimits};
pub(crate) use revocations::Revocation;
pub(crate) use sessions::SqlSessions;
pub(crate) use shared_keys::{Recipient, SharedKey, SharedKeys};
pub(crate) use spent_rates::SpentRates;
pub(crate) use sqlite::check_file;
pub(crate) use standing::{Member, Standing};
pub(crate) use sweeper::{Sweeper, Table};

/// How much is kept at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Bounds {
    pub(crate) sessions: u64,
    /// Of one DID; the oldest one ends where a further one is made.
    pub(crate) sessions_of_did: u32,
    pub(crate) nonces: u64,
    pub(crate) burns: u64,
}

impl Bounds {
    pub(crate) fn with_sessions(sessions: u64) -> Self {
        Self { sessions, sessions_of_did: 100, nonces: 1_000_000, burns: 1_000_000 }
    }
}

#[cfg(test)]
mod tests;
