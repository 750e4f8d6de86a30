//! What the terminal shows at the end of a run.

use std::fmt::Write;

use super::difference::{excerpt, first_difference};
use super::tally::{Tally, groups, problems};
use crate::runner::case::{CaseResult, Failure, Outcome, Run};

/// How many failures are shown, and how much of each, in characters.
const SHOWN: usize = 20;
const WIDTH: usize = 96;

/// One line for each implementation and tier, the first failures and how to repeat them, and what is wrong with the run.
#[must_use]
pub fn summary(run: &Run) -> String {
    let mut out = counts(run);
    let unexpected =
        |result: &&CaseResult| matches!(result.outcome, Outcome::Failed(_)) && result.expected_failure.is_none();
    let failed: Vec<&CaseResult> = run.results.iter().filter(unexpected).collect();
    for result in failed.iter().take(SHOWN) {
        failure(&mut out, result, run.seed);
    }
    // Writing to a String cannot fail.
    if failed.len() > SHOWN {
        let _ = writeln!(out, "\n… and {} more failures: report.html has them all", failed.len() - SHOWN);
    }
    let problems = problems(run);
    out.push_str(if problems.is_empty() { "" } else { "\n" });
    for problem in problems.iter().take(SHOWN) {
        let _ = writeln!(out, "problem: {}", excerpt(problem, 0, 4 * WIDTH));
    }
    if problems.len() > SHOWN {
        let _ = writeln!(out, "… and {} more problems", problems.len() - SHOWN);
    }
    out
}

fn counts(run: &Run) -> String {
    let groups = groups(run);
    let name = |name: &str| excerpt(name, 0, WIDTH);
    let width = groups.iter().map(|group| name(group.implementation).chars().count()).max().unwrap_or_default();
    let mut out = String::new();
    for group in groups {
        let tally = Tally::of(group.results.iter().copied());
        let _ = write!(out, "{:<width$}  {:<6}", name(group.implementation), group.tier.name());
        let _ = write!(out, "  {:>5} passed  {:>5} failed", tally.passed, tally.failed);
        let _ = writeln!(out, "  {:>3} expected failures  {:>5} skipped", tally.expected_failures, tally.skipped);
    }
    out
}

fn failure(out: &mut String, result: &CaseResult, seed: u64) {
    let Outcome::Failed(Failure { what, expected, actual, crash, .. }) = &result.outcome else { return };
    let at = first_difference(expected, actual).unwrap_or_default();
    let kind = if *crash { "CRASHED" } else { "FAILED" };
    let _ = write!(out, "\n{kind} {} {}\n", excerpt(&result.implementation, 0, WIDTH), result.case.id);
    let _ = writeln!(out, "  {}", excerpt(what, 0, WIDTH));
    let _ = writeln!(out, "  expected {}", excerpt(expected, at, WIDTH));
    let _ = writeln!(out, "  actual   {}", excerpt(actual, at, WIDTH));
    let _ = writeln!(out, "  again    --only {} --seed {seed}", result.case.id);
}

#[cfg(test)]
mod tests {
    use super::super::made_up;
    use super::*;
    use crate::runner::case::Tier;

    #[test]
    fn a_line_for_each_implementation_and_tier_then_what_failed() {
        let text = summary(&made_up::run());
        let line = "python       live        0 passed      0 failed    1 expected failures      0 skipped";
        assert!(text.lines().any(|shown| shown == line), "{text}");
        let failure = "FAILED rust live/hello-version-2\n  reply\n  expected 0f46\n  actual   0f32\n  \
                       again    --only live/hello-version-2 --seed 42\n";
        assert!(text.ends_with(failure), "{text}");
        assert!(!text.contains("FAILED python"));
    }

    #[test]
    fn twenty_failures_are_shown_and_the_others_counted() {
        let mut run = made_up::run();
        for number in 0..24 {
            let outcome = made_up::failure("00", "01", "");
            run.results.push(made_up::result("rust", Tier::Live, &number.to_string(), outcome));
        }
        let text = summary(&run);
        assert_eq!(text.matches("FAILED").count(), 20);
        assert!(text.contains("… and 5 more failures"), "{text}");
    }

    #[test]
    fn what_an_implementation_says_cannot_steer_the_terminal() {
        let mut run = made_up::run();
        run.results.push(made_up::result("\u{1b}[2J", Tier::Live, "x", made_up::failure("\u{1b}[1m", "\u{7}", "")));
        run.stale_expectations.push("\u{1b}]0;title\u{7}".to_owned());
        assert!(!summary(&run).contains(['\u{1b}', '\u{7}']));
    }

    #[test]
    fn problems_of_the_run_are_named() {
        let mut run = made_up::run();
        run.coverage[0].cases.clear();
        run.stale_expectations.push("rust: live/x passed".to_owned());
        let text = summary(&run);
        assert!(text.contains("problem: R-WIRE-6"), "{text}");
        assert!(text.contains("problem: rust: live/x passed"), "{text}");
    }
}
