//! The database, whichever it is: SQLite in a file, or PostgreSQL for several instances. The same statements go to both.

use std::path::Path;
use std::time::Duration;

use didshake::UnixTime;
use sqlx::AnyPool;

use super::error::{Place, StorageError};
use super::logins::LoginWriter;
use super::row::sql_time;
use super::sweeper::{self, Table};
use super::writing::{Turns, WriteTransaction, Writing};

/// How long anything waits for a connection, or for what another process has locked.
pub(super) const BUSY: Duration = Duration::from_secs(5);

/// What a restored backup does not count.
const FORGET: [&str; 5] = [
    "DELETE FROM cookies",
    "DELETE FROM login_codes",
    "DELETE FROM browser_links",
    "DELETE FROM invites",
    // Owners have seen numbers since that the backup knows nothing of, and ask for what is above them.
    "UPDATE mailboxes SET last_sequence = last_sequence + 4294967296",
];

/// An open database. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    /// SQLite's is of one connection.
    pub(super) writer: AnyPool,
    pub(crate) reader: AnyPool,
    pub(super) logins: LoginWriter,
    pub(super) turns: Turns,
    pub(super) place: Place,
}

impl Database {
    /// For statements that are each their own transaction.
    pub(crate) async fn write(&self) -> Result<Writing, sqlx::Error> {
        let turn = self.turns.next().await?;
        Ok(Writing::new(self.writer.acquire().await?, turn))
    }

    /// SQLite's begins with the lock, PostgreSQL's locks the rows that it writes.
    pub(crate) async fn begin(&self) -> Result<WriteTransaction, sqlx::Error> {
        let turn = self.turns.next().await?;
        let transaction = match self.place {
            Place::File(_) => self.writer.begin_with("BEGIN IMMEDIATE").await?,
            Place::Postgres(_) => self.writer.begin().await?,
        };
        Ok(WriteTransaction::new(transaction, turn))
    }

    /// How many rows a table has, without counting them.
    pub(crate) async fn rows(&self, table: Table) -> Result<u64, sqlx::Error> {
        sweeper::rows(table, &self.reader).await
    }

    /// Whether it is one that other instances may use at the same time.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self.place, Place::Postgres(_))
    }

    /// The file, where it is one.
    pub(crate) fn file(&self) -> Option<&Path> {
        if let Place::File(path) = &self.place { Some(path) } else { None }
    }

    /// Notes that this was a backup until `time`: requests of its sessions that could have been burned since do not count.
    pub(crate) async fn note_restored(&self, time: UnixTime) -> Result<(), StorageError> {
        let noted = async {
            let mut transaction = self.begin().await?;
            let note = sqlx::query("UPDATE restored SET restored_at = $1").bind(sql_time(time));
            note.execute(&mut *transaction).await?;
            // Whoever logged out since the backup stays logged out, and what was used since is not used again.
            for forget in FORGET {
                sqlx::query(forget).execute(&mut *transaction).await?;
            }
            transaction.commit().await
        };
        noted.await.map_err(|error| StorageError::of_database(self.place.clone(), error))
    }

    /// Ends every connection, so that nothing is left beside the file itself.
    pub(crate) async fn close(&self) {
        self.logins.close().await;
        self.reader.close().await;
        self.writer.close().await;
    }
}
