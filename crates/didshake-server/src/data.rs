//! The directory of the service: its database, its identity, and a lock, so that no two services share it.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use didshake_did::private_file::permissions;
use etcetera::BaseStrategy;

use crate::store::StorageError;

const LOCK: &str = "lock";
const DATABASE: &str = "didshake.sqlite3";
const IDENTITIES: &str = "identities";

/// `$XDG_STATE_HOME/didshake/server`; `None` without a home directory.
#[must_use]
pub fn default_directory() -> Option<PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    Some(base.state_dir()?.join("didshake").join("server"))
}

/// The directory, held by this process alone until it is dropped.
#[derive(Debug)]
pub(crate) struct DataDirectory {
    path: PathBuf,
    // The lock ends with the descriptor, also when the process is killed.
    _lock: File,
}

impl DataDirectory {
    /// Makes the directory, mode 0700, if need be, and takes it.
    pub(crate) fn take(path: &Path) -> Result<Self, StorageError> {
        let failed = |source| StorageError::Directory { path: path.to_owned(), source };
        // SQLite would read a name that begins with `file:` as a URI.
        let path = &std::path::absolute(path).map_err(failed)?;
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path).map_err(failed)?;
        let mode = permissions(&fs::metadata(path).map_err(failed)?);
        if mode & 0o077 != 0 {
            return Err(StorageError::OpenToOthers { path: path.to_owned(), mode });
        }
        let lock = private_file(&path.join(LOCK)).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StorageError::InUse { path: path.to_owned() }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn database(&self) -> PathBuf {
        database_in(&self.path)
    }

    pub(crate) fn identities(&self) -> PathBuf {
        self.path.join(IDENTITIES)
    }
}

/// Where the database of a data directory is.
pub(crate) fn database_in(directory: &Path) -> PathBuf {
    directory.join(DATABASE)
}

/// Opens a file for writing; a new one is mode 0600.
pub(crate) fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
