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

    /// Refuses whoever may have no session as of now, by what `on` reads: in the transaction in which the session is written, since it may
    /// have changed meanwhile.
    pub(super) async fn enter(&self, did: &Did, now: UnixTime, on: &mut Connection) -> Result<(), StoreError> {
        let standing = Standing::read(did, now, on).await.map_err(unavailable)?;
        if standing.takes(did, &self.policy.current()) { Ok(()) } else { Err(StoreError::Refused) }
    }
}
