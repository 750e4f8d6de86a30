//! Who signs for a local identity: a key in memory, or whatever holds it elsewhere.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use didshake::{Algorithm, Did, Document, Fault, Fragment, LocalIdentity, PublicKey, Signature, SigningKey, UnixTime};

use crate::resolver::BoxFuture;
use crate::{did_jwk, did_key, did_peer};

/// A long-term key that signs handshakes. Asynchronous, so that it can live in an agent, an HSM or a browser.
///
/// ```
/// use didshake::{PublicKey, Signature};
/// use didshake_did::{BoxFuture, Signer, SignerError};
///
/// /// A key in a device that is not there at the moment.
/// struct Unplugged(PublicKey);
///
/// impl Signer for Unplugged {
///     fn public_key(&self) -> &PublicKey {
///         &self.0
///     }
///     fn sign<'a>(&'a self, _: &'a [u8]) -> BoxFuture<'a, Result<Signature, SignerError>> {
///         Box::pin(async { Err(SignerError::Unavailable(None)) })
///     }
/// }
/// ```
pub trait Signer: Send + Sync {
    /// The public half, known without asking the holder.
    fn public_key(&self) -> &PublicKey;

    /// The algorithm of the key.
    fn algorithm(&self) -> Algorithm {
        self.public_key().algorithm()
    }

    /// Signs `input`, which is not hashed yet: Ed25519 (RFC 8032) or ES256 over its SHA-256.
    ///
    /// # Errors
    /// [`SignerError`], by whose doing it failed.
    fn sign<'a>(&'a self, input: &'a [u8]) -> BoxFuture<'a, Result<Signature, SignerError>>;
}

/// Why there is no signature.
#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    /// The holder of the key refused: a user said no, a policy forbids it, a PIN was wrong.
    #[error("the holder of the key refused to sign")]
    Refused(#[source] Option<Box<dyn Error + Send + Sync>>),
    /// The holder of the key cannot be reached, or does not answer.
    #[error("the holder of the key cannot be reached")]
    Unavailable(#[source] Option<Box<dyn Error + Send + Sync>>),
    /// The signature is not one of the key that the identity names.
    #[error("the signature is not one of this identity's key")]
    WrongSignature,
    /// The signature backend failed.
    #[error(transparent)]
    Internal(#[from] didshake::Internal),
}

/// A key in the memory of this process, from a key file or new.
///
/// ```
/// use didshake::{Algorithm, Secret, SigningKey};
/// use didshake_did::{LocalSigner, Signer};
/// let signer = LocalSigner::new(SigningKey::from_secret(Algorithm::Ed25519, &Secret::new([7; 32]))?);
/// assert_eq!(signer.algorithm(), Algorithm::Ed25519);
/// # Ok::<(), didshake::Fault>(())
/// ```
#[derive(Debug)]
pub struct LocalSigner {
    key: SigningKey,
    public: PublicKey,
}

impl LocalSigner {
    /// Signs with `key`.
    #[must_use]
    pub fn new(key: SigningKey) -> Self {
        let public = key.public_key();
        Self { key, public }
    }
}

impl Signer for LocalSigner {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign<'a>(&'a self, input: &'a [u8]) -> BoxFuture<'a, Result<Signature, SignerError>> {
        Box::pin(async move { Ok(self.key.sign(input)?) })
    }
}

/// One of our identities, able to sign: a DID, the fragment of its verification method, and who holds that key.
///
/// ```
/// use didshake::{Algorithm, Secret, SigningKey};
/// use didshake_did::{LocalSigner, SigningIdentity};
/// let key = SigningKey::from_secret(Algorithm::Ed25519, &Secret::new([7; 32]))?;
/// let identity = SigningIdentity::of_did_key(LocalSigner::new(key))?;
/// assert_eq!(identity.did().method(), "key");
/// assert_eq!(identity.local().did, *identity.did());
/// # Ok::<(), didshake::Fault>(())
/// ```
#[derive(Clone)]
pub struct SigningIdentity {
    did: Did,
    fragment: Fragment,
    signer: Arc<dyn Signer>,
}

impl SigningIdentity {
    /// An identity of any method; the fragment is empty for did:key and did:jwk. Whether a did:web document really
    /// lists the key is for its peers to find out.
    ///
    /// # Errors
    /// [`Fault::FragmentRule`] where the fragment is none that this DID can have; the faults of the DID where it is a
    /// did:key, did:jwk or did:peer that does not decode, [`Fault::KeyInvalid`] where it is one of another key;
    /// [`Fault::DidNotFound`] for the short form of a did:peer:4, which no peer could resolve.
    pub fn new(did: Did, fragment: &str, signer: Arc<dyn Signer>) -> Result<Self, Fault> {
        let fragment = Fragment::of(&did, fragment)?;
        if holds_other_key(&did, &fragment, signer.public_key())? {
            return Err(Fault::KeyInvalid);
        }
        Ok(Self { did, fragment, signer })
    }

    /// The identity whose did:key is the signer's key.
    ///
    /// # Errors
    /// None that a signer can cause.
    pub fn of_did_key(signer: impl Signer + 'static) -> Result<Self, Fault> {
        Self::new(did_key::encode(signer.public_key())?, "", Arc::new(signer))
    }

    /// The identity whose did:jwk is the signer's key.
    ///
    /// # Errors
    /// None that a signer can cause.
    pub fn of_did_jwk(signer: impl Signer + 'static) -> Result<Self, Fault> {
        Self::new(did_jwk::encode(signer.public_key())?, "", Arc::new(signer))
    }

    /// The DID.
    #[must_use]
    pub fn did(&self) -> &Did {
        &self.did
    }

    /// The fragment of the verification method.
    #[must_use]
    pub fn fragment(&self) -> &Fragment {
        &self.fragment
    }

    /// The public key.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        self.signer.public_key()
    }

    /// What the protocol knows of this identity: everything but the key.
    #[must_use]
    pub fn local(&self) -> LocalIdentity {
        LocalIdentity { did: self.did.clone(), fragment: self.fragment.clone(), algorithm: self.signer.algorithm() }
    }

    /// Signs, and checks the signature before anyone else sees it: a faulty device must not give its key away, and a
    /// wrong key is found here and not by the peer.
    ///
    /// # Errors
    /// Those of the signer; [`SignerError::WrongSignature`].
    pub async fn sign(&self, input: &[u8]) -> Result<Signature, SignerError> {
        let signature = self.signer.sign(input).await?;
        if !self.public_key().verify(input, &signature) {
            return Err(SignerError::WrongSignature);
        }
        Ok(signature)
    }
}

impl From<&SigningIdentity> for LocalIdentity {
    fn from(identity: &SigningIdentity) -> Self {
        identity.local()
    }
}

impl fmt::Debug for SigningIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { did, fragment, signer } = self;
        let key = signer.public_key();
        f.debug_struct("SigningIdentity").field("did", did).field("fragment", fragment).field("key", key).finish()
    }
}

