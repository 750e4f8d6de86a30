//! One stream: messages both ways.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use futures_util::io::AsyncWrite as _;
use futures_util::stream::Stream as _;
use tokio::sync::OwnedSemaphorePermit;

use super::Shared;
use super::error::{StreamError, StreamMisuse};
use super::framing::{self, FrameTaker, PIECE_BYTES, Read};

/// The right to be one of the open streams.
pub(super) type Slot = OwnedSemaphorePermit;

/// What both directions of a stream have in common; dropped, it lets go of the stream.
struct Line {
    // Before the stream: that one wakes the driver, which looks at the slots then.
    _slot: Slot,
    mux: Mutex<yamux::Stream>,
    shared: Arc<Shared>,
}

impl Line {
    fn mux(&self) -> MutexGuard<'_, yamux::Stream> {
        self.mux.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn poll_read(&self, context: &mut Context<'_>) -> Poll<Option<io::Result<yamux::Packet>>> {
        Pin::new(&mut *self.mux()).poll_next(context)
    }

    /// Puts bytes as soon as the peer has room for them, and the transport too.
    fn poll_write(&self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let pipe = &self.shared.pipe;
        ready!(pipe.poll_reserve(context, bytes.len()));
        let written = Pin::new(&mut *self.mux()).poll_write(context, bytes);
        let kept = if let Poll::Ready(Ok(written)) = &written { *written } else { 0 };
        pipe.release(bytes.len().saturating_sub(kept));
        written
    }
}

/// A stream of messages to and from the peer, in order.
///
/// Dropping it lets go of it: a peer that is in the middle of something learns [`StreamError::Reset`].
#[derive(Debug)]
pub struct MessageStream {
    sender: MessageSender,
    receiver: MessageReceiver,
}

impl MessageStream {
    pub(super) fn new(mux: yamux::Stream, slot: Slot, shared: Arc<Shared>) -> Self {
        let taker = FrameTaker::new(shared.most);
        let line = Arc::new(Line { _slot: slot, mux: Mutex::new(mux), shared });
        let sender = MessageSender { line: line.clone(), leaving: Vec::new(), left: 0, begun: false, closed: false };
        let receiver =
            MessageReceiver { line, taker, taken: None, read: 0, announced: None, reserved: None, outcome: None };
        Self { sender, receiver }
    }

    /// Sends a message, as [`MessageSender::send`] does.
    ///
    /// # Errors
    /// As for [`MessageSender::send`].
    pub async fn send(&mut self, message: &[u8]) -> Result<(), StreamError> {
        self.sender.send(message).await
    }

    /// Withdraws a message whose sending was dropped, as [`MessageSender::cancel`] does.
    ///
    /// # Errors
    /// As for [`MessageSender::cancel`].
    pub async fn cancel(&mut self) -> Result<(), StreamError> {
        self.sender.cancel().await
    }

    /// The peer's next message, as [`MessageReceiver::recv`] gives it.
    ///
    /// # Errors
    /// As for [`MessageReceiver::recv`].
    pub async fn recv(&mut self) -> Result<Option<Vec<u8>>, StreamError> {
        self.receiver.recv().await
    }

    /// Ends our direction, as [`MessageSender::close`] does.
    ///
    /// # Errors
    /// As for [`MessageSender::close`].
    pub async fn close(&mut self) -> Result<(), StreamError> {
        self.sender.close().await
    }

    /// The two directions, for two tasks. The stream is let go of when both were dropped.
    #[must_use]
    pub fn split(self) -> (MessageSender, MessageReceiver) {
        (self.sender, self.receiver)
    }
}

/// Sends messages of a stream.
pub struct MessageSender {
    line: Arc<Line>,
    /// The frames that are being written, and how far.
    leaving: Vec<u8>,
    left: usize,
    /// A message was begun, and not all of it was put.
    begun: bool,
    closed: bool,
}

impl MessageSender {
    /// Sends one message of at most [`Settings::message_bytes`](super::Settings::message_bytes). It is sent when it lies
    /// in the peer's window or on its way there: wait for an answer where it matters that it was received.
    ///
    /// A dropped call withdraws the message, unless all of it is on its way: the peer learns
    /// [`StreamError::Cancelled`] with the next call here, or with [`MessageSender::cancel`].
    ///
    /// # Errors
    /// [`StreamMisuse::TooLong`] and [`StreamMisuse::Closed`]: nothing is sent. [`StreamError::Reset`] where the peer let
    /// go of the stream; how the connection ended.
    pub async fn send(&mut self, message: &[u8]) -> Result<(), StreamError> {
        let length = u32::try_from(message.len()).ok().filter(|length| *length <= self.line.shared.most);
        let length = length.ok_or(StreamMisuse::TooLong)?;
        self.cancel().await?;
        let mut pieces = message.chunks(PIECE_BYTES);
        let mut frames = framing::begin(length);
        if let Some(first) = pieces.next() {
            framing::put_piece(&mut frames, first);
        }
        self.put(frames, pieces.len() > 0);
        self.flush().await?;
        while let Some(piece) = pieces.next() {
            let mut frame = Vec::with_capacity(piece.len().saturating_add(3));
            framing::put_piece(&mut frame, piece);
            self.put(frame, pieces.len() > 0);
            self.flush().await?;
        }
        Ok(())
    }

