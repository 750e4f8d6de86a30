//! SQLite: sessions, the nonces of their requests, burned handshakes and accounts, durable when a call returns. One connection
//! writes; what several must not do at once is one transaction that locks at its beginning.

mod accounts;
mod burns;
mod codes;
mod cookies;
mod database;
mod entry;
mod error;
mod invites;
mod revocations;
mod row;
mod sessions;
mod standing;
mod sweeper;

pub(crate) use accounts::{ADMIN, Account, AccountBounds, Accounts, Change, Undone};
pub(crate) use burns::SqliteBurns;
pub(crate) use codes::{LoginCode, SqliteCodes};
pub(crate) use cookies::SqliteCookies;
pub(crate) use database::{Database, check_file};
pub(crate) use entry::Entry;
pub use error::StorageError;
pub(crate) use invites::{Invite, Made, Purpose};
pub(crate) use revocations::Revocation;
pub(crate) use sessions::SqliteSessions;
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
