//! Which requirement of the specification is tested by which cases, and which by none.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::LazyLock;

use crate::json;
use crate::runner::case::{Case, Covered, Level};

const SPECIFICATION: [&str; 4] = [
    include_str!("../../../spec/didshake-1.md"),
    include_str!("../../../spec/mailbox-1.md"),
    include_str!("../../../spec/card-1.md"),
    include_str!("../../../spec/relay-1.md"),
];

static REQUIREMENTS: LazyLock<Vec<Requirement>> =
    LazyLock::new(|| SPECIFICATION.iter().flat_map(|page| parse(page)).collect());

/// A numbered requirement of the specification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// `R-AREA-n`.
    pub id: String,
    /// The strongest word of its text.
    pub level: Level,
    /// Its text, as Markdown, without what holds it.
    pub text: String,
}

/// Why a file of requirements that cannot be observed is refused.
#[derive(Debug)]
pub enum NotObservableError {
    /// It is not a JSON object of strings.
    Json(serde_json::Error),
    /// A name stands in it twice.
    Twice,
    /// The reason of this requirement is empty.
    NoReason(Box<str>),
}

impl fmt::Display for NotObservableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotObservableError::Json(cause) => {
                write!(f, "not an object {{\"R-…\": \"why, and what holds it\"}}: {cause}")
            }
            NotObservableError::Twice => write!(f, "a requirement stands in it twice"),
            NotObservableError::NoReason(id) => write!(f, "{id}: say why nobody can see it, and what holds it instead"),
        }
    }
}

impl std::error::Error for NotObservableError {}

/// Every requirement, in the order of the specification.
#[must_use]
pub fn requirements() -> &'static [Requirement] {
    &REQUIREMENTS
}

/// The strongest word of these requirements. None at all, and those that do not exist, count as a MUST.
#[must_use]
pub fn strongest(ids: &[String]) -> Level {
    let known = |id: &String| REQUIREMENTS.iter().find(|known| known.id == *id).map(|known| known.level);
    ids.iter().map(|id| known(id).unwrap_or(Level::Must)).max().unwrap_or(Level::Must)
}

/// Reads `not-observable.json`: an object of requirements, each with why nobody can see it from outside, and what holds
/// it instead.
///
/// # Errors
///
/// When the text is not such an object, names a requirement twice, or leaves a reason empty. Whether the requirements
/// exist and need an entry is the matter of [`coverage`].
pub fn not_observable(text: &str) -> Result<BTreeMap<String, String>, NotObservableError> {
    let entries: BTreeMap<String, String> = serde_json::from_str(text).map_err(NotObservableError::Json)?;
    if json::parse(text).is_none_or(|value| value.has_duplicates()) {
        return Err(NotObservableError::Twice);
    }
    match entries.iter().find(|(_, reason)| reason.trim().is_empty()) {
        Some((id, _)) => Err(NotObservableError::NoReason(id.as_str().into())),
        None => Ok(entries),
    }
}

/// Each requirement with the cases of the whole catalogue that test it; and what is wrong: a MUST without a case and
/// without an entry, an entry that is not needed, a case or an entry that names no requirement.
#[must_use]
pub fn coverage(cases: &[Case], not_observable: &BTreeMap<String, String>) -> (Vec<Covered>, Vec<String>) {
    let mut named: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for case in cases {
        let unique: BTreeSet<&str> = case.requirements.iter().map(String::as_str).collect();
        unique.into_iter().for_each(|id| named.entry(id).or_default().push(&case.id));
    }
    let covered: Vec<Covered> = REQUIREMENTS
        .iter()
        .map(|Requirement { id, level, text }| Covered {
            requirement: id.clone(),
            level: *level,
            text: text.clone(),
            cases: named.get(id.as_str()).into_iter().flatten().map(|&case| case.to_owned()).collect(),
            not_observable: not_observable.get(id).cloned(),
        })
        .collect();
    let known: BTreeSet<&str> = REQUIREMENTS.iter().map(|requirement| requirement.id.as_str()).collect();
    let mut problems: Vec<String> = covered.iter().filter_map(gap).collect();
    for (id, cases) in named.iter().filter(|(id, _)| !known.contains(*id)) {
        problems.push(format!("{id}: the specification has no such requirement, but {} names it", cases.join(", ")));
    }
    for id in not_observable.keys().filter(|id| !known.contains(id.as_str())) {
        problems.push(format!("{id}: the specification has no such requirement, but not-observable.json names it"));
    }
    (covered, problems)
}

/// What is wrong with the coverage of one requirement.
pub(crate) fn gap(covered: &Covered) -> Option<String> {
    let Covered { requirement, level, cases, not_observable, .. } = covered;
    match (cases.first(), not_observable) {
        (None, None) if *level == Level::Must => {
            Some(format!("{requirement}: a MUST that no case tests and not-observable.json does not explain"))
        }
        (Some(case), Some(_)) => {
            Some(format!("{requirement}: not-observable.json says that nothing can test it, but {case} does"))
        }
        _ => None,
    }
}

fn parse(text: &str) -> Vec<Requirement> {
    let lines: Vec<&str> = text.lines().collect();
    lines.iter().enumerate().filter_map(|(at, line)| item(line, lines.get(at + 1..).unwrap_or_default())).collect()
}

