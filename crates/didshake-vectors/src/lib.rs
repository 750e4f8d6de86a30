//! didshake's test vectors, run through the real crates: both roles of every positive byte for byte, with each
//! intermediate, record and export; each negative in the role that must refuse it, with exactly that error and alert.
//! Signed requests likewise, at the client and at the service; mailbox keys and envelopes, at the sender and at the
//! recipient; contact cards, at the owner and at the reader; logs of did:webvh, at the resolver.
//!
//! It uses nothing but the public API of `didshake` and `didshake-did`, with fixed randomness. It is a test peer: it
//! knows suite 0xFE01, which no program does.
//!
//! [`decode`] takes a message apart field by field, for people.

mod card;
mod card_format;
mod channel;
mod config;
mod decode;
mod documents;
mod fields;
mod file;
mod format;
mod identity_fields;
mod intermediates;
mod mailbox;
mod mailbox_format;
mod outcome;
mod play;
mod refuse;
mod request;
mod request_format;
mod rng;
mod run;
mod shim;
mod show;
mod show_request;
mod webvh;

pub use card_format::CardVector;
pub use decode::{Decoded, Kind, decode};
pub use fields::{Field, FoundFault};
pub use file::VectorFile;
pub use format::{Side, Vector};
pub use mailbox_format::MailboxVector;
pub use outcome::Failure;
pub use request_format::RequestVector;
pub use run::{Checked, LoadError, load, verify};
pub use shim::shim;
pub use show::{markdown, text};
pub use webvh::WebvhVector;
