//! What both sides left a handshake with, and who keeps it.

use std::error::Error;

use didshake::{Channel, Established, Exporter, Extensions, LocalIdentity, Suite, VerifiedPeer};
use didshake_did::BoxFuture;

/// What both sides left the handshake with, apart from the channel.
#[derive(Debug)]
pub struct Agreed {
    /// Who the peer is, with the method and the key bytes that proved it.
    pub peer: VerifiedPeer,
    /// Which of our identities it met.
    pub identity: LocalIdentity,
    /// Keys for the application.
    pub exporter: Exporter,
    /// A name for this handshake that both sides know: public, never a credential.
    pub session_id: [u8; 16],
    /// The suite of the channel.
    pub suite: Suite,
    /// The application protocol.
    pub application_protocol: Vec<u8>,
    /// Seconds from Accept on for which something may outlive the connection; 0: nothing does.
    pub lifetime: u32,
    /// The extensions of Accept.
    pub extensions: Extensions,
}

impl Agreed {
    /// Takes the channel out. Over HTTP there is nothing to carry it: it is dropped then (specification, section 15.4).
    #[must_use]
    pub fn of(established: Established) -> (Self, Channel) {
        let Established {
            channel,
            peer,
            identity,
            exporter,
            session_id,
            suite,
            application_protocol,
            lifetime,
            extensions,
        } = established;
        (Self { peer, identity, exporter, session_id, suite, application_protocol, lifetime, extensions }, channel)
    }
}

/// Keeps what a responder agreed on, after th3 is burned and **before** Accept leaves: who has an Accept may count on the
/// session that it stands for.
///
/// ```
/// use didshake_did::BoxFuture;
/// use didshake_peer::{Agreed, KeepAgreed, KeepError};
/// struct Print;
/// impl KeepAgreed for Print {
///     fn keep<'a>(&'a self, agreed: &'a Agreed) -> BoxFuture<'a, Result<(), KeepError>> {
///         Box::pin(async move {
///             println!("{} until {} s from now", agreed.peer.did(), agreed.lifetime);
///             Ok(())
///         })
///     }
/// }
/// ```
pub trait KeepAgreed: Send + Sync {
    /// Keeps it. The attempt's time runs on.
    ///
    /// # Errors
    /// [`KeepError`]; the handshake is refused then, with `denied`.
    fn keep<'a>(&'a self, agreed: &'a Agreed) -> BoxFuture<'a, Result<(), KeepError>>;
}

/// Nothing was kept: the fault of the store.
#[derive(Debug, thiserror::Error)]
#[error("what was agreed on could not be kept")]
pub struct KeepError(#[source] pub Box<dyn Error + Send + Sync>);
