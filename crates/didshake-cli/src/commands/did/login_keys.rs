//! The keys that an identity signs handshakes with: the one in use, the one that waits until its document is published, and
//! those before.

use std::fs;
use std::path::{Path, PathBuf};

use didshake::{Algorithm, Did, Document, Fault, Fragment, PublicKey};
use didshake_did::key_file::{self, Header, MAX_KEY_FILE_BYTES, NewKeyFile};
use didshake_did::webvh::{KeeperError, Log};
use didshake_did::{DidDocument, SecretKey, private_file};

use super::keeper_failure::{failure, of_fault};
use super::kept::{Kept, document, mentions, now};
use crate::failure::{Exit, Failure};
use crate::storage;

const DIRECTORY: &str = "login";
/// The key that is signed with once the log is published.
const WAITING: &str = "login/next.pem";
/// The same key under the DID that the log has now.
const RENAMED: &str = "login/renamed.pem";

impl Kept {
    /// Where the key waits that is signed with once the log is published.
    pub(super) fn waiting(&self) -> PathBuf {
        self.path(WAITING)
    }

    /// What the key says of itself that waits, if one does.
    pub(super) fn waiting_header(&self) -> Option<Header> {
        key_file::read_header(&self.waiting()).ok()
    }

    /// The key that waits, made if there is none that the document can list: its fragment and the key.
    pub(super) fn waiting_key(&self, log: &Log) -> Result<(Fragment, PublicKey), Failure> {
        let path = self.waiting();
        if path.exists() {
            let (header, key) = self.secret(&path)?;
            let public = key.public_key().map_err(of_fault)?;
            // Another key may have got its name since.
            if !mentions(&document(log), &header.fragment) || key_of(log, &header.fragment).as_ref() == Some(&public) {
                return Ok((header.fragment, public));
            }
            private_file::remove(&path)?;
        }
        let mut rng = rand_core::UnwrapErr(getrandom::SysRng);
        let key = SecretKey::generate(Algorithm::Ed25519, &mut rng).map_err(of_fault)?;
        let fragment = self.free_fragment(log)?;
        self.make(&path, log.did(), &fragment, &key)?;
        Ok((fragment, key.public_key().map_err(of_fault)?))
    }

    /// The fragments of the document's methods whose keys this identity signed with before.
    pub(super) fn former_methods(&self, log: &Log) -> Result<Vec<String>, Failure> {
        let (own, document) = (self.header().map(|header| header.fragment), document(log));
        let mut fragments = Vec::new();
        for (path, Header { fragment, .. }) in self.former()? {
            if own.as_ref() == Some(&fragment) || !mentions(&document, &fragment) {
                continue;
            }
            // A key of somebody else that got the name since stays. What cannot be read was ours.
            let former = self.secret(&path).ok().and_then(|(_, key)| key.public_key().ok());
            let is_another = former.is_some_and(|former| key_of(log, &fragment).is_some_and(|listed| listed != former));
            if !is_another {
                fragments.push(fragment.as_str().to_owned());
            }
        }
        Ok(fragments)
    }

    /// Whether the identity has to sign with another key or under another DID than it does, now that this log is published.
    pub(super) fn has_due_key(&self, log: &Log) -> Result<bool, Failure> {
        Ok(self.due_key(log)?.is_some())
    }

    /// The file with that key: of the one that waits where the document lists it, of the one in use where the DID has moved.
    fn due_key(&self, log: &Log) -> Result<Option<(PathBuf, Header, SecretKey)>, Failure> {
        let (waiting, own) = (self.waiting(), self.store.path(&self.name));
        if waiting.exists() {
            let (header, key) = self.secret(&waiting)?;
            let public = key.public_key().map_err(of_fault)?;
            // Another key may have got its name since.
            if key_of(log, &header.fragment) == Some(public) {
                return Ok(Some((waiting, header, key)));
            }
        }
        if self.header().is_none_or(|own| own.did == *log.did()) {
            return Ok(None);
        }
        let (header, key) = self.secret(&own)?;
        Ok(Some((own, header, key)))
    }

