//! A finished handshake with its channel.

use std::sync::Arc;

use didshake::{Channel, VerifiedPeer};

use crate::agreed::Agreed;
use crate::error::ChannelError;
use crate::halves::{ReceiveHalf, SendHalf, halves};
use crate::key_gone::VerifiedKey;
use crate::options::Surroundings;
use crate::transport::Transport;
use crate::vigil::{Vigil, Watch};

/// Which side of a handshake a peer was: `connect` makes an initiator, `accept` a responder.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Role {
    /// It sent the first message.
    Initiator,
    /// It answered.
    Responder,
}

/// A channel to a verified peer.
///
/// Dropping it closes the connection without a close record: the peer takes that for a truncation. End with
/// [`PeerConnection::close`].
pub struct PeerConnection<S: Transport> {
    agreed: Arc<Agreed>,
    role: Role,
    send: SendHalf<S>,
    receive: ReceiveHalf<S>,
}

impl<S: Transport> PeerConnection<S> {
    pub(crate) fn new(transport: (S::Reader, S::Writer), agreed: Agreed, channel: Channel, role: Role) -> Self {
        let (send, receive) = halves(transport, channel);
        Self { agreed: Arc::new(agreed), role, send, receive }
    }

    /// Who the peer is.
    #[must_use]
    pub fn peer(&self) -> &VerifiedPeer {
        &self.agreed.peer
    }

    /// What was agreed on; it may outlive the connection.
    #[must_use]
    pub fn agreed(&self) -> &Arc<Agreed> {
        &self.agreed
    }

    /// Which side of the handshake we were.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// Sends one message of at most [`MAX_CONTENT_BYTES`](didshake::MAX_CONTENT_BYTES), as one record.
    ///
    /// # Errors
    /// As for [`SendHalf::send`].
    pub async fn send(&mut self, content: &[u8]) -> Result<(), ChannelError> {
        self.send.send(content).await
    }

    /// The peer's next message; `None` once it has closed its direction. Cancel-safe.
    ///
    /// # Errors
    /// As for [`ReceiveHalf::recv`].
    pub async fn recv(&mut self) -> Result<Option<Vec<u8>>, ChannelError> {
        self.receive.recv().await
    }

    /// Half-close: we send nothing more, the peer still may.
    ///
    /// # Errors
    /// As for [`SendHalf::close`].
    pub async fn close(&mut self) -> Result<(), ChannelError> {
        self.send.close().await
    }

    /// Watches over the key that proved the peer: [`Vigil::keep`] is to be spawned. The resolver, the clock and the time
    /// that a resolution may take are those of `surroundings`.
    #[must_use]
    pub fn vigil(&self, surroundings: &Surroundings, watch: Watch) -> Vigil<S> {
        Vigil::new(VerifiedKey::of(&self.agreed.peer), self.send.link(), surroundings, watch)
    }

    /// The two directions, for two tasks. A vigil over them is taken before.
    #[must_use]
    pub fn split(self) -> (SendHalf<S>, ReceiveHalf<S>) {
        (self.send, self.receive)
    }
}

impl<S: Transport> std::fmt::Debug for PeerConnection<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PeerConnection").field("agreed", &self.agreed).finish_non_exhaustive()
    }
}
