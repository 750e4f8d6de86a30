//! The multiplexer, and what it is asked for.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::io::AsyncWrite as _;
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::error::{StreamError, StreamFault};
use super::pipe::Pipe;
use super::stream::{MessageStream, Slot};
use super::{Request, Settings, Shared};
use crate::connection::Role;

/// What yamux gives every stream to begin with.
const WINDOW: usize = 256 * 1024;
/// Streams that were let go of and are not off yamux's list yet; and those over the limit, in the moment before they are
/// reset.
const SLACK: usize = 16;

/// Runs the multiplexer on the pipe.
pub(super) struct Muxer {
    yamux: yamux::Connection<Pipe>,
    shared: Arc<Shared>,
    requests: Option<mpsc::UnboundedReceiver<Request>>,
    accepted: mpsc::Sender<MessageStream>,
    /// Slots of the streams that we open, and of those that the peer opens.
    slots: [Arc<Semaphore>; 2],
    streams: usize,
    opening: Option<(Slot, oneshot::Sender<MessageStream>)>,
    closing: bool,
}

impl Muxer {
    pub(super) fn new(
        role: Role,
        settings: &Settings,
        shared: Arc<Shared>,
        requests: mpsc::UnboundedReceiver<Request>,
        accepted: mpsc::Sender<MessageStream>,
        ours: Arc<Semaphore>,
    ) -> Self {
        let streams = settings.streams();
        let most = streams.saturating_mul(2).saturating_add(SLACK);
        let mut config = yamux::Config::default();
        // In this order: each checks against the other. No window ever grows, since all of it is given out.
        config.set_max_connection_receive_window(None);
        config.set_max_num_streams(most);
        config.set_max_connection_receive_window(Some(most.saturating_mul(WINDOW)));
        let mode = match role {
            Role::Initiator => yamux::Mode::Client,
            Role::Responder => yamux::Mode::Server,
        };
        Self {
            yamux: yamux::Connection::new(shared.pipe.clone(), config, mode),
            shared,
            requests: Some(requests),
            accepted,
            slots: [ours, Arc::new(Semaphore::new(streams))],
            streams,
            opening: None,
            closing: false,
        }
    }

    /// Goes on until the multiplexer is over: by our close, by the peer's, or by the end of what comes.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<(), StreamError>> {
        self.take_requests(context);
        loop {
            if self.closing || self.is_left() {
                return self.yamux.poll_close(context).map(|_| Ok(()));
            }
            let inbound = self.yamux.poll_next_inbound(context);
            match inbound {
                Poll::Ready(None) => return Poll::Ready(Ok(())),
                Poll::Ready(Some(Err(error))) => {
                    tracing::debug!("the multiplexer ended: {error}");
                    return Poll::Ready(Err(StreamFault::Multiplexer.into()));
                }
                Poll::Ready(Some(Ok(stream))) => self.take_on(stream),
                // What was opened is to leave: the multiplexer is polled once more for it.
                Poll::Pending if self.open(context) => {}
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    fn take_requests(&mut self, context: &mut Context<'_>) {
        while let Some(requests) = self.requests.as_mut().filter(|_| self.opening.is_none()) {
            match requests.poll_recv(context) {
                Poll::Ready(Some(Request::Open(slot, reply))) => self.opening = Some((slot, reply)),
                Poll::Ready(Some(Request::KeyUpdate)) => self.shared.pipe.key_update(),
                Poll::Ready(Some(Request::Close)) => self.closing = true,
                Poll::Ready(None) => self.requests = None,
                Poll::Pending => return,
            }
        }
    }

    /// Nobody can open a stream any more, and none is left.
    fn is_left(&self) -> bool {
        self.requests.is_none()
            && self.opening.is_none()
            && self.slots.iter().all(|slots| slots.available_permits() == self.streams)
    }

    /// Gives a stream of the peer to whoever accepts, or drops it, which resets it.
    fn take_on(&self, stream: yamux::Stream) {
        let [_, slots] = &self.slots;
        let Ok(slot) = slots.clone().try_acquire_owned() else {
            tracing::debug!("a stream over the limit is reset");
            return;
        };
        let _ = self.accepted.try_send(MessageStream::new(stream, slot, self.shared.clone()));
    }

    /// Opens the stream that was asked for, if one was; whether it did.
    fn open(&mut self, context: &mut Context<'_>) -> bool {
        let Some((slot, reply)) = self.opening.take() else {
            return false;
        };
        match self.yamux.poll_new_outbound(context) {
            Poll::Ready(Ok(mut stream)) => {
                // yamux tells the peer of a stream with its first bytes: these are none, so that it may speak first.
                let _ = Pin::new(&mut stream).poll_write(context, &[]);
                let _ = reply.send(MessageStream::new(stream, slot, self.shared.clone()));
                self.take_requests(context);
                true
            }
            // The next poll of the multiplexer says why; whoever asked learns it by the reply that is dropped.
            Poll::Ready(Err(_)) => true,
            Poll::Pending => {
                self.opening = Some((slot, reply));
                false
            }
        }
    }
}
