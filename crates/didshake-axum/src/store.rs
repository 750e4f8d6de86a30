//! Where sessions are kept: a trait, so that an application brings its own database.

use std::error::Error;
use std::net::IpAddr;

use didshake::request::RequestKey;
use didshake::{Did, Origin, Session, UnixTime};
use didshake_did::BoxFuture;

/// A session as a service keeps it.
#[derive(Debug)]
pub struct SessionRecord {
    /// Who, with which key, until when.
    pub session: Session,
    /// The origin at which it was made: its requests come there and nowhere else (R-REQ-7).
    pub origin: Origin,
    /// What its requests are signed with: a secret.
    pub request_key: RequestKey,
    /// Where the handshake came from, as far as the service knows.
    pub client: Option<IpAddr>,
    /// The last use; `None` while it is provisional.
    pub last_used: Option<UnixTime>,
}

/// What became of one request's nonce.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Use {
    /// The nonce is burned now, and the session used.
    First,
    /// The nonce was burned before.
    Replayed,
    /// There is no such session any more, or it is over.
    Over,
}

/// Keeps sessions, and the nonces of their requests. Burned handshakes are kept apart from it, in a
/// [`BurnStore`](didshake_peer::BurnStore): ending a session makes no Finish usable again.
///
/// Every method is one atomic step, and what it did is durable when it returns.
pub trait SessionStore: Send + Sync {
    /// Keeps a new, provisional session.
    ///
    /// # Errors
    /// [`StoreError`]; the handshake is refused then, after [`StoreError::Refused`] as by the policy.
    fn create(&self, record: SessionRecord) -> BoxFuture<'_, Result<(), StoreError>>;

    /// The session of this id, live or not; `None` where there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    fn find<'a>(&'a self, id: &'a [u8; 16]) -> BoxFuture<'a, Result<Option<SessionRecord>, StoreError>>;

    /// Burns the nonce of a proven request for this session until `until` and marks the session used at `now`, both or
    /// neither (R-REQ-8, R-RESP-9).
    ///
    /// # Errors
    /// [`StoreError`]; the request is refused then.
    fn use_once<'a>(
        &'a self,
        id: &'a [u8; 16],
        nonce: &'a [u8; 16],
        until: UnixTime,
        now: UnixTime,
    ) -> BoxFuture<'a, Result<Use, StoreError>>;

    /// The live sessions of a DID at `now`, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    fn of<'a>(&'a self, did: &'a Did, now: UnixTime) -> BoxFuture<'a, Result<Vec<SessionRecord>, StoreError>>;

    /// Ends a session at once; `false` where there was none.
    ///
    /// # Errors
    /// [`StoreError`].
    fn end<'a>(&'a self, id: &'a [u8; 16]) -> BoxFuture<'a, Result<bool, StoreError>>;
}

/// The store cannot be reached, is full, or failed. The operator's log has the cause.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It holds as many sessions as it may.
    #[error("the store of sessions is full")]
    Full,
    /// Whose session it is may not come in any more: that has changed since the policy was asked.
    #[error("who it is may not come in any more")]
    Refused,
    /// It cannot be reached or failed.
    #[error("the store of sessions cannot be reached")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}
