//! Sessions with web services, kept between two commands: one file each, sealed under a key of this user.
//!
//! The files lie apart from the key, so that whoever gets a copy of the one (a backup of the state directory) has
//! nothing. A file is replaced in one step, and each command reads it anew: several may run at the same time.

mod choice;
mod key;
mod sealed;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use didshake::UnixTime;
use didshake_did::private_file;
use etcetera::BaseStrategy;
use getrandom::SysRng;

use crate::cli::Global;
use crate::failure::{Exit, Failure};

pub(crate) use choice::{Wanted, choose};
use key::KeyFile;
pub(crate) use sealed::StoredSession;
use sealed::{MAX_SESSION_BYTES, open, seal, stem};

const EXTENSION: &str = "session";
/// A directory with more is not ours.
const MAX_SESSIONS: usize = 10_000;

/// The sessions of this user.
pub(crate) struct SessionStore {
    directory: PathBuf,
    key: KeyFile,
}

/// What is in the store.
#[derive(Default)]
pub(crate) struct Found {
    /// By origin, then the newest first.
    pub(crate) sessions: Vec<StoredSession>,
    /// One for each file that is no session of ours, with what to do about it.
    pub(crate) unreadable: Vec<Failure>,
}

impl SessionStore {
    /// Where the options say that sessions are kept.
    pub(crate) fn of(global: &Global) -> Result<Self, Failure> {
        let no_home = |_| {
            Failure::new(Exit::Storage, "sessions", "there is no home directory").remedy(
                "set HOME: the key of the sessions is kept there, and the sessions unless --sessions says where",
            )
        };
        let base = etcetera::choose_base_strategy().map_err(no_home)?;
        let state = base.state_dir().unwrap_or_else(|| base.data_dir());
        let directory = global.sessions.clone().unwrap_or_else(|| state.join("didshake").join("sessions"));
        Ok(Self::at(directory, base.data_dir().join("didshake").join("session.key")))
    }

    fn at(directory: PathBuf, key: PathBuf) -> Self {
        Self { directory, key: KeyFile::at(key) }
    }

    /// Where they are; nobody else can look into it.
    pub(crate) fn private_directory(&self) -> Result<&Path, Failure> {
        private_file::create_directory(&self.directory).map_err(|error| unwritable(&self.directory, &error))?;
        Ok(&self.directory)
    }

    /// Keeps a session, in place of an earlier one of the same origin and identity.
    pub(crate) fn keep(&self, session: &StoredSession) -> Result<(), Failure> {
        let key = self.key.load_or_create()?;
        self.private_directory()?;
        let path = self.path(session);
        let sealed = seal(session, &key, &mut SysRng).map_err(|_| {
            Failure::new(Exit::Check, "internal", "the session could not be sealed: there is no randomness")
        })?;
        private_file::replace(&path, &sealed).map_err(|error| unwritable(&path, &error))
    }

    /// The sessions that still count at `now`; those that are over are removed.
    pub(crate) fn all(&self, now: UnixTime) -> Result<Found, Failure> {
        let mut found = Found::default();
        for path in self.files()? {
            match self.read(&path) {
                Ok(session) if session.is_live(now) => found.sessions.push(session),
                Ok(_) => drop(fs::remove_file(&path)),
                // Another command has just ended it.
                Err(None) => {}
                Err(Some(failure)) => found.unreadable.push(failure),
            }
        }
        found.sessions.sort_by(|a, b| (&a.origin, b.service.accepted.0).cmp(&(&b.origin, a.service.accepted.0)));
        Ok(found)
    }

    /// Removes this session, unless another one of the same origin and identity took its place meanwhile.
    pub(crate) fn forget(&self, session: &StoredSession) -> Result<(), Failure> {
        let path = self.path(session);
        match self.read(&path) {
            Ok(kept) if kept.service.id != session.service.id => Ok(()),
            _ => match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(unwritable(&path, &error)),
                _ => Ok(()),
            },
        }
    }

    fn path(&self, session: &StoredSession) -> PathBuf {
        self.directory.join(format!("{}.{EXTENSION}", stem(&session.origin, &session.me.did)))
    }

    fn files(&self) -> Result<Vec<PathBuf>, Failure> {
        let unreadable = |error: std::io::Error| {
            let message = format!("cannot read {}: {error}", self.directory.display());
            Failure::new(Exit::Storage, "sessions", message)
        };
        let entries = match fs::read_dir(&self.directory) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(unreadable)?,
        };
        let mut files = Vec::new();
        for entry in entries {
            let path = entry.map_err(unreadable)?.path();
            if path.extension().is_some_and(|extension| extension == EXTENSION) {
                files.push(path);
            }
            if files.len() > MAX_SESSIONS {
                let message = format!("{} holds more than {MAX_SESSIONS} sessions", self.directory.display());
                return Err(Failure::new(Exit::Storage, "sessions", message).remedy("remove those that are not needed"));
            }
        }
        files.sort();
        Ok(files)
    }

    /// `Err(None)`: there is no such file.
    fn read(&self, path: &Path) -> Result<StoredSession, Option<Failure>> {
        let bytes = match private_file::read(path, MAX_SESSION_BYTES) {
            Err(error) if error.is_absence() => return Err(None),
            bytes => bytes.map_err(|error| Some(refused(path, &error.to_string())))?,
        };
        let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        // Without a key there is nothing that could open it; a session is no reason to make one.
        let key = self.key.load().map_err(Some)?;
        let key = key.ok_or_else(|| Some(refused(path, &format!("its key {} is gone", self.key.path().display()))))?;
        open(&bytes, &key, name).map_err(|why| Some(refused(path, &why.to_string())))
    }
}

fn refused(path: &Path, why: &str) -> Failure {
    let message = format!("{} holds no session that can be used: {why}", path.display());
    Failure::new(Exit::Storage, "session_file", message).remedy("remove the file, and log in again")
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Exit::Storage, "sessions", format!("cannot write {}: {error}", path.display()))
        .remedy("another directory can be given with --sessions DIR")
}

#[cfg(test)]
mod tests;
