//! What the owner of a did:webvh keeps: the log as far as it was made, the keys that may go on with it, the proofs of
//! witnesses. What is made is published from here, and only what others will take.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use didshake::{Fault, Fragment, SigningKey, UnixTime};
use rand_core::CryptoRng;

use super::author::{AuthorError, Change, key_hash, multikey, next_entry};
use super::fault::LogRefusal;
use super::log::{Log, UnwitnessedLog};
use super::{MAX_ENTRIES, MAX_LOG_BYTES, MAX_WITNESS_BYTES, witness_file};
use crate::did_key;
use crate::key_file::{self, KeyFileError, NewKeyFile};
use crate::passphrase::Passphrase;
use crate::private_file::{self, Readers, Unread};
use crate::secret_key::SecretKey;

const LOG: &str = "did.jsonl";
const PROOFS: &str = "did-witness.json";

/// An entry that deactivates has the state of the one before it, and of its parameters at most so many bytes more.
const END_BYTES: usize = 1024;
/// So long another program's change is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// A directory with one log and its keys, of one owner. Every change is whole or not at all, by one program at a time;
/// a log that was cut off anywhere in between is gone on with.
///
/// ```
/// use didshake::{Algorithm, UnixTime};
/// use didshake_did::SecretKey;
/// use didshake_did::webvh::{Change, LogKeeper, first_entry, key_hash, multikey};
/// # let directory = tempfile::tempdir()?;
/// # let (path, out) = (directory.path().join("log"), directory.path().join("out"));
/// # let mut rng = rand_core::UnwrapErr(getrandom::SysRng);
/// let now = UnixTime(1_767_225_600);
/// let keeper = LogKeeper::at(path);
/// let first = keeper.new_key(None, &mut rng)?;
/// let next = keeper.new_key(None, &mut rng)?;
/// let change = Change { update_keys: Some(vec![first.clone()]), next_key_hashes: Some(vec![key_hash(&next)]), ..Change::default() };
/// let line = first_entry(br#"{"id":"did:webvh:{SCID}:example.com"}"#, &change, &keeper.key(&first, None)?, now)?;
/// keeper.begin(&line, now)?;
///
/// let log = keeper.extend(&keeper.log(now)?, None, Change { ttl_seconds: Some(60), ..Change::default() }, None, now, &mut rng)?;
/// assert_eq!((log.versions().len(), log.ttl_seconds()), (2, 60));
/// keeper.publish(&out, now)?;
/// assert!(out.join("did.jsonl").exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogKeeper {
    directory: PathBuf,
}

