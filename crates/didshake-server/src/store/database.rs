//! Opening the database file: modes, pragmas, migrations, damage.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqliteConnection, SqlitePool};

use didshake::UnixTime;
use didshake_did::private_file::permissions;

use super::error::StorageError;
use super::row::sql_time;
use super::sessions::BEGIN;
use crate::data;

/// How long a statement waits for another process, a backup for instance.
const BUSY: Duration = Duration::from_secs(5);
const READERS: u32 = 4;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// An open database: one connection that writes, some that read.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    pub(crate) writer: SqlitePool,
    pub(crate) reader: SqlitePool,
    path: PathBuf,
}

impl Database {
    /// Opens the file, making it (mode 0600) and its tables if need be.
    pub(crate) async fn open(path: &Path) -> Result<Self, StorageError> {
        make_private(path)?;
        let failed = |error| StorageError::of_database(path.to_owned(), error);
        let options = options(path);
        let pool = SqlitePoolOptions::new().acquire_timeout(BUSY).max_connections(1);
        let writer = pool.connect_with(options.clone()).await.map_err(failed)?;
        check(&writer, path).await?;
        MIGRATIONS.run(&writer).await.map_err(|error| StorageError::of_migration(path.to_owned(), error))?;
        let reader = SqlitePoolOptions::new().acquire_timeout(BUSY).max_connections(READERS);
        let reader = reader.connect_with(options.pragma("query_only", "ON")).await.map_err(failed)?;
        Ok(Self { writer, reader, path: path.to_owned() })
    }

    /// A transaction that writes.
    pub(crate) async fn begin(&self) -> Result<sqlx::Transaction<'static, sqlx::Sqlite>, sqlx::Error> {
        self.writer.begin_with(BEGIN).await
    }

    /// How many rows a table has, without counting them.
    pub(crate) async fn rows(&self, table: &'static str) -> Result<u64, sqlx::Error> {
        let rows: i64 = sqlx::query_scalar("SELECT row_count FROM sizes WHERE name = ?")
            .bind(table)
            .fetch_one(&self.reader)
            .await?;
        Ok(u64::try_from(rows).unwrap_or_default())
    }

    /// Notes that this was a backup until `time`: requests of its sessions that could have been burned since do not count.
    pub(crate) async fn note_restored(&self, time: UnixTime) -> Result<(), StorageError> {
        let failed = |error| StorageError::of_database(self.path.clone(), error);
        let mut transaction = self.writer.begin().await.map_err(failed)?;
        let note = sqlx::query("UPDATE restored SET restored_at = ?").bind(sql_time(time));
        note.execute(&mut *transaction).await.map_err(failed)?;
        // Whoever logged out since the backup stays logged out, and what was used since is not used again.
        for forget in ["DELETE FROM cookies", "DELETE FROM login_codes", "DELETE FROM invites"] {
            sqlx::query(forget).execute(&mut *transaction).await.map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)
    }

    /// Ends every connection, so that nothing is left beside the file itself.
    pub(crate) async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }
}

/// Whether a file is a whole database of this service that this version can use; it is not changed.
pub(crate) async fn check_file(path: &Path) -> Result<(), StorageError> {
    if !path.is_file() {
        return Err(StorageError::Missing { path: path.to_owned() });
    }
    let failed = |error| StorageError::of_database(path.to_owned(), error);
    let options = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(BUSY);
    let mut connection = options.disable_statement_logging().connect().await.map_err(failed)?;
    quick_check(&mut connection, path).await?;
    let newest: Option<i64> = sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations")
        .fetch_one(&mut connection)
        .await
        .map_err(failed)?;
    let known = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default();
    connection.close().await.map_err(failed)?;
    match newest {
        Some(version) if version <= known => Ok(()),
        Some(_) => Err(StorageError::Newer { path: path.to_owned() }),
        None => Err(StorageError::Corrupt { path: path.to_owned() }),
    }
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY)
        // What is deleted is a key, often.
        .pragma("secure_delete", "ON")
        .disable_statement_logging()
}

/// SQLite gives its journals the mode of the database file.
fn make_private(path: &Path) -> Result<(), StorageError> {
    let failed = |source| StorageError::Directory { path: path.to_owned(), source };
    let file = data::private_file(path).map_err(failed)?;
    let mode = permissions(&file.metadata().map_err(failed)?);
    if mode & 0o077 != 0 {
        return Err(StorageError::OpenToOthers { path: path.to_owned(), mode });
    }
    if let Some(directory) = path.parent() {
        // The name of a new file is to survive a crash like what is in it.
        fs::File::open(directory).and_then(|directory| directory.sync_all()).map_err(failed)?;
    }
    Ok(())
}

async fn check(pool: &SqlitePool, path: &Path) -> Result<(), StorageError> {
    let mut connection = pool.acquire().await.map_err(|error| StorageError::of_database(path.to_owned(), error))?;
    quick_check(&mut connection, path).await
}

async fn quick_check(connection: &mut SqliteConnection, path: &Path) -> Result<(), StorageError> {
    let found: String = sqlx::query_scalar("PRAGMA quick_check(1)")
        .fetch_one(connection)
        .await
        .map_err(|error| StorageError::of_database(path.to_owned(), error))?;
    if found == "ok" { Ok(()) } else { Err(StorageError::Corrupt { path: path.to_owned() }) }
}
