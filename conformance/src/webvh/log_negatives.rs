//! Logs whose lines, shapes, numbers and times are refused.

use super::check::WebvhCheck as Check;
use super::edits::{at, second};
use super::negative::Negative;
use super::owner::Plan;

pub(super) fn all() -> Vec<Negative> {
    [lines(), entries(), versions(), times()].into_iter().flatten().collect()
}

fn more_state(plan: &mut Plan, more: &str) {
    at(plan, 1, |entry| {
        let end = entry.state.len().saturating_sub(1);
        entry.state.truncate(end);
        entry.state += &format!(",{more}}}");
    });
}

/// A value nested so many lists deep.
fn nested(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

/// Something else in a line, by its place.
fn line(log: &mut String, place: usize, edit: impl FnOnce(&str) -> String) {
    let mut lines: Vec<String> = log.lines().map(str::to_owned).collect();
    if let Some(line) = lines.get_mut(place) {
        *line = edit(line);
    }
    *log = lines.into_iter().map(|line| line + "\n").collect();
}

fn lines() -> Vec<Negative> {
    use Negative as N;
    let (json, twice, depth) = (Check::Json, Check::Duplicate, Check::Depth);
    vec![
        N::log("w-too-long", Check::LogLength, "a few bytes over 1,048,576", |sent| sent.line_spaces += 1)
            .on("w-limit"),
        N::log("w-empty", Check::LogEmpty, "no bytes at all", |sent| sent.log.clear()),
        N::log("w-empty-line", Check::LogEmpty, "a line feed only", |sent| "\n".clone_into(&mut sent.log)),
        N::log("w-line-too-long", Check::LineLength, "a line of 131,073 bytes", |sent| {
            sent.line_spaces = 131_073 - sent.log.lines().map(str::len).max().unwrap_or(0);
        }),
        N::log("w-json-word", json, "the second line is no JSON", |sent| {
            line(&mut sent.log, 1, |_| "null{".to_owned())
        }),
        N::log("w-json-blank", json, "an empty line in the middle", |sent| line(&mut sent.log, 1, |_| String::new())),
        N::log("w-json-cut", json, "the second line is cut", |sent| {
            line(&mut sent.log, 1, |line| line.chars().take(line.len() / 2).collect());
        }),
        N::log("w-json-comma", json, "a comma before a closing brace", |sent| {
            line(&mut sent.log, 2, |line| format!("{},}}", line.strip_suffix('}').unwrap_or(line)));
        }),
        N::log("w-truncated", Check::Truncated, "the log ends within its last line", |sent| {
            sent.log.truncate(sent.log.len() - 40);
        }),
        N::log(
            "w-truncated-one",
            Check::Truncated,
            "the closing brace of the last line is missing, and what follows it",
            |sent| {
                sent.log.truncate(sent.log.len() - 2);
            },
        ),
        N::log("w-duplicate", twice, "`versionTime` twice", |sent| {
            line(&mut sent.log, 1, |line| line.replacen("\"versionTime\"", "\"versionTime\":\"\",\"versionTime\"", 1));
        }),
        N::log("w-duplicate-deep", twice, "`type` of the proof twice, alike", |sent| {
            line(&mut sent.log, 2, |line| {
                line.replacen("\"type\":\"DataI", "\"type\":\"DataIntegrityProof\",\"type\":\"DataI", 1)
            });
        }),
        N::log("w-duplicate-escaped", twice, "`parameters` once more, with an escape", |sent| {
            line(&mut sent.log, 1, |line| line.replacen("\"parameters\"", "\"par\\u0061meters\":{},\"parameters\"", 1));
        }),
        N::plan("w-deep", depth, "a state that is nested 17 deep", |plan| {
            more_state(plan, &format!("\"x\":{}", nested(16)))
        }),
        N::plan("w-deep-far", depth, "a state that is nested 90 deep", |plan| {
            more_state(plan, &format!("\"x\":{}", nested(89)))
        }),
        N::plan("w-after", Check::AfterDeactivation, "the second entry deactivates, and there is a third", |plan| {
            second(plan, r#"{"deactivated":true}"#)
        }),
    ]
}

fn entries() -> Vec<Negative> {
    use Negative as N;
    let shape = Check::Shape;
    vec![
        N::log("w-shape-list", shape, "the second line is a list", |sent| {
            line(&mut sent.log, 1, |line| format!("[{line}]"))
        }),
        N::log("w-shape-time", shape, "no `versionTime`", |sent| {
            line(&mut sent.log, 1, |line| line.replacen("\"versionTime\":\"2025-12-02T00:00:00Z\"", "\"x\":\"\"", 1))
        }),
        N::log("w-shape-time-number", shape, "`versionTime` is a number", |sent| {
            line(&mut sent.log, 1, |line| {
                line.replacen("\"versionTime\":\"2025-12-02T00:00:00Z\"", "\"versionTime\":1", 1)
            })
        }),
        N::log("w-shape-parameters", shape, "`parameters` is a list", |sent| {
            line(&mut sent.log, 1, |line| line.replacen("\"parameters\":{}", "\"parameters\":[]", 1))
        }),
        N::log("w-shape-parameters-null", shape, "`parameters` is null", |sent| {
            line(&mut sent.log, 1, |line| line.replacen("\"parameters\":{}", "\"parameters\":null", 1))
        }),
        N::log("w-shape-state", shape, "the state under another name", |sent| {
            line(&mut sent.log, 2, |line| line.replacen("\"state\"", "\"stat\"", 1))
        }),
        N::log("w-shape-proof", shape, "`proof` is a text", |sent| {
            line(&mut sent.log, 2, |line| {
                line.split("\"proof\"")
                    .next()
                    .map(|before| {
                        format!(
                            "{before}\"proof\":\"\",\"state\"{}",
                            line.split("\"state\"").nth(1).unwrap_or_default()
                        )
                    })
                    .unwrap_or_default()
            })
        }),
        N::plan("w-shape-more", Check::ShapeOther, "a sixth member, hashed and signed with the others", |plan| {
            at(plan, 1, |entry| entry.more = r#","note":"x""#.to_owned())
        }),
        N::plan("w-number-fraction", Check::Number, "a number with a fraction", |plan| more_state(plan, r#""x":0.5"#)),
        N::plan("w-number-large", Check::Number, "2^53", |plan| more_state(plan, r#""x":[9007199254740992]"#)),
        N::plan("w-number-negative", Check::Number, "−2^53", |plan| more_state(plan, r#""x":-9007199254740992"#)),
    ]
}

fn versions() -> Vec<Negative> {
    use Negative as N;
    let (form, number) = (Check::VersionIdForm, Check::VersionNumber);
    vec![
        N::plan("w-version-zero", form, "02", |plan| at(plan, 1, |entry| entry.number = Some("02".to_owned()))),
        N::plan("w-version-plus", form, "+2", |plan| at(plan, 1, |entry| entry.number = Some("+2".to_owned()))),
        N::plan("w-version-first", number, "the first is 2", |plan| {
            for (place, entry) in plan.entries.iter_mut().enumerate().take(1) {
                entry.number = Some((place + 2).to_string());
            }
        }),
        N::plan("w-version-gap", number, "3 follows 1", |plan| {
            at(plan, 1, |entry| entry.number = Some("3".to_owned()))
        }),
        N::plan("w-version-same", number, "2 follows 2", |plan| {
            at(plan, 2, |entry| entry.number = Some("2".to_owned()))
        }),
        N::plan("w-version-overflow", number, "4294967299 follows 2: 3 in 32 bits", |plan| {
            at(plan, 2, |entry| entry.number = Some("4294967299".to_owned()))
        }),
    ]
}

fn times() -> Vec<Negative> {
    use Negative as N;
    let (form, utc, order) = (Check::TimeForm, Check::TimeUtc, Check::TimeOrder);
    vec![
        N::plan("w-time-no-zone", form, "no zone", |plan| {
            at(plan, 1, |entry| entry.time = "2025-12-02T00:00:00".to_owned())
        }),
        N::plan("w-time-date", form, "a date only", |plan| at(plan, 1, |entry| entry.time = "2025-12-02".to_owned())),
        N::plan("w-time-small", form, "a small z", |plan| {
            at(plan, 1, |entry| entry.time = "2025-12-02T00:00:00z".to_owned())
        }),
        N::plan("w-time-day", form, "30 February", |plan| {
            at(plan, 1, |entry| entry.time = "2025-02-30T00:00:00Z".to_owned())
        }),
        N::plan("w-time-offset", utc, "an offset of two hours", |plan| {
            at(plan, 1, |entry| entry.time = "2025-12-02T02:00:00+02:00".to_owned())
        }),
        N::plan("w-time-future", Check::TimeFuture, "301 s ahead", |plan| {
            at(plan, 2, |entry| entry.time = "2026-01-01T00:05:01Z".to_owned())
        }),
        N::plan("w-time-far", Check::TimeFuture, "in the year 9999", |plan| {
            at(plan, 2, |entry| entry.time = "9999-12-31T23:59:59Z".to_owned())
        }),
        N::plan("w-time-equal", order, "the second at the time of the first", |plan| {
            at(plan, 1, |entry| entry.time = "2025-12-01T00:00:00Z".to_owned())
        }),
        N::plan("w-time-equal-written", order, "the same time, written otherwise", |plan| {
            at(plan, 1, |entry| entry.time = "2025-12-01T00:00:00.000+00:00".to_owned())
        }),
        N::plan("w-time-before", order, "the second before the first", |plan| {
            at(plan, 1, |entry| entry.time = "2025-11-30T23:59:59Z".to_owned())
        }),
    ]
}
