//! did:web against servers on this machine, good and hostile; nothing here talks to any other.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod address;
mod attack;
mod certificates;
mod fetch;
mod hostile_names;
mod hostile_tls;
mod hostile_web;
mod hostile_webvh;
mod location;
mod log_host;
mod server;
mod table;
