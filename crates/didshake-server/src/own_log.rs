//! The log of the service's did:webvh. It lies in a directory, where `didshake did` changes it, and is served from there once it
//! is verified. When it or the key changes, the service follows without a restart.

mod files;
mod follow;

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use didshake::{Did, Document as _, Fault, Fragment, LocalIdentity, UnixTime};
use didshake_did::private_file::Unread;
use didshake_did::web::{Location, LocationFault};
use didshake_did::webvh::{LogHead, LogRefusal};
use didshake_did::{KeyFileError, Resolved, SigningIdentity};

pub(crate) use self::files::KeyFile;
pub(crate) use self::follow::follow;

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
    resolved: Resolved,
}

/// Why a log is not served, or a key not signed with.
#[derive(Debug, thiserror::Error)]
pub enum OwnLogError {
    /// The identity is none of did:webvh.
    #[error("the identity is no did:webvh: {0}")]
    Location(#[from] LocationFault),
    /// The file cannot be read, is no regular one, or is longer than a log may be.
    #[error("cannot read {}", path.display())]
    #[allow(missing_docs, reason = "the fields say themselves what they are")]
    Unreadable { path: PathBuf, source: Unread },
    /// It is no log of this DID.
    #[error("the log is refused")]
    Log(#[from] LogRefusal),
    /// The last document does not have the key of the identity.
    #[error("the document does not have the key of the identity: {0}")]
    Key(Fault),
    /// The key file cannot be read again; one with a passphrase never is.
    #[error("the key file is not read again: restart for a new key")]
    KeyFile(#[from] KeyFileError),
    /// It has no entry.
    #[error("the log is empty")]
    Empty,
}

impl OwnLog {
    /// Reads the log of an identity, which has to have its key: who begins with another one was set up wrongly.
    pub(crate) fn open(directory: &Path, identity: &SigningIdentity, now: UnixTime) -> Result<Self, OwnLogError> {
        let location = Location::of_log(identity.did())?;
        let published = files::read(directory, identity.did(), None, now)?;
        // Of a DID that is deactivated peers are to learn that, whatever its document says.
        if !published.resolved.is_deactivated() {
            published.has(identity, now)?;
        }
        Ok(Self { directory: directory.to_owned(), location, published: RwLock::new(Arc::new(published)) })
    }

    /// The paths of the log and of the proofs of its witnesses.
    pub(crate) fn paths(&self) -> [String; 2] {
        [self.location.path().to_owned(), self.location.beside(files::WITNESSES).path().to_owned()]
    }

    /// What is served now.
    pub(crate) fn now(&self) -> Arc<Published> {
        Arc::clone(&self.published.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, published: Published) {
        *self.published.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(published);
    }
}

impl Published {
    /// Whether the last document has the key of an identity.
    fn has(&self, identity: &SigningIdentity, now: UnixTime) -> Result<(), OwnLogError> {
        let key = self.resolved.authentication_key(identity.did(), identity.fragment(), now);
        let is_same = key.map_err(OwnLogError::Key)? == *identity.public_key();
        if is_same { Ok(()) } else { Err(OwnLogError::Key(Fault::KeyInvalid)) }
    }

    /// All that the last document lets sign for a DID.
    fn signers(&self, did: &Did, now: UnixTime) -> Vec<LocalIdentity> {
        let fragments = self.resolved.document().authentication_methods().iter();
        let fragments = fragments.filter_map(|id| Fragment::of(did, id.rsplit_once('#')?.1).ok());
        let local = |fragment: Fragment| {
            let algorithm = self.resolved.authentication_key(did, &fragment, now).ok()?.algorithm();
            Some(LocalIdentity { did: did.clone(), fragment, algorithm })
        };
        fragments.filter_map(local).collect()
    }
}
