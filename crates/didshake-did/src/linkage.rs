//! Domain linkage: an origin and a DID that vouch for each other (DIF, Well Known DID Configuration). The document lists the
//! origin as a `LinkedDomains` service; the origin serves a credential that the DID has signed. Bytes and documents in, a
//! verdict out: no network.
//!
//! It says that the same hands hold both, as far as the web's certificates and the DID's method go; a handshake never rests
//! on it. Of the two forms of a credential the JSON Web Token is read; the one with a linked-data proof is passed over.
//!
//! ```
//! use didshake::{Algorithm, Did, Origin, Secret, SigningKey, UnixTime};
//! use didshake_did::{DidDocument, LocalSigner, Resolved, SigningIdentity, did_key, linkage};
//! use std::sync::Arc;
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let key = SigningKey::from_secret(Algorithm::Ed25519, &Secret::new([7; 32]))?;
//! let did = Did::parse("did:web:example.com")?;
//! let identity = SigningIdentity::new(did.clone(), "key-1", Arc::new(LocalSigner::new(key)))?;
//! let origin = Origin::parse("https://example.com")?;
//! let now = UnixTime(1_767_225_600);
//!
//! // What the origin serves.
//! let credential = linkage::issue(&identity, &origin, now, now.plus(86_400)).await?;
//! let body = linkage::configuration(&[credential]);
//!
//! // What a reader has resolved, and what it makes of both.
//! let multikey = did_key::encode(identity.public_key())?;
//! let document = format!(r##"{{"id": "did:web:example.com",
//!     "verificationMethod": [{{"id": "#key-1", "type": "Multikey", "controller": "did:web:example.com",
//!         "publicKeyMultibase": "{}"}}],
//!     "authentication": ["#key-1"], "assertionMethod": ["#key-1"],
//!     "service": [{{"id": "#d", "type": "LinkedDomains", "serviceEndpoint": "https://example.com"}}]}}"##,
//!     multikey.method_specific_id());
//! let document = DidDocument::parse(document.as_bytes(), &did)?;
//! let resolved = Resolved::fetched(document);
//! assert_eq!(linkage::claimed_origins(resolved.document()), [origin.clone()]);
//! assert_eq!(linkage::check(&origin, body.as_bytes(), &resolved, now), Ok(()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

mod credential;
mod issue;

use didshake::{Origin, UnixTime};
use serde::Deserialize;

use crate::discovery;
use crate::document::DidDocument;
use crate::json;
use crate::resolver::Resolved;
use credential::Credential;
pub use issue::{configuration, issue};

/// The longest DID configuration that is read, in bytes.
pub const MAX_CONFIGURATION_BYTES: usize = 65_536;
/// So many of the origins that a document lists are looked at.
pub const MAX_ORIGINS: usize = 4;
/// So many credentials of a configuration are looked at.
pub const MAX_CREDENTIALS: usize = 64;

pub(crate) const PATH: &str = "/.well-known/did-configuration.json";

