//! Mailbox keys and envelopes (spec/mailbox-1.md): an owner and a sender that make them, a sender and a recipient that
//! check in the specification's order, and the vectors of both.

pub(crate) mod alone;
mod case;
pub(crate) mod check;
pub(crate) mod claim;
mod document_negatives;
mod envelope;
mod envelope_negatives;
mod file;
mod hpke;
mod key;
mod key_negatives;
mod letter;
mod letter_negatives;
mod method_negatives;
mod negative;
mod positives;
pub(crate) mod signing;
#[cfg(test)]
mod tests;

use crate::check::Step;

pub(crate) use case::{Misbehaviour, Positive};
pub(crate) use check::{Halt, MailboxCheck, checks};
pub(crate) use file::{MailboxVector, Owner, RecipientView, Sender, SenderView, Stage};
pub(crate) use negative::Negative;

/// Everything that succeeds, in the order of the index.
pub(crate) fn positives() -> Step<Vec<Positive>> {
    positives::all()
}

/// Everything that is refused, in the order of the checks.
pub(crate) fn negatives() -> Vec<Negative> {
    let of_keys_and_letters = [key_negatives::all(), envelope_negatives::all(), letter_negatives::all()];
    let of_signers = [method_negatives::all(), document_negatives::all()];
    of_keys_and_letters.into_iter().chain(of_signers).flatten().collect()
}
