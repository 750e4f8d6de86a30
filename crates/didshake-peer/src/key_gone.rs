//! A key that was verified once, and what its DID document says of it now (R-CONT).

use std::time::Duration;

use didshake::{Algorithm, Did, Document as _, Fault, Fragment, Session, UnixTime, VerifiedPeer};
use didshake_did::{Clock, Freshness, Resolved, Resolver};
use tokio::time::timeout;

/// Why a key that proved a peer is not good any more. It ends what rests on the key; the peer learns `denied` and no more.
///
/// ```
/// use didshake_peer::KeyGone;
/// assert_eq!(KeyGone::Replaced.code(), "key_replaced");
/// assert_eq!(KeyGone::Replaced.to_string(), "the peer's DID document has another key under that verification method now");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, thiserror::Error)]
pub enum KeyGone {
    /// The document has no such verification method any more.
    #[error("the verification method was removed from the peer's DID document")]
    Removed,
    /// The method is there, and no longer under `authentication`.
    #[error("the verification method is no longer one for authentication in the peer's DID document")]
    NotForAuthentication,
    /// The method holds another key than the one that was verified.
    #[error("the peer's DID document has another key under that verification method now")]
    Replaced,
    /// The method is revoked, from now or from an earlier time on.
    #[error("the verification method was revoked")]
    Revoked,
    /// The method has expired.
    #[error("the verification method has expired")]
    Expired,
    /// The DID is deactivated.
    #[error("the peer's DID was deactivated")]
    Deactivated,
    /// The source of the document says that there is none: did:web answers 404 or 410.
    #[error("the peer's DID has no document any more")]
    NoDocument,
    /// The method cannot be used: its controller, its times or its key (the fault) are not as they must be.
    #[error("the verification method cannot be used any more: {0}")]
    Unusable(Fault),
    /// The document could not be fetched, or not be read (the fault), for longer than the bound.
    #[error("the peer's DID document could not be looked at for too long: {0}")]
    Unseen(Fault),
}

impl KeyGone {
    /// The name of the cause for logs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Removed => "key_removed",
            Self::NotForAuthentication => "key_not_for_authentication",
            Self::Replaced => "key_replaced",
            Self::Revoked => "key_revoked",
            Self::Expired => "key_expired",
            Self::Deactivated => "did_deactivated",
            Self::NoDocument => "did_without_document",
            Self::Unusable(_) => "key_unusable",
            Self::Unseen(_) => "document_unseen",
        }
    }
}

/// What one look at a DID document found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Look {
    /// The document has the key, as its source had it at that time.
    Stands(UnixTime),
    /// There is no answer that counts: the document could not be fetched, or what came is none.
    Unseen(Fault),
    /// The document says that the key is not good any more; never [`KeyGone::Unseen`], which takes time.
    Gone(KeyGone),
}

/// A key that was verified, with the method that names it: what a handshake leaves to look for again (R-CHECK-6).
///
/// ```
/// use std::time::Duration;
/// use didshake::{Algorithm, Secret, SigningKey, UnixTime};
/// use didshake_did::{LocalSigner, MethodRegistry, SigningIdentity, SystemClock};
/// use didshake_peer::{Look, VerifiedKey};
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let key = SigningKey::from_secret(Algorithm::Ed25519, &Secret::new([7; 32]))?;
/// let identity = SigningIdentity::of_did_key(LocalSigner::new(key))?;
/// let (did, fragment) = (identity.did().clone(), identity.fragment().clone());
/// let key = identity.public_key();
/// let verified = VerifiedKey { did, fragment, algorithm: key.algorithm(), bytes: key.as_bytes().to_vec() };
///
/// let limit = Duration::from_secs(15);
/// let look = verified.look(&MethodRegistry::offline(), &SystemClock, UnixTime(0), limit).await;
/// assert!(matches!(look, Look::Stands(_)) && verified.is_fixed());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifiedKey {
    /// The DID.
    pub did: Did,
    /// The fragment of the verification method.
    pub fragment: Fragment,
    /// The algorithm of the key.
    pub algorithm: Algorithm,
    /// The key bytes that were verified.
    pub bytes: Vec<u8>,
}

impl VerifiedKey {
    /// The one that proved a peer.
    #[must_use]
    pub fn of(peer: &VerifiedPeer) -> Self {
        let (did, fragment, key) = (peer.did().clone(), peer.fragment().clone(), peer.key());
        Self { did, fragment, algorithm: key.algorithm(), bytes: key.as_bytes().to_vec() }
    }

    /// The one that a session rests on.
    #[must_use]
    pub fn of_session(session: &Session) -> Self {
        let parts = session.parts().clone();
        Self { did: parts.did, fragment: parts.fragment, algorithm: parts.algorithm, bytes: parts.key }
    }

    /// Whether the DID is its key, so that there is nothing to look at: did:key and did:jwk.
    #[must_use]
    pub fn is_fixed(&self) -> bool {
        self.did.has_single_method()
    }

    /// Looks at the document, as its source had it at `oldest` or later, for at most `limit`.
    pub async fn look(&self, resolver: &dyn Resolver, clock: &dyn Clock, oldest: UnixTime, limit: Duration) -> Look {
        let asked = clock.now();
        let resolved = timeout(limit, resolver.resolve_since(&self.did, oldest)).await;
        match resolved.unwrap_or(Err(Fault::DidResolutionFailed)) {
            Ok(resolved) => self.look_at(&resolved, asked, clock.now()),
            Err(Fault::DidNotFound) => Look::Gone(KeyGone::NoDocument),
            Err(fault) => Look::Unseen(fault),
        }
    }

    fn look_at(&self, resolved: &Resolved, asked: UnixTime, now: UnixTime) -> Look {
        let gone = match resolved.authentication_key(&self.did, &self.fragment, now) {
            Ok(key) if key.algorithm() == self.algorithm && key.as_bytes() == self.bytes => {
                return Look::Stands(match resolved.freshness() {
                    Freshness::Fetched => asked,
                    Freshness::Cached { since } => since,
                });
            }
            Ok(_) => KeyGone::Replaced,
            Err(Fault::MethodAbsent) => KeyGone::Removed,
            Err(Fault::MethodNotAuthentication) => KeyGone::NotForAuthentication,
            Err(Fault::MethodRevoked) => KeyGone::Revoked,
            Err(Fault::MethodExpired) => KeyGone::Expired,
            Err(Fault::DidDeactivated) => KeyGone::Deactivated,
            Err(Fault::DocumentIdMismatch) => return Look::Unseen(Fault::DocumentIdMismatch),
            Err(fault) => KeyGone::Unusable(fault),
        };
        Look::Gone(gone)
    }
}
