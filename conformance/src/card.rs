//! Contact cards (spec/card-1.md): an owner that makes them, a reader that checks in the specification's order, and the
//! vectors of both.

pub(crate) mod alone;
mod case;
mod check;
mod file;
mod form;
mod form_negatives;
mod judge;
mod negative;
mod positives;
mod signer_negatives;
#[cfg(test)]
mod tests;

use crate::check::Step;

pub(crate) use case::Positive;
pub(crate) use check::CardCheck;
pub(crate) use file::{CardVector, Contents, Owner, ReaderView};
pub(crate) use negative::Negative;

/// Everything that is taken, in the order of the index.
pub(crate) fn positives() -> Step<Vec<Positive>> {
    positives::all()
}

/// Everything that is refused, in the order of the checks.
pub(crate) fn negatives() -> Vec<Negative> {
    [form_negatives::all(), signer_negatives::all()].into_iter().flatten().collect()
}
