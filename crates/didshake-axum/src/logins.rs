//! What a login over HTTP comes to in the stores: whether the peer may come in, the burn of its handshake, its session.

use std::sync::Arc;

use didshake::{Burn, UnixTime, VerifiedPeer};
use didshake_did::BoxFuture;
use didshake_peer::{BurnError, BurnStore};

use crate::policy::Policy;
use crate::store::{SessionRecord, SessionStore, StoreError};

/// A handshake over HTTP of which everything was checked up to the policy (checks 1 to 6).
#[derive(Debug)]
pub struct Login<'a> {
    /// Who it is.
    pub peer: &'a VerifiedPeer,
    /// What is burned.
    pub th3: &'a [u8; 32],
    /// Until when.
    pub burned_until: UnixTime,
    /// The time of the service.
    pub now: UnixTime,
    /// What is kept, provisional.
    pub record: SessionRecord,
}

/// Takes logins over HTTP in one step, in place of [`Policy::allows`], a [`BurnStore`] and [`SessionStore::create`] one after the
/// other: for a database that has all of it, and commits once for a login or for many of them
/// ([`logins`](crate::DidshakeBuilder::logins)).
///
/// ```
/// use didshake::Burn;
/// use didshake_axum::{Login, LoginError, LoginStore, StoreError};
/// use didshake_did::BoxFuture;
/// struct Closed;
/// impl LoginStore for Closed {
///     fn log_in<'a>(&'a self, _: Login<'a>) -> BoxFuture<'a, Result<Burn, LoginError>> {
///         Box::pin(async { Err(StoreError::Refused.into()) })
///     }
/// }
/// ```
pub trait LoginStore: Send + Sync {
    /// Decides whether the peer may come in (check 7); if so burns th3 (check 8), and if that was the first time keeps the session.
    /// All of it is durable when this returns, or nothing of it is done (R-RESP-8, R-STATE-5 to R-STATE-7).
    ///
    /// # Errors
    /// [`LoginError`]; [`StoreError::Refused`] where the peer may not come in. The handshake is refused then.
    fn log_in<'a>(&'a self, login: Login<'a>) -> BoxFuture<'a, Result<Burn, LoginError>>;
}

/// Why nobody was logged in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The handshake could not be burned.
    #[error(transparent)]
    Burns(#[from] BurnError),
    /// The session could not be kept, or may not be.
    #[error(transparent)]
    Sessions(#[from] StoreError),
}

/// One after the other, of stores that know nothing of each other.
pub(crate) struct InTurn {
    pub(crate) policy: Arc<dyn Policy>,
    pub(crate) burned: Arc<dyn BurnStore>,
    pub(crate) sessions: Arc<dyn SessionStore>,
}

impl LoginStore for InTurn {
    fn log_in<'a>(&'a self, login: Login<'a>) -> BoxFuture<'a, Result<Burn, LoginError>> {
        Box::pin(async move {
            if !self.policy.allows(login.peer).await? {
                return Err(StoreError::Refused.into());
            }
            let burn = self.burned.burn(login.th3, login.burned_until, login.now).await?;
            if burn == Burn::First {
                self.sessions.create(login.record).await?;
            }
            Ok(burn)
        })
    }
}
