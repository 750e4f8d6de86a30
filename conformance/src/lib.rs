//! The conformance model of didshake version 1: a plain, slow second implementation of the specification in which every
//! check has a name and can be switched off. It generates the test vectors. It links none of the other crates.

mod bytes;
mod card;
mod channel;
mod check;
mod config;
mod deviation;
mod did;
mod document;
mod ed25519;
mod es256;
mod files;
mod fixed;
mod generate;
mod identity;
mod initiator;
mod json;
mod keys;
mod mailbox;
mod model_relay;
mod model_shim;
mod negative;
mod negatives;
mod peer;
mod play;
mod positive;
mod positives;
mod primitives;
mod readme;
mod receive;
mod registry;
/// What came of a run: files for people and for machines.
pub mod report;
mod request;
mod responder;
/// The runner: implementations behind shims, running responders, programs that initiate.
pub mod runner;
mod schedule;
mod sender;
mod time;
mod vector;
mod verification;
mod webvh;
mod wire;
mod wrong;

pub use check::Check;
pub use generate::{Counts, Difference, GenerateError, Problem, Result, check, generate};
pub use model_relay::{relay, relay_wrongs};
pub use model_shim::{Broken, serve};
pub use registry::{Code, NOT_SHOWN};
pub use wrong::wrongs;

#[cfg(test)]
mod known_answers_test;
#[cfg(test)]
mod schema_test;
#[cfg(test)]
mod vectors_test;
