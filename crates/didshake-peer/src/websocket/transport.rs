//! A WebSocket as a transport of whole messages (R-BIND-3).

use std::future::poll_fn;
use std::io;
use std::pin::Pin;

use didshake::Fault;
use didshake::websocket::{Awaiting, Frame, FrameError};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{Sink, Stream, StreamExt};

use crate::stream::Frame as Expected;
use crate::transport::{MessageReader, MessageWriter, ReadError, sealed};

/// An open WebSocket of any library: frames in, frames out; pings and pongs are the library's own. Everything that is
/// stream and sink of them is one.
pub trait Socket: Stream<Item = Result<Frame, SocketError>> + Sink<Frame, Error = SocketError> + Unpin {}

impl<W> Socket for W where W: Stream<Item = Result<Frame, SocketError>> + Sink<Frame, Error = SocketError> + Unpin {}

/// How a WebSocket library fails.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// The connection ended, in order or not: what that means, the channel knows.
    #[error("the WebSocket is over")]
    Ended,
    /// A message is longer than the library was told to allow; the rest was not read.
    #[error("a WebSocket message is too long")]
    TooLong,
    /// What came is not the WebSocket protocol.
    #[error("what came is not the WebSocket protocol")]
    Malformed,
    /// The connection failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The transport over a [`Socket`].
pub struct WebSocket<W>(W);

impl<W> WebSocket<W> {
    pub(crate) fn new(socket: W) -> Self {
        Self(socket)
    }
}

impl<W: Socket> sealed::Split for WebSocket<W> {
    type Reader = Frames<W>;
    type Writer = FrameSink<W>;

    fn split(self) -> (Self::Reader, Self::Writer) {
        let (sink, stream) = self.0.split();
        (Frames(stream), FrameSink { sink, pending: None })
    }
}

/// What comes.
pub struct Frames<W>(SplitStream<W>);

impl<W: Socket> MessageReader for Frames<W> {
    async fn next(&mut self, expected: Expected) -> Result<Option<Vec<u8>>, ReadError> {
        let awaiting = match expected {
            Expected::Hello => Awaiting::Hello,
            Expected::Message => Awaiting::Message,
            Expected::Record => Awaiting::Record,
        };
        let frame = match self.0.next().await {
            None | Some(Err(SocketError::Ended)) => return Ok(None),
            Some(Err(SocketError::TooLong)) => return Err(ReadError::TooLong),
            Some(Err(SocketError::Malformed)) => return Err(ReadError::Malformed),
            Some(Err(SocketError::Io(error))) => return Err(ReadError::Io(error)),
            Some(Ok(frame)) => frame,
        };
        match awaiting.read(frame) {
            Ok(message) => Ok(Some(message)),
            Err(FrameError::Closed) => Ok(None),
            Err(FrameError::Text | FrameError::Fault(Fault::NotARecord)) => Err(ReadError::Text),
            Err(FrameError::Fault(_)) => Err(ReadError::TooLong),
        }
    }

    async fn drain(&mut self, most: usize) {
        let mut drained = 0_usize;
        while drained < most {
            match self.0.next().await {
                Some(Ok(Frame::Binary(message))) => drained = drained.saturating_add(message.len().max(1)),
                Some(Ok(Frame::Text)) => drained = drained.saturating_add(1),
                Some(Ok(Frame::Close) | Err(_)) | None => return,
            }
        }
    }
}

/// What goes.
pub struct FrameSink<W> {
    sink: SplitSink<W, Frame>,
    pending: Option<Frame>,
}

impl<W: Socket> MessageWriter for FrameSink<W> {
    fn put(&mut self, message: &[u8]) {
        self.pending = Some(Frame::carrying(message.to_vec()));
    }

    async fn flush(&mut self) -> io::Result<()> {
        if self.pending.is_some() {
            poll_fn(|context| Pin::new(&mut self.sink).poll_ready(context)).await?;
        }
        // Taken only now: a flush that is dropped before leaves the message where it is.
        if let Some(frame) = self.pending.take() {
            Pin::new(&mut self.sink).start_send(frame)?;
        }
        Ok(poll_fn(|context| Pin::new(&mut self.sink).poll_flush(context)).await?)
    }

    async fn finish(&mut self) -> io::Result<()> {
        // A close frame would end the peer's direction too.
        self.flush().await
    }

    async fn close(&mut self) -> io::Result<()> {
        self.flush().await?;
        Ok(poll_fn(|context| Pin::new(&mut self.sink).poll_close(context)).await?)
    }
}

impl From<SocketError> for io::Error {
    fn from(error: SocketError) -> Self {
        match error {
            SocketError::Io(error) => error,
            SocketError::Ended => Self::from(io::ErrorKind::BrokenPipe),
            SocketError::TooLong | SocketError::Malformed => Self::new(io::ErrorKind::InvalidData, error),
        }
    }
}
