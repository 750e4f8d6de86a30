//! The files of the log and the key.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use didshake::{Did, UnixTime};
use didshake_did::webvh::{LogHead, MAX_LOG_BYTES, MAX_WITNESS_BYTES, verify};
use didshake_did::{IdentityName, IdentityStore, KeyFileError, SigningIdentity, private_file};

use super::{OwnLogError, Published};

/// As `didshake did` names them.
const LOG: &str = "did.jsonl";
pub(super) const WITNESSES: &str = "did-witness.json";

/// Where the identity's key is.
#[derive(Clone)]
pub(crate) struct KeyFile {
    pub(crate) store: IdentityStore,
    pub(crate) name: IdentityName,
}

impl KeyFile {
    pub(super) fn load(&self) -> Result<SigningIdentity, KeyFileError> {
        self.store.load(&self.name, None)
    }
}

/// What is compared to see that a file has changed.
type Stamp = Option<(SystemTime, u64)>;

pub(super) fn stamps(directory: &Path, key: Option<&KeyFile>) -> [Stamp; 3] {
    let of_key = key.and_then(|key| stamp(&key.store.path(&key.name)));
    [stamp(&directory.join(LOG)), stamp(&directory.join(WITNESSES)), of_key]
}

fn stamp(path: &Path) -> Stamp {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

/// The log, if it is one of the DID and does not go back on `before`.
pub(super) fn read(
    directory: &Path,
    did: &Did,
    before: Option<&LogHead>,
    now: UnixTime,
) -> Result<Published, OwnLogError> {
    let log = bytes(&directory.join(LOG), MAX_LOG_BYTES)?;
    let witnesses = match bytes(&directory.join(WITNESSES), MAX_WITNESS_BYTES) {
        Err(OwnLogError::Unreadable { source, .. }) if source.is_absence() => None,
        read => Some(read?),
    };
    let (verified, resolved) = verify(did, &log, witnesses.as_deref(), before, now)?;
    let head = verified.head().ok_or(OwnLogError::Empty)?;
    Ok(Published { log, witnesses, head, resolved })
}

fn bytes(path: &Path, most: usize) -> Result<Vec<u8>, OwnLogError> {
    private_file::read_public(path, most).map_err(|source| OwnLogError::Unreadable { path: path.to_owned(), source })
}
