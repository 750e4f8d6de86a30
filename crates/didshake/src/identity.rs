//! Identities: what a message asserts (a claim), and what was verified of it. The two are different types.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use crate::alert::AlertCode;
use crate::codec::{Reader, put_vec8, put_vec16};
use crate::crypto::{Algorithm, PublicKey, Signature};
use crate::did::{Did, Fragment, MAX_DID_BYTES};
use crate::document::{Document, UnixTime};
use crate::error::{Fault, Misuse};
use crate::extension::{Extensions, check_none};
use crate::transcript::Statement;
use crate::wire::MAX_MESSAGE_BYTES;

const PADDED_TO: usize = 64;

/// One of our own identities: the DID, the verification method that signs for it, and its algorithm. The secret key
/// stays with whoever signs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LocalIdentity {
    /// Our DID.
    pub did: Did,
    /// The verification method's fragment.
    pub fragment: Fragment,
    /// The algorithm of its key.
    pub algorithm: Algorithm,
}

impl LocalIdentity {
    pub(crate) fn statement<'a>(&'a self, extensions: &'a Extensions) -> Statement<'a> {
        Statement { did: &self.did, fragment: &self.fragment, algorithm: self.algorithm, extensions }
    }

    /// What would only fail once a handshake is under way: a fragment of another DID, an Identity that fits no message.
    pub(crate) fn check(&self, extensions: &Extensions) -> Result<(), Misuse> {
        if self.did.has_single_method() != self.fragment.as_str().is_empty() {
            return Err(Misuse::IdentityFragment);
        }
        let plain = self.signed(extensions.clone(), [0; 64]).encode()?;
        // Type, suite, share and nonce of a Reply, the length of the sealed part, and the tag.
        if plain.len() > MAX_MESSAGE_BYTES - 1024 { Err(Misuse::TooLong) } else { Ok(()) }
    }

    pub(crate) fn signed(&self, extensions: Extensions, signature: Signature) -> Identity {
        let Self { did, fragment, algorithm } = self.clone();
        Identity { did, fragment, algorithm, signature, extensions }
    }
}

/// The Identity that Reply and Finish carry sealed, in plain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// The DID that its sender claims.
    pub did: Did,
    /// The fragment of the verification method that signed.
    pub fragment: Fragment,
    /// The algorithm of the signature.
    pub algorithm: Algorithm,
    /// The signature over the transcript.
    pub signature: Signature,
    /// The extensions of the Identity.
    pub extensions: Extensions,
}

impl Identity {
    /// Decodes the plain, padded Identity.
    ///
    /// # Errors
    /// `identity_malformed`, `did_syntax`, `unknown_algorithm`, `identity_extensions`, `identity_padding`,
    /// `fragment_rule` or `unknown_critical_extension`, whichever comes first (R-ID-12).
    pub fn decode(plain: &[u8]) -> Result<Self, Fault> {
        let malformed = |_| Fault::IdentityMalformed;
        let mut reader = Reader::new(plain);
        let did_bytes = reader.u16().map_err(malformed)?;
        if usize::from(did_bytes) > MAX_DID_BYTES {
            return Err(Fault::DidSyntax);
        }
        let did = reader.take(did_bytes.into()).map_err(malformed)?;
        let did = core::str::from_utf8(did).map_err(|_| Fault::DidSyntax).and_then(Did::parse)?;
        let fragment = reader.vec8().map_err(malformed)?;
        let algorithm = Algorithm::from_byte(reader.u8().map_err(malformed)?).ok_or(Fault::UnknownAlgorithm)?;
        let signature = reader.array().map_err(malformed)?;
        let list = reader.vec16().map_err(malformed)?;
        let extensions = Extensions::decode(list, check_none).map_err(|_| Fault::IdentityExtensions)?;
        let padding = reader.rest();
        let whole_blocks = plain.len().is_multiple_of(PADDED_TO);
        if !whole_blocks || padding.len() >= PADDED_TO || padding.iter().any(|byte| *byte != 0) {
            return Err(Fault::IdentityPadding);
        }
        let fragment = core::str::from_utf8(fragment).map_err(|_| Fault::FragmentRule)?;
        let fragment = Fragment::of(&did, fragment)?;
        if extensions.has_unknown_critical(&[]) {
            return Err(Fault::IdentityUnknownCritical);
        }
        Ok(Self { did, fragment, algorithm, signature, extensions })
    }

    /// Encodes and pads the Identity to a multiple of 64 bytes.
    ///
    /// # Errors
    /// [`Misuse::TooLong`] where a field does not fit.
    pub fn encode(&self) -> Result<Vec<u8>, Misuse> {
        let mut out = Vec::with_capacity(128);
        put_vec16(&mut out, self.did.as_str().as_bytes())?;
        put_vec8(&mut out, self.fragment.as_str().as_bytes())?;
        out.push(self.algorithm as u8);
        out.extend_from_slice(&self.signature);
        out.extend_from_slice(&self.extensions.encode()?);
        out.resize(out.len().next_multiple_of(PADDED_TO), 0);
        Ok(out)
    }

