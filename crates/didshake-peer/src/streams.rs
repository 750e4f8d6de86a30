//! Several ordered streams of messages on one handshake (spec/streams-1.md).
//!
//! [`Streams::over`] takes an established [`PeerConnection`](crate::PeerConnection) of any transport. `yamux` runs inside the channel's records, so
//! that a stream whose reader does not read holds up nobody but its own sender. A message has up to 16 MiB and goes in
//! pieces; its sender can withdraw it in the middle. Pings find a peer that is gone.
//!
//! ```
//! # use didshake::{Algorithm, Secret, SigningKey};
//! # use didshake_did::{LocalSigner, SigningIdentity};
//! # use didshake_peer::{Admit, Expect, InitiatorOptions, MemoryBurnStore, ResponderOptions, accept, connect};
//! use didshake_peer::streams::{PROTOCOL, Settings, Streams};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! # let identity = |seed| -> Result<_, Box<dyn std::error::Error>> {
//! #     let key = SigningKey::from_secret(Algorithm::Ed25519, &Secret::new([seed; 32]))?;
//! #     Ok(SigningIdentity::of_did_key(LocalSigner::new(key))?)
//! # };
//! # let (alice, bob) = (identity(1)?, identity(2)?);
//! # let bobs_options = ResponderOptions::new(bob.clone(), PROTOCOL, Admit::only(alice.did().clone()));
//! # let alices_options = InitiatorOptions::new(alice, PROTOCOL, Expect::Did(bob.did().clone()));
//! # let (near, far) = tokio::io::duplex(4096);
//! # let burned = MemoryBurnStore::default();
//! # let (to_bob, to_alice) = tokio::join!(connect(near, &alices_options), accept(far, &bobs_options, &burned));
//! let (alice, driver) = Streams::over(to_bob?, Settings::default());
//! tokio::spawn(driver.run());
//! let (mut bob, driver) = Streams::over(to_alice?, Settings::default());
//! let bobs_driver = tokio::spawn(driver.run());
//!
//! let mut question = alice.open().await?;
//! question.send(b"what time is it?").await?;
//! let mut asked = bob.accept().await?;
//! assert_eq!(asked.recv().await?, Some(b"what time is it?".to_vec()));
//! asked.send(b"late").await?;
//! assert_eq!(question.recv().await?, Some(b"late".to_vec()));
//!
//! alice.close();
//! bobs_driver.await??;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

mod driver;
mod error;
mod framing;
mod muxing;
mod pipe;
mod stream;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, oneshot};

pub use self::driver::Driver;
pub use self::error::{MAX_MESSAGE_BYTES, StreamError, StreamFault, StreamMisuse};
pub use self::framing::{FrameTaker, Read};
pub use self::stream::{MessageReceiver, MessageSender, MessageStream};

use crate::agreed::Agreed;

/// The application protocol of channels that hold streams and nothing more is agreed on.
pub const PROTOCOL: &[u8] = b"didshake.streams/1";

/// What a peer can make us keep, and what ends the connection. Everything that it can drive is bounded here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// Streams that each side may have opened at a time; of streams over it the peer's are reset. At most 1,024.
    pub streams: usize,
    /// The longest message that is sent and taken, in bytes; at most [`MAX_MESSAGE_BYTES`].
    pub message_bytes: u32,
    /// What messages that are on their way to us hold together, in bytes: the next one waits at its sender, and the
    /// first always has its turn. Beside it each stream holds at most 256 KiB that nobody has received.
    pub received_bytes: u32,
    /// Nothing from the peer for so long, though it was pinged, ends the connection. Pings begin after a third of it.
    pub silence: Duration,
    /// A new secret for our direction is taken after so long, once something is sent; `None`: after 2^20 records alone.
    pub key_update_after: Option<Duration>,
    /// The same after so many bytes.
    pub key_update_bytes: Option<u64>,
}

impl Default for Settings {
    /// 32 streams of each side, messages of 16 MiB, 64 MiB of them at a time, 30 s of silence, a new secret an hour.
    fn default() -> Self {
        Self {
            streams: 32,
            message_bytes: MAX_MESSAGE_BYTES,
            received_bytes: 4 * MAX_MESSAGE_BYTES,
            silence: Duration::from_secs(30),
            key_update_after: Some(Duration::from_secs(3600)),
            key_update_bytes: None,
        }
    }
}

