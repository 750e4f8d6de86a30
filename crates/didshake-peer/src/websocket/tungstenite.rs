//! The WebSockets of tokio-tungstenite.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use didshake::MAX_RECORD_BYTES;
use didshake::websocket::Frame;
use futures_util::{Sink, Stream};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::transport::SocketError;

// What arrives is read in pieces of this size; the default, 128 KiB, is held by each connection.
const READ_BUFFER: usize = 16_384;

/// What tungstenite is to be told: no message and no frame is longer than a record, and none waits for others.
#[must_use]
pub fn limits() -> WebSocketConfig {
    WebSocketConfig::default()
        .max_message_size(Some(MAX_RECORD_BYTES))
        .max_frame_size(Some(MAX_RECORD_BYTES))
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(MAX_RECORD_BYTES.saturating_mul(4))
}

/// A WebSocket of tokio-tungstenite, opened with [`limits`].
pub struct Tungstenite<S>(WebSocketStream<S>);

impl<S> Tungstenite<S> {
    /// Takes it.
    #[must_use]
    pub fn new(socket: WebSocketStream<S>) -> Self {
        Self(socket)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for Tungstenite<S> {
    type Item = Result<Frame, SocketError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let frame = match ready!(Pin::new(&mut self.0).poll_next(context)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
                Some(Ok(Message::Binary(bytes))) => Frame::Binary(bytes.into()),
                Some(Ok(Message::Text(_))) => Frame::Text,
                Some(Ok(Message::Close(_))) => Frame::Close,
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
            };
            return Poll::Ready(Some(Ok(frame)));
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Sink<Frame> for Tungstenite<S> {
    type Error = SocketError;

    fn poll_ready(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), SocketError>> {
        Pin::new(&mut self.0).poll_ready(context).map_err(SocketError::from)
    }

    fn start_send(mut self: Pin<&mut Self>, frame: Frame) -> Result<(), SocketError> {
        let message = match frame {
            Frame::Binary(bytes) => Message::Binary(bytes.into()),
            Frame::Close => Message::Close(None),
            // Nobody here sends one (R-BIND-3).
            Frame::Text => return Err(SocketError::Malformed),
        };
        Ok(Pin::new(&mut self.0).start_send(message)?)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), SocketError>> {
        Pin::new(&mut self.0).poll_flush(context).map_err(SocketError::from)
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), SocketError>> {
        Pin::new(&mut self.0).poll_close(context).map_err(SocketError::from)
    }
}

impl From<Error> for SocketError {
    fn from(error: Error) -> Self {
        match error {
            Error::ConnectionClosed
            | Error::AlreadyClosed
            | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake | ProtocolError::SendAfterClosing) => {
                Self::Ended
            }
            Error::Capacity(CapacityError::MessageTooLong { .. }) => Self::TooLong,
            Error::Io(error) => Self::Io(error),
            Error::WriteBufferFull(_) => Self::Io(io::ErrorKind::WouldBlock.into()),
            _ => Self::Malformed,
        }
    }
}
