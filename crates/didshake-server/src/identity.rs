//! Who the service is: a key, its DID, and perhaps a did:web that stands for the same key.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use didshake::{Algorithm, Did, Endpoint, Fault, Fragment, Origin, PublicKey, Signature};
use didshake_did::key_file::NewKeyFile;
use didshake_did::{
    BoxFuture, Clock as _, DidDocument, IdentityName, IdentityStore, KeyFileError, SecretKey, Signer, SignerError,
    SigningIdentity, SystemClock, did_key, discovery,
};
use serde_json::{Value, json};

use crate::config::{Config, DefaultDid};
use crate::did_configuration::DidConfiguration;
use crate::own_log::{KeyFile, OwnLog, OwnLogError};

/// The name of the identity that the service makes for itself.
const NAME: &str = "service";

/// The fragment of the key in the did:web document.
const FRAGMENT: &str = "key-1";

/// Why the service has no identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The key file cannot be read or made.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    /// A new key could not be made, or does not fit its DID.
    #[error(transparent)]
    Key(#[from] Fault),
    /// The did:web document would be one that readers refuse.
    #[error("the did:web document cannot be made")]
    Document(#[source] Fault),
    /// The log of its did:webvh is not one that its peers would take.
    #[error("the log in {}", directory.display())]
    #[allow(missing_docs, reason = "the fields say themselves what they are")]
    Log { directory: PathBuf, source: OwnLogError },
    /// There is no random number to make a key of.
    #[error("the operating system gives no randomness")]
    Randomness,
}

/// The identities of the service, the one that answers by default first.
#[derive(Clone, Debug)]
pub(crate) struct ServiceIdentity {
    own: SigningIdentity,
    web: Option<SigningIdentity>,
    default: DefaultDid,
}

impl ServiceIdentity {
    /// The identity that the configuration names, or the service's own, made where there is none yet.
    pub(crate) fn of(config: &Config, identities: &Path) -> Result<Self, IdentityError> {
        let own = match (&config.identity, &config.identity_name) {
            (Some(identity), _) => identity.clone(),
            (None, Some(name)) => IdentityStore::of_user()?.load(name, None)?,
            (None, None) => own(&IdentityStore::at(identities))?,
        };
        let web = config.did_web.clone().map(|did| {
            let fragment = Fragment::of(&did, FRAGMENT)?;
            SigningIdentity::new(did, fragment.as_str(), Arc::new(SameKey(own.clone())))
        });
        Ok(Self { own, web: web.transpose()?, default: config.default_did })
    }

    /// The log of its did:webvh, if the configuration says where that is.
    pub(crate) fn log(&self, config: &Config) -> Result<Option<OwnLog>, IdentityError> {
        let Some(directory) = &config.did_log else { return Ok(None) };
        let log = OwnLog::open(directory, &self.own, SystemClock.now());
        log.map(Some).map_err(|source| IdentityError::Log { directory: directory.clone(), source })
    }

    /// Where the key of that identity is, to be read again when it changes.
    pub(crate) fn key_file(config: &Config) -> Option<KeyFile> {
        Some(KeyFile { store: IdentityStore::of_user().ok()?, name: config.identity_name.clone()? })
    }

    /// The identity that answers a Hello which does not say whom it means.
    pub(crate) fn first(&self) -> &SigningIdentity {
        match self.default {
            DefaultDid::Web => self.web.as_ref().unwrap_or(&self.own),
            DefaultDid::Key => &self.own,
        }
    }

    /// The other one, if there is one.
    pub(crate) fn second(&self) -> Option<&SigningIdentity> {
        match self.default {
            DefaultDid::Web => self.web.as_ref().map(|_| &self.own),
            DefaultDid::Key => self.web.as_ref(),
        }
    }

    pub(crate) fn did(&self) -> &Did {
        self.first().did()
    }

    pub(crate) fn web_did(&self) -> Option<&Did> {
        self.web.as_ref().map(SigningIdentity::did)
    }

    /// The document of the did:web, checked as its readers will check it.
    pub(crate) fn web_document(&self, origins: &[Origin]) -> Result<Option<Value>, IdentityError> {
        let Some(web) = &self.web else { return Ok(None) };
        let document = document(web.did(), web.public_key(), origins).map_err(IdentityError::Document)?;
        DidDocument::parse(document.to_string().as_bytes(), web.did()).map_err(IdentityError::Document)?;
        Ok(Some(document))
    }

    /// What the origins say of the did:web, or of the did:webvh whose log is served.
    pub(crate) fn did_configuration(&self, config: &Config, origins: &[Origin]) -> Option<DidConfiguration> {
        let log = config.did_log.as_ref().map(|_| self.own.did());
        let did = self.web_did().or(log)?.clone();
        Some(DidConfiguration::new(did, linked(origins).cloned().collect()))
    }
}

/// The identity that the service signs with as of now. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Present(Arc<RwLock<SigningIdentity>>);

impl Present {
    pub(crate) fn new(identity: SigningIdentity) -> Self {
        Self(Arc::new(RwLock::new(identity)))
    }

    pub(crate) fn now(&self) -> SigningIdentity {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn replace(&self, identity: SigningIdentity) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = identity;
    }
}

fn own(store: &IdentityStore) -> Result<SigningIdentity, IdentityError> {
    let name = IdentityName::parse(NAME).map_err(|_| Fault::KeyInvalid)?;
    match store.load(&name, None) {
        Err(KeyFileError::Unreadable { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            make(store, &name)?;
            Ok(store.load(&name, None)?)
        }
        loaded => Ok(loaded?),
    }
}

fn make(store: &IdentityStore, name: &IdentityName) -> Result<(), IdentityError> {
    // A first call that fails gives an error; the generator itself cannot.
    getrandom::fill(&mut [0; 32]).map_err(|_| IdentityError::Randomness)?;
    let mut rng = rand_core::UnwrapErr(getrandom::SysRng);
    let key = SecretKey::generate(Algorithm::Ed25519, &mut rng)?;
    let did = did_key::encode(&key.public_key()?)?;
    let fragment = Fragment::of(&did, "")?;
    let file = NewKeyFile { name: None, did: &did, fragment: &fragment, key: &key, passphrase: None };
    store.create(name, &file, &mut rng)?;
    tracing::info!(did = did.as_str(), path = %store.path(name).display(), "the service has a new identity");
    Ok(())
}

/// The origins that the document links to: those that readers look at.
fn linked(origins: &[Origin]) -> impl Iterator<Item = &Origin> {
    origins.iter().filter(|origin| origin.is_secure() || origin.is_loopback())
}

fn document(did: &Did, key: &PublicKey, origins: &[Origin]) -> Result<Value, Fault> {
    let method = format!("{did}#{FRAGMENT}");
    let multikey = did_key::encode(key)?;
    let mut document = json!({
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": did.as_str(),
        "verificationMethod": [{
            "id": method, "type": "Multikey", "controller": did.as_str(),
            "publicKeyMultibase": multikey.method_specific_id(),
        }],
        "authentication": [method],
        // For the credentials of domain linkage.
        "assertionMethod": [method],
    });
    let mut services: Vec<Value> = didshake_service(origins).into_iter().collect();
    let linked: Vec<&str> = linked(origins).map(Origin::as_str).collect();
    if !linked.is_empty() {
        services.push(json!({"id": "#origins", "type": "LinkedDomains", "serviceEndpoint": linked}));
    }
    if let (Some(members), false) = (document.as_object_mut(), services.is_empty()) {
        members.insert("service".into(), services.into());
    }
    Ok(document)
}

fn didshake_service(origins: &[Origin]) -> Option<Value> {
    let endpoints: Vec<Endpoint> =
        origins.iter().filter_map(|origin| Endpoint::parse(&endpoint(origin)).ok()).collect();
    serde_json::from_str(&discovery::service_entry("#didshake", &endpoints).ok()?).ok()
}

/// The URL that initiators post to.
pub(crate) fn endpoint(origin: &Origin) -> String {
    format!("{origin}{}", crate::routes::ENDPOINT)
}

/// Signs with the key of another identity.
struct SameKey(SigningIdentity);

impl Signer for SameKey {
    fn public_key(&self) -> &PublicKey {
        self.0.public_key()
    }

    fn sign<'a>(&'a self, input: &'a [u8]) -> BoxFuture<'a, Result<Signature, SignerError>> {
        Box::pin(self.0.sign(input))
    }
}