    /// Checks 1 to 3 of R-CHECK: well formed, none of our own, one that we may meet.
    pub(crate) fn admitted<'a>(
        plain: &[u8],
        mut own: impl Iterator<Item = &'a Did>,
        admission: &Admission,
    ) -> Result<Self, Fault> {
        let identity = Self::decode(plain)?;
        if own.any(|did| *did == identity.did) {
            return Err(Fault::OwnDid);
        }
        if admission.admits(&identity.claim()) { Ok(identity) } else { Err(Fault::NotAdmitted) }
    }

    pub(crate) fn claim(&self) -> Claim {
        Claim { did: self.did.clone(), fragment: self.fragment.clone(), algorithm: self.algorithm }
    }

    pub(crate) fn statement(&self) -> Statement<'_> {
        Statement { did: &self.did, fragment: &self.fragment, algorithm: self.algorithm, extensions: &self.extensions }
    }

    /// Checks 4 to 6 of R-CHECK: the document, the key, the signature.
    pub(crate) fn verify(self, input: &[u8], document: &dyn Document, now: UnixTime) -> Result<VerifiedPeer, Fault> {
        // Whatever a document answers, the peer must not be able to tell: only faults of these checks go on.
        let key = document.authentication_key(&self.did, &self.fragment, now).map_err(|fault| match fault.alert() {
            Some(AlertCode::Denied) => fault,
            _ => Fault::DidResolutionFailed,
        })?;
        if key.algorithm() != self.algorithm {
            return Err(Fault::AlgorithmMismatch);
        }
        if !key.verify(input, &self.signature) {
            return Err(Fault::SignatureInvalid);
        }
        Ok(VerifiedPeer { did: self.did, fragment: self.fragment, key, extensions: self.extensions })
    }
}

/// An identity that a message asserts and nobody has verified yet: good for admission and for resolving, nothing else.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claim {
    did: Did,
    fragment: Fragment,
    algorithm: Algorithm,
}

impl Claim {
    /// The DID that the peer claims.
    #[must_use]
    pub fn did(&self) -> &Did {
        &self.did
    }

    /// The fragment of the verification method that it names.
    #[must_use]
    pub fn fragment(&self) -> &Fragment {
        &self.fragment
    }

    /// The algorithm that it says it signed with.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

/// A peer whose signature over the transcript was verified, with the method and the key bytes that were used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifiedPeer {
    did: Did,
    fragment: Fragment,
    key: PublicKey,
    extensions: Extensions,
}

impl VerifiedPeer {
    /// The peer's DID.
    #[must_use]
    pub fn did(&self) -> &Did {
        &self.did
    }

    /// The fragment of the verification method; empty for did:key and did:jwk.
    #[must_use]
    pub fn fragment(&self) -> &Fragment {
        &self.fragment
    }

    /// The verification method as a DID URL; for did:key and did:jwk the DID alone.
    #[must_use]
    pub fn verification_method(&self) -> String {
        match self.fragment.as_str() {
            "" => String::from(self.did.as_str()),
            fragment => alloc::format!("{}#{fragment}", self.did),
        }
    }

    /// The public key that verified the signature.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// The extensions of the peer's Identity.
    #[must_use]
    pub fn extensions(&self) -> &Extensions {
        &self.extensions
    }
}

/// Whom a peer may be, decided over the claim before anything is resolved. No default accepts anyone: whoever means
/// that says so with a policy.
///
/// ```
/// use didshake::{Admission, Did};
/// let exactly = Admission::only(Did::parse("did:web:example.com")?);
/// let any_key = Admission::policy(|claim| claim.did().method() == "key");
/// # Ok::<(), didshake::Fault>(())
/// ```
#[derive(Clone)]
pub struct Admission(Rule);

#[derive(Clone)]
enum Rule {
    Only(Did),
    Policy(Arc<dyn Fn(&Claim) -> bool + Send + Sync>),
}

impl Admission {
    /// Exactly this DID; the short form of a did:peer:4 stands for its long form (R-DID-21).
    #[must_use]
    pub fn only(did: Did) -> Self {
        Self(Rule::Only(did))
    }

    /// Whoever the policy lets in. It runs before the peer has proved anything: it must be cheap.
    #[must_use]
    pub fn policy(policy: impl Fn(&Claim) -> bool + Send + Sync + 'static) -> Self {
        Self(Rule::Policy(Arc::new(policy)))
    }

    pub(crate) fn exact(&self) -> Option<&Did> {
        match &self.0 {
            Rule::Only(did) => Some(did).filter(|did| !did.is_short_form()),
            Rule::Policy(_) => None,
        }
    }

    pub(crate) fn admits(&self, claim: &Claim) -> bool {
        match &self.0 {
            Rule::Only(did) => did.names(&claim.did),
            Rule::Policy(policy) => policy(claim),
        }
    }
}

impl fmt::Debug for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Rule::Only(did) => write!(f, "Admission::only({did})"),
            Rule::Policy(_) => f.write_str("Admission::policy(…)"),
        }
    }
}
