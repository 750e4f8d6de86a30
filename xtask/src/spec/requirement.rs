//! The requirement items of the specification's text.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;

use super::Fault;

/// `R-AREA-n`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Id {
    area: String,
    number: u32,
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "R-{}-{}", self.area, self.number)
    }
}

#[derive(Debug)]
pub(super) struct Requirement {
    pub(super) id: Id,
    /// Lines of the whole item, from 0.
    pub(super) lines: Range<usize>,
    pub(super) held_by: Option<HeldBy>,
}

#[derive(Debug)]
pub(super) struct HeldBy {
    /// Lines of the sub-item, from 0.
    pub(super) lines: Range<usize>,
    /// What follows `Held by:`.
    pub(super) text: String,
}

const HELD_BY: &str = "  * Held by:";

/// Every requirement of a text, in order, and what is wrong with the form.
pub(super) fn parse(text: &str) -> (Vec<Requirement>, Vec<Fault>) {
    let lines: Vec<&str> = text.lines().collect();
    let fenced = fenced(&lines);
    let mut requirements = Vec::new();
    let mut faults = Vec::new();
    for (number, (line, fenced)) in lines.iter().zip(&fenced).enumerate() {
        if *fenced {
            continue;
        }
        match (bold_id(line), line.starts_with("* **R-")) {
            (Some(id), true) => match item(&lines, number, id) {
                Ok(requirement) => requirements.push(requirement),
                Err(fault) => faults.push(fault),
            },
            (Some(id), false) => {
                faults.push(Fault::in_spec(number + 1, format!("{id} in bold must begin an item: `* **{id}** …`")));
            }
            (None, true) => faults.push(Fault::in_spec(number + 1, "not a requirement's form: `* **R-AREA-n** …`")),
            (None, false) => {}
        }
    }
    (requirements, faults)
}

/// Ids are unique, and the numbers of an area run from 1 without a gap.
pub(super) fn numbering(requirements: &[Requirement]) -> Vec<Fault> {
    let mut areas: BTreeMap<&str, BTreeMap<u32, usize>> = BTreeMap::new();
    let mut faults = Vec::new();
    for Requirement { id, lines, .. } in requirements {
        let line = lines.start + 1;
        if let Some(first) = areas.entry(&id.area).or_default().insert(id.number, line) {
            faults
                .push(Fault::in_spec(line, format!("{id} stands at line {first} already: give this one a new number")));
        }
    }
    for (area, numbers) in areas {
        for (expected, (number, line)) in (1..).zip(numbers) {
            if number != expected {
                faults
                    .push(Fault::in_spec(line, format!("R-{area}-{number}: R-{area}-{expected} is missing before it")));
                break;
            }
        }
    }
    faults
}

/// Mentions, in a file, of requirements that do not exist.
pub(super) fn dangling(file: &str, text: &str, known: &BTreeSet<Id>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for id in ids_in(line).iter().filter(|id| !known.contains(id)) {
            faults.push(Fault::new(file, number + 1, format!("names {id}, which no requirement has")));
        }
    }
    faults
}

/// Every `R-AREA-n` in a line of any text.
pub(super) fn ids_in(text: &str) -> Vec<Id> {
    text.split(|character: char| !character.is_ascii_alphanumeric() && character != '-').filter_map(id).collect()
}

fn id(word: &str) -> Option<Id> {
    let (area, number) = word.strip_prefix("R-")?.trim_end_matches('-').split_once('-')?;
    let upper = !area.is_empty() && area.bytes().all(|byte| byte.is_ascii_uppercase());
    let canonical = !number.starts_with('0') && number.bytes().all(|byte| byte.is_ascii_digit());
    let number = number.parse().ok()?;
    (upper && canonical).then(|| Id { area: area.to_owned(), number })
}

/// The id in the first `**R-…**` of a line.
fn bold_id(line: &str) -> Option<Id> {
    line.split("**").skip(1).step_by(2).find_map(id)
}

fn fenced(lines: &[&str]) -> Vec<bool> {
    let mut inside = false;
    let fence = |line: &&str| {
        let edge = line.trim_start().starts_with("```");
        inside ^= edge;
        inside || edge
    };
    lines.iter().map(fence).collect()
}

