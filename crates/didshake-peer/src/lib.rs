//! Drives didshake handshakes, and keeps what comes of them: what an application embeds.
//!
//! Over any ordered byte stream as it is; over HTTP, for login, with the feature `http`; over WebSockets with the feature
//! `websocket`; several streams on one handshake with the feature `streams`; letters with the feature
//! `mailbox`; DIDComm's messages with the feature `didcomm`. The steps, time-outs, policy and errors of an attempt are the same over all of them.
//!
//! [`connect`] and [`accept`] take anything that is `AsyncRead + AsyncWrite`: TCP, a Unix socket, a pipe. Both want to be
//! told whom they mean; no default accepts anyone. [`KnownPeers`] remembers which DID belongs to a name or an address.
//!
//! ```
//! use std::sync::Arc;
//! use didshake::{Algorithm, Secret, SigningKey};
//! use didshake_did::{LocalSigner, SigningIdentity};
//! use didshake_peer::{Admit, Expect, InitiatorOptions, MemoryBurnStore, ResponderOptions, accept, connect};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! let identity = |seed| -> Result<_, Box<dyn std::error::Error>> {
//!     let key = SigningKey::from_secret(Algorithm::Ed25519, &Secret::new([seed; 32]))?;
//!     Ok(SigningIdentity::of_did_key(LocalSigner::new(key))?)
//! };
//! let (alice, bob) = (identity(1)?, identity(2)?);
//! let bobs_options = ResponderOptions::new(bob.clone(), b"didshake.chat/1", Admit::only(alice.did().clone()));
//! let alices_options = InitiatorOptions::new(alice, b"didshake.chat/1", Expect::Did(bob.did().clone()));
//!
//! let (near, far) = tokio::io::duplex(4096);
//! let burned = MemoryBurnStore::default();
//! let (to_bob, to_alice) = tokio::join!(connect(near, &alices_options), accept(far, &bobs_options, &burned));
//! let (mut to_bob, mut to_alice) = (to_bob?, to_alice?);
//!
//! to_bob.send(b"hello").await?;
//! assert_eq!(to_alice.recv().await?, Some(b"hello".to_vec()));
//! assert_eq!(to_alice.peer().did(), alices_options.identity.did());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

mod accept;
mod agreed;
mod attempt;
mod burn;
mod connect;
mod connection;
mod error;
mod failure;
mod halves;
mod key_gone;
mod known_peers;
mod known_peers_file;
mod observer;
mod options;
mod reconnect;
mod stream;
mod transport;
mod verify_words;
mod vigil;

#[cfg(feature = "didcomm")]
pub mod didcomm;
#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "mailbox")]
pub mod mailbox;
#[cfg(feature = "relay-answers")]
pub mod relay_answers;
#[cfg(feature = "streams")]
pub mod streams;
#[cfg(feature = "websocket")]
pub mod websocket;

pub use accept::accept;
pub use agreed::{Agreed, KeepAgreed, KeepError};
pub use burn::{BurnError, BurnStore, DEFAULT_BURNS, MemoryBurnStore, SKEW_SECONDS};
pub use connect::connect;
pub use connection::{PeerConnection, Role};
pub use error::{Cause, ChannelError, HandshakeError, Step};
pub use failure::{HttpFailure, Lost, WebSocketFailure};
pub use halves::{ReceiveHalf, SendHalf};
pub use key_gone::{KeyGone, Look, VerifiedKey};
pub use known_peers::{KnownPeer, KnownPeers, LineFault, MAX_PEERS, NameFault, PeerName};
pub use known_peers_file::{KnownPeersError, KnownPeersFile, MAX_FILE_BYTES};
pub use observer::{Event, Message, Observer};
pub use options::{Admit, Expect, InitiatorOptions, PeerPolicy, ResponderOptions, Surroundings, Timeouts};
pub use reconnect::{Backoff, DialError, Reconnect};
pub use stream::{Frame, FrameError, FrameReader, MAX_FRAME_BYTES, frame};
pub use transport::Transport;
pub use verify_words::{VERIFY_BITS, VerifyWords};
pub use vigil::{Vigil, Watch};