/// More is not wanted by anybody, and each may hold 256 KiB.
const MOST_STREAMS: usize = 1024;

impl Settings {
    fn streams(&self) -> usize {
        self.streams.clamp(1, MOST_STREAMS)
    }

    fn longest_message(&self) -> u32 {
        self.message_bytes.min(MAX_MESSAGE_BYTES)
    }
}

/// What a handle asks of the driver.
enum Request {
    Open(stream::Slot, oneshot::Sender<MessageStream>),
    KeyUpdate,
    Close,
}

/// What all streams of a connection share.
struct Shared {
    pipe: pipe::Pipe,
    /// Bytes of messages under way to us.
    budget: Arc<Semaphore>,
    most: u32,
    budget_bytes: u32,
    /// Why the connection is over, once it is.
    over: OnceLock<StreamError>,
}

impl Shared {
    /// Why a stream that simply ended has ended.
    fn why(&self) -> StreamError {
        self.over.get().cloned().unwrap_or(StreamError::Reset)
    }
}

/// Opens streams on a connection; as many as are wanted, for many tasks.
#[derive(Clone)]
pub struct Opener {
    agreed: Arc<Agreed>,
    shared: Arc<Shared>,
    slots: Arc<Semaphore>,
    requests: mpsc::UnboundedSender<Request>,
}

impl Opener {
    /// Opens a stream; the peer gets it from [`Streams::accept`] whether something is sent or not.
    ///
    /// # Errors
    /// [`StreamMisuse::TooManyStreams`]; how the connection ended, if it did.
    pub async fn open(&self) -> Result<MessageStream, StreamError> {
        let slot = self.slots.clone().try_acquire_owned().map_err(|_| StreamMisuse::TooManyStreams)?;
        let (reply, opened) = oneshot::channel();
        self.ask(Request::Open(slot, reply))?;
        opened.await.map_err(|_| self.ended())
    }

    /// Takes a new secret for our direction now: whoever steals the present one reads nothing that comes after.
    ///
    /// # Errors
    /// How the connection ended, if it did.
    pub fn key_update(&self) -> Result<(), StreamError> {
        self.ask(Request::KeyUpdate)
    }

    /// Closes the connection in order, both ways: what was sent still leaves; a message that is under way to us is
    /// lost, so close when the streams have come to their ends.
    pub fn close(&self) {
        // A connection that is over is closed already.
        let _ = self.ask(Request::Close);
    }

    /// What was agreed on in the handshake, the peer among it.
    #[must_use]
    pub fn agreed(&self) -> &Arc<Agreed> {
        &self.agreed
    }

    fn ask(&self, request: Request) -> Result<(), StreamError> {
        self.requests.send(request).map_err(|_| self.ended())
    }

    fn ended(&self) -> StreamError {
        self.shared.over.get().cloned().unwrap_or(StreamError::Closed)
    }
}

impl std::fmt::Debug for Opener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opener").field("agreed", &self.agreed).finish_non_exhaustive()
    }
}

/// The streams of a connection. Where this, every [`Opener`] and every stream were dropped, the driver closes the
/// connection in order.
#[derive(Debug)]
pub struct Streams {
    opener: Opener,
    accepted: mpsc::Receiver<MessageStream>,
}

impl Streams {
    /// Opens a stream, as [`Opener::open`] does.
    ///
    /// # Errors
    /// As for [`Opener::open`].
    pub async fn open(&self) -> Result<MessageStream, StreamError> {
        self.opener.open().await
    }

    /// The next stream that the peer opened. Cancel-safe.
    ///
    /// # Errors
    /// How the connection ended; [`StreamError::Closed`] where that was in order.
    pub async fn accept(&mut self) -> Result<MessageStream, StreamError> {
        self.accepted.recv().await.ok_or_else(|| self.opener.ended())
    }

    /// A handle that opens streams, for another task.
    #[must_use]
    pub fn opener(&self) -> Opener {
        self.opener.clone()
    }

    /// Closes the connection, as [`Opener::close`] does.
    pub fn close(&self) {
        self.opener.close();
    }

    /// What was agreed on in the handshake, the peer among it.
    #[must_use]
    pub fn agreed(&self) -> &Arc<Agreed> {
        self.opener.agreed()
    }
}