fn item(lines: &[&str], start: usize, id: Id) -> Result<Requirement, Fault> {
    let end = block_end(lines, start, 2);
    let mut found = None;
    for (number, line) in lines.iter().enumerate().take(end).skip(start) {
        let Some(first) = line.strip_prefix(HELD_BY) else { continue };
        if found.is_some() {
            return Err(Fault::in_spec(number + 1, format!("{id} has a second `Held by:`: join them")));
        }
        let last = block_end(lines, number, 4);
        let rest = lines.iter().take(last).skip(number + 1).map(|line| line.trim());
        let text = std::iter::once(first.trim()).chain(rest).collect::<Vec<_>>().join(" ");
        found = Some(HeldBy { lines: number..last, text });
    }
    Ok(Requirement { id, lines: start..end, held_by: found })
}

/// Where the block that begins at a line ends: before the first line that is indented less; blank lines at its end do
/// not belong to it.
fn block_end(lines: &[&str], start: usize, indent: usize) -> usize {
    let mut end = start + 1;
    for (number, line) in lines.iter().enumerate().skip(start + 1) {
        if line.trim().is_empty() {
            continue;
        }
        if line.len() - line.trim_start().len() < indent {
            break;
        }
        end = number + 1;
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whats(faults: &[Fault]) -> Vec<String> {
        faults.iter().map(|fault| format!("{}: {}", fault.line, fault.what)).collect()
    }

    #[test]
    fn an_item_ends_where_the_indentation_ends() {
        let text = "* **R-A-1** One\n  more\n\n  * Held by: `n-a`,\n    `n-b`\n\nText.\n* **R-A-2** Two\n";
        let (found, faults) = parse(text);
        assert!(faults.is_empty());
        assert_eq!(found[0].lines, 0..5);
        let held_by = found[0].held_by.as_ref().unwrap();
        assert_eq!((held_by.lines.clone(), held_by.text.as_str()), (3..5, "`n-a`, `n-b`"));
        assert_eq!(found[1].lines, 7..8);
        assert!(found[1].held_by.is_none());
    }

    #[test]
    fn a_fenced_block_holds_no_requirement() {
        let (found, faults) = parse("```\n* **R-A-1** One\n```\n* **R-A-1** One\n");
        assert_eq!((found.len(), faults.len()), (1, 0));
    }

    #[test]
    fn each_bad_form_is_a_fault() {
        for (text, expected) in [
            ("Text **R-A-1** text", "must begin an item"),
            ("  * **R-A-1** indented", "must begin an item"),
            ("* **R-a-1** small", "not a requirement's form"),
            ("* **R-A-01** padded", "not a requirement's form"),
            ("* **R-A-1** One\n  * Held by: `n-a`\n  * Held by: `n-b`", "second `Held by:`"),
        ] {
            let faults = whats(&parse(text).1);
            assert_eq!(faults.len(), 1, "{text}");
            assert!(faults[0].contains(expected), "{faults:?}");
        }
    }

    #[test]
    fn numbers_are_unique_and_without_gaps() {
        let (found, _) = parse("* **R-A-1** x\n* **R-B-2** x\n* **R-A-3** x\n* **R-A-1** x\n* **R-B-1** x\n");
        let faults = whats(&numbering(&found));
        assert_eq!(faults.len(), 2);
        assert!(faults[0].starts_with("4: R-A-1 stands at line 1 already"), "{faults:?}");
        assert!(faults[1].starts_with("3: R-A-3: R-A-2 is missing"), "{faults:?}");
    }

    #[test]
    fn a_mention_of_a_requirement_that_does_not_exist_is_a_fault() {
        let text = "* **R-A-1** see R-A-2 and (R-A-1).\n";
        let faults =
            whats(&dangling("x", text, &parse(text).0.into_iter().map(|requirement| requirement.id).collect()));
        assert_eq!(faults, ["1: names R-A-2, which no requirement has"]);
    }

    #[test]
    fn ids_are_whole_words() {
        let found: Vec<String> =
            ids_in("// R-WIRE-1, R-CHAN-12: xR-A-1 R-A-x R-A- R--1 R-A-1b").iter().map(Id::to_string).collect();
        assert_eq!(found, ["R-WIRE-1", "R-CHAN-12"]);
    }
}
