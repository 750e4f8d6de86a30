//! A finished handshake with its channel.

use std::sync::Arc;

use didshake::{Established, Exporter, Extensions, LocalIdentity, Suite, VerifiedPeer};
use tokio::io::{AsyncRead, AsyncWrite, ReadHalf, WriteHalf};

use crate::error::ChannelError;
use crate::halves::{ReceiveHalf, SendHalf, halves};
use crate::stream::FrameReader;

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

/// A channel to a verified peer.
///
/// Dropping it closes the connection without a close record: the peer takes that for a truncation. End with
/// [`PeerConnection::close`].
pub struct PeerConnection<S> {
    agreed: Arc<Agreed>,
    send: SendHalf<S>,
    receive: ReceiveHalf<S>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> PeerConnection<S> {
    pub(crate) fn new(stream: (FrameReader<ReadHalf<S>>, WriteHalf<S>), established: Established) -> Self {
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
        let agreed = Agreed { peer, identity, exporter, session_id, suite, application_protocol, lifetime, extensions };
        let (send, receive) = halves(stream, channel);
        Self { agreed: Arc::new(agreed), send, receive }
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

    /// The two directions, for two tasks.
    #[must_use]
    pub fn split(self) -> (SendHalf<S>, ReceiveHalf<S>) {
        (self.send, self.receive)
    }
}

impl<S> std::fmt::Debug for PeerConnection<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PeerConnection").field("agreed", &self.agreed).finish_non_exhaustive()
    }
}
