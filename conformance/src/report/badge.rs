//! The badge, in the format of shields.io's endpoint.

use serde::Serialize;

use super::tally::{Tally, problems};
use crate::runner::case::Run;

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Badge {
    schema_version: u8,
    label: &'static str,
    message: String,
    color: &'static str,
}

/// Green without a shade only where every case was tested and passed.
pub(crate) fn badge(run: &Run) -> Badge {
    let tally = Tally::of(&run.results);
    let problems = problems(run).len();
    let (message, color) = match tally {
        Tally { failed: 1.., .. } => (format!("{} failed", tally.failed), "red"),
        _ if problems > 0 => (format!("run with {problems} problem{}", if problems == 1 { "" } else { "s" }), "red"),
        Tally { passed: 0, .. } => (passes(&tally), "lightgrey"),
        Tally { expected_failures: 1.., .. } => (passes(&tally), "yellow"),
        Tally { skipped: 1.., .. } => (passes(&tally), "yellowgreen"),
        _ => (passes(&tally), "brightgreen"),
    };
    Badge { schema_version: 1, label: "didshake 1", message, color }
}

fn passes(tally: &Tally) -> String {
    let mut message = format!("{} passed", tally.passed);
    for (count, what) in [(tally.expected_failures, "expected to fail"), (tally.skipped, "skipped")] {
        if count > 0 {
            message.push_str(&format!(", {count} {what}"));
        }
    }
    message
}

#[cfg(test)]
mod tests {
    use super::super::made_up;
    use super::*;
    use crate::runner::case::Outcome;

    fn shown(run: &Run) -> (String, &'static str) {
        let Badge { message, color, .. } = badge(run);
        (message, color)
    }

    #[test]
    fn the_worst_decides_and_skips_are_told() {
        let mut run = made_up::run();
        assert_eq!(shown(&run), ("1 failed".to_owned(), "red"));
        run.results.retain(|result| !matches!(result.outcome, Outcome::Failed(_)) || result.expected_failure.is_some());
        assert_eq!(shown(&run), ("3 passed, 1 expected to fail, 1 skipped".to_owned(), "yellow"));
        run.results.retain(|result| result.expected_failure.is_none());
        assert_eq!(shown(&run), ("3 passed, 1 skipped".to_owned(), "yellowgreen"));
        run.stale_expectations.push("rust: x passed".to_owned());
        assert_eq!(shown(&run), ("run with 1 problem".to_owned(), "red"));
        run.stale_expectations.clear();
        run.results.retain(|result| result.outcome == Outcome::Passed);
        assert_eq!(shown(&run), ("3 passed".to_owned(), "brightgreen"));
    }

    #[test]
    fn nothing_but_skips_is_not_green() {
        let mut run = made_up::run();
        run.results.retain(|result| matches!(result.outcome, Outcome::Skipped { .. }));
        assert_eq!(shown(&run), ("0 passed, 1 skipped".to_owned(), "lightgrey"));
    }

    #[test]
    fn the_members_have_the_names_of_the_endpoint_format() {
        let text = serde_json::to_string(&badge(&made_up::run())).unwrap();
        assert_eq!(text, r#"{"schemaVersion":1,"label":"didshake 1","message":"1 failed","color":"red"}"#);
    }
}