/// Whether a DID that carries its keys has another one there; never for the other methods, which say nothing by themselves.
pub(crate) fn holds_other_key(did: &Did, fragment: &Fragment, key: &PublicKey) -> Result<bool, Fault> {
    match did.method() {
        "key" => did_key::public_key(did).map(|own| own != *key),
        "jwk" => did_jwk::public_key(did).map(|own| own != *key),
        // As of the beginning of time: a key that has expired is still this one.
        "peer" => did_peer::resolve(did)?.authentication_key(did, fragment, UnixTime(0)).map(|own| own != *key),
        _ => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use didshake::Secret;

    fn signer(algorithm: Algorithm, seed: u8) -> LocalSigner {
        LocalSigner::new(SigningKey::from_secret(algorithm, &Secret::new([seed; 32])).unwrap())
    }

    /// Holds one key and signs with another.
    struct Confused(LocalSigner, LocalSigner);

    impl Signer for Confused {
        fn public_key(&self) -> &PublicKey {
            self.0.public_key()
        }
        fn sign<'a>(&'a self, input: &'a [u8]) -> BoxFuture<'a, Result<Signature, SignerError>> {
            self.1.sign(input)
        }
    }

    #[tokio::test]
    async fn signs_for_both_algorithms() {
        for algorithm in [Algorithm::Ed25519, Algorithm::Es256] {
            for identity in [
                SigningIdentity::of_did_key(signer(algorithm, 7)).unwrap(),
                SigningIdentity::of_did_jwk(signer(algorithm, 7)).unwrap(),
            ] {
                let signature = identity.sign(b"text").await.unwrap();
                assert!(identity.public_key().verify(b"text", &signature));
                assert_eq!(LocalIdentity::from(&identity).algorithm, algorithm);
            }
        }
    }

    #[tokio::test]
    async fn a_signature_of_another_key_never_leaves() {
        let confused = Confused(signer(Algorithm::Ed25519, 1), signer(Algorithm::Ed25519, 2));
        let identity = SigningIdentity::of_did_key(confused).unwrap();
        assert!(matches!(identity.sign(b"text").await, Err(SignerError::WrongSignature)));
    }

    #[test]
    fn did_and_fragment_must_fit_the_key() {
        let key = signer(Algorithm::Ed25519, 1);
        let other = SigningIdentity::of_did_key(signer(Algorithm::Ed25519, 2)).unwrap();
        assert_eq!(SigningIdentity::new(other.did, "", Arc::new(key)).err(), Some(Fault::KeyInvalid));
        let web = Did::parse("did:web:a").unwrap();
        let key = Arc::new(signer(Algorithm::Ed25519, 1));
        assert_eq!(SigningIdentity::new(web.clone(), "", key.clone()).err(), Some(Fault::FragmentRule));
        assert!(SigningIdentity::new(web, "key-1", key).is_ok());
    }

    #[test]
    fn debug_shows_no_secret() {
        let secret = [0xA7; 32];
        let signer = LocalSigner::new(SigningKey::from_secret(Algorithm::Ed25519, &Secret::new(secret)).unwrap());
        let shown = format!("{signer:?} {:?}", SigningIdentity::of_did_key(signer_again(secret)).unwrap());
        assert!(shown.contains("redacted") && !shown.contains("a7a7") && !shown.contains("167, 167"), "{shown}");
    }

    fn signer_again(secret: [u8; 32]) -> LocalSigner {
        LocalSigner::new(SigningKey::from_secret(Algorithm::Ed25519, &Secret::new(secret)).unwrap())
    }
}
