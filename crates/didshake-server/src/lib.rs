//! The didshake service.
#![allow(dead_code, unused_imports)]

mod config;
mod connections;
mod data;
mod identity;
mod policy;
mod prepared;
mod problem;
mod proxies;
mod store;
mod tls;
mod routes { pub(crate) const ENDPOINT: &str = "/didshake"; }

pub use config::*;
pub use policy::*;
