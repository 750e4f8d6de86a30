//! A run that nobody ran, for the tests of the report.

use crate::runner::case::{Case, CaseResult, Covered, Failure, Introduction, Level, Outcome, Run, Tier};

/// Rust fails one case, Python fails one as expected and skips one.
pub(crate) fn run() -> Run {
    let failed = || Outcome::differs("reply", "0f46", "0f32");
    Run {
        format: "didshake-conformance-results/1",
        seed: 42,
        implementations: vec![introduction("rust"), introduction("python")],
        results: vec![
            result("rust", Tier::Static, "decode-hello", Outcome::Passed),
            result("rust", Tier::Live, "hello-version-2", failed()),
            result("python", Tier::Static, "decode-hello", Outcome::skipped("no <decode> & \"more\"")),
            CaseResult {
                expected_failure: Some("a known gap".to_owned()),
                ..result("python", Tier::Live, "hello-version-2", failed())
            },
            result("rust→python", Tier::Matrix, "ed25519", Outcome::Passed),
            result("python→rust", Tier::Matrix, "ed25519", Outcome::Passed),
        ],
        coverage: vec![Covered {
            requirement: "R-WIRE-6".to_owned(),
            level: Level::Must,
            text: "A responder MUST refuse a Hello whose version byte is not 1.".to_owned(),
            cases: vec!["live/hello-version-2".to_owned()],
            not_observable: None,
        }],
        stale_expectations: Vec::new(),
    }
}

/// One result of a case of R-WIRE-6.
pub(crate) fn result(implementation: &str, tier: Tier, name: &str, outcome: Outcome) -> CaseResult {
    let case = case(&format!("{}/{name}", tier.name()), tier, &["R-WIRE-6"]);
    CaseResult { case, implementation: implementation.to_owned(), outcome, expected_failure: None, microseconds: 1500 }
}

pub(crate) fn case(id: &str, tier: Tier, requirements: &[&str]) -> Case {
    let requirements = requirements.iter().map(|&id| id.to_owned()).collect();
    Case { id: id.to_owned(), tier, requirements, level: Level::Must, about: format!("about {id}") }
}

/// A failure with a log line.
pub(crate) fn failure(expected: &str, actual: &str, log: &str) -> Outcome {
    let (expected, actual) = (expected.to_owned(), actual.to_owned());
    Outcome::Failed(Failure { what: "reply".to_owned(), expected, actual, crash: false, log: vec![log.to_owned()] })
}

fn introduction(name: &str) -> Introduction {
    Introduction {
        name: name.to_owned(),
        version: "1.0".to_owned(),
        language: name.to_owned(),
        roles: vec!["initiator".to_owned(), "responder".to_owned()],
        features: vec!["codes".to_owned()],
    }
}
