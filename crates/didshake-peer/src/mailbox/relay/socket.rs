//! The mailbox socket: deposits as they come, answers as they are durable (section 3.1).

use std::time::Duration;

use didshake::UnixTime;
use didshake::relay::{
    CircuitId, MAX_ANSWERS, MAX_CIRCUIT_FRAME_BYTES, MAX_ENVELOPE_BYTES, OwnerFrame, RelayFrame, SUBPROTOCOL,
};
use futures_util::{FutureExt, SinkExt, StreamExt};
use reqwest::{Request, Upgraded};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::failure::RelayError;
use crate::failure::{HttpFailure, WebSocketFailure};
use crate::http::WebClient;
use crate::websocket::upgrade;

/// A relay pings every 30 s: one that is silent for longer than this is gone.
const SILENCE: Duration = Duration::from_secs(95);
/// Type, sequence number and time stand before the envelope.
const MAX_FRAME_BYTES: usize = MAX_ENVELOPE_BYTES + 17;
const READ_BUFFER: usize = 16_384;

/// A WebSocket of a relay.
pub(crate) type Opened = WebSocketStream<Upgraded>;

/// Opens one; the request is signed, or has a token.
pub(crate) async fn open(client: &WebClient, request: Request) -> Result<Opened, RelayError> {
    let longest = MAX_FRAME_BYTES.max(MAX_CIRCUIT_FRAME_BYTES);
    let limits = WebSocketConfig::default()
        .max_message_size(Some(longest))
        .max_frame_size(Some(longest))
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(longest.saturating_mul(4));
    let opening = upgrade(client, request, SUBPROTOCOL, limits);
    let limit = client.patience();
    let opened = timeout(limit, opening).await.map_err(|_| HttpFailure::TimedOut(limit))?;
    opened.map_err(RelayError::of_opening)
}

/// What comes on a mailbox socket.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SocketEvent {
    /// A deposit that waits: it is to be answered.
    Deposit {
        /// Its number in this mailbox.
        sequence: u64,
        /// When the relay gives up.
        expires: UnixTime,
        /// The envelope.
        envelope: Vec<u8>,
    },
    /// Somebody asks for a circuit, and waits up to 10 s.
    Circuit(CircuitId),
    /// The answers to these deposits are durable.
    Durable(Vec<u64>),
}

/// An open mailbox socket. The relay shows at most 256 deposits that were not answered. Dropping it is no harm: what was not
/// answered is shown again on the next one.
pub struct MailboxSocket {
    socket: Opened,
}

impl MailboxSocket {
    pub(super) fn new(socket: Opened) -> Self {
        Self { socket }
    }

    /// What comes next; `None` where the relay has ended the socket, in order or not. Cancel-safe.
    ///
    /// # Errors
    /// [`RelayError::Socket`] where what came is none of the protocol, or the relay was silent for 95 s.
    pub async fn next(&mut self) -> Result<Option<SocketEvent>, RelayError> {
        loop {
            let message = timeout(SILENCE, self.socket.next()).await.map_err(|_| HttpFailure::TimedOut(SILENCE))?;
            if let Some(event) = read(message)? {
                return Ok(event);
            }
        }
    }

    /// What has come already; `None` where there is nothing yet.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub fn ready(&mut self) -> Result<Option<SocketEvent>, RelayError> {
        while let Some(message) = self.socket.next().now_or_never() {
            match read(message)? {
                Some(Some(event)) => return Ok(Some(event)),
                // That it is over, `next` will say.
                Some(None) => return Ok(None),
                None => {}
            }
        }
        Ok(None)
    }

    /// Answers deposits: these are in our store, those we do not take (R-RLY-9).
    ///
    /// # Errors
    /// [`RelayError`] where the socket is over: what was not answered is shown again on the next one.
    pub async fn answer(&mut self, taken: &[u64], refused: &[u64]) -> Result<(), RelayError> {
        for some in taken.chunks(MAX_ANSWERS) {
            self.send(&OwnerFrame::Taken(some.to_vec())).await?;
        }
        for some in refused.chunks(MAX_ANSWERS) {
            self.send(&OwnerFrame::Refused(some.to_vec())).await?;
        }
        Ok(())
    }

    /// Says that we do not take a circuit.
    ///
    /// # Errors
    /// As [`answer`](Self::answer).
    pub async fn decline(&mut self, circuit: CircuitId) -> Result<(), RelayError> {
        self.send(&OwnerFrame::NoCircuit(circuit)).await
    }

    async fn send(&mut self, frame: &OwnerFrame) -> Result<(), RelayError> {
        let sending = self.socket.send(Message::Binary(frame.encode().into()));
        let sent = timeout(SILENCE, sending).await.map_err(|_| HttpFailure::TimedOut(SILENCE))?;
        sent.map_err(|error| failure(&error))
    }
}

impl std::fmt::Debug for MailboxSocket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MailboxSocket").finish_non_exhaustive()
    }
}

/// `None`: nothing for us; `Some(None)`: the socket is over.
fn read(message: Option<Result<Message, Error>>) -> Result<Option<Option<SocketEvent>>, RelayError> {
    let frame = match message {
        None | Some(Ok(Message::Close(_)) | Err(Error::ConnectionClosed | Error::AlreadyClosed)) => {
            return Ok(Some(None));
        }
        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => return Ok(None),
        Some(Ok(Message::Text(_))) => return Err(WebSocketFailure::Text.into()),
        Some(Ok(Message::Binary(frame))) => frame,
        Some(Err(error)) => return Err(failure(&error)),
    };
    let event = match RelayFrame::decode(&frame).map_err(|_| WebSocketFailure::Malformed)? {
        RelayFrame::Deposit { sequence, expires, envelope } => {
            SocketEvent::Deposit { sequence, expires, envelope: envelope.to_vec() }
        }
        RelayFrame::Circuit(id) => SocketEvent::Circuit(id),
        RelayFrame::Durable(sequences) => SocketEvent::Durable(sequences),
    };
    Ok(Some(Some(event)))
}

fn failure(error: &Error) -> RelayError {
    match error {
        Error::Protocol(_) | Error::Capacity(_) | Error::Utf8(_) => WebSocketFailure::Malformed.into(),
        _ => HttpFailure::Broken.into(),
    }
}
