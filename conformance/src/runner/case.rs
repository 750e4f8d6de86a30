//! What the runner asks of an implementation, and what came of it.

use serde::Serialize;

/// The tiers, reported apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// Pieces by themselves: messages, documents, the schedule, signatures, requests.
    Static,
    /// The vectors with injected randomness, byte for byte.
    Replay,
    /// The runner is the peer, and misbehaves in one way a case.
    Live,
    /// Every implementation against every other.
    Matrix,
    /// A running relay: its mailboxes, deposits and circuits.
    Relay,
}

impl Tier {
    /// All, in the order of the reports.
    pub const ALL: [Tier; 5] = [Tier::Static, Tier::Replay, Tier::Live, Tier::Matrix, Tier::Relay];

    /// The name in ids and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Tier::Static => "static",
            Tier::Replay => "replay",
            Tier::Live => "live",
            Tier::Matrix => "matrix",
            Tier::Relay => "relay",
        }
    }
}

/// How strongly a case is demanded: the strongest word of its requirements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// RFC 2119's MAY.
    May,
    /// SHOULD.
    Should,
    /// MUST.
    Must,
}

/// What a case is, apart from who is tested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Case {
    /// `tier/what`, unique in a run.
    pub id: String,
    /// Where it belongs.
    pub tier: Tier,
    /// The requirements of the specification that it tests.
    pub requirements: Vec<String>,
    /// The strongest word of those.
    pub level: Level,
    /// One line for people.
    pub about: String,
}

/// What was expected and what came. Bytes are lower-case hex.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// What differs, such as `reply` or `error of finish`.
    pub what: String,
    /// What should have come.
    pub expected: String,
    /// What came.
    pub actual: String,
    /// Whether the implementation died or threw.
    pub crash: bool,
    /// The requests of this case and their answers, one JSON object a line, oldest first; shortened.
    pub log: Vec<String>,
}

/// How a case ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase", tag = "outcome")]
pub enum Outcome {
    /// As it must be.
    Passed,
    /// Not as it must be.
    Failed(Failure),
    /// Not tested, and why.
    Skipped {
        /// Why.
        reason: String,
    },
}

impl Outcome {
    /// A difference.
    pub(crate) fn differs(what: &str, expected: impl Into<String>, actual: impl Into<String>) -> Self {
        let (what, expected, actual) = (what.to_owned(), expected.into(), actual.into());
        Outcome::Failed(Failure { what, expected, actual, ..Failure::default() })
    }

    pub(crate) fn skipped(reason: impl Into<String>) -> Self {
        Outcome::Skipped { reason: reason.into() }
    }
}

/// A case that was put to one implementation, or to a pair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CaseResult {
    /// The case.
    #[serde(flatten)]
    pub case: Case,
    /// The implementation's name; of a pair `initiator→responder`.
    pub implementation: String,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Why it may fail, if the expected failures of this implementation list it and it failed.
    pub expected_failure: Option<String>,
    /// How long it took, in microseconds.
    pub microseconds: u64,
}

/// An implementation as it introduces itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Introduction {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The language that it is written in.
    pub language: String,
    /// `initiator`, `responder`.
    pub roles: Vec<String>,
    /// The features of section 1.3 of `spec/conformance.md`.
    pub features: Vec<String>,
}

/// Everything that came of a run: what `results.json` holds.
#[derive(Clone, Debug, Serialize)]
pub struct Run {
    /// `didshake-conformance-results/1`.
    pub format: &'static str,
    /// Repeats the random parts.
    pub seed: u64,
    /// Who was tested.
    pub implementations: Vec<Introduction>,
    /// Every case of every implementation and pair.
    pub results: Vec<CaseResult>,
    /// Each requirement with its level, its text, the cases that test it, or why none can. Empty unless all tiers ran.
    pub coverage: Vec<Covered>,
    /// Entries of the expected failures that passed, were skipped or do not exist.
    pub stale_expectations: Vec<String>,
}

/// A requirement and what tests it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Covered {
    /// R-…
    pub requirement: String,
    /// The strongest word of its text.
    pub level: Level,
    /// Its text.
    pub text: String,
    /// Ids of cases of this run's catalogue, whether or not they were selected.
    pub cases: Vec<String>,
    /// Why nobody can see it from outside, and what holds it instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_observable: Option<String>,
}

impl Case {
    /// Tests these too.
    pub(crate) fn also(mut self, requirements: &[&str]) -> Self {
        self.requirements.extend(requirements.iter().map(|id| (*id).to_owned()));
        self.requirements.sort();
        self.requirements.dedup();
        self.level = crate::report::strongest(&self.requirements);
        self
    }

    pub(crate) fn new(id: String, tier: Tier, requirements: Vec<String>, about: String) -> Self {
        let level = crate::report::strongest(&requirements);
        Self { id, tier, requirements, level, about }
    }
}
