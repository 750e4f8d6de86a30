//! What keeps the service from its storage.

use std::fmt;
use std::io;
use std::path::PathBuf;

use sqlx::migrate::MigrateError;

/// Why the storage cannot be used: the operator's to cure.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are the place, its mode, and what was said below")]
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
    /// The database is damaged, or none of this service.
    #[error("{place} is damaged, or no database of didshake")]
    Corrupt { place: Place },
    /// A newer version of this program has written it.
    #[error("{place} was written by a newer version of didshake")]
    Newer { place: Place },
    /// The database belongs to a service of another DID.
    #[error("{place} belongs to the service {did}")]
    OtherService { place: Place, did: String },
    /// Anything else that the database says: a full disk, no memory, no network.
    #[error("the database {place} failed")]
    Failed { place: Place, source: sqlx::Error },
}

/// Where a database is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// SQLite's file.
    File(PathBuf),
    /// The URL of PostgreSQL's, without its password.
    Postgres(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Postgres(url) => f.write_str(url),
        }
    }
}

/// What SQLite's own check has found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the file is damaged")]
pub(super) struct Damaged;

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
            Self::Corrupt { place: Place::File(_) } => "move it away, and restore a backup with `didshake restore`".into(),
            Self::Corrupt { .. } => "give an empty database, or restore a backup".into(),
            Self::OtherService { .. } => {
                "give this instance the key of that service (`--as NAME`, or its `identities` directory), or another database"
                    .into()
            }
            Self::Newer { .. } => "run that version, or restore a backup of this one".into(),
            Self::Failed { place: Place::File(_), .. } => "see the cause: a full disk, perhaps".into(),
            Self::Failed { .. } => "see the cause; check that the server runs, and its name, user and password: --store".into(),
        }
    }

    pub(crate) fn of_database(place: Place, source: sqlx::Error) -> Self {
        if place.is_corrupt(&source) { Self::Corrupt { place } } else { Self::Failed { place, source } }
    }

    pub(crate) fn of_migration(place: Place, error: MigrateError) -> Self {
        match error {
            MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..) => Self::Newer { place },
            MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _) => {
                Self::of_database(place, source)
            }
            // Tables that we never made, or a half-made one: nobody but us writes there.
            _ => Self::Corrupt { place },
        }
    }
}

impl Place {
    fn is_corrupt(&self, error: &sqlx::Error) -> bool {
        if let sqlx::Error::Decode(cause) = error {
            return cause.is::<Damaged>();
        }
        let code = error.as_database_error().and_then(|error| error.code());
        match self {
            // SQLITE_CORRUPT (11) with its extended codes, SQLITE_NOTADB (26), and SQLITE_ERROR, which is what a wrong schema
            // gives: our statements are fixed and fit ours.
            Self::File(_) => {
                code.and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| matches!(code & 0xff, 1 | 11 | 26))
            }
            // Tables of the same name, without or with other columns; damage of pages and indexes.
            Self::Postgres(_) => {
                code.is_some_and(|code| ["42P07", "42P01", "42703", "XX001", "XX002"].contains(&&*code))
            }
        }
    }
}
