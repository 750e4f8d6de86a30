//! What the page of the report shows: the results by case, with what is long shortened.

use std::collections::BTreeMap;

use serde::Serialize;

use super::decode::{Comparison, comparisons};
use super::difference::{first_difference, part};
use super::tally::{Tally, problems, success};
use crate::runner::case::{Case, CaseResult, Covered, Failure, Introduction, Outcome, Run, Tier};

/// How much of a value is shown, in characters: all of it is in `results.json`.
const VALUE: usize = 4_000;
/// How many bytes of logs and values there are in all, so that a run of nothing but failures still opens.
const DETAILS: usize = 16 << 20;
/// Between the two names of a pair.
const ARROW: char = '→';

/// Everything on the page.
#[derive(Debug, Serialize)]
pub(crate) struct Page<'a> {
    /// As text: JavaScript's numbers do not hold every u64.
    seed: String,
    success: bool,
    problems: Vec<String>,
    total: Tally,
    implementations: Vec<Implementation<'a>>,
    pairs: Vec<Pair<'a>>,
    cases: Vec<Row<'a>>,
    coverage: &'a [Covered],
}

#[derive(Debug, Serialize)]
struct Implementation<'a> {
    name: &'a str,
    /// None of an endpoint, which does not introduce itself.
    introduction: Option<&'a Introduction>,
    /// Those with results; of the matrix the pairs in which it is.
    tiers: Vec<(Tier, Tally)>,
}

#[derive(Debug, Serialize)]
struct Pair<'a> {
    name: &'a str,
    initiator: &'a str,
    responder: &'a str,
    tally: Tally,
}

/// A case and how it ended, by implementation.
#[derive(Debug, Serialize)]
struct Row<'a> {
    #[serde(flatten)]
    case: &'a Case,
    results: BTreeMap<&'a str, End<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum End<'a> {
    /// With the microseconds that it took, so that most of the page is short.
    Passed(u64),
    Skipped {
        skipped: &'a str,
    },
    Failed(Failed<'a>),
}

#[derive(Debug, Serialize)]
struct Failed<'a> {
    what: &'a str,
    expected: String,
    actual: String,
    crash: bool,
    expected_failure: Option<&'a str>,
    comparisons: Vec<Comparison>,
    /// None where there was no room for it.
    log: Option<&'a [String]>,
}

/// Arranges a run.
pub(crate) fn page(run: &Run) -> Page<'_> {
    Page {
        seed: run.seed.to_string(),
        success: success(run),
        problems: problems(run),
        total: Tally::of(&run.results),
        implementations: implementations(run),
        pairs: pairs(run),
        cases: cases(run),
        coverage: &run.coverage,
    }
}

fn implementations(run: &Run) -> Vec<Implementation<'_>> {
    let mut names: Vec<&str> = run.implementations.iter().map(|introduction| introduction.name.as_str()).collect();
    for result in &run.results {
        let new = !names.contains(&result.implementation.as_str());
        names.extend((new && pair(&result.implementation).is_none()).then_some(result.implementation.as_str()));
    }
    let implementation = |name| {
        let mut tiers: BTreeMap<Tier, Tally> = BTreeMap::new();
        for result in run.results.iter().filter(|result| concerns(result, name)) {
            tiers.entry(result.case.tier).or_default().add(result);
        }
        let introduction = run.implementations.iter().find(|introduction| introduction.name == name);
        Implementation { name, introduction, tiers: tiers.into_iter().collect() }
    };
    names.into_iter().map(implementation).collect()
}

fn concerns(result: &CaseResult, name: &str) -> bool {
    let in_pair = |(initiator, responder)| initiator == name || responder == name;
    result.implementation == name || pair(&result.implementation).is_some_and(in_pair)
}

fn pair(name: &str) -> Option<(&str, &str)> {
    name.split_once(ARROW)
}

fn pairs(run: &Run) -> Vec<Pair<'_>> {
    let mut pairs: Vec<Pair<'_>> = Vec::new();
    for result in &run.results {
        let Some((initiator, responder)) = pair(&result.implementation) else { continue };
        match pairs.iter_mut().find(|pair| pair.name == result.implementation) {
            Some(pair) => pair.tally.add(result),
            None => {
                let (name, tally) = (result.implementation.as_str(), Tally::of([result]));
                pairs.push(Pair { name, initiator, responder, tally });
            }
        }
    }
    pairs
}

