//! The key under which sessions are sealed: random, in a file of its own.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use didshake::Secret;
use didshake_did::private_file::{self, Readers};
use getrandom::SysRng;
use rand_core::TryRng;
use zeroize::Zeroizing;

use crate::failure::{Exit, Failure};

const BYTES: usize = 32;

pub(super) struct KeyFile {
    path: PathBuf,
}

impl KeyFile {
    pub(super) fn at(path: PathBuf) -> Self {
        Self { path }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The key; `None` where there is none yet.
    pub(super) fn load(&self) -> Result<Option<Secret<BYTES>>, Failure> {
        let bytes = match private_file::read(&self.path, BYTES) {
            Err(error) if error.is_absence() => return Ok(None),
            bytes => bytes.map_err(|error| self.refused(&error.to_string()))?,
        };
        let Ok(key) = bytes.as_slice().try_into() else {
            return Err(self.refused("it is not a key of 32 bytes"));
        };
        Ok(Some(Secret::new(key)))
    }

    /// The key, made now if there is none. Where two commands make it at once, both take the first.
    pub(super) fn load_or_create(&self) -> Result<Secret<BYTES>, Failure> {
        if let Some(key) = self.load()? {
            return Ok(key);
        }
        let mut bytes = Zeroizing::new([0; BYTES]);
        SysRng.try_fill_bytes(&mut *bytes).map_err(|error| self.unwritable(&error.to_string()))?;
        if let Some(directory) = self.path.parent() {
            private_file::create_directory(directory).map_err(|error| self.unwritable(&error.to_string()))?;
        }
        match private_file::create(&self.path, &*bytes, Readers::Owner) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(self.unwritable(&error.to_string())),
            _ => self.load()?.ok_or_else(|| self.refused("it was removed meanwhile")),
        }
    }

    fn refused(&self, why: &str) -> Failure {
        let message = format!("{} cannot be used as the key of sessions: {why}", self.path.display());
        Failure::new(Exit::Storage, "session_key", message)
            .remedy("if it cannot be mended, remove it and log in again: the sessions under it are lost")
    }

    fn unwritable(&self, why: &str) -> Failure {
        Failure::new(Exit::Storage, "session_key", format!("cannot make {}: {why}", self.path.display()))
    }
}
