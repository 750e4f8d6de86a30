//! What lies between the multiplexer, which reads and writes bytes, and the channel, which carries records.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use didshake::MAX_CONTENT_BYTES;
use futures_util::io::{AsyncRead, AsyncWrite};

/// Streams put nothing more while so much waits for the transport.
const SOFT: usize = 256 * 1024;
/// The multiplexer puts nothing more: beside the streams' bytes there are answers of its own, which a peer can ask for
/// without reading them.
const HARD: usize = 1024 * 1024;

const BYTES: u8 = 1;
const PING: u8 = 2;
const PONG: u8 = 3;

/// What one record of the channel holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Content {
    Bytes(Vec<u8>),
    Ping(u64),
    Pong(u64),
}

impl Content {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => [&[BYTES], bytes.as_slice()].concat(),
            Self::Ping(number) => [&[PING][..], &number.to_be_bytes()].concat(),
            Self::Pong(number) => [&[PONG][..], &number.to_be_bytes()].concat(),
        }
    }

    pub(crate) fn read(mut content: Vec<u8>) -> Option<Self> {
        let (kind, rest) = content.split_first()?;
        let number = <[u8; 8]>::try_from(rest).map(u64::from_be_bytes);
        match (*kind, number) {
            (BYTES, _) if !rest.is_empty() => {
                content.remove(0);
                Some(Self::Bytes(content))
            }
            (PING, Ok(number)) => Some(Self::Ping(number)),
            (PONG, Ok(number)) => Some(Self::Pong(number)),
            _ => None,
        }
    }
}

/// What is to leave next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Leaving {
    Record(Content),
    KeyUpdate,
    /// Everything has left.
    Close,
}

/// The bytes in between; the multiplexer's end of them is the pipe itself.
#[derive(Clone, Default)]
pub(crate) struct Pipe(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    incoming: Vec<u8>,
    taken: usize,
    incoming_ended: bool,
    reader: Option<Waker>,
    filler: Option<Waker>,
    outgoing: Vec<u8>,
    outgoing_ended: bool,
    ping: Option<u64>,
    pong: Option<u64>,
    key_update: bool,
    writer: Option<Waker>,
    drainer: Option<Waker>,
    /// Bytes that streams put and that have not left.
    reserved: usize,
    waiting: Vec<Waker>,
    over: bool,
}

impl Pipe {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Room for a stream's next piece. What is not used is given back with [`Pipe::release`].
    pub(crate) fn poll_reserve(&self, context: &Context<'_>, length: usize) -> Poll<()> {
        let mut state = self.state();
        if state.reserved < SOFT || state.over {
            state.reserved = state.reserved.saturating_add(length);
            return Poll::Ready(());
        }
        if !state.waiting.iter().any(|waiting| waiting.will_wake(context.waker())) {
            state.waiting.push(context.waker().clone());
        }
        Poll::Pending
    }

    pub(crate) fn release(&self, length: usize) {
        self.state().release(length);
    }

    /// Nothing more leaves: whoever waits for room is let through, to learn it from the multiplexer.
    pub(crate) fn end(&self) {
        let mut state = self.state();
        state.over = true;
        state.waiting.drain(..).for_each(Waker::wake);
    }

    /// Gives what came to the multiplexer, once it has read what came before.
    pub(crate) fn poll_fill(&self, context: &Context<'_>, bytes: &mut Vec<u8>) -> Poll<()> {
        let mut state = self.state();
        if state.taken < state.incoming.len() {
            state.filler = Some(context.waker().clone());
            return Poll::Pending;
        }
        state.incoming = std::mem::take(bytes);
        state.taken = 0;
        wake(&mut state.reader);
        Poll::Ready(())
    }

    /// The peer has closed its direction.
    pub(crate) fn end_incoming(&self) {
        let mut state = self.state();
        state.incoming_ended = true;
        wake(&mut state.reader);
    }

    pub(crate) fn ping(&self, number: u64) {
        let mut state = self.state();
        state.ping = Some(number);
        wake(&mut state.drainer);
    }

    /// Of pings that came faster than the answers leave, the last one is answered.
    pub(crate) fn pong(&self, number: u64) {
        let mut state = self.state();
        state.pong = Some(number);
        wake(&mut state.drainer);
    }

    /// A new secret for our direction, before anything else leaves.
    pub(crate) fn key_update(&self) {
        let mut state = self.state();
        state.key_update = true;
        wake(&mut state.drainer);
    }

    /// The multiplexer writes nothing more: what is there leaves, and then the close.
    pub(crate) fn end_outgoing(&self) {
        let mut state = self.state();
        state.outgoing_ended = true;
        wake(&mut state.drainer);
    }

    /// Waits for what is to leave next.
    pub(crate) fn poll_drain(&self, context: &Context<'_>) -> Poll<Leaving> {
        let mut state = self.state();
        if std::mem::take(&mut state.key_update) {
            return Poll::Ready(Leaving::KeyUpdate);
        }
        if let Some(number) = state.pong.take() {
            return Poll::Ready(Leaving::Record(Content::Pong(number)));
        }
        if let Some(number) = state.ping.take() {
            return Poll::Ready(Leaving::Record(Content::Ping(number)));
        }
        if state.outgoing.is_empty() {
            if state.outgoing_ended {
                return Poll::Ready(Leaving::Close);
            }
            state.drainer = Some(context.waker().clone());
            return Poll::Pending;
        }
        // One byte of the record says what it holds.
        let most = state.outgoing.len().min(MAX_CONTENT_BYTES - 1);
        let rest = state.outgoing.split_off(most);
        let bytes = std::mem::replace(&mut state.outgoing, rest);
        state.release(bytes.len());
        wake(&mut state.writer);
        Poll::Ready(Leaving::Record(Content::Bytes(bytes)))
    }
}

impl State {
    fn release(&mut self, length: usize) {
        self.reserved = self.reserved.saturating_sub(length);
        if self.reserved < SOFT {
            self.waiting.drain(..).for_each(Waker::wake);
        }
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}

impl AsyncRead for Pipe {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut state = self.state();
        let there = state.incoming.get(state.taken..).unwrap_or_default();
        let length = there.len().min(buffer.len());
        if length > 0 {
            if let (Some(to), Some(from)) = (buffer.get_mut(..length), there.get(..length)) {
                to.copy_from_slice(from);
            }
            state.taken = state.taken.saturating_add(length);
            if state.taken >= state.incoming.len() {
                wake(&mut state.filler);
            }
            return Poll::Ready(Ok(length));
        }
        if state.incoming_ended {
            return Poll::Ready(Ok(0));
        }
        state.reader = Some(context.waker().clone());
        Poll::Pending
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        let mut state = self.state();
        if state.outgoing_ended {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if state.outgoing.len() >= HARD {
            state.writer = Some(context.waker().clone());
            return Poll::Pending;
        }
        state.outgoing.extend_from_slice(buffer);
        wake(&mut state.drainer);
        Poll::Ready(Ok(buffer.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.end_outgoing();
        Poll::Ready(Ok(()))
    }
}
