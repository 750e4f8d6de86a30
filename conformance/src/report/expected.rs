//! Expected failures: cases that an implementation may fail, each with the reason. What is listed and does not fail is stale.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;

use crate::json;
use crate::runner::case::{CaseResult, Outcome, Tier};

/// The member `format` of the files.
pub const FORMAT: &str = "didshake-expected-failures/1";

/// The entries of any number of files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExpectedFailures {
    /// Implementation and case, and why it fails.
    entries: BTreeMap<(String, String), String>,
}

/// Why a file of expected failures is refused.
#[derive(Debug)]
pub enum ExpectedError {
    /// It is not JSON of this shape.
    Json(serde_json::Error),
    /// Its `format` is another.
    Format(Box<str>),
    /// An object in it has two members of one name.
    TwoMembers,
    /// An entry without a reason.
    NoReason {
        /// Of whom.
        implementation: Box<str>,
        /// Which case.
        case: Box<str>,
    },
    /// A case that one implementation lists twice.
    Twice {
        /// Of whom.
        implementation: Box<str>,
        /// Which case.
        case: Box<str>,
    },
}

impl fmt::Display for ExpectedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExpectedError::Json(cause) => write!(f, "not a file of expected failures: {cause}"),
            ExpectedError::Format(format) => write!(f, "`format` is \"{format}\", not \"{FORMAT}\""),
            ExpectedError::TwoMembers => write!(f, "an object has two members of one name"),
            ExpectedError::NoReason { implementation, case } => write!(f, "{implementation}: {case} has no reason"),
            ExpectedError::Twice { implementation, case } => write!(f, "{implementation}: {case} is listed twice"),
        }
    }
}

impl std::error::Error for ExpectedError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    implementations: BTreeMap<String, Vec<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    case: String,
    reason: String,
}

impl ExpectedFailures {
    /// Adds the entries of a file. Implementations go by the name that they introduce themselves with, pairs are
    /// `initiator→responder`.
    ///
    /// # Errors
    ///
    /// When the text is not such a file, an entry has no reason, or a case is listed twice. Nothing is added then.
    pub fn add(&mut self, text: &str) -> Result<(), ExpectedError> {
        let file: File = serde_json::from_str(text).map_err(ExpectedError::Json)?;
        if json::parse(text).is_none_or(|value| value.has_duplicates()) {
            return Err(ExpectedError::TwoMembers);
        }
        if file.format != FORMAT {
            return Err(ExpectedError::Format(file.format.into()));
        }
        let mut entries = self.entries.clone();
        for (implementation, listed) in file.implementations {
            for Entry { case, reason } in listed {
                let who = || (implementation.as_str().into(), case.as_str().into());
                if reason.trim().is_empty() {
                    let (implementation, case) = who();
                    return Err(ExpectedError::NoReason { implementation, case });
                }
                if entries.insert((implementation.clone(), case.clone()), reason).is_some() {
                    let (implementation, case) = who();
                    return Err(ExpectedError::Twice { implementation, case });
                }
            }
        }
        self.entries = entries;
        Ok(())
    }

    /// Marks the failures that are listed, and returns the entries that are stale: of a case that passed, was skipped,
    /// was not put to that implementation, or does not exist.
    ///
    /// `catalogue` has the ids of all cases of the tiers that ran, `selected` of those that were in this run. An entry is
    /// judged only if its implementation has a result, and its case was selected or does not exist in a tier that ran.
    #[must_use]
    pub fn apply(
        &self,
        results: &mut [CaseResult],
        catalogue: &BTreeSet<&str>,
        selected: &BTreeSet<&str>,
    ) -> Vec<String> {
        let tested: BTreeSet<String> = results.iter().map(|result| result.implementation.clone()).collect();
        let mut ends: BTreeMap<(String, String), &str> = BTreeMap::new();
        for result in results {
            let key = (result.implementation.clone(), result.case.id.clone());
            let failed = matches!(result.outcome, Outcome::Failed(_));
            result.expected_failure = self.entries.get(&key).filter(|_| failed).cloned();
            let end = match result.outcome {
                Outcome::Passed => "passed",
                Outcome::Failed(_) => "failed",
                Outcome::Skipped { .. } => "was skipped",
            };
            ends.insert(key, end);
        }
        let judged = |(implementation, case): &&(String, String)| {
            let exists = catalogue.contains(case.as_str()) || left_out(case, catalogue);
            tested.contains(implementation) && (selected.contains(case.as_str()) || !exists)
        };
        let stale = |key: &(String, String)| {
            let (implementation, case) = key;
            let end = match ends.get(key).copied() {
                Some("failed") => return None,
                Some(end) => end,
                None if catalogue.contains(case.as_str()) => "was not put to it",
                None => "does not exist",
            };
            Some(format!("{implementation}: {case} is expected to fail, but it {end}: take the entry out"))
        };
        self.entries.keys().filter(judged).filter_map(stale).collect()
    }
}

