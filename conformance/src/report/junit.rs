//! `junit.xml`: one suite for each implementation and tier. An expected failure is a skip with its reason.

use std::fmt::Write;

use super::difference::{excerpt, first_difference};
use super::tally::{Group, Tally, groups};
use crate::runner::case::{CaseResult, Failure, Outcome, Run};

/// How much of a difference the message of a failure shows, in characters; all of it is in the text below.
const WIDTH: usize = 80;

/// The whole file.
pub(crate) fn text(run: &Run) -> String {
    let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    // Writing to a String cannot fail.
    let _ = writeln!(out, "<testsuites name=\"didshake 1\" {}>", counts(&Tally::of(&run.results)));
    for group in groups(run) {
        suite(&mut out, &group, run.seed);
    }
    out.push_str("</testsuites>\n");
    out
}

fn counts(tally: &Tally) -> String {
    let skipped = tally.skipped + tally.expected_failures;
    let time = seconds(tally.microseconds);
    format!(
        "tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{skipped}\" time=\"{time}\"",
        tally.cases(),
        tally.failed
    )
}

fn seconds(microseconds: u64) -> String {
    format!("{}.{:06}", microseconds / 1_000_000, microseconds % 1_000_000)
}

fn suite(out: &mut String, group: &Group<'_>, seed: u64) {
    let name = escaped(&format!("{}.{}", group.implementation, group.tier.name()));
    let counts = counts(&Tally::of(group.results.iter().copied()));
    let _ = writeln!(out, "  <testsuite name=\"{name}\" {counts}>");
    let _ = writeln!(out, "    <properties><property name=\"seed\" value=\"{seed}\"/></properties>");
    for result in &group.results {
        let (id, time) = (escaped(&result.case.id), seconds(result.microseconds));
        let _ = write!(out, "    <testcase classname=\"{name}\" name=\"{id}\" time=\"{time}\"");
        match inside(result, seed) {
            Some(element) => _ = writeln!(out, ">{element}</testcase>"),
            None => out.push_str("/>\n"),
        }
    }
    out.push_str("  </testsuite>\n");
}

/// What stands inside the element of a case that did not pass.
fn inside(result: &CaseResult, seed: u64) -> Option<String> {
    let skipped = |why: &str| Some(format!("<skipped message=\"{}\"/>", escaped(why)));
    match (&result.outcome, &result.expected_failure) {
        (Outcome::Passed, _) => None,
        (Outcome::Skipped { reason }, _) => skipped(reason),
        (Outcome::Failed(failure), Some(why)) => skipped(&format!("an expected failure: {why} ({})", message(failure))),
        (Outcome::Failed(failure), None) => {
            let kind = if failure.crash { "crash" } else { "difference" };
            let (message, details) = (escaped(&message(failure)), escaped(&details(result, failure, seed)));
            Some(format!("<failure type=\"{kind}\" message=\"{message}\">{details}</failure>"))
        }
    }
}

fn message(failure: &Failure) -> String {
    let Failure { what, expected, actual, .. } = failure;
    let at = first_difference(expected, actual).unwrap_or_default();
    format!("{what}: expected {}, got {}", excerpt(expected, at, WIDTH), excerpt(actual, at, WIDTH))
}

fn details(result: &CaseResult, failure: &Failure, seed: u64) -> String {
    let Failure { what, expected, actual, log, .. } = failure;
    let requirements = result.case.requirements.join(", ");
    let mut text = format!("{}\n{requirements}\nseed {seed}\n\n", result.case.about);
    let _ = write!(text, "{what}\nexpected {expected}\nactual   {actual}\n");
    for line in log {
        let _ = write!(text, "\n{line}");
    }
    text
}

/// XML 1.0 has no way to write most control characters: they are left out. Line ends survive in attributes too.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            '\t' => out.push_str("&#9;"),
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => {}
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::made_up;
    use super::*;
    use crate::runner::case::Tier;

    /// Every element is closed in order, and every attribute quoted: enough of XML for what is written here.
    fn elements(xml: &str) -> Vec<String> {
        let mut open: Vec<String> = Vec::new();
        let mut seen = Vec::new();
        let body = xml.split_once("?>").unwrap().1;
        for piece in body.split('<').skip(1) {
            let (tag, text) = piece.split_once('>').unwrap();
            assert!(!text.contains('>'), "{text}");
            assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
            let name = tag.trim_matches('/').split(' ').next().unwrap().to_owned();
            if tag.starts_with('/') {
                assert_eq!(open.pop().as_ref(), Some(&name));
            } else {
                seen.push(name.clone());
                open.extend((!tag.ends_with('/')).then_some(name));
            }
        }
        assert!(open.is_empty());
        seen
    }

    #[test]
    fn one_suite_for_each_implementation_and_tier_with_every_case() {
        let xml = text(&made_up::run());
        let seen = elements(&xml);
        let count = |name: &str| seen.iter().filter(|seen| *seen == name).count();
        assert_eq!((count("testsuite"), count("testcase"), count("failure"), count("skipped")), (6, 6, 1, 2));
        assert!(xml.contains(
            "<testsuites name=\"didshake 1\" tests=\"6\" failures=\"1\" errors=\"0\" skipped=\"2\" time=\"0.009000\">"
        ));
        assert!(xml.contains("classname=\"python→rust.matrix\" name=\"matrix/ed25519\" time=\"0.001500\"/>"));
    }

    #[test]
    fn failures_have_the_difference_and_the_seed_and_expected_ones_are_skips() {
        let xml = text(&made_up::run());
        assert!(xml.contains("<failure type=\"difference\" message=\"reply: expected 0f46, got 0f32\">about live"));
        assert!(xml.contains("seed 42&#10;"));
        assert!(
            xml.contains("<skipped message=\"an expected failure: a known gap (reply: expected 0f46, got 0f32)\"/>")
        );
        assert!(xml.contains("<skipped message=\"no &lt;decode&gt; &amp; &quot;more&quot;\"/>"));
    }

    #[test]
    fn what_an_implementation_says_cannot_break_the_file() {
        let mut run = made_up::run();
        let nasty = "]]></failure><x a=\"\u{0}\u{1b}[1m\u{fffe}&\r\n";
        run.results.push(made_up::result(nasty, Tier::Live, nasty, made_up::failure(nasty, "", nasty)));
        let xml = text(&run);
        assert_eq!(elements(&xml).iter().filter(|name| *name == "failure").count(), 2);
        assert!(!xml.contains(['\u{0}', '\u{1b}', '\u{fffe}', '\r']));
        assert!(xml.contains("]]&gt;&lt;/failure&gt;&lt;x a=&quot;[1m&amp;&#13;&#10;"));
    }
}