/// The cases by tier, in the order in which they came.
fn cases(run: &Run) -> Vec<Row<'_>> {
    let mut room = DETAILS;
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    let mut rows: Vec<Row<'_>> = Vec::new();
    for result in &run.results {
        let place = *places.entry(&result.case.id).or_insert(rows.len());
        if place == rows.len() {
            rows.push(Row { case: &result.case, results: BTreeMap::new() });
        }
        if let Some(row) = rows.get_mut(place) {
            row.results.insert(&result.implementation, end(result, &mut room));
        }
    }
    rows.sort_by_key(|row| row.case.tier);
    rows
}

fn end<'a>(result: &'a CaseResult, room: &mut usize) -> End<'a> {
    match &result.outcome {
        Outcome::Passed => End::Passed(result.microseconds),
        Outcome::Skipped { reason } => End::Skipped { skipped: reason },
        Outcome::Failed(failure) => End::Failed(failed(failure, result.expected_failure.as_deref(), room)),
    }
}

fn failed<'a>(failure: &'a Failure, expected_failure: Option<&'a str>, room: &mut usize) -> Failed<'a> {
    let Failure { what, expected, actual, crash, log } = failure;
    let at = first_difference(expected, actual).unwrap_or_default();
    let (expected, actual) = (part(expected, at, VALUE), part(actual, at, VALUE));
    let size = log.iter().fold(expected.len() + actual.len(), |sum, line| sum + line.len());
    let left = room.checked_sub(size);
    *room = left.unwrap_or(*room);
    let (comparisons, log) = match left {
        Some(_) => (comparisons(failure), Some(log.as_slice())),
        None => (Vec::new(), None),
    };
    Failed { what, expected, actual, crash: *crash, expected_failure, comparisons, log }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::made_up;
    use super::*;

    fn shown(run: &Run) -> Value {
        serde_json::to_value(page(run)).unwrap()
    }

    #[test]
    fn a_case_is_one_row_with_every_implementation_that_it_was_put_to() {
        let page = shown(&made_up::run());
        let ids: Vec<_> = page["cases"].as_array().unwrap().iter().map(|case| case["id"].as_str().unwrap()).collect();
        assert_eq!(ids, ["static/decode-hello", "live/hello-version-2", "matrix/ed25519"]);
        let results = &page["cases"][0]["results"];
        assert_eq!(results, &json!({ "rust": 1500, "python": { "skipped": "no <decode> & \"more\"" } }));
        let failed = &page["cases"][1]["results"];
        assert_eq!(
            (&failed["rust"]["expected_failure"], &failed["python"]["expected_failure"]),
            (&json!(null), &json!("a known gap"))
        );
        assert_eq!(failed["rust"]["comparisons"][0]["differs_at"], 1);
    }

    #[test]
    fn tallies_of_an_implementation_have_its_pairs() {
        let mut run = made_up::run();
        run.results.push(made_up::result("https://endpoint", Tier::Live, "x", Outcome::Passed));
        let page = shown(&run);
        let names: Vec<_> = page["implementations"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
        assert_eq!(names, ["rust", "python", "https://endpoint"]);
        let matrix = &page["implementations"][0]["tiers"][2];
        assert_eq!((&matrix[0], &matrix[1]["passed"]), (&json!("matrix"), &json!(2)));
        assert_eq!(page["pairs"][1]["initiator"], "python");
        assert_eq!(page["total"]["passed"], 4);
    }

    #[test]
    fn long_values_are_shortened_and_logs_have_a_bound_in_all() {
        let mut run = made_up::run();
        let long = "z".repeat(10_000);
        for number in 0..3 {
            let outcome = made_up::failure(&long, "", &"x".repeat(DETAILS / 2 - 10_000));
            run.results.push(made_up::result("rust", Tier::Live, &number.to_string(), outcome));
        }
        let page = page(&run);
        let failures: Vec<&Failed<'_>> = page
            .cases
            .iter()
            .filter_map(|row| match row.results.get("rust")? {
                End::Failed(failed) if row.case.id.len() == "live/0".len() => Some(failed),
                _ => None,
            })
            .collect();
        assert_eq!(failures.iter().map(|failed| failed.log.is_some()).collect::<Vec<_>>(), [true, true, false]);
        assert!(failures.iter().all(|failed| failed.expected.chars().count() == VALUE + 1));
    }
}
