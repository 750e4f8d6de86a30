//! The HTTP and WebSocket bindings over real connections on 127.0.0.1, honest and hostile.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failing test panics"
)]

mod discovery;
mod document_host;
mod hostile;
mod login;
#[path = "../peers/mod.rs"]
mod peers;
mod responder;
mod server;
mod session;
mod tls;
mod vigil;
mod websocket;
mod websocket_server;