    /// Puts that key in place of the one in use, which is kept.
    pub(super) fn take_due_key(&self, published: &Log) -> Result<(), Failure> {
        let _alone = self.alone()?;
        let log = self.log()?;
        let Some((path, header, key)) = self.due_key(&log)? else { return Ok(()) };
        // What was made in the meantime may not be published yet.
        if log.versions() != published.versions() {
            return Err(failure(&KeeperError::Changed { path: self.keeper.directory().to_owned() }));
        }
        if header.did == *log.did() {
            return self.use_key(&path);
        }
        // The DID has moved since the file was made.
        let renamed = self.path(RENAMED);
        private_file::remove(&renamed)?;
        self.make(&renamed, log.did(), &header.fragment, &key)?;
        self.use_key(&renamed)
    }

    fn use_key(&self, file: &Path) -> Result<(), Failure> {
        let own = &self.store.path(&self.name);
        if let Some(old) = self.header() {
            copy(own, &self.path(DIRECTORY).join(format!("{}-{}.pem", old.fragment.as_str(), now().0)))?;
        }
        private_file::create_directory(self.store.directory())?;
        copy(file, own)?;
        private_file::remove(&self.waiting())?;
        Ok(private_file::remove(&self.path(RENAMED))?)
    }

    /// The files of the keys that were signed with before.
    fn former(&self) -> Result<Vec<(PathBuf, Header)>, Failure> {
        let not_yet = [self.waiting(), self.path(RENAMED)];
        let mut former = Vec::new();
        for entry in fs::read_dir(self.path(DIRECTORY))? {
            let path = entry?.path();
            // Anything else is what a crash has left of a file that was never there.
            let is_key = path.extension().is_some_and(|extension| extension == "pem") && !not_yet.contains(&path);
            let header = key_file::read_header(&path).ok().filter(|_| is_key);
            former.extend(header.map(|header| (path, header)));
        }
        Ok(former)
    }

    /// `key-N` for the next version, or a later number that no method has and none of ours had.
    fn free_fragment(&self, log: &Log) -> Result<Fragment, Failure> {
        let (document, former) = (document(log), self.former()?);
        let had = |fragment: &Fragment| former.iter().any(|(_, header)| header.fragment == *fragment);
        let has = |fragment: &Fragment| self.header().is_some_and(|own| own.fragment == *fragment);
        let next = log.versions().len() + 1;
        let mut names = (next..).map(|number| Fragment::of(log.did(), &format!("key-{number}")));
        let free = names.find(|name| {
            name.as_ref().is_ok_and(|name| !mentions(&document, name) && !had(name) && !has(name)) || name.is_err()
        });
        free.unwrap_or(Err(Fault::DocumentLimits)).map_err(of_fault)
    }

    fn secret(&self, path: &Path) -> Result<(Header, SecretKey), Failure> {
        key_file::load_secret(path, self.passphrase.as_ref()).map_err(|error| storage::key_file_failure(&error))
    }

    /// Makes a key file.
    pub(super) fn make(&self, path: &Path, did: &Did, fragment: &Fragment, key: &SecretKey) -> Result<(), Failure> {
        let passphrase = self.passphrase.as_ref();
        let file = NewKeyFile { name: Some(&self.name), did, fragment, key, passphrase };
        let made = key_file::create(path, &file, &mut rand_core::UnwrapErr(getrandom::SysRng));
        made.map_err(|error| storage::key_file_failure(&error))
    }
}

/// The key of a method that may sign handshakes.
pub(super) fn key_of(log: &Log, fragment: &Fragment) -> Option<PublicKey> {
    let document = DidDocument::parse(log.document_text().as_bytes(), log.did()).ok()?;
    document.authentication_key(log.did(), fragment, now()).ok()
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    let bytes = private_file::read(from, MAX_KEY_FILE_BYTES);
    let bytes = bytes
        .map_err(|why| Failure::new(Exit::Storage, "key_file", format!("cannot read {}: {why}", from.display())))?;
    Ok(private_file::replace(to, &bytes)?)
}