/// The origins that a document claims, in its order, at most [`MAX_ORIGINS`]: https ones, and http ones of a loopback address.
/// They are the holder's word alone until [`check`] has seen what the origin says.
#[must_use]
pub fn claimed_origins(document: &DidDocument) -> Vec<Origin> {
    let mut origins: Vec<Origin> = Vec::new();
    for origin in discovery::linked_domains(document).iter().filter_map(|text| read_origin(text)) {
        if origins.len() < MAX_ORIGINS && !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    origins
}

/// Where an origin has its DID configuration.
///
/// ```
/// use didshake::Origin;
/// use didshake_did::linkage;
/// let origin = Origin::parse("https://example.com")?;
/// assert_eq!(linkage::url(&origin), "https://example.com/.well-known/did-configuration.json");
/// # Ok::<(), didshake::OriginError>(())
/// ```
#[must_use]
pub fn url(origin: &Origin) -> String {
    format!("{origin}{PATH}")
}

/// Whether the origin that served `body` and the DID of `resolved` vouch for each other at `now`. One good credential is
/// enough; what is wrong with others does not count.
///
/// # Errors
/// [`LinkageFault`]; where several credentials are of this DID, the fault of the one that came furthest.
pub fn check(origin: &Origin, body: &[u8], resolved: &Resolved, now: UnixTime) -> Result<(), LinkageFault> {
    if resolved.is_deactivated() {
        return Err(LinkageFault::Deactivated);
    }
    let document = resolved.document();
    if !claimed_origins(document).contains(origin) {
        return Err(LinkageFault::NotClaimed);
    }
    let mut worst = LinkageFault::NoCredential;
    for entry in read(body)?.linked_dids.iter().take(MAX_CREDENTIALS) {
        let outcome = match entry {
            Entry::Token(text) => Credential::read(text).and_then(|credential| credential.check(origin, document, now)),
            Entry::Proof(_) => Err(LinkageFault::Form),
        };
        match outcome {
            Ok(()) => return Ok(()),
            Err(fault) => worst = worst.max(fault),
        }
    }
    Err(worst)
}

/// Why an origin and a DID are not linked. Whoever reads it decides whether that matters; the later in this list, the further
/// a credential came.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, thiserror::Error)]
pub enum LinkageFault {
    /// The DID is deactivated: it vouches for nothing.
    #[error("the DID is deactivated")]
    Deactivated,
    /// The document does not list the origin as a `LinkedDomains` service.
    #[error("the DID document does not list the origin")]
    NotClaimed,
    /// Longer than [`MAX_CONFIGURATION_BYTES`].
    #[error("the DID configuration is longer than 65,536 bytes")]
    TooLong,
    /// Not one JSON object with a context and a list of credentials, and nothing else.
    #[error("the DID configuration is not one JSON object with @context and linked_dids")]
    Configuration,
    /// There is no credential at all.
    #[error("the origin names no DID")]
    NoCredential,
    /// A credential with a linked-data proof, which is not read here.
    #[error("the origin's credential is no JSON Web Token")]
    Form,
    /// A token of another shape than the specification's, an `id`, or other members.
    #[error("the origin's credential does not have the form of a domain linkage credential")]
    Malformed,
    /// Issuer, subject and the subject of the credential are not all the DID.
    #[error("the origin's credential is of another DID")]
    OtherDid,
    /// The credential is for another origin.
    #[error("the credential is for another origin")]
    OtherOrigin,
    /// The key that it names is not one under `assertionMethod`, or is revoked or expired.
    #[error("the credential is signed with a key that the DID document does not list for assertions")]
    Key,
    /// The algorithm is not the one of the key.
    #[error("the credential names another algorithm than that of its key")]
    Algorithm,
    /// The signature is not one of that key.
    #[error("the signature of the credential does not verify")]
    Signature,
    /// It is over, or is not good yet.
    #[error("the credential is over, or not good yet")]
    Time,
}

impl LinkageFault {
    /// A fixed word for logs and JSON.
    ///
    /// ```
    /// assert_eq!(didshake_did::linkage::LinkageFault::Signature.code(), "linkage_signature");
    /// ```
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Deactivated => "linkage_deactivated",
            Self::NotClaimed => "linkage_not_claimed",
            Self::TooLong => "linkage_too_long",
            Self::Configuration => "linkage_configuration",
            Self::NoCredential => "linkage_no_credential",
            Self::Form => "linkage_form",
            Self::Malformed => "linkage_malformed",
            Self::OtherDid => "linkage_other_did",
            Self::OtherOrigin => "linkage_other_origin",
            Self::Key => "linkage_key",
            Self::Algorithm => "linkage_algorithm",
            Self::Signature => "linkage_signature",
            Self::Time => "linkage_time",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Configuration {
    #[serde(rename = "@context")]
    _context: serde_json::Value,
    linked_dids: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Token(String),
    Proof(serde::de::IgnoredAny),
}

fn read(body: &[u8]) -> Result<Configuration, LinkageFault> {
    if body.len() > MAX_CONFIGURATION_BYTES {
        return Err(LinkageFault::TooLong);
    }
    // serde alone would take a member twice.
    json::read_object(body).map_err(|_| LinkageFault::Configuration)?;
    serde_json::from_slice(body).map_err(|_| LinkageFault::Configuration)
}

/// An origin as documents write it: as browsers do, or with one `/` at its end.
fn read_origin(text: &str) -> Option<Origin> {
    let text = text.strip_suffix('/').unwrap_or(text);
    let origin = Origin::parse(text).ok().filter(|origin| origin.as_str() == text)?;
    (origin.is_secure() || origin.is_loopback()).then_some(origin)
}