/// Whether an id is of a tier of which the catalogue has nothing.
fn left_out(case: &str, catalogue: &BTreeSet<&str>) -> bool {
    let of = |tier: Tier, id: &str| id.split_once('/').is_some_and(|(first, _)| first == tier.name());
    Tier::ALL.into_iter().any(|tier| of(tier, case) && !catalogue.iter().any(|id| of(tier, id)))
}

#[cfg(test)]
mod tests {
    use super::super::made_up;
    use super::*;

    const ALL: [&str; 4] = ["static/decode-hello", "live/hello-version-2", "matrix/ed25519", "live/slow"];

    fn file(implementation: &str, cases: &[&str]) -> String {
        let entries: Vec<_> =
            cases.iter().map(|case| serde_json::json!({ "case": case, "reason": "a reason" })).collect();
        serde_json::json!({ "format": FORMAT, "implementations": { implementation: entries } }).to_string()
    }

    fn applied(implementation: &str, cases: &[&str], selected: &[&str]) -> (Vec<CaseResult>, Vec<String>) {
        let mut expected = ExpectedFailures::default();
        expected.add(&file(implementation, cases)).unwrap();
        let mut results = made_up::run().results;
        let stale = expected.apply(&mut results, &ALL.into(), &selected.iter().copied().collect());
        (results, stale)
    }

    #[test]
    fn a_listed_failure_is_expected_of_that_implementation_only() {
        let (results, stale) = applied("rust", &["live/hello-version-2"], &ALL);
        assert!(stale.is_empty(), "{stale:?}");
        let expected: Vec<_> =
            results.iter().filter(|result| result.expected_failure.as_deref() == Some("a reason")).collect();
        assert_eq!(expected.len(), 1);
        assert_eq!(
            (expected[0].implementation.as_str(), expected[0].case.id.as_str()),
            ("rust", "live/hello-version-2")
        );
    }

    #[test]
    fn what_passes_is_skipped_is_not_put_or_does_not_exist_is_stale() {
        for (implementation, case, says) in [
            ("rust", "static/decode-hello", "but it passed"),
            ("python", "static/decode-hello", "but it was skipped"),
            ("rust", "live/slow", "but it was not put to it"),
            ("rust", "live/nothing", "but it does not exist"),
            ("rust→python", "matrix/ed25519", "but it passed"),
        ] {
            let (results, stale) = applied(implementation, &[case], &ALL);
            assert!(stale.len() == 1 && stale[0].contains(says) && stale[0].contains(case), "{case}: {stale:?}");
            assert!(results.iter().all(|result| result.expected_failure.is_none()));
        }
    }

    #[test]
    fn entries_of_what_was_not_selected_are_not_judged() {
        let (_, stale) = applied("rust", &["live/slow"], &["live/hello-version-2"]);
        assert!(stale.is_empty(), "{stale:?}");
        let (_, stale) = applied("go", &["live/hello-version-2", "live/nothing"], &ALL);
        assert!(stale.is_empty(), "{stale:?}");
        let (_, stale) = applied("rust", &["live/nothing"], &["live/hello-version-2"]);
        assert_eq!(stale.len(), 1);
        let (_, stale) = applied("rust", &["replay/of-a-tier-that-did-not-run"], &ALL);
        assert!(stale.is_empty(), "{stale:?}");
        let (_, stale) = applied("rust", &["no-tier/nothing"], &ALL);
        assert_eq!(stale.len(), 1);
    }

    #[test]
    fn several_files_add_up_and_a_refused_one_adds_nothing() {
        let mut expected = ExpectedFailures::default();
        expected.add(&file("rust", &["a"])).unwrap();
        expected.add(&file("python", &["a"])).unwrap();
        let before = expected.clone();
        assert!(matches!(expected.add(&file("rust", &["b", "a"])), Err(ExpectedError::Twice { .. })));
        assert_eq!(expected, before);
        assert_eq!(expected.entries.len(), 2);
    }

    #[test]
    fn what_is_no_such_file_is_refused_and_says_where() {
        let good = file("rust", &["a"]);
        for (text, says) in [
            (good.replace("a reason", "  "), "rust: a has no reason"),
            (good.replace("failures/1", "failures/2"), "failures/2"),
            (good.replace("\"case\"", "\"why\":\"x\",\"case\""), "unknown field `why`"),
            (good.replace("\"format\"", "\"more\":1,\"format\""), "unknown field `more`"),
            (good.replace("\"reason\":\"a reason\"", "\"reason\":null"), "invalid type: null"),
            (good.replace("\"rust\":[", "\"rust\":[],\"rust\":["), "two members of one name"),
            (file("rust", &["a", "a"]), "rust: a is listed twice"),
        ] {
            let error = ExpectedFailures::default().add(&text).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
