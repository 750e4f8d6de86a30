//! did:webvh (section 9.8): an owner that makes logs, a resolver that checks in the specification's order, and the vectors of
//! both.

pub(crate) mod alone;
mod canonical;
mod case;
mod check;
mod edits;
mod file;
mod judge;
mod log_negatives;
mod negative;
mod owner;
mod parameter_negatives;
mod parameters;
mod positives;
mod proof_negatives;
mod proofs;
mod state_negatives;
#[cfg(test)]
mod tests;
mod view_negatives;
mod witness;

pub(crate) use case::Positive;
pub(crate) use check::{Checks, Halt, Judged, WebvhCheck};
pub(crate) use file::{View, WebvhVector};
pub(crate) use negative::Negative;

/// Everything that resolves, in the order of the index.
pub(crate) fn positives() -> Judged<Vec<Positive>> {
    positives::all()
}

/// Everything that is refused, in the order of the checks.
pub(crate) fn negatives() -> Vec<Negative> {
    let of_logs = [log_negatives::all(), parameter_negatives::all(), state_negatives::all()];
    let of_others = [proof_negatives::all(), view_negatives::all()];
    of_logs.into_iter().chain(of_others).flatten().collect()
}
