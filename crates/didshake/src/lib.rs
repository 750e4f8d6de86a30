//! Mutual authentication of two holders of Decentralized Identifiers: the didshake protocol, version 1, without I/O,
//! clock or randomness of its own.
//!
//! A handshake is a chain of states. Each reads one message, consumes itself and gives the next. It pauses twice for
//! its caller: to resolve the DID that the peer claims, and to sign.
//!
//! ```text
//! initiator                                      responder
//! AwaitingReply::start ───── Hello ─────────────▶ AwaitingHello::read
//!                                                 UnsignedReply::sign
//! AwaitingReply::read ◀───── Reply ──────────────
//! ClaimedResponder::verify (resolved document)
//! UnsignedFinish::sign ───── Finish ────────────▶ WaitingResponder::read
//!                                                 ClaimedInitiator::verify (resolved document)
//! AwaitingAccept::read ◀──── Accept ───────────── VerifiedInitiator::accept (th3 burned)
//! Established                                     Established
//! ```
//!
//! No path leads to keys around a check: the function that returns a channel is the one that verified. What this crate
//! cannot do by itself, it asks for: the resolved document, the signature, and whether th3 was burned before. An
//! application that wants sockets, resolvers and a store of burned handshakes takes `didshake-peer`.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod alert;
mod channel;
mod codec;
mod crypto;
mod did;
mod document;
mod endpoint;
mod error;
mod established;
mod extension;
mod identity;
mod initiator;
mod origin;
mod responder;
mod sealing;
mod secret;
mod session;
mod signer;
mod suite;
mod transcript;
mod waiting;

pub mod card;
pub mod http;
pub mod mailbox;
pub mod relay;
pub mod request;
pub mod schedule;
pub mod websocket;
pub mod wire;

pub use alert::AlertCode;
pub use channel::{
    Channel, Content, MAX_CONTENT_BYTES, MAX_INNER_BYTES, MAX_RECORD_BYTES, Opener, RECORD_HEAD_BYTES,
    RECORD_TAIL_BYTES, RECORDS_PER_SECRET, Received, Sealer,
};
pub use crypto::{Aead, Algorithm, BACKEND, PublicKey, Signature, SigningKey};
pub use did::{Did, Fragment, MAX_DID_BYTES};
pub use document::{Document, UnixTime};
pub use endpoint::Endpoint;
pub use error::{Error, Fault, Internal, Misuse};
pub use established::{AcceptRefused, Established};
pub use extension::{Extension, Extensions};
pub use identity::{Admission, Claim, Identity, LocalIdentity, VerifiedPeer};
pub use initiator::{AwaitingAccept, AwaitingReply, ClaimedResponder, InitiatorConfig, ReplyRead, UnsignedFinish};
pub use origin::{Origin, OriginError, Origins, OriginsError};
pub use responder::{
    AwaitingHello, Burn, ClaimedInitiator, HelloRead, PreparedAccept, ResponderConfig, UnsignedReply,
    VerifiedInitiator, WAITING_SECONDS, WaitingResponder,
};
pub use schedule::Exporter;
pub use sealing::{MAX_ADOPTED, ROTATE_SECONDS, SealingKey, WIPE_SECONDS};
pub use secret::Secret;
pub use session::{PROVISIONAL_SECONDS, Session, SessionOver, SessionParts};
pub use suite::{Group, Suite};
pub use transcript::{Binding, Context};
pub use waiting::{MAX_TOKEN_BYTES, WaitingKeys};
