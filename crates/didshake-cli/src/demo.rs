//! A handshake to look at, and attacks on it, over real TCP on this machine: two tasks of this process, and a relay
//! between them where an attack needs one.

mod attacks;
mod cast;
mod impostor;
mod narrator;
mod relay;
mod replay;
mod show;

pub(crate) use attacks::{Attack, all as attacks};
pub(crate) use cast::Cast;
pub(crate) use narrator::{Told, heading, say};
pub(crate) use show::handshake;
