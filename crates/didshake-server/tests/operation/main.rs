//! The service as an operator meets it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod accounts;
mod admin;
mod agents;
mod backups;
mod circuits;
mod claims;
mod configuration;
mod cookies;
mod endings;
mod http;
mod links;
mod mailbox_streams;
mod mailboxes;
mod pages;
mod pages_elsewhere;
mod people;
mod policies;
mod rechecks;
mod relay;
mod relay_limits;
mod routes;
mod service;
mod sockets;