/// Why a log is not changed or published. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are the path, and what the operating system said")]
pub enum KeeperError {
    /// The operating system does not let us read it.
    #[error("cannot read {}: {source}", path.display())]
    Unread { path: PathBuf, source: Unread },
    /// The operating system does not let us write it.
    #[error("cannot write {}: {source}", path.display())]
    Unwritable { path: PathBuf, source: io::Error },
    /// There is a log already.
    #[error("there is a log in {} already", path.display())]
    Exists { path: PathBuf },
    /// A key file.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    /// A key that does not do.
    #[error(transparent)]
    Key(#[from] Fault),
    /// The entry cannot be made.
    #[error(transparent)]
    Author(#[from] AuthorError),
    /// The log with the entry would be refused, or it waits for witnesses.
    #[error("the log would be refused: {0}")]
    Refused(#[from] LogRefusal),
    /// No key here may make the next entry.
    #[error("no key in {} may make the next entry: it was made with another copy, or the key is lost", path.display())]
    NoKey { path: PathBuf },
    /// What is published there is not the beginning of this log: it is newer, or of another.
    #[error("{} is not an earlier state of this log: it is newer, or another's; move it away if it is of no use", path.display())]
    Differs { path: PathBuf },
    /// The log is not the one that the change was made of: another program has changed it in between.
    #[error("the log in {} was changed by another program in the meantime", path.display())]
    Changed { path: PathBuf },
    /// There is room for one entry more, which is kept for the one that deactivates.
    #[error("the log in {} is full: what room is left is kept for its deactivation", path.display())]
    Full { path: PathBuf },
    /// Another program has been changing the log for 5 seconds.
    #[error("another program is changing the log in {}", path.display())]
    Locked { path: PathBuf },
}

impl LogKeeper {
    /// In this directory, which need not exist yet.
    #[must_use]
    pub fn at(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into() }
    }

    /// The directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Whether there is a log.
    #[must_use]
    pub fn has_log(&self) -> bool {
        self.path(LOG).exists()
    }

    /// The log as far as it was made, its last entry perhaps not witnessed yet.
    ///
    /// # Errors
    /// [`KeeperError::Unread`]; [`KeeperError::Refused`] where the file was changed by other means.
    pub fn log(&self, now: UnixTime) -> Result<Log, KeeperError> {
        Ok(UnwitnessedLog::read(&self.read(LOG, MAX_LOG_BYTES)?, None, now)?.own())
    }

    /// Makes an Ed25519 key for entries, keeps it, and gives its multikey.
    ///
    /// # Errors
    /// [`KeeperError::Unwritable`], [`KeeperError::KeyFile`], [`KeeperError::Key`].
    pub fn new_key(&self, passphrase: Option<&Passphrase>, rng: &mut impl CryptoRng) -> Result<String, KeeperError> {
        let key = SecretKey::generate(didshake::Algorithm::Ed25519, rng)?;
        let public = key.public_key()?;
        let did = did_key::encode(&public)?;
        let (name, fragment) = (multikey(&public), Fragment::of(&did, "")?);
        let path = self.key_path(&name);
        let directory = path.parent().unwrap_or(&self.directory);
        private_file::create_directory(directory).map_err(|source| unwritable(directory, source))?;
        key_file::create(
            &path,
            &NewKeyFile { name: None, did: &did, fragment: &fragment, key: &key, passphrase },
            rng,
        )?;
        Ok(name)
    }

    /// The key of a multikey that is kept here.
    ///
    /// # Errors
    /// [`KeeperError::KeyFile`], [`KeeperError::Key`].
    pub fn key(&self, multikey: &str, passphrase: Option<&Passphrase>) -> Result<SigningKey, KeeperError> {
        Ok(key_file::load_secret(&self.key_path(multikey), passphrase)?.1.signing_key()?)
    }

    /// Begins with a first entry.
    ///
    /// # Errors
    /// [`KeeperError::Exists`], [`KeeperError::Refused`], [`KeeperError::Unwritable`], [`KeeperError::Locked`].
    pub fn begin(&self, line: &str, now: UnixTime) -> Result<Log, KeeperError> {
        let _lock = self.lock()?;
        if self.has_log() {
            return Err(KeeperError::Exists { path: self.directory.clone() });
        }
        self.write_log(format!("{line}\n"), now)
    }

    /// Adds an entry to the log as it was read before: with this document or the last one. Where keys are committed to, the key that signs and the one to
    /// which this entry commits are chosen and made here, whatever the change says of them; an entry that was made before
    /// witnesses approved it stands before it.
    ///
    /// # Errors
    /// [`KeeperError`]: among them [`KeeperError::Changed`] where the log has other entries than `from`, and
    /// [`KeeperError::Full`] where an entry that deactivates would not fit behind this one.
    pub fn extend(
        &self,
        from: &Log,
        document: Option<&[u8]>,
        mut change: Change,
        passphrase: Option<&Passphrase>,
        now: UnixTime,
        rng: &mut impl CryptoRng,
    ) -> Result<Log, KeeperError> {
        let _lock = self.lock()?;
        let (text, log) = (self.read(LOG, MAX_LOG_BYTES)?, self.log(now)?);
        if log.versions() != from.versions() {
            return Err(KeeperError::Changed { path: self.directory.clone() });
        }
        let name = self.signer_of(&log)?;
        if !log.next_key_hashes().is_empty() {
            change.update_keys = Some(vec![name.clone()]);
            let ends = change.next_key_hashes.as_ref().is_some_and(Vec::is_empty);
            let next = if ends { Vec::new() } else { vec![key_hash(&self.new_key(passphrase, rng)?)] };
            change.next_key_hashes = Some(next);
        }
        let line = next_entry(&log, document, &change, &self.key(&name, passphrase)?, now)?;
        let text = String::from_utf8(text.to_vec()).unwrap_or_default();
        let room = log.versions().len() + 2 <= MAX_ENTRIES && text.len() + 2 * line.len() + END_BYTES <= MAX_LOG_BYTES;
        if !room && !change.deactivated {
            return Err(KeeperError::Full { path: self.directory.clone() });
        }
        // An entry in the same second as the one before is a second ahead.
        self.write_log(format!("{text}{line}\n"), now)
    }

    /// Keeps a witness's proof for an entry, if it is one.
    ///
    /// # Errors
    /// [`KeeperError::Refused`] with a `Witness…` fault where it is no proof of any entry here; the others of
    /// [`LogKeeper::log`].
    pub fn add_proof(&self, proof: &[u8], now: UnixTime) -> Result<(), KeeperError> {
        let _lock = self.lock()?;
        let file = self.proofs()?;
        let file = witness_file::with(&self.log(now)?, file.as_deref(), proof)?;
        self.write(&self.path(PROOFS), file.as_bytes(), Readers::Owner)
    }

    /// Writes the log to a directory from which it is served, and before it the witness proofs; both whole or as they were.
    /// A log that is there must be the beginning of this one.
    ///
    /// # Errors
    /// [`KeeperError::Refused`] where witnesses are missing yet, [`KeeperError::Differs`], and the others of
    /// [`LogKeeper::log`].
    pub fn publish(&self, out: &Path, now: UnixTime) -> Result<Log, KeeperError> {
        let _lock = self.lock()?;
        let (text, proofs) = (self.read(LOG, MAX_LOG_BYTES)?, self.proofs()?);
        let log = UnwitnessedLog::read(&text, None, now)?;
        let witnessed = log.needs_witnesses();
        let log = log.witnessed(proofs.as_deref())?;
        let there = out.join(LOG);
        match private_file::read_public(&there, MAX_LOG_BYTES) {
            Err(error) if error.is_absence() => {}
            Err(Unread::TooLong(_)) => return Err(KeeperError::Differs { path: there }),
            Err(source) => return Err(KeeperError::Unread { path: there, source }),
            Ok(published) if text.starts_with(&published) => {}
            Ok(_) => return Err(KeeperError::Differs { path: there }),
        }
        private_file::create_public_directory(out).map_err(|source| unwritable(out, source))?;
        if let (true, Some(proofs)) = (witnessed, &proofs) {
            self.write(&out.join(PROOFS), proofs, Readers::Everyone)?;
        }
        self.write(&there, &text, Readers::Everyone)?;
        Ok(log)
    }

    fn signer_of(&self, log: &Log) -> Result<String, KeeperError> {
        let committed = log.next_key_hashes();
        let may = |name: &String| match committed {
            [] => log.update_keys().contains(name),
            hashes => hashes.contains(&key_hash(name)),
        };
        self.key_names()?.into_iter().find(may).ok_or_else(|| KeeperError::NoKey { path: self.directory.clone() })
    }

    fn key_names(&self) -> Result<Vec<String>, KeeperError> {
        let directory = self.path("keys");
        let unread = |source: io::Error| KeeperError::Unread { path: directory.clone(), source: source.into() };
        let mut names = Vec::new();
        for entry in fs::read_dir(&directory).map_err(unread)? {
            let name = entry.map_err(unread)?.file_name();
            names.extend(name.to_str().and_then(|name| name.strip_suffix(".pem")).map(str::to_owned));
        }
        names.sort();
        Ok(names)
    }

    fn proofs(&self) -> Result<Option<Vec<u8>>, KeeperError> {
        match self.read(PROOFS, MAX_WITNESS_BYTES) {
            Ok(bytes) => Ok(Some(bytes.to_vec())),
            Err(KeeperError::Unread { source, .. }) if source.is_absence() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes a log that reads well.
    fn write_log(&self, text: String, now: UnixTime) -> Result<Log, KeeperError> {
        let log = UnwitnessedLog::read(text.as_bytes(), None, now)?.own();
        self.write(&self.path(LOG), text.as_bytes(), Readers::Owner)?;
        Ok(log)
    }

    fn write(&self, path: &Path, bytes: &[u8], readers: Readers) -> Result<(), KeeperError> {
        private_file::replace_for(path, bytes, readers).map_err(|source| unwritable(path, source))
    }

    fn read(&self, file: &str, most: usize) -> Result<zeroize::Zeroizing<Vec<u8>>, KeeperError> {
        let path = self.path(file);
        private_file::read(&path, most).map_err(|source| KeeperError::Unread { path, source })
    }

    fn path(&self, file: &str) -> PathBuf {
        self.directory.join(file)
    }

    fn key_path(&self, multikey: &str) -> PathBuf {
        self.path("keys").join(format!("{multikey}.pem"))
    }

    fn lock(&self) -> Result<File, KeeperError> {
        private_file::create_directory(&self.directory).map_err(|source| unwritable(&self.directory, source))?;
        let path = self.path("lock");
        private_file::lock(&path, PATIENCE).map_err(|source| match source.kind() {
            io::ErrorKind::WouldBlock => KeeperError::Locked { path: self.directory.clone() },
            _ => unwritable(&path, source),
        })
    }
}

fn unwritable(path: &Path, source: io::Error) -> KeeperError {
    KeeperError::Unwritable { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests;
