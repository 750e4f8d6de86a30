//! What holds for the vectors of cards as a whole.

use std::collections::BTreeSet;
use std::path::Path;

use super::case::Positive;
use super::check::CardCheck;
use super::file::Stage;
use super::judge::judge;
use super::negative::Negative;
use crate::check::Check;
use crate::mailbox::MailboxCheck;
use crate::mailbox::check::{Checks, Halt, Named};
use crate::vector::Kind;
use crate::vectors_test::all;

fn base(id: &str) -> Positive {
    super::positives().unwrap().into_iter().find(|positive| positive.id == id).unwrap()
}

#[test]
fn there_are_enough_and_every_check_has_a_negative() {
    let of = |kind| all().cards.iter().filter(|vector| vector.kind == kind).count();
    assert!(of(Kind::Positive) >= 25, "{}", of(Kind::Positive));
    assert!(of(Kind::Negative) >= 150, "{}", of(Kind::Negative));
    let tested: BTreeSet<&str> =
        all().cards.iter().filter_map(|vector| Some(vector.mutation.as_ref()?.check.as_str())).collect();
    let names: BTreeSet<&str> = CardCheck::ALL.iter().map(|check| check.name()).collect();
    assert_eq!(names.len(), CardCheck::ALL.len());
    assert!(names.is_subset(&tested), "{:?}", names.difference(&tested));
    // A name means one check.
    assert!(Check::ALL.iter().all(|check| !names.contains(check.name())));
    assert!(MailboxCheck::ALL.iter().all(|check| !names.contains(check.name())));
}

#[test]
fn every_requirement_and_code_is_one_of_the_specification() {
    let read =
        |name: &str| std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec").join(name)).unwrap();
    let (page, registry) = (read("card-1.md"), read("didshake-1.md"));
    let known = |id: &str| page.contains(&format!("**{id}**"));
    for vector in &all().cards {
        assert!(vector.id.starts_with("c-") && !vector.requirements.is_empty(), "{}", vector.id);
        assert!(vector.requirements.iter().all(|id| known(id)), "{}", vector.id);
        let Some(fails) = &vector.fails else { continue };
        let code = format!("`{}`", fails.error);
        assert!(page.contains(&code) || registry.contains(&format!("| {code} |")), "{}: {code}", vector.id);
    }
    assert!(CardCheck::ALL.iter().all(|check| known(check.requirement())));
}

#[test]
fn the_longest_card_and_its_link_are_as_long_as_the_page_says() {
    let longest = all().cards.iter().find(|vector| vector.id == "c-longest").unwrap();
    assert_eq!(longest.card.as_ref().unwrap().0.len(), 4_792);
    assert_eq!(longest.link.as_ref().unwrap().len(), 6_404);
}

#[test]
fn the_fault_of_a_negative_is_where_it_says() {
    for vector in &all().cards {
        let Some(fails) = &vector.fails else { continue };
        let base = all().cards.iter().find(|base| Some(&base.id) == vector.base.as_ref()).unwrap();
        assert_eq!(vector.owner, base.owner, "{}", vector.id);
        let view = vector.reader_view != base.reader_view;
        match fails.step {
            Stage::Link => assert!(!view && vector.card.is_none() && vector.link != base.link, "{}", vector.id),
            Stage::Card => {
                assert!(vector.link.is_none() && view != (vector.card != base.card), "{}", vector.id);
            }
        }
    }
}

#[test]
fn two_faults_are_not_taken_for_one() {
    let base = base("c-ed25519");
    let two = Negative::form("c-two", CardCheck::NameSpace, "a space, and no endpoint", |form| {
        form.name.push(b' ');
        form.token.pop();
    });
    assert_eq!(two.vector(&base).unwrap_err(), Halt::SecondFault(CardCheck::TokenLength.into()));
    let none = Negative::sent("c-none", CardCheck::SignedToken, "nothing", |_| ());
    assert_eq!(none.vector(&base).unwrap_err(), Halt::Broken("the model accepts the fault"));
    let other = Negative::form("c-other", CardCheck::Type, "the version", |form| form.version = 2);
    assert_eq!(other.vector(&base).unwrap_err(), Halt::Refused(CardCheck::Version.into()));
}

/// Nothing of a card is without meaning.
#[test]
fn every_changed_byte_and_every_cut_is_refused() {
    let base = base("c-web");
    let made = base.card().unwrap();
    let judge = |wire: &[u8]| judge(Checks::all(), &base.view, wire, &made);
    assert!(judge(&made.whole).is_ok());
    for at in 0..made.whole.len() {
        assert!(matches!(judge(&made.whole[..at]), Err(Halt::Refused(Named::Card(CardCheck::Truncated)))), "{at}");
        let mut wire = made.whole.clone();
        wire[at] ^= 1;
        assert!(matches!(judge(&wire), Err(Halt::Refused(_))), "{at}");
    }
}
