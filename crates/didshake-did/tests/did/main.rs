//! Tests of the public interface, one module a subject.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod again;
mod budget;
mod cache;
mod did_jwk;
mod did_key;
mod did_peer;
mod document;
mod document_method;
mod key_file;
mod keys;
mod log_history;
mod passphrase;
mod peer_dids;
mod peer_table;
mod properties;
mod resolver;
