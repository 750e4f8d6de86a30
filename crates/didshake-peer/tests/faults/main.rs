//! A whole conversation between two real peers over a real connection, with one fault at every byte offset, in either
//! direction: what is delivered is never wrong, nothing hangs past its time-out, and every end has its error.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a failing test panics")]

mod conversation;
mod frames;
mod judge;
#[path = "../peers/mod.rs"]
mod peers;
mod proxy;
mod run;
mod stream;
mod websocket;