/// An item `* **R-AREA-n** text`, whose text may go on in indented lines; the items below it are not its text.
fn item(line: &str, below: &[&str]) -> Option<Requirement> {
    let (id, first) = line.strip_prefix("* **")?.split_once("**")?;
    if !id.starts_with("R-") {
        return None;
    }
    let goes_on = |line: &&&str| line.starts_with("  ") && !line.trim_start().starts_with("* ");
    let rest = below.iter().take_while(goes_on).map(|line| line.trim());
    let text = std::iter::once(first.trim()).chain(rest).collect::<Vec<_>>().join(" ");
    Some(Requirement { id: id.to_owned(), level: level(&text), text })
}

/// Without any of the words a requirement counts as a MUST, so that it is not forgotten.
fn level(text: &str) -> Level {
    let words: BTreeSet<&str> = text.split(|character: char| !character.is_ascii_alphabetic()).collect();
    match (words.contains("MUST"), words.contains("SHOULD"), words.contains("MAY")) {
        (false, true, _) => Level::Should,
        (false, false, true) => Level::May,
        _ => Level::Must,
    }
}

#[cfg(test)]
mod tests {
    use super::super::made_up::case;
    use super::*;
    use crate::runner::case::Tier;

    #[test]
    fn every_requirement_of_the_specification_is_found() {
        let found = requirements();
        assert_eq!(found.len(), SPECIFICATION.iter().map(|page| page.matches("\n* **R-").count()).sum::<usize>());
        assert!(["R-WIRE-1", "R-MBOX-1", "R-CARD-1", "R-RLY-1"].iter().all(|id| found.iter().any(|one| one.id == *id)));
        assert!(found.len() > 180, "{}", found.len());
        let ids: BTreeSet<&str> = found.iter().map(|requirement| requirement.id.as_str()).collect();
        assert_eq!(ids.len(), found.len());
        let wire = found.iter().find(|requirement| requirement.id == "R-WIRE-4").unwrap();
        assert_eq!(
            wire.text,
            "A receiver MUST refuse a message in which bytes follow the last field with `trailing_bytes`."
        );
        assert!(found.iter().all(|requirement| !requirement.text.contains("Held by")));
    }

    #[test]
    fn the_strongest_word_is_the_level_and_text_goes_on_in_the_next_line() {
        let text = "* **R-A-1** A peer MAY\n  and SHOULD x.\n  * Held by: `MUST`\n* **R-A-2** It MAY.\n\n  no MUST\n\
                    * **R-A-3** MUSTARD SHOULD NOT be.\n* **bold** MUST\n* **R-A-4** None.\n";
        let found = parse(text);
        let found: Vec<_> = found.iter().map(|found| (found.id.as_str(), found.level, found.text.as_str())).collect();
        let expected = [
            ("R-A-1", Level::Should, "A peer MAY and SHOULD x."),
            ("R-A-2", Level::May, "It MAY."),
            ("R-A-3", Level::Should, "MUSTARD SHOULD NOT be."),
            ("R-A-4", Level::Must, "None."),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_not_known_counts_as_a_must() {
        for ids in [&["R-WIRE-1"][..], &["R-NONE-1"], &[]] {
            assert_eq!(strongest(&ids.iter().map(|&id| id.to_owned()).collect::<Vec<_>>()), Level::Must);
        }
    }

    #[test]
    fn what_no_case_tests_needs_an_entry_and_nothing_else_may_have_one() {
        let ids: Vec<&str> = requirements().iter().map(|requirement| requirement.id.as_str()).collect();
        let (first, second) = (ids[0], ids[1]);
        let cases = [case("static/a", Tier::Static, &ids[2..]), case("static/b", Tier::Static, &[second, second])];
        let entries = |ids: &[&str]| ids.iter().map(|&id| (id.to_owned(), "hidden".to_owned())).collect();

        let (covered, problems) = coverage(&cases, &entries(&[first]));
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!((covered[0].not_observable.as_deref(), covered[0].cases.len()), (Some("hidden"), 0));
        assert_eq!(covered[1].cases, ["static/b"]);

        let (_, problems) = coverage(&cases, &BTreeMap::new());
        assert!(problems.len() == 1 && problems[0].starts_with(first), "{problems:?}");
        let (_, problems) = coverage(&cases, &entries(&[first, second]));
        assert!(problems.len() == 1 && problems[0].starts_with(second), "{problems:?}");
    }

    #[test]
    fn requirements_that_do_not_exist_are_found_in_cases_and_entries() {
        let ids: Vec<&str> =
            requirements().iter().map(|requirement| requirement.id.as_str()).chain(["R-NO-1"]).collect();
        let entries = BTreeMap::from([("R-NO-2".to_owned(), "hidden".to_owned())]);
        let (covered, problems) = coverage(&[case("static/a", Tier::Static, &ids)], &entries);
        assert_eq!(covered.len(), requirements().len());
        assert!(problems[0].starts_with("R-NO-1") && problems[0].contains("static/a"), "{problems:?}");
        assert!(problems[1].starts_with("R-NO-2"), "{problems:?}");
        assert_eq!(problems.len(), 2);
    }

    #[test]
    fn entries_need_a_reason_and_stand_once() {
        assert_eq!(not_observable(r#"{"R-A-1":"why"}"#).unwrap().len(), 1);
        for (text, says) in [
            (r#"{"R-A-1":" "}"#, "R-A-1: say why"),
            (r#"{"R-A-1":"a","R-A-1":"b"}"#, "twice"),
            (r#"{"R-A-1":{"why":"a"}}"#, "line 1 column"),
            ("[]", "not an object"),
        ] {
            let error = not_observable(text).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
