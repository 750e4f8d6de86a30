//! A resolver that lacks one check is caught by the negatives that name it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{BASE, beside, of_log};
use crate::model_shim::resolve_alone;
use crate::runner::case::Outcome;
use crate::runner::statics::Question;
use crate::vectors_test::all;
use crate::webvh::{Checks, WebvhCheck};

/// Without these the model has nothing to go on with, or would need what the owner had: another check refuses then.
const ANOTHER_REFUSES: &str = "webvh_json webvh_log_empty webvh_shape webvh_truncated webvh_witness_file";

fn answer(question: &Question, checks: Checks) -> Value {
    resolve_alone(checks, &question.question).unwrap_or_default()
}

/// What the question finds in an answer; None: as it must be.
fn found(question: &Question, answer: Value) -> Option<Outcome> {
    let Value::Object(answer) = answer else { panic!("{}", question.case.id) };
    question.judge(answer).err()
}

#[test]
fn a_resolver_that_lacks_one_check_is_caught_by_the_negatives_that_name_it() {
    let (mut caught, mut others) = (BTreeSet::new(), BTreeSet::new());
    for vector in &all().logs {
        let question = of_log(vector);
        assert_eq!(found(&question, answer(&question, Checks::all())), None, "{}", vector.id);
        let Some(mutation) = &vector.mutation else { continue };
        let check = WebvhCheck::ALL.iter().find(|check| check.name() == mutation.check).unwrap();
        match found(&question, answer(&question, Checks::all_but(*check))) {
            Some(Outcome::Failed(failure)) if failure.actual.contains("version_id") => caught.insert(check.name()),
            _ => others.insert(check.name()),
        };
    }
    // Several negatives have the same check, and some of them another fault that shows without it.
    others.retain(|name| !caught.contains(name));
    assert_eq!(others, ANOTHER_REFUSES.split_whitespace().collect());
    assert_eq!(caught.len() + others.len(), WebvhCheck::ALL.len());
}

#[test]
fn another_cause_and_another_result_are_noticed() {
    let named = |id: &str| of_log(all().logs.iter().find(|vector| vector.id == id).unwrap());
    for (id, name, other) in [
        ("w-hash-last", "cause", json!("scid")),
        ("w-hash-last", "cause", json!(null)),
        ("w-hash-last", "error", json!("document_limits")),
        ("w-deactivated", "deactivated", json!(false)),
        ("w-deactivated", "version_id", json!("2-QmYn3ghmHidBWGnjgh2omc6u4RmRREzRXqGKv5ZYLszPdk")),
        ("w-deactivated", "ttl", json!(3599)),
        ("w-deactivated", "document", json!("{}")),
    ] {
        let question = named(id);
        let mut answer = answer(&question, Checks::all());
        answer[name] = other;
        assert!(matches!(found(&question, answer), Some(Outcome::Failed(_))), "{id}: {name}");
    }
}

#[test]
fn what_is_too_large_for_a_vector_is_a_case_and_the_model_passes_it() {
    let base = all().logs.iter().find(|vector| vector.id == BASE).unwrap();
    let questions = beside(base);
    assert_eq!(questions.len(), 10);
    for question in &questions {
        assert_eq!(found(question, answer(question, Checks::all())), None, "{}", question.case.id);
        assert!(question.question.to_string().len() < 4 << 20, "{}", question.case.id);
        // What resolves and what does not are told from each other.
        let other = json!({ "error": "document_limits", "cause": "too_long" });
        assert!(matches!(found(question, other), Some(Outcome::Failed(_))), "{}", question.case.id);
    }
}
