//! The WebSocket binding, both roles (specification, section 15.3). Feature `websocket`; [`connect`] needs `http` as well.
//!
//! A responder gives [`accept`] whatever its web framework opened, as a stream and sink of [`Frame`]s; for
//! tokio-tungstenite there is [`Tungstenite`]. Before, it has selected the subprotocol with [`select_subprotocol`] and told
//! the library [`MAX_RECORD_BYTES`](didshake::MAX_RECORD_BYTES) as the limit of messages and frames.
//!
//! ```no_run
//! # #[cfg(feature = "http")]
//! # async fn f(options: didshake_peer::InitiatorOptions) -> Result<(), Box<dyn std::error::Error>> {
//! use didshake::Endpoint;
//! use didshake_peer::http::{WebClient, WebClientOptions};
//! use didshake_peer::websocket;
//!
//! let client = WebClient::new(&WebClientOptions::default())?;
//! let endpoint = Endpoint::parse("wss://chat.example/didshake")?;
//! let mut connection = websocket::connect(&client, &endpoint, &options).await?;
//! connection.send(b"hello").await?;
//! connection.close().await?;
//! # Ok(()) }
//! ```

#[cfg(feature = "http")]
mod connect;
mod transport;
mod tungstenite;

use didshake::Origin;

pub use didshake::websocket::{Frame, NoSubprotocol, SUBPROTOCOL, SUBPROTOCOL_FIELD, select_subprotocol};

#[cfg(feature = "mailbox")]
pub(crate) use connect::upgrade;
#[cfg(feature = "http")]
pub use connect::{ClientConnection, connect};
pub use transport::{Socket, SocketError, WebSocket};
pub use tungstenite::{Tungstenite, limits};

use crate::accept::respond;
use crate::attempt::{Claimed, Progress};
use crate::burn::BurnStore;
use crate::connection::PeerConnection;
use crate::error::{HandshakeError, Step};
use crate::options::ResponderOptions;

/// Runs a handshake as responder over an open WebSocket.
///
/// `origin` is the one of the endpoint **as it is configured**; `Host` may have selected it among configured ones, and
/// nothing else may (R-BIND-7). The context of `options` is not used.
///
/// # Errors
/// [`HandshakeError`], as for [`accept`](crate::accept) over a stream. A text message ends the attempt unanswered (R-BIND-3).
pub async fn accept<W: Socket>(
    socket: W,
    origin: &Origin,
    options: &ResponderOptions,
    burned: &dyn BurnStore,
) -> Result<PeerConnection<WebSocket<W>>, HandshakeError> {
    match origin.websocket_context() {
        Ok(context) => respond(WebSocket::new(socket), context, options, burned).await,
        Err(misuse) => {
            let progress = Progress::new(&options.surroundings, Claimed::default(), Step::ReadHello);
            Err(progress.fail(misuse.into(), None))
        }
    }
}
