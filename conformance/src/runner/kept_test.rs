//! A reader that lacks one check is caught by the negatives that name it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{card_read, mailbox_read};
use crate::card::CardCheck;
use crate::mailbox::MailboxCheck;
use crate::mailbox::check::{Checks, Named};
use crate::model_shim::read_alone;
use crate::runner::case::Outcome;
use crate::runner::statics::Question;
use crate::vector::Mutation;
use crate::vectors_test::all;

/// Without these the model has nothing to go on with, or would need what the sender had: another check refuses then,
/// as a rule.
const ANOTHER_REFUSES: &str = "\
    card_truncated envelope_aead envelope_associated_data envelope_enc envelope_info envelope_kdf envelope_kem \
    envelope_length envelope_mode envelope_sealed_to envelope_sequence envelope_tag letter_truncated \
    mailbox_key_truncated";

/// The same of what is signed: what the signer had is not there.
fn another_refuses(name: &str) -> bool {
    name.contains("_signed_") || ANOTHER_REFUSES.split_whitespace().any(|other| other == name)
}

fn named(mutation: Option<&Mutation>) -> Option<Named> {
    let name = &mutation?.check;
    let of_letters = MailboxCheck::ALL.iter().copied().map(Named::from);
    let of_cards = CardCheck::ALL.iter().copied().map(Named::from);
    of_letters.chain(of_cards).find(|check| check.name() == name)
}

/// What the question finds where this check is off; None: as it must be.
fn found(question: &Question, checks: Checks) -> Option<Outcome> {
    let Some(Value::Object(answer)) = read_alone(checks, &question.question) else { panic!("{}", question.case.id) };
    question.judge(answer).err()
}

#[test]
fn a_reader_that_lacks_one_check_is_caught_by_the_negatives_that_name_it() {
    let (mut caught, mut others) = (BTreeSet::new(), BTreeSet::new());
    let negatives = all().mailboxes.iter().map(|vector| (mailbox_read(vector), named(vector.mutation.as_ref())));
    let cards = all().cards.iter().map(|vector| (card_read(vector), named(vector.mutation.as_ref())));
    for (questions, check) in negatives.chain(cards) {
        for question in &questions {
            assert_eq!(found(question, Checks::all()), None, "{}", question.case.id);
            let Some(check) = check else { continue };
            match found(question, Checks::all_but(check)) {
                Some(Outcome::Failed(failure))
                    if failure.actual.starts_with('{') && !failure.actual.contains("crash") =>
                {
                    caught.insert(check.name())
                }
                _ => others.insert(check.name()),
            };
        }
    }
    // Several negatives have the same check, and some of them another fault that shows without it.
    others.retain(|name| !caught.contains(name));
    let wrong: Vec<_> = others.iter().filter(|name| !another_refuses(name)).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    assert_eq!(caught.len() + others.len(), MailboxCheck::ALL.len() + CardCheck::ALL.len());
    assert!(caught.len() >= 40, "{caught:?}");
}
