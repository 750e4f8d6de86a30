//! A real app over loopback TCP, and clients that speak HTTP to it byte by byte, honest and not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod alterations;
mod client;
mod finish;
mod heads;
mod limits;
mod login;
mod memory;
mod requests;
mod secrets;
mod service;
mod stores;
mod websocket;
mod well_known;
mod wire;