    /// Withdraws the message whose [`MessageSender::send`] was dropped, if one was; otherwise nothing happens. Cancel-safe.
    ///
    /// # Errors
    /// As for [`MessageSender::send`].
    pub async fn cancel(&mut self) -> Result<(), StreamError> {
        if self.closed {
            return Err(StreamMisuse::Closed.into());
        }
        self.flush().await?;
        if self.begun {
            self.put(framing::cancel().to_vec(), false);
            self.flush().await?;
        }
        Ok(())
    }

    /// Ends our direction; the peer still may send. Cancel-safe: call it again.
    ///
    /// # Errors
    /// As for [`MessageSender::send`].
    pub async fn close(&mut self) -> Result<(), StreamError> {
        if !self.closed {
            self.cancel().await?;
            self.closed = true;
            self.put(framing::end().to_vec(), false);
        }
        self.flush().await
    }

    fn put(&mut self, frames: Vec<u8>, begun: bool) {
        (self.leaving, self.left, self.begun) = (frames, 0, begun);
    }

    /// Writes what was put. A dropped call loses nothing: the next one goes on.
    async fn flush(&mut self) -> Result<(), StreamError> {
        while let Some(rest) = self.leaving.get(self.left..).filter(|rest| !rest.is_empty()) {
            let written = poll_fn(|context| self.line.poll_write(context, rest)).await;
            // The multiplexer's errors say that the stream or the connection is over, and not why.
            let written = written.map_err(|_| self.line.shared.why())?;
            self.left = self.left.saturating_add(written);
        }
        Ok(())
    }
}

impl std::fmt::Debug for MessageSender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MessageSender")
    }
}

/// Receives messages of a stream.
pub struct MessageReceiver {
    line: Arc<Line>,
    taker: FrameTaker,
    /// What came off the stream, and how far it was read.
    taken: Option<yamux::Packet>,
    read: usize,
    /// The length of a message that waits for its share of the budget.
    announced: Option<u32>,
    reserved: Option<OwnedSemaphorePermit>,
    outcome: Option<Result<(), StreamError>>,
}

impl MessageReceiver {
    /// The peer's next message, whole; `None` once the peer has ended its direction. Cancel-safe: a dropped call loses
    /// nothing.
    ///
    /// # Errors
    /// [`StreamError::Cancelled`] where the peer withdrew a message in the middle: the next call goes on. All others
    /// stay: [`StreamError::Reset`] where the peer let go of the stream before it had ended its direction,
    /// [`StreamError::Peer`], and how the connection ended. Nothing of a message that was cut is ever given out.
    pub async fn recv(&mut self) -> Result<Option<Vec<u8>>, StreamError> {
        loop {
            if let Some(outcome) = &self.outcome {
                return outcome.clone().map(|()| None);
            }
            if let Some(length) = self.announced {
                self.reserve(length).await?;
            }
            let mut rest = self.taken.as_ref().and_then(|taken| taken.as_ref().get(self.read..)).unwrap_or_default();
            let before = rest.len();
            let read = self.taker.take(&mut rest);
            self.read = self.read.saturating_add(before.saturating_sub(rest.len()));
            match read {
                Ok(None) => self.fill().await,
                Ok(Some(Read::Begins(length))) => self.announced = Some(length),
                Ok(Some(Read::Message(message))) => {
                    self.reserved = None;
                    return Ok(Some(message));
                }
                Ok(Some(Read::Cancelled)) => {
                    self.reserved = None;
                    return Err(StreamError::Cancelled);
                }
                Ok(Some(Read::Ended)) => self.outcome = Some(Ok(())),
                Err(fault) => self.outcome = Some(Err(fault.into())),
            }
        }
    }

    /// Waits until a message of so many bytes may be kept.
    async fn reserve(&mut self, length: u32) -> Result<(), StreamError> {
        let shared = &self.line.shared;
        // A message over the whole budget takes all of it.
        let share = length.min(shared.budget_bytes);
        let permit = shared.budget.clone().acquire_many_owned(share).await;
        self.reserved = Some(permit.map_err(|_| shared.why())?);
        self.announced = None;
        Ok(())
    }

    /// Takes more off the stream.
    async fn fill(&mut self) {
        self.taken = None;
        self.read = 0;
        match poll_fn(|context| self.line.poll_read(context)).await {
            Some(Ok(taken)) => self.taken = Some(taken),
            None | Some(Err(_)) => self.outcome = Some(Err(self.line.shared.why())),
        }
    }
}

impl std::fmt::Debug for MessageReceiver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MessageReceiver")
    }
}
