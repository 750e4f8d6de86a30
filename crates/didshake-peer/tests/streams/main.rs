//! Streams on one handshake, over real connections.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a failed step is a failed test")]

mod ending;
mod flow;
mod messages;
mod pair;
#[path = "../peers/mod.rs"]
mod peers;
mod reconnect;
mod rules;
