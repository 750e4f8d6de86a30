//! The program, run as its users run it; one binary, because every other one would be linked by itself.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a failed step is a failed test")]

mod accounts;
mod agents;
mod audit;
mod blind;
mod calls;
mod cards;
mod certs;
mod channels;
mod chatting;
mod corpus;
mod correspondents;
mod crash;
mod demo;
mod exec;
mod first_use;
mod forward_auth;
mod instances;
mod keys;
mod letters;
mod listening;
mod login;
mod mcp;
mod meeting;
mod namespaces;
mod nginx;
mod output;
mod peer_dids;
mod peer_log;
mod policy;
mod rechecks;
mod relays;
mod requests;
mod secrets;
mod sessions;
mod terminal;
