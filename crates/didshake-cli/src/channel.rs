//! A channel to a peer, over whatever carries it.

use std::sync::Arc;

use didshake_peer::websocket::ClientConnection;
use didshake_peer::{Agreed, PeerConnection};

use crate::wire::Wire;

/// A channel that stands.
pub(crate) enum Channel {
    /// Over bytes in order.
    Stream(Box<PeerConnection<Wire>>),
    /// Through a relay.
    Circuit(Box<ClientConnection>),
}

impl Channel {
    pub(crate) fn agreed(&self) -> &Arc<Agreed> {
        match self {
            Self::Stream(connection) => connection.agreed(),
            Self::Circuit(connection) => connection.agreed(),
        }
    }
}

impl From<PeerConnection<Wire>> for Channel {
    fn from(connection: PeerConnection<Wire>) -> Self {
        Self::Stream(Box::new(connection))
    }
}

impl From<ClientConnection> for Channel {
    fn from(connection: ClientConnection) -> Self {
        Self::Circuit(Box::new(connection))
    }
}
