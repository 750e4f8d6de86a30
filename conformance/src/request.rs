//! Signed requests of a session (section 15.6): a client that signs, a service that checks in the specification's order,
//! and the vectors of both.

mod case;
mod check;
mod client;
mod file;
mod form_negatives;
mod malformed;
mod positives;
mod refused;
mod service;
#[cfg(test)]
mod tests;

use crate::check::Step;

pub(crate) use case::{Negative, Positive};
pub(crate) use check::{Halt, RequestCheck};
pub(crate) use client::{Draft, Target, hmac, signature};
pub(crate) use file::{Burned, Client, Request, RequestVector, Service, Session};
pub(crate) use service::judge_alone;

/// Everything that succeeds, in the order of the index.
pub(crate) fn positives() -> Step<Vec<Positive>> {
    positives::all()
}

/// Everything that is refused, in the order of the checks.
pub(crate) fn negatives() -> Vec<Negative> {
    [malformed::all(), form_negatives::all(), refused::all()].into_iter().flatten().collect()
}
