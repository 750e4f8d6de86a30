//! What keeps the service from its storage.

use std::io;
use std::path::PathBuf;

use sqlx::migrate::MigrateError;

/// Why the storage cannot be used: the operator's to cure.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are the path, its mode, and what was said below")]
pub enum StorageError {
    /// Another process has the data.
    #[error("{} is in use by another didshake service", path.display())]
    InUse { path: PathBuf },
    /// The directory, or a file in it, cannot be made, read or written.
    #[error("cannot use {}", path.display())]
    Directory { path: PathBuf, source: io::Error },
    /// Others may read or write what is secret.
    #[error("{} is open to other users (mode {mode:04o})", path.display())]
    OpenToOthers { path: PathBuf, mode: u32 },
    /// There is no such file.
    #[error("there is no {}", path.display())]
    Missing { path: PathBuf },
    /// There is such a file already.
    #[error("{} exists already", path.display())]
    Exists { path: PathBuf },
    /// The file is damaged, or no database of this service.
    #[error("{} is damaged, or no database of didshake", path.display())]
    Corrupt { path: PathBuf },
    /// A newer version of this program has written it.
    #[error("{} was written by a newer version of didshake", path.display())]
    Newer { path: PathBuf },
    /// Anything else that the database says: a full disk, no memory.
    #[error("the database {} failed", path.display())]
    Failed { path: PathBuf, source: sqlx::Error },
}

impl StorageError {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::InUse { .. } => "stop the other service, or give this one data of its own: --data DIR".into(),
            Self::Directory { .. } => "give a directory that this user may write: --data DIR".into(),
            Self::OpenToOthers { path, .. } => format!("run `chmod go= '{}'`", path.display()),
            Self::Missing { .. } => "check the path".into(),
            Self::Exists { .. } => "choose another name, or move it away".into(),
            Self::Corrupt { .. } => "move it away, and restore a backup with `didshake restore`".into(),
            Self::Newer { .. } => "run that version, or restore a backup of this one".into(),
            Self::Failed { .. } => "see the cause: a full disk, perhaps".into(),
        }
    }

    pub(crate) fn of_database(path: PathBuf, source: sqlx::Error) -> Self {
        if is_corrupt(&source) { Self::Corrupt { path } } else { Self::Failed { path, source } }
    }

    pub(crate) fn of_migration(path: PathBuf, error: MigrateError) -> Self {
        match error {
            MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..) => Self::Newer { path },
            MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _) => {
                Self::of_database(path, source)
            }
            // Tables that we never made, or a half-made one: nobody but us writes this file.
            _ => Self::Corrupt { path },
        }
    }
}

/// SQLITE_CORRUPT (11) with its extended codes, SQLITE_NOTADB (26), and tables that are not the ones of a migration.
fn is_corrupt(error: &sqlx::Error) -> bool {
    let Some(error) = error.as_database_error() else { return false };
    let code: u32 = error.code().and_then(|code| code.parse().ok()).unwrap_or_default();
    // SQLITE_ERROR is what a wrong schema gives: our statements are fixed and fit ours.
    matches!(code & 0xff, 1 | 11 | 26)
}
