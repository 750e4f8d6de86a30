//! The conformance model of didshake version 1: a plain, slow second implementation of the specification in which every
//! check has a name and can be switched off. It generates the test vectors. It links none of the other crates.

mod bytes;
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
mod negative;
mod negatives;
mod play;
mod positive;
mod positives;
mod primitives;
mod readme;
mod receive;
mod registry;
pub mod report;
mod request;
mod responder;
#[allow(dead_code, reason = "the rest of the runner uses it")]
pub mod runner;
mod schedule;
mod sender;
mod time;
mod vector;
mod wire;

pub use check::Check;
pub use generate::{Counts, Difference, GenerateError, Problem, Result, check, generate};
pub use registry::{Code, NOT_SHOWN};

#[cfg(test)]
mod known_answers_test;
#[cfg(test)]
mod schema_test;
#[cfg(test)]
mod vectors_test;
