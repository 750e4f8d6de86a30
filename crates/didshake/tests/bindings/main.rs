//! The HTTP and WebSocket bindings: origins, requests and answers, and whole handshakes through them in memory.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failing test panics"
)]

mod answers;
mod handshakes;
mod initiator;
mod origins;
#[allow(dead_code, reason = "shared with the tests of the protocol, which use more of it")]
#[path = "../protocol/pair.rs"]
mod pair;
mod requests;
mod wire;
