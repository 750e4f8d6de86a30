//! The store of an agent, in real files, and under `kill -9`. Agents with a real relay between them are in the package
//! `didshake-tests`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failing test panics"
)]

mod crash;
mod files;
mod inbox;
mod letters;
mod outbox;
mod sightings;
