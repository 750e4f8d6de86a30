//! A copy of the database while the service runs, and the way back.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use didshake_did::{Clock, SystemClock};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use crate::data::{DataDirectory, database_in};
use crate::store::{Database, Place, StorageError, check_file};

const TICK: Duration = Duration::from_millis(20);

/// Writes a whole and consistent copy of the database of `data` to `out`, mode 0600, while a service may be writing it;
/// `out` is never replaced. The identity of the service is not in it: it is a key file that never changes.
///
/// # Errors
/// [`StorageError::Missing`] where there is no database, [`StorageError::Exists`] where there is an `out`, and those of
/// reading and writing.
pub async fn backup(data: &Path, out: &Path) -> Result<(), StorageError> {
    let out = &absolute(out)?;
    let source = database_in(&absolute(data)?);
    check_file(&source).await?;
    let made = Unfinished::create(out)?;
    let failed = |error| StorageError::Failed { place: Place::File(source.clone()), source: error };
    let options = SqliteConnectOptions::new().filename(&source).create_if_missing(false).disable_statement_logging();
    let mut connection = options.connect().await.map_err(failed)?;
    let target = out.to_str().ok_or_else(|| unusable(out, io::ErrorKind::InvalidFilename.into()))?;
    sqlx::query("VACUUM INTO ?").bind(target).execute(&mut connection).await.map_err(failed)?;
    connection.close().await.map_err(failed)?;
    check_file(out).await?;
    File::open(out).and_then(|file| file.sync_all()).map_err(|error| unusable(out, error))?;
    made.keep();
    Ok(())
}

/// Makes a backup the database of `data`; a database that is there is replaced with `force` only. Requests of its
/// sessions that were signed until now, or a minute later since clocks differ, do not count: the backup lacks the nonces
/// that were burned since.
///
/// Sessions that were ended after the backup live again; their holders can end them once more.
///
/// # Errors
/// [`StorageError::InUse`] where a service runs, [`StorageError::Exists`] where there is a database and no `force`,
/// [`StorageError::Missing`], [`StorageError::Corrupt`], [`StorageError::Newer`] of the backup, and those of reading
/// and writing.
pub async fn restore(data: &Path, backup: &Path, force: bool) -> Result<(), StorageError> {
    check_file(backup).await?;
    let directory = DataDirectory::take(data)?;
    let target = directory.database();
    if target.exists() && !force {
        return Err(StorageError::Exists { path: target });
    }
    let new = directory.path().join("restoring.sqlite3");
    remove_with_journals(&new)?;
    let made = Unfinished::create(&new)?;
    fs::copy(backup, &new).map_err(|error| unusable(&new, error))?;
    prepare(&new).await?;
    // The old journal must not be played into the new file.
    remove_with_journals(&target)?;
    fs::rename(&new, &target).map_err(|error| unusable(&target, error))?;
    made.keep();
    File::open(directory.path()).and_then(|it| it.sync_all()).map_err(|error| unusable(directory.path(), error))
}

/// SQLite would read a name that begins with `file:` as a URI, and write elsewhere.
fn absolute(path: &Path) -> Result<PathBuf, StorageError> {
    std::path::absolute(path).map_err(|error| unusable(path, error))
}

/// Brings the copy to this version, and notes that it is one.
async fn prepare(new: &Path) -> Result<(), StorageError> {
    // A copy may have taken the mode of the backup with it.
    make_private(new)?;
    let database = Database::open(new).await?;
    let now = SystemClock.now();
    database.note_restored(now).await?;
    // Sessions of this very second would not be told from those of the backup.
    while SystemClock.now() <= now {
        tokio::time::sleep(TICK).await;
    }
    database.close().await;
    File::open(new).and_then(|file| file.sync_all()).map_err(|error| unusable(new, error))
}

#[cfg(unix)]
fn make_private(path: &Path) -> Result<(), StorageError> {
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(path, mode).map_err(|error| unusable(path, error))
}

#[cfg(not(unix))]
fn make_private(_: &Path) -> Result<(), StorageError> {
    Ok(())
}

fn remove_with_journals(database: &Path) -> Result<(), StorageError> {
    for suffix in ["", "-wal", "-shm"] {
        let mut path = database.as_os_str().to_owned();
        path.push(suffix);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(unusable(database, error)),
            _ => {}
        }
    }
    Ok(())
}

fn unusable(path: &Path, source: io::Error) -> StorageError {
    StorageError::Directory { path: path.to_owned(), source }
}

/// A file that is removed again unless it is finished.
struct Unfinished(Option<PathBuf>);

impl Unfinished {
    /// A new, empty file of mode 0600.
    fn create(path: &Path) -> Result<Self, StorageError> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(path) {
            Ok(_) => Ok(Self(Some(path.to_owned()))),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(StorageError::Exists { path: path.to_owned() })
            }
            Err(error) => Err(unusable(path, error)),
        }
    }

    fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(path) = self.0.take() {
            // What fails here was told already, or will be by the next attempt.
            let _ = fs::remove_file(path);
        }
    }
}
