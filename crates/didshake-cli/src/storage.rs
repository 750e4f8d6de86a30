//! Our identities and the known peers, where the options say that they are.

use didshake::Did;
use didshake_did::{IdentityName, IdentityStore, KeyFileError, SigningIdentity};
use didshake_peer::{KnownPeers, KnownPeersError, KnownPeersFile, PeerName};

use crate::cli::Global;
use crate::failure::{Exit, Failure, chain};
use crate::passphrase::PassphraseSource;

pub(crate) fn identities(global: &Global) -> Result<IdentityStore, Failure> {
    match &global.identities {
        Some(directory) => Ok(IdentityStore::at(directory)),
        None => IdentityStore::of_user().map_err(|error| key_file_failure(&error)),
    }
}

pub(crate) fn known_peers_file(global: &Global) -> Result<KnownPeersFile, Failure> {
    match &global.known_peers {
        Some(path) => Ok(KnownPeersFile::at(path)),
        None => KnownPeersFile::of_user().map_err(|error| known_peers_failure(&error)),
    }
}

pub(crate) fn known_peers(global: &Global) -> Result<KnownPeers, Failure> {
    known_peers_file(global)?.load().map_err(|error| known_peers_failure(&error))
}

/// Loads an identity that can sign, asking for its passphrase if it has one.
pub(crate) fn load(
    global: &Global,
    name: &IdentityName,
    passphrase: &PassphraseSource,
) -> Result<SigningIdentity, Failure> {
    let store = identities(global)?;
    let header = store.header(name).map_err(|error| missing(name, &error))?;
    let passphrase = if header.encrypted { Some(passphrase.unlock(global, name)?) } else { None };
    store.load(name, passphrase.as_ref()).map_err(|error| key_file_failure(&error))
}

/// An identity that is not there is told from one that cannot be read.
pub(crate) fn missing(name: &IdentityName, error: &KeyFileError) -> Failure {
    match error {
        KeyFileError::Unreadable { source, path } if source.kind() == std::io::ErrorKind::NotFound => {
            let message = format!("there is no identity `{name}` (no {})", path.display());
            Failure::new(Exit::Storage, "no_identity", message)
                .remedy(format!("make it with `didshake id new {name}`, or see `didshake id list`"))
        }
        error => key_file_failure(error),
    }
}

pub(crate) fn key_file_failure(error: &KeyFileError) -> Failure {
    let code = match error {
        KeyFileError::WrongPassphrase { .. } => "wrong_passphrase",
        KeyFileError::AlreadyExists { .. } => "identity_exists",
        _ => "key_file",
    };
    Failure::new(Exit::Storage, code, chain(error))
}

pub(crate) fn known_peers_failure(error: &KnownPeersError) -> Failure {
    Failure::new(Exit::Storage, "known_peers", chain(error))
}

/// The DID itself, or of the short form of a did:peer:4 the long one, where a known peer has it: the name that everything
/// else is told by.
pub(crate) fn long_form(did: Did, peers: &KnownPeers) -> Result<Did, Failure> {
    if !did.is_short_form() {
        return Ok(did);
    }
    peers.iter().find(|peer| did.names(&peer.did)).map(|peer| peer.did.clone()).ok_or_else(|| {
        let message = format!("{did} is the short form of a did:peer:4: it is a hash, and says no keys");
        Failure::new(Exit::Resolution, "did_not_found", message)
            .remedy("give the long form (with `:z…` behind it), or add that once: `didshake peer add NAME DID`")
    })
}

/// The same, with the list of known peers read only where it is needed.
pub(crate) fn in_long_form(global: &Global, did: &Did) -> Result<Did, Failure> {
    if did.is_short_form() { long_form(did.clone(), &known_peers(global)?) } else { Ok(did.clone()) }
}

/// A DID, or the name of a known peer in its place.
pub(crate) fn did_or_name(text: &str, peers: &KnownPeers) -> Result<Did, Failure> {
    if text.starts_with("did:") {
        let did = Did::parse(text);
        let did = did.map_err(|_| Failure::new(Exit::Usage, "did_syntax", format!("`{text}` is not a DID")))?;
        return long_form(did, peers);
    }
    let name = PeerName::parse(text).map_err(|fault| Failure::new(Exit::Usage, "name", fault.to_string()))?;
    peers.find(&name).map(|peer| peer.did.clone()).ok_or_else(|| {
        Failure::new(Exit::Policy, "unknown_peer", format!("no peer is known as `{name}`"))
            .remedy(format!("give its DID, or add it: `didshake peer add {name} DID`"))
    })
}
