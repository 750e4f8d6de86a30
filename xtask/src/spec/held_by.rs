//! The `Held by:` line of a requirement.

use std::collections::BTreeSet;

use super::Fault;
use super::holders::Holders;
use super::requirement::{HeldBy, Requirement};

/// More vectors than this are counted, not named.
const NAMED_VECTORS: usize = 6;

/// What is wrong with the holders that a requirement names.
pub(super) fn check(requirement: &Requirement, holders: &Holders) -> Vec<Fault> {
    let id = &requirement.id;
    let Some(held_by) = &requirement.held_by else {
        let what = format!(
            "{id} has no `Held by:`: put it into the `requirements` of a vector, or `// {id}` above a test, then \
             `cargo xtask spec --write`"
        );
        return vec![Fault::in_spec(requirement.lines.start + 1, what)];
    };
    let line = held_by.lines.start + 1;
    let Some(names) = names(held_by) else {
        return vec![Fault::in_spec(line, "not a list of names in backticks, separated by commas")];
    };
    let wrong = |name: &&str| {
        let what = match holders.vector_holds(name, id) {
            Some(true) => return None,
            Some(false) => format!("vector `{name}` does not have {id} among its `requirements`"),
            None if holders.has_test(name) => return None,
            None if name.contains("::") => format!("no test `{name}`: its last part must be a test of that crate"),
            None => {
                format!(
                    "no vector `{name}` in vectors/positive, vectors/negative, vectors/request, vectors/mailbox or vectors/card"
                )
            }
        };
        Some(Fault::in_spec(line, what))
    };
    names.iter().filter_map(wrong).collect()
}

/// The text with every `Held by:` as the vectors and tests give it. Tests that the text names itself stay.
pub(super) fn fill(text: &str, requirements: &[Requirement], holders: &Holders) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    // From the end, so that earlier line numbers stay true.
    for requirement in requirements.iter().rev() {
        let old = match &requirement.held_by {
            Some(held_by) => held_by.lines.clone(),
            None => requirement.lines.end..requirement.lines.end,
        };
        lines.splice(old, line(requirement, holders));
    }
    let mut filled = lines.join("\n");
    filled.push('\n');
    filled
}

/// The line for a requirement; `None` when nothing holds it.
fn line(requirement: &Requirement, holders: &Holders) -> Option<String> {
    let vectors = holders.vectors_of(&requirement.id);
    let mut tests = holders.tests_of(&requirement.id);
    let named = requirement.held_by.as_ref().and_then(names).unwrap_or_default();
    let cited: BTreeSet<&str> = tests.iter().filter_map(|test| function(test)).collect();
    // A test keeps the name that the text gives it only where its comment does not name it already.
    tests.extend(
        named
            .into_iter()
            .filter(|name| holders.has_test(name) && function(name).is_some_and(|function| !cited.contains(function))),
    );

    let mut parts: Vec<String> = vectors.iter().take(NAMED_VECTORS).map(|name| format!("`{name}`")).collect();
    if vectors.len() > NAMED_VECTORS {
        parts.push(format!("and {} more", vectors.len() - NAMED_VECTORS));
    }
    parts.extend(tests.iter().map(|name| format!("`{name}`")));
    (!parts.is_empty()).then(|| format!("  * Held by: {}", parts.join(", ")))
}

fn function(test: &str) -> Option<&str> {
    test.rsplit_once("::").map(|(_, function)| function)
}

/// The names of a list: `a`, `b`, and 3 more, `c`. `None` when it has another form, or names nothing.
fn names(held_by: &HeldBy) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    for part in held_by.text.trim_end_matches('.').split(',').map(str::trim) {
        match part.strip_prefix('`').and_then(|part| part.strip_suffix('`')) {
            Some(name) if !name.is_empty() && !name.contains('`') => names.push(name),
            None if is_count(part) && !names.is_empty() => {}
            _ => return None,
        }
    }
    Some(names)
}

fn is_count(part: &str) -> bool {
    let count = part.strip_prefix("and ").and_then(|part| part.strip_suffix(" more"));
    count.is_some_and(|count| count.parse::<u32>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::super::requirement::parse;
    use super::*;

    fn holders() -> Holders {
        let mut holders = Holders::default();
        for name in ["p-1", "p-2", "n-1", "n-2", "n-3", "n-4", "n-5"] {
            holders.add_vector(name, &["R-A-1"]);
        }
        holders.add_vector("n-other", &["R-A-2"]);
        holders.add_tests("didshake", "didshake::wire", "#[test]\nfn named_by_hand() {}");
        holders
    }

    fn faults(list: &str) -> Vec<String> {
        let (requirements, malformed) = parse(&format!("* **R-A-1** x\n  * Held by:{list}\n"));
        assert_eq!(malformed, []);
        check(&requirements[0], &holders()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn good_lists_pass() {
        for list in [" `n-1`", " `n-1`, and 6 more, `didshake::x::named_by_hand`.", " `n-1`,\n    `n-2`"] {
            assert_eq!(faults(list), [""; 0], "{list}");
        }
    }

    #[test]
    fn each_bad_list_is_a_fault_with_its_place() {
        for (list, expected) in [
            ("", "not a list"),
            (" n-1", "not a list"),
            (" `n-1` `n-2`", "not a list"),
            (" and 3 more", "not a list"),
            (" `n-1`, and many more", "not a list"),
            (" `n-9`", "no vector `n-9`"),
            (" `n-other`", "does not have R-A-1"),
            (" `didshake::wire::nothing`", "no test `didshake::wire::nothing`"),
            (" `elsewhere::named_by_hand`", "no test `elsewhere::named_by_hand`"),
        ] {
            let found = faults(list);
            assert_eq!(found.len(), 1, "{list}: {found:?}");
            assert!(found[0].starts_with("spec/didshake-1.md:2: ") && found[0].contains(expected), "{found:?}");
        }
    }

    #[test]
    fn the_line_names_six_vectors_and_keeps_tests_named_by_hand() {
        let text = "* **R-A-1** x\n  * Held by: `n-gone`, `didshake::wire::named_by_hand`\n\nEnd.\n";
        let filled = fill(text, &parse(text).0, &holders());
        assert_eq!(
            filled,
            "* **R-A-1** x\n  * Held by: `n-1`, `n-2`, `n-3`, `n-4`, `n-5`, `p-1`, and 1 more, \
             `didshake::wire::named_by_hand`\n\nEnd.\n"
        );
        assert_eq!(fill(&filled, &parse(&filled).0, &holders()), filled);
    }
}
