//! What makes streams go: reading, writing, multiplexing and pinging, in one future.

use std::future::{pending, poll_fn};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use didshake::{Error, Misuse};
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::error::{StreamError, StreamFault};
use super::muxing::Muxer;
use super::pipe::{Content, Leaving, Pipe};
use super::{Opener, Settings, Shared, Streams};
use crate::connection::PeerConnection;
use crate::error::ChannelError;
use crate::halves::{ReceiveHalf, SendHalf};
use crate::transport::Transport;

/// Telling a peer that broke the rules that we go may take this long.
const FAREWELL: Duration = Duration::from_secs(2);
/// A silence that is shorter tells nothing.
const LEAST_SILENCE: Duration = Duration::from_secs(1);

impl Streams {
    /// Streams over a channel that holds nothing else, and the driver that has to run beside them. Both sides do this,
    /// with settings of their own.
    #[must_use]
    pub fn over<S: Transport>(connection: PeerConnection<S>, settings: Settings) -> (Self, Driver<S>) {
        let (agreed, role) = (connection.agreed().clone(), connection.role());
        let (send, receive) = connection.split();
        let budget_bytes = settings.received_bytes.max(1);
        let shared = Arc::new(Shared {
            pipe: Pipe::default(),
            budget: Arc::new(Semaphore::new(usize::try_from(budget_bytes).unwrap_or(Semaphore::MAX_PERMITS))),
            most: settings.longest_message(),
            budget_bytes,
            over: OnceLock::new(),
        });
        let (requests, asked) = mpsc::unbounded_channel();
        let (accepting, accepted) = mpsc::channel(settings.streams());
        let slots = Arc::new(Semaphore::new(settings.streams()));
        let muxer = Muxer::new(role, &settings, shared.clone(), asked, accepting, slots.clone());
        let opener = Opener { agreed, shared: shared.clone(), slots, requests };
        let driver = Driver { send, receive, muxer, shared: Ending(shared), settings };
        (Self { opener, accepted }, driver)
    }
}

/// Makes the streams of a connection go, and has to be polled for it: spawn [`Driver::run`]. Dropping it cuts the
/// connection.
pub struct Driver<S: Transport> {
    // First: dropped first, it tells the reason before the multiplexer goes.
    shared: Ending,
    muxer: Muxer,
    send: SendHalf<S>,
    receive: ReceiveHalf<S>,
    settings: Settings,
}

/// Tells everybody who still waits that it is over, whatever ended the driver.
struct Ending(Arc<Shared>);

impl Ending {
    fn because(&self, error: StreamError) {
        let _ = self.0.over.set(error);
        self.0.pipe.end();
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.because(StreamError::Closed);
    }
}

impl<S: Transport> Driver<S> {
    /// Runs until the connection is over: closed in order by either side, or not in order.
    ///
    /// # Errors
    /// [`StreamError::Channel`], a cut among them; [`StreamError::Silent`]; [`StreamError::Peer`]. Every stream, and
    /// whoever accepts or opens one, gets the same.
    pub async fn run(self) -> Result<(), StreamError> {
        // Dropped from the last to the first: `shared` tells the reason before the multiplexer goes.
        let Self { mut muxer, mut send, mut receive, settings, shared } = self;
        let (pipe, silence) = (&shared.0.pipe, settings.silence.max(LEAST_SILENCE));
        let (heard, written) = (Heard::new(), Notify::new());
        let carried = {
            let muxing = async {
                let muxed = poll_fn(|context| muxer.poll(context)).await;
                pipe.end_outgoing();
                muxed
            };
            let writing = async {
                write(&mut send, pipe, &settings).await?;
                written.notify_one();
                Ok(())
            };
            let reading = async {
                tokio::select! {
                    biased;
                    read = read(&mut receive, pipe, &heard) => read,
                    // A peer that was told that we go has so long to go too.
                    () = after(&written, silence) => Err(StreamError::Silent(silence)),
                }
            };
            tokio::select! {
                biased;
                carried = async { tokio::try_join!(reading, muxing, writing) } => carried.map(|_| ()),
                silent = watch(&heard, pipe, silence) => Err(silent),
            }
        };
        if let Err(error) = &carried {
            shared.because(error.clone());
            if let StreamError::Peer(fault) = error {
                tracing::warn!(code = fault.code(), "the peer broke the rules of streams: {fault}");
                let _ = timeout(FAREWELL, send.close()).await;
            }
        }
        carried
    }
}

impl<S: Transport> std::fmt::Debug for Driver<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Driver").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// When something came from the peer.
struct Heard(Mutex<Instant>);

impl Heard {
    fn new() -> Self {
        Self(Mutex::new(Instant::now()))
    }

    fn now(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn last(&self) -> Instant {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives the multiplexer what comes, until the peer has closed its direction.
async fn read<S: Transport>(receive: &mut ReceiveHalf<S>, pipe: &Pipe, heard: &Heard) -> Result<(), StreamError> {
    while let Some(content) = receive.recv().await.map_err(channel)? {
        heard.now();
        match Content::read(content) {
            Some(Content::Bytes(mut bytes)) => poll_fn(|context| pipe.poll_fill(context, &mut bytes)).await,
            Some(Content::Ping(number)) => pipe.pong(number),
            Some(Content::Pong(_)) => {}
            None => return Err(StreamFault::Content.into()),
        }
    }
    pipe.end_incoming();
    Ok(())
}

/// Sends what the multiplexer gives, until it has ended; then closes our direction.
async fn write<S: Transport>(send: &mut SendHalf<S>, pipe: &Pipe, settings: &Settings) -> Result<(), StreamError> {
    let (mut since, mut bytes) = (Instant::now(), 0_u64);
    loop {
        let leaving = poll_fn(|context| pipe.poll_drain(context)).await;
        let old = settings.key_update_after.is_some_and(|age| since.elapsed() >= age);
        let worn = settings.key_update_bytes.is_some_and(|most| bytes >= most);
        if leaving == Leaving::KeyUpdate || old || worn {
            sent(send.key_update().await).await?;
            (since, bytes) = (Instant::now(), 0);
        }
        match leaving {
            Leaving::Record(content) => {
                let content = content.to_bytes();
                sent(send.send(&content).await).await?;
                bytes = bytes.saturating_add(u64::try_from(content.len()).unwrap_or(u64::MAX));
            }
            Leaving::KeyUpdate => {}
            Leaving::Close => return sent(send.close().await).await,
        }
    }
}

/// Where the channel is over, the side that reads knows why.
async fn sent(sent: Result<(), ChannelError>) -> Result<(), StreamError> {
    match sent {
        Err(ChannelError::Protocol(Error::Caller(Misuse::Closed))) => pending().await,
        sent => sent.map_err(channel),
    }
}

fn channel(error: ChannelError) -> StreamError {
    StreamError::Channel(Arc::new(error))
}

async fn after(written: &Notify, time: Duration) {
    written.notified().await;
    sleep(time).await;
}

/// Pings a peer from which nothing comes, and says when it has been silent for too long.
async fn watch(heard: &Heard, pipe: &Pipe, silence: Duration) -> StreamError {
    let interval = silence / 3;
    let (mut pinged, mut number) = (Instant::now(), 0_u64);
    loop {
        let last = heard.last();
        let (over, next) = (last + silence, last.max(pinged) + interval);
        let now = Instant::now();
        if now >= over {
            return StreamError::Silent(silence);
        }
        if now >= next {
            pipe.ping(number);
            (pinged, number) = (now, number.wrapping_add(1));
        } else {
            sleep_until(next.min(over)).await;
        }
    }
}
