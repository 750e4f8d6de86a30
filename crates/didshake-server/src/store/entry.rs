//! What happens with a new session in its own transaction: whoever may not come in any more gets none.

use didshake::{Did, UnixTime};
use didshake_axum::StoreError;

use super::accounts::Connection;
use super::sessions::unavailable;
use super::standing::Standing;
use crate::policy::LivePolicy;

/// Decides over new sessions.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) policy: LivePolicy,
}

impl Entry {
    /// Whether the rules let in a DID of which nothing else is known here.
    pub(super) fn lets_in_unknown(&self, did: &Did) -> bool {
        Standing::default().belongs(did, &self.policy.current())
    }

    /// Whether a DID may have a session as of now, by the accounts that `on` reads. Whoever is refused here holds nobody up that writes.
    pub(super) async fn may_enter(&self, did: &Did, now: UnixTime, on: &mut Connection) -> Result<(), StoreError> {
        let standing = Standing::read(did, now, on).await.map_err(unavailable)?;
        if standing.takes(did, &self.policy.current()) { Ok(()) } else { Err(StoreError::Refused) }
    }

    /// Called before the session is written, in the same transaction: it may have changed since it was asked.
    pub(super) async fn enter(&self, did: &Did, now: UnixTime, on: &mut Connection) -> Result<(), StoreError> {
        let standing = Standing::read(did, now, on).await.map_err(unavailable)?;
        if standing.lets_in(did, &self.policy.current()) { Ok(()) } else { Err(StoreError::Refused) }
    }
}
