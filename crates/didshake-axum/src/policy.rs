//! Whom the service lets in: one rule, asked three times.

use didshake::{Claim, Did, Session, VerifiedPeer};
use didshake_did::BoxFuture;

use crate::store::StoreError;

/// The service's rule over DIDs. A closure over the DID is one, asked the same each time:
///
/// ```
/// use didshake::Did;
/// use didshake_axum::Policy;
/// fn takes(_: impl Policy) {}
/// takes(|did: &Did| did.method() == "key");
/// ```
pub trait Policy: Send + Sync {
    /// Over a claim that nobody has verified, before anything is resolved for it (check 3, R-CHECK-3). It must be cheap.
    fn admits(&self, claim: &Claim) -> bool;

    /// Over a peer whose signature was verified (check 7, R-CHECK-5). The attempt's time runs on. Over HTTP a
    /// [`LoginStore`](crate::LoginStore) decides that instead, where the service has one.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot tell: the peer is refused then, and the log has that cause.
    fn allows<'a>(&'a self, peer: &'a VerifiedPeer) -> BoxFuture<'a, Result<bool, StoreError>> {
        let _ = peer;
        Box::pin(std::future::ready(Ok(true)))
    }

    /// Over the session of a request that is proved, before its nonce is burned. Where it says no, the request is refused
    /// and the session ended.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot tell: the request is refused then, and no session ended.
    fn honours<'a>(&'a self, session: &'a Session) -> BoxFuture<'a, Result<bool, StoreError>> {
        let _ = session;
        Box::pin(std::future::ready(Ok(true)))
    }
}

impl<F: Fn(&Did) -> bool + Send + Sync> Policy for F {
    fn admits(&self, claim: &Claim) -> bool {
        self(claim.did())
    }

    fn allows<'a>(&'a self, peer: &'a VerifiedPeer) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move { Ok(self(peer.did())) })
    }

    fn honours<'a>(&'a self, session: &'a Session) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move { Ok(self(session.did())) })
    }
}

/// Everyone who proves a DID that can be resolved.
#[derive(Clone, Copy, Debug)]
pub struct Anyone;

impl Policy for Anyone {
    fn admits(&self, _: &Claim) -> bool {
        true
    }
}
