//! The log of the service's did:webvh. It lies in a directory, where `didshake did` changes it, and is served from there once it
//! is verified. When it or the key changes, the service follows without a restart.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use didshake::{Document, Fault, UnixTime};
use didshake_axum::Didshake;
use didshake_did::web::{Location, LocationFault};
use didshake_did::webvh::{LogHead, LogRefusal, MAX_LOG_BYTES, MAX_WITNESS_BYTES, verify};
use didshake_did::{Clock as _, IdentityName, IdentityStore, SigningIdentity, SystemClock};

use crate::config::Config;
use crate::identity::{Present, ServiceIdentity};

/// The files, as `didshake did` names them.
const LOG: &str = "did.jsonl";
const WITNESSES: &str = "did-witness.json";
/// How often it is looked whether a file has changed. What changes is taken once it has not changed for as long.
const PERIOD: Duration = Duration::from_millis(500);

/// The log, as of now.
pub(crate) struct OwnLog {
    directory: PathBuf,
    location: Location,
    published: RwLock<Arc<Published>>,
}

/// What is served, verified.
pub(crate) struct Published {
    pub(crate) log: Vec<u8>,
    pub(crate) witnesses: Option<Vec<u8>>,
    head: LogHead,
}

/// Why a log is not served.
#[derive(Debug, thiserror::Error)]
pub enum OwnLogError {
    /// The identity is none of did:webvh.
    #[error("the identity is no did:webvh: {0}")]
    Location(#[from] LocationFault),
    /// The file cannot be read, or is longer than a log may be.
    #[error("cannot read {}", path.display())]
    #[allow(missing_docs, reason = "the fields say themselves what they are")]
    Unreadable { path: PathBuf, source: io::Error },
    /// It is no log of this DID.
    #[error("the log is refused")]
    Log(#[from] LogRefusal),
    /// The last document does not have the key of the identity, or the DID is deactivated.
    #[error("the document does not have the key of the identity: {0}")]
    Key(Fault),
    /// It has no entry.
    #[error("the log is empty")]
    Empty,
}

/// Follows the files of the log and the key, where there is a log, until the task is dropped.
pub(crate) async fn follow(log: Option<&OwnLog>, config: &Config, present: &Present, didshake: &Didshake) {
    if let Some(log) = log {
        let key = ServiceIdentity::key_file(config);
        log.follow(key.as_ref(), present, didshake).await;
    }
    std::future::pending().await
}

impl OwnLog {
    /// Reads the log of an identity.
    pub(crate) fn open(directory: &Path, identity: &SigningIdentity, now: UnixTime) -> Result<Self, OwnLogError> {
        let location = Location::of_log(identity.did())?;
        let published = RwLock::new(Arc::new(read(directory, identity, None, now)?));
        Ok(Self { directory: directory.to_owned(), location, published })
    }

    /// The paths of the log and of the proofs of its witnesses.
    pub(crate) fn paths(&self) -> [String; 2] {
        [self.location.path().to_owned(), self.location.beside(WITNESSES).path().to_owned()]
    }

    /// What is served now.
    pub(crate) fn now(&self) -> Arc<Published> {
        Arc::clone(&self.published.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What is refused changes nothing, and the operator hears of it.
    async fn follow(&self, key: Option<&KeyFile>, present: &Present, didshake: &Didshake) {
        let (mut read, mut seen) = (None, None);
        loop {
            tokio::time::sleep(PERIOD).await;
            let now = self.stamps(key);
            let settled = seen.replace(now) == Some(now);
            if settled && read != Some(now) {
                // The first time it is what was there at the start, or has come since.
                read = Some(now);
                if let Err(error) = self.read_again(key, present, didshake) {
                    let error: &dyn std::error::Error = &error;
                    tracing::error!(error, "the new log or key is refused; the old ones stay");
                }
            }
        }
    }

    fn read_again(&self, key: Option<&KeyFile>, present: &Present, didshake: &Didshake) -> Result<(), OwnLogError> {
        let (identity, before) = (present.now(), self.now());
        let new = key.and_then(|key| key.load()).filter(|new| new.did() == identity.did());
        let new = new.unwrap_or_else(|| identity.clone());
        let published = read(&self.directory, &new, Some(&before.head), SystemClock.now())?;
        if published.head != before.head {
            tracing::info!(version = published.head.version_id(), "a new version of the own DID is served");
        }
        *self.published.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(published);
        if new.fragment() != identity.fragment() || new.public_key() != identity.public_key() {
            let others = didshake.identities().into_iter().skip(1);
            let replaced = didshake.replace_identities(std::iter::once(new.clone()).chain(others).collect());
            replaced.map_err(|_| OwnLogError::Key(Fault::KeyInvalid))?;
            tracing::info!(fragment = new.fragment().as_str(), "the service signs with another key");
            present.replace(new);
        }
        Ok(())
    }

    fn stamps(&self, key: Option<&KeyFile>) -> [Stamp; 3] {
        let of_key = key.and_then(|key| stamp(&key.store.path(&key.name)));
        [stamp(&self.directory.join(LOG)), stamp(&self.directory.join(WITNESSES)), of_key]
    }
}

/// Where the identity's key is.
pub(crate) struct KeyFile {
    pub(crate) store: IdentityStore,
    pub(crate) name: IdentityName,
}

impl KeyFile {
    /// None where it needs a passphrase: then a restart takes the new key.
    fn load(&self) -> Option<SigningIdentity> {
        let loaded = self.store.load(&self.name, None);
        loaded.inspect_err(|error| tracing::warn!(%error, "the key file is not read again: restart for a new key")).ok()
    }
}

type Stamp = Option<(SystemTime, u64)>;

fn stamp(path: &Path) -> Stamp {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

/// The log, if it is one of the identity, has its key, and does not go back on `before`.
fn read(
    directory: &Path,
    identity: &SigningIdentity,
    before: Option<&LogHead>,
    now: UnixTime,
) -> Result<Published, OwnLogError> {
    let log = bytes(&directory.join(LOG), MAX_LOG_BYTES)?;
    let witnesses = match bytes(&directory.join(WITNESSES), MAX_WITNESS_BYTES) {
        Err(OwnLogError::Unreadable { source, .. }) if source.kind() == io::ErrorKind::NotFound => None,
        read => Some(read?),
    };
    let (verified, resolved) = verify(identity.did(), &log, witnesses.as_deref(), before, now)?;
    let head = verified.head().ok_or(OwnLogError::Empty)?;
    // Of a DID that is deactivated peers are to learn that, whatever its document says.
    if !verified.is_deactivated() {
        let key = resolved.authentication_key(identity.did(), identity.fragment(), now).map_err(OwnLogError::Key)?;
        if key != *identity.public_key() {
            return Err(OwnLogError::Key(Fault::KeyInvalid));
        }
    }
    Ok(Published { log, witnesses, head })
}

fn bytes(path: &Path, most: usize) -> Result<Vec<u8>, OwnLogError> {
    let unreadable = |source| OwnLogError::Unreadable { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(most as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > most { Err(unreadable(io::Error::other("it is longer than it may be"))) } else { Ok(bytes) }
}
