//! What holds for the vectors of did:webvh as a whole.

use std::collections::BTreeSet;
use std::path::Path;

use super::check::{Checks, Halt, WebvhCheck};
use super::judge::judge;
use super::negative::Negative;
use crate::vector::Kind;
use crate::vectors_test::all;

#[test]
fn there_are_enough_and_every_check_has_a_negative() {
    let of = |kind| all().logs.iter().filter(|vector| vector.kind == kind).count();
    assert!(of(Kind::Positive) >= 30, "{}", of(Kind::Positive));
    assert!(of(Kind::Negative) >= 150, "{}", of(Kind::Negative));
    let tested: BTreeSet<&str> =
        all().logs.iter().filter_map(|vector| Some(vector.mutation.as_ref()?.check.as_str())).collect();
    let names: BTreeSet<&str> = WebvhCheck::ALL.iter().map(|check| check.name()).collect();
    assert_eq!(names.len(), WebvhCheck::ALL.len());
    assert_eq!(names, tested);
}

#[test]
fn every_requirement_cause_and_code_is_one_of_the_specification() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec/didshake-1.md");
    let page = std::fs::read_to_string(path).unwrap();
    for vector in &all().logs {
        assert!(vector.requirements.iter().all(|id| page.contains(&format!("**{id}**"))), "{}", vector.id);
        let Some(fails) = &vector.fails else { continue };
        assert!(page.contains(&format!("`{}`", fails.cause)), "{}", vector.id);
        assert!(page.contains(&format!("| `{}` |", fails.error)), "{}", vector.id);
    }
    assert!(WebvhCheck::ALL.iter().all(|check| page.contains(&format!("**{}**", check.requirement()))));
}

#[test]
fn two_faults_are_not_taken_for_one() {
    let base = super::positives().unwrap().into_iter().find(|positive| positive.id == "w-three").unwrap();
    let two = Negative::plan("w-two", WebvhCheck::TimeUtc, "an offset, and a key that may not sign", |plan| {
        plan.entries[1].time = "2025-12-02T02:00:00+02:00".to_owned();
        plan.entries[1].signers = vec!["update 9"];
    });
    assert_eq!(two.vector(&base).unwrap_err(), Halt::SecondFault(WebvhCheck::ProofKey));
    let none = Negative::log("w-none", WebvhCheck::Json, "nothing", |_| ());
    assert_eq!(none.vector(&base).unwrap_err(), Halt::Broken("the model accepts the fault"));
    let other = Negative::plan("w-other", WebvhCheck::TimeForm, "the number", |plan| {
        plan.entries[1].number = Some("7".to_owned());
    });
    assert_eq!(other.vector(&base).unwrap_err(), Halt::Refused(WebvhCheck::VersionNumber));
}

/// Nothing of a log is without meaning but the white space and the zeros that JSON lets stand.
#[test]
fn every_changed_letter_is_refused() {
    let base = super::positives().unwrap().into_iter().find(|positive| positive.id == "w-witnesses").unwrap();
    let made = base.plan.make().unwrap();
    let (view, good) = (base.view(&made), base.sent(&made));
    assert!(judge(Checks::all(), &view, &good, &made).is_ok());
    for at in 0..good.log.len() {
        let other = if good.log.as_bytes()[at] == b'a' { "b" } else { "a" };
        let mut bad = good.clone();
        bad.log.replace_range(at..=at, other);
        // A line feed that is none leaves the lines as they were at the end only.
        let refused = judge(Checks::all(), &view, &bad, &made);
        assert!(matches!(refused, Err(Halt::Refused(_))), "{at}: {refused:?}");
    }
}
