//! A handshake to look at, and attacks on it, over real TCP on this machine: two tasks of this process, a relay
//! between them where an attack needs one, and a service to log in to.

mod attacks;
mod cast;
mod impostor;
mod narrator;
mod relay;
mod replay;
mod service;
mod show;

pub(crate) use attacks::{Attack, all as attacks};
pub(crate) use cast::Cast;
pub(crate) use narrator::{Told, heading, say};
pub(crate) use service::login;
pub(crate) use show::handshake;
