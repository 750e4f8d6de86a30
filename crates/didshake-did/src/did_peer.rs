//! `did:peer`, forms 2 and 4 (specification, section 8.5; R-DID-11 to R-DID-20): the DID carries its document, or the
//! hash of it.
//!
//! A did:peer:4 has two names. The long form has the document; the short form is its hash alone, which no peer can
//! resolve that has not seen the long one. So that one identity has one name wherever it is verified, stored or compared,
//! **only the long form resolves**. The short form is good for whoever writes policies and allow lists: [`Did::names`] is
//! the one place that says which short form is whose.

use didshake::{Did, Fault, PublicKey};

use crate::document::DidDocument;
use crate::multikey;
use crate::{did_peer2, did_peer4};

/// The document of a did:peer. It is the DID's own: no source can say otherwise, and nothing is asked.
///
/// ```
/// use didshake::{Did, Fault};
/// use didshake_did::did_peer;
/// let did = Did::parse("did:peer:2.Vz6Mkj3PUd1WjvaDhNZhhhXQdz5UnZXmS7ehtx8bsPpD47kKc")?;
/// let document = did_peer::resolve(&did)?;
/// assert_eq!(document.authentication_methods(), [format!("{did}#key-1")]);
///
/// let short = Did::parse("did:peer:4zQmd8CpeFPci817KDsbSAKWcXAE2mjvCQSasRewvbSF54Bd")?;
/// assert_eq!(did_peer::resolve(&short).err(), Some(Fault::DidNotFound));
/// # Ok::<(), Fault>(())
/// ```
///
/// # Errors
/// [`Fault::DidMethodUnsupported`] for a DID of another method, or of another form than 2 and 4;
/// [`Fault::DidPeerMalformed`] where it does not decode; [`Fault::DidNotFound`] for a short form;
/// [`Fault::DocumentLimits`], [`Fault::DocumentShape`] and [`Fault::DocumentDuplicateId`] where the document that it
/// carries breaks section 9.
pub fn resolve(did: &Did) -> Result<DidDocument, Fault> {
    if did.method() != "peer" {
        return Err(Fault::DidMethodUnsupported);
    }
    let text = match did.method_specific_id().split_at_checked(1) {
        Some(("2", elements)) => did_peer2::document(did, elements)?,
        Some(("4", parts)) => did_peer4::document(did, parts)?,
        _ => return Err(Fault::DidMethodUnsupported),
    };
    DidDocument::of_text(did, text)
}

/// What a new did:peer says: one key to sign with, `#key-1`, and what else its peers should know.
///
/// ```
/// use didshake::{Algorithm, Secret, UnixTime};
/// use didshake_did::{SecretKey, did_peer};
/// let key = SecretKey::new(Algorithm::Ed25519, Secret::new([7; 32]))?;
/// let agreement = key.key_agreement().public_key();
/// let new = did_peer::NewPeer { key: &key.public_key()?, key_agreement: Some(&agreement), services: &[] };
/// let did = new.form_4()?;
/// assert!(did_peer::resolve(&did)?.key_agreement(UnixTime(0))[0].key.is_ok());
/// assert!(new.form_2()?.as_str().starts_with("did:peer:2.Vz6Mk"));
/// # Ok::<(), didshake::Fault>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct NewPeer<'a> {
    /// The key that signs: `#key-1`, under `authentication` (and `assertionMethod` in form 4).
    pub key: &'a PublicKey,
    /// An X25519 key, if there is one: `#key-2`, under `keyAgreement`.
    pub key_agreement: Option<&'a [u8; 32]>,
    /// Service entries as JSON objects, each with an `id` of the form `#fragment`.
    pub services: &'a [String],
}

/// The fragment of the key that a [`NewPeer`] signs with.
pub const FRAGMENT: &str = "key-1";

impl NewPeer<'_> {
    /// The did:peer:2 of it.
    ///
    /// # Errors
    /// [`Fault::DidSyntax`] where it would be longer than 2,048 bytes; those of [`resolve`] for services of another form.
    pub fn form_2(&self) -> Result<Did, Fault> {
        self.checked(&did_peer2::encode(&multikey::encode(self.key), self.agreement().as_deref(), self.services)?)
    }

    /// The long form of the did:peer:4 of it.
    ///
    /// # Errors
    /// Those of [`NewPeer::form_2`].
    pub fn form_4(&self) -> Result<Did, Fault> {
        self.checked(&did_peer4::encode(&multikey::encode(self.key), self.agreement().as_deref(), self.services))
    }

    fn agreement(&self) -> Option<String> {
        self.key_agreement.map(multikey::encode_x25519)
    }

    // What nobody would resolve is not made.
    fn checked(&self, text: &str) -> Result<Did, Fault> {
        let did = Did::parse(text)?;
        resolve(&did)?;
        Ok(did)
    }
}
