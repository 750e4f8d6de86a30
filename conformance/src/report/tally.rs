//! How many cases ended how, and whether the run as a whole is good.

use std::collections::BTreeMap;

use serde::Serialize;

use super::coverage::gap;
use crate::runner::case::{CaseResult, Outcome, Run, Tier};

/// How many cases ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Tally {
    pub(crate) passed: usize,
    /// Unexpectedly.
    pub(crate) failed: usize,
    pub(crate) expected_failures: usize,
    pub(crate) skipped: usize,
    pub(crate) microseconds: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, result: &CaseResult) {
        *(match &result.outcome {
            Outcome::Passed => &mut self.passed,
            Outcome::Failed(_) if result.expected_failure.is_some() => &mut self.expected_failures,
            Outcome::Failed(_) => &mut self.failed,
            Outcome::Skipped { .. } => &mut self.skipped,
        }) += 1;
        self.microseconds = self.microseconds.saturating_add(result.microseconds);
    }

    pub(crate) fn of<'a>(results: impl IntoIterator<Item = &'a CaseResult>) -> Self {
        let mut tally = Tally::default();
        results.into_iter().for_each(|result| tally.add(result));
        tally
    }

    pub(crate) const fn cases(&self) -> usize {
        self.passed + self.failed + self.expected_failures + self.skipped
    }
}

/// What one implementation, or pair, did in one tier.
pub(crate) struct Group<'a> {
    pub(crate) implementation: &'a str,
    pub(crate) tier: Tier,
    pub(crate) results: Vec<&'a CaseResult>,
}

/// The results by implementation and tier: implementations as they were named, then pairs as they came.
pub(crate) fn groups(run: &Run) -> Vec<Group<'_>> {
    let mut order: BTreeMap<&str, usize> = BTreeMap::new();
    let named = run.implementations.iter().map(|introduction| introduction.name.as_str());
    for name in named.chain(run.results.iter().map(|result| result.implementation.as_str())) {
        let next = order.len();
        order.entry(name).or_insert(next);
    }
    let mut groups: BTreeMap<(usize, Tier), Group<'_>> = BTreeMap::new();
    for result in &run.results {
        let (implementation, tier) = (result.implementation.as_str(), result.case.tier);
        let place = order.get(implementation).copied().unwrap_or_default();
        let group = groups.entry((place, tier)).or_insert(Group { implementation, tier, results: Vec::new() });
        group.results.push(result);
    }
    groups.into_values().collect()
}

/// What is wrong with the run itself, whatever the implementations did.
pub(crate) fn problems(run: &Run) -> Vec<String> {
    let mut problems = run.stale_expectations.clone();
    problems.extend(run.coverage.iter().filter_map(gap));
    if run.results.is_empty() {
        problems.push("nothing was tested".to_owned());
    }
    problems
}

/// Whether nothing unexpected happened: no failure but the expected ones, no stale expectation, every MUST covered or
/// explained, and at least one case.
#[must_use]
pub fn success(run: &Run) -> bool {
    Tally::of(&run.results).failed == 0 && problems(run).is_empty()
}

#[cfg(test)]
mod tests {
    use super::super::made_up;
    use super::*;
    use crate::runner::case::Level;

    #[test]
    fn each_outcome_is_counted_once_and_an_expected_failure_is_no_failure() {
        let tally = Tally::of(&made_up::run().results);
        assert_eq!((tally.passed, tally.failed, tally.expected_failures, tally.skipped), (3, 1, 1, 1));
        assert_eq!(tally.cases(), made_up::run().results.len());
    }

    #[test]
    fn groups_keep_the_order_of_the_implementations() {
        let mut run = made_up::run();
        run.results.reverse();
        let run = run;
        let groups: Vec<_> = groups(&run).iter().map(|group| (group.implementation, group.tier)).collect();
        let expected = [("rust", Tier::Static), ("rust", Tier::Live), ("python", Tier::Static), ("python", Tier::Live)];
        assert_eq!(groups.get(..4), Some(expected.as_slice()));
        assert_eq!(groups.last(), Some(&("rust→python", Tier::Matrix)));
    }

    #[test]
    fn a_run_is_good_only_without_failures_stale_entries_and_gaps() {
        let mut run = made_up::run();
        assert!(!success(&run));
        run.results.retain(|result| !matches!(result.outcome, Outcome::Failed(_)) || result.expected_failure.is_some());
        assert!(success(&run));

        let mut stale = run.clone();
        stale.stale_expectations.push("rust: x passed".to_owned());
        assert!(!success(&stale));

        let mut uncovered = run.clone();
        uncovered.coverage[0].cases.clear();
        assert!(!success(&uncovered));
        uncovered.coverage[0].level = Level::Should;
        assert!(success(&uncovered));

        run.results.clear();
        assert!(!success(&run));
    }
}
