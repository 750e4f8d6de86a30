//! What both sides leave a handshake with.

use alloc::vec::Vec;

use crate::channel::Channel;
use crate::error::{Error, Fault};
use crate::extension::Extensions;
use crate::identity::{LocalIdentity, VerifiedPeer};
use crate::schedule::{Exporter, MasterSecret};
use crate::suite::Suite;
use crate::wire::AcceptBody;

/// A finished handshake.
#[derive(Debug)]
pub struct Established {
    /// The channel to the peer.
    pub channel: Channel,
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
    /// The application protocol that both sides agreed on.
    pub application_protocol: Vec<u8>,
    /// Seconds from Accept on for which something may outlive the connection; 0: nothing does.
    pub lifetime: u32,
    /// The extensions of Accept.
    pub extensions: Extensions,
}

/// Which side of the handshake this is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    Initiator,
    Responder,
}

impl Established {
    pub(crate) fn new(
        role: Role,
        suite: Suite,
        master: &MasterSecret,
        accept: AcceptBody,
        peer: VerifiedPeer,
        identity: LocalIdentity,
        application_protocol: Vec<u8>,
    ) -> Result<Self, Error> {
        let to_responder = master.initiator_to_responder()?;
        let to_initiator = master.responder_to_initiator()?;
        let channel = match role {
            Role::Initiator => Channel::new(suite, to_responder, to_initiator)?,
            Role::Responder => Channel::new(suite, to_initiator, to_responder)?,
        };
        Ok(Self {
            channel,
            peer,
            identity,
            exporter: master.exporter()?,
            session_id: master.session_id()?,
            suite,
            application_protocol,
            lifetime: accept.lifetime,
            extensions: accept.extensions,
        })
    }

    /// The initiator's side, from the plain text of an Accept that opened.
    pub(crate) fn after_accept(
        suite: Suite,
        master: &MasterSecret,
        plain: &[u8],
        peer: VerifiedPeer,
        identity: LocalIdentity,
        application_protocol: Vec<u8>,
    ) -> Result<Self, AcceptRefused> {
        let accept = AcceptBody::decode(plain).and_then(|accept| {
            if accept.extensions.has_unknown_critical(&[]) { Err(Fault::UnknownCriticalExtension) } else { Ok(accept) }
        });
        let empty = AcceptBody { lifetime: 0, extensions: Extensions::default() };
        let (accept, fault) = accept.map_or_else(|fault| (empty, Some(fault)), |accept| (accept, None));
        let established = Self::new(Role::Initiator, suite, master, accept, peer, identity, application_protocol)?;
        match fault {
            None => Ok(established),
            Some(fault) => Err(established.refuse(fault)),
        }
    }

    fn refuse(self, fault: Fault) -> AcceptRefused {
        let (mut sealer, _) = self.channel.split();
        let record = fault.alert().and_then(|alert| sealer.alert(alert).ok());
        AcceptRefused { error: fault.into(), record }
    }
}

/// Accept was refused: there is no channel.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{error}")]
pub struct AcceptRefused {
    /// Why.
    #[source]
    pub error: Error,
    /// The record to send, where Accept opened and is malformed; otherwise the alert of `error` goes out in clear.
    pub record: Option<Vec<u8>>,
}

impl From<Error> for AcceptRefused {
    fn from(error: Error) -> Self {
        Self { error, record: None }
    }
}
