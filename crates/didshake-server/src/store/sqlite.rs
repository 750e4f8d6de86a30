//! SQLite: one file, one connection that writes. Modes, pragmas, migrations, damage.

use std::fs;
use std::path::Path;

use didshake_did::private_file::permissions;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use super::database::{BUSY, Database};
use super::error::{Place, StorageError};
use super::logins::LoginWriter;
use super::writing::Turns;
use crate::data;

const READERS: u32 = 4;
/// Beside letters and digits, what is itself in the URL of a file.
const PLAIN: AsciiSet = NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.');

/// For every connection. What is deleted is a key, often.
pub(super) const SETTINGS: [&str; 5] = [
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA busy_timeout = 5000",
    "PRAGMA secure_delete = ON",
];
const READ_ONLY: &str = "PRAGMA query_only = ON";

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations/sqlite");

impl Database {
    /// Opens the file, making it (mode 0600) and its tables if need be.
    pub(crate) async fn open(path: &Path) -> Result<Self, StorageError> {
        make_private(path)?;
        let place = Place::File(path.to_owned());
        let failed = |error| StorageError::of_database(place.clone(), error);
        // Before the pool, which would try again and again, and tell no cause.
        check(path).await.map_err(failed)?;
        let options = options(path)?;
        let writer = pool(1, false).connect_with(options.clone()).await.map_err(failed)?;
        MIGRATIONS.run(&writer).await.map_err(|error| StorageError::of_migration(place.clone(), error))?;
        let reader = pool(READERS, true).connect_with(options).await.map_err(failed)?;
        let turns = Turns::one_at_a_time();
        let logins = LoginWriter::of_file(path.to_owned(), turns.clone()).map_err(|error| failed(error.into()))?;
        Ok(Self { writer, reader, logins, turns, place })
    }
}

/// Whether a file is a whole database of this service that this version can use; it is not changed.
pub(crate) async fn check_file(path: &Path) -> Result<(), StorageError> {
    if !path.is_file() {
        return Err(StorageError::Missing { path: path.to_owned() });
    }
    let place = Place::File(path.to_owned());
    let failed = |error| StorageError::of_database(place.clone(), error);
    let options = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(BUSY);
    let mut connection = options.disable_statement_logging().connect().await.map_err(failed)?;
    let newest = newest(&mut connection).await.map_err(failed)?;
    connection.close().await.map_err(failed)?;
    let known = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default();
    match newest {
        Some(version) if version <= known => Ok(()),
        Some(_) => Err(StorageError::Newer { place }),
        None => Err(StorageError::Corrupt { place }),
    }
}

/// The newest migration of a file that is whole.
async fn newest(connection: &mut SqliteConnection) -> Result<Option<i64>, sqlx::Error> {
    let found: String = sqlx::query_scalar(CHECK).fetch_one(&mut *connection).await?;
    whole(&found)?;
    sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations").fetch_one(connection).await
}

fn options(path: &Path) -> Result<AnyConnectOptions, StorageError> {
    // Any's options are a URL.
    let unusable =
        || StorageError::Directory { path: path.to_owned(), source: std::io::ErrorKind::InvalidFilename.into() };
    let encoded = utf8_percent_encode(path.to_str().ok_or_else(unusable)?, &PLAIN);
    let options: AnyConnectOptions = format!("sqlite://{encoded}?mode=rw").parse().map_err(|_| unusable())?;
    Ok(options.disable_statement_logging())
}

fn pool(connections: u32, read_only: bool) -> AnyPoolOptions {
    sqlx::any::install_default_drivers();
    // A file is there as long as it is open: nothing has to be asked before each statement.
    let pool = AnyPoolOptions::new().acquire_timeout(BUSY).max_connections(connections).test_before_acquire(false);
    pool.after_connect(move |connection, _| {
        Box::pin(async move {
            for setting in SETTINGS.into_iter().chain(read_only.then_some(READ_ONLY)) {
                sqlx::query(setting).execute(&mut *connection).await?;
            }
            Ok(())
        })
    })
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

const CHECK: &str = "PRAGMA quick_check(1)";

async fn check(path: &Path) -> Result<(), sqlx::Error> {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(false).busy_timeout(BUSY);
    let mut connection = options.disable_statement_logging().connect().await?;
    let found: String = sqlx::query_scalar(CHECK).fetch_one(&mut connection).await?;
    connection.close().await?;
    whole(&found)
}

/// What the check finds is damage; it is an error of the database like those that it finds by itself.
fn whole(found: &str) -> Result<(), sqlx::Error> {
    if found == "ok" { Ok(()) } else { Err(sqlx::Error::Decode(Box::new(super::error::Damaged))) }
}
