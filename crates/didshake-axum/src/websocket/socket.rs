//! axum's WebSocket as frames.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::extract::ws::{Message, WebSocket};
use didshake::websocket::Frame;
use didshake_peer::websocket::SocketError;
use futures_util::{Sink, Stream};
use tokio_tungstenite::tungstenite;

/// Frames in, frames out. Pings and pongs are answered inside.
pub(super) struct Frames(WebSocket);

impl Frames {
    pub(super) fn new(socket: WebSocket) -> Self {
        Self(socket)
    }
}

impl Stream for Frames {
    type Item = Result<Frame, SocketError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let frame = match ready!(Pin::new(&mut self.0).poll_next(context)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(told(error)))),
                Some(Ok(Message::Binary(bytes))) => Frame::Binary(bytes.into()),
                Some(Ok(Message::Text(_))) => Frame::Text,
                Some(Ok(Message::Close(_))) => Frame::Close,
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
            };
            return Poll::Ready(Some(Ok(frame)));
        }
    }
}

impl Sink<Frame> for Frames {
    type Error = SocketError;

    fn poll_ready(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), SocketError>> {
        Pin::new(&mut self.0).poll_ready(context).map_err(told)
    }

    fn start_send(mut self: Pin<&mut Self>, frame: Frame) -> Result<(), SocketError> {
        let message = match frame {
            Frame::Binary(bytes) => Message::Binary(bytes.into()),
            Frame::Close => Message::Close(None),
            // Nobody here sends one (R-BIND-3).
            Frame::Text => return Err(SocketError::Malformed),
        };
        Pin::new(&mut self.0).start_send(message).map_err(told)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), SocketError>> {
        Pin::new(&mut self.0).poll_flush(context).map_err(told)
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), SocketError>> {
        Pin::new(&mut self.0).poll_close(context).map_err(told)
    }
}

/// What the library below axum says.
fn told(error: axum::Error) -> SocketError {
    let inner = error.into_inner();
    tracing::trace!(cause = inner.source().map(tracing::field::display), "a WebSocket failed: {inner}");
    inner.downcast::<tungstenite::Error>().map_or(SocketError::Malformed, |error| SocketError::from(*error))
}
