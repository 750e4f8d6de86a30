//! Who may come in: the rules of the policy, over what the store knows of a DID.

use didshake::{Claim, Did, Session, VerifiedPeer};
use didshake_axum::StoreError;
use didshake_did::{BoxFuture, Clock as _, SystemClock};

use crate::policy::LivePolicy;
use crate::store::{Accounts, Standing};

/// The service's policy. What cannot be looked up lets nobody in, and ends nothing.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    pub(crate) policy: LivePolicy,
    pub(crate) accounts: Accounts,
}

impl Access {
    /// How a DID with a session stands, if it may go on: with a claim, as long as that lives.
    pub(crate) async fn of_session(&self, did: &Did) -> Result<Option<Standing>, StoreError> {
        let standing = self.accounts.standing(did, SystemClock.now()).await?;
        Ok(standing.lets_in(did, &self.policy.current()).then_some(standing))
    }

    /// Whether a DID may have a new session.
    async fn takes(&self, did: &Did) -> Result<bool, StoreError> {
        let standing = self.accounts.standing(did, SystemClock.now()).await?;
        Ok(standing.takes(did, &self.policy.current()))
    }
}

impl didshake_axum::Policy for Access {
    fn admits(&self, claim: &Claim) -> bool {
        self.policy.current().may_allow(claim.did())
    }

    fn allows<'a>(&'a self, peer: &'a VerifiedPeer) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(self.takes(peer.did()))
    }

    fn honours<'a>(&'a self, session: &'a Session) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move { Ok(self.of_session(session.did()).await?.is_some()) })
    }
}
