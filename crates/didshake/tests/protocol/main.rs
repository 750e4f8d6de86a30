//! Whole handshakes and channels between two parties, through the public API.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failing test panics"
)]

mod channel;
mod handshake;
mod lifetimes;
mod order;
mod pair;
mod refusals;
mod steps;
