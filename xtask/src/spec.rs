//! `cargo xtask spec`: every requirement of the specification is held by a vector or a test that exists, and the
//! worked example is what the code computes.

mod example;
mod held_by;
mod holders;
mod requirement;
mod rust_tests;

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use clap::Args;

use self::holders::Holders;
use self::requirement::Requirement;
use crate::process::root;

pub(crate) const PATH: &str = "spec/didshake-1.md";
/// Every normative page. The first has the worked example.
pub(crate) const PAGES: [&str; 6] =
    [PATH, "spec/mailbox-1.md", "spec/card-1.md", "spec/relay-1.md", "spec/streams-1.md", "spec/didcomm-1.md"];

#[derive(Args)]
pub(crate) struct Options {
    /// Fill in the holders and the worked example
    #[arg(long)]
    write: bool,
}

/// One thing that is wrong, where, and what to do about it.
#[derive(Debug, PartialEq, Eq)]
struct Fault {
    file: String,
    /// From 1.
    line: usize,
    what: String,
}

impl Fault {
    fn new(file: impl Into<String>, line: usize, what: impl Into<String>) -> Self {
        Self { file: file.into(), line, what: what.into() }
    }

    fn in_spec(line: usize, what: impl Into<String>) -> Self {
        Self::new(PATH, line, what)
    }

    /// The same on another page: what looks at one text does not know which it is.
    fn on(self, page: &str) -> Self {
        let file = if self.file == PATH { page.to_owned() } else { self.file };
        Self { file, ..self }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.what)
    }
}

pub(crate) fn check() -> Result<()> {
    run(&Options { write: false })
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let mut faults = Vec::new();
    let holders = Holders::gather(root(), &mut faults)?;
    let example = example::compute()?;
    let mut pages = Vec::new();
    for name in PAGES {
        let path = root().join(name);
        let mut text = read(&path)?;
        if options.write {
            text = filled(name, &text, &holders, &example);
            fs::write(&path, &text).with_context(|| format!("cannot write {}", path.display()))?;
        }
        pages.push((name, text));
    }
    let count = examine(&pages, &holders, &example, &mut faults);
    for fault in &faults {
        eprintln!("    {fault}");
    }
    if !faults.is_empty() {
        bail!("{} faults in the specification or in what holds it", faults.len());
    }
    eprintln!("    {count} requirements, each held by a vector or a test");
    Ok(())
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// A page as `--write` leaves it.
fn filled(name: &str, text: &str, holders: &Holders, example: &str) -> String {
    let (requirements, _) = requirement::parse(text);
    let text = held_by::fill(text, &requirements, holders);
    if name == PATH { example::fill(&text, example) } else { text }
}

/// Finds everything that is wrong with the pages; returns how many requirements they have.
fn examine(pages: &[(&str, String)], holders: &Holders, example: &str, faults: &mut Vec<Fault>) -> usize {
    let parsed: Vec<_> = pages.iter().map(|(name, text)| (*name, text, requirement::parse(text))).collect();
    let known: BTreeSet<_> = parsed.iter().flat_map(|(.., (requirements, _))| known(requirements)).collect();
    for (name, text, (requirements, malformed)) in parsed {
        let mut found = malformed;
        found.extend(requirement::numbering(&requirements));
        found.extend(requirement::dangling(PATH, text, &known));
        requirements.iter().for_each(|requirement| found.extend(held_by::check(requirement, holders)));
        found.extend(if name == PATH { example::check(text) } else { None });
        // A text with faults need not be what `--write` makes of it.
        if found.is_empty() {
            found.extend(stale(text, &filled(name, text, holders, example)));
        }
        faults.extend(found.into_iter().map(|fault| fault.on(name)));
    }
    faults.extend(holders.dangling(&known));
    known.len()
}

/// What is wrong with the mentions of requirements in another text.
pub(crate) fn unknown_requirements(specification: &str, file: &str, text: &str) -> Vec<String> {
    let known = known(&requirement::parse(specification).0).collect();
    requirement::dangling(file, text, &known).iter().map(ToString::to_string).collect()
}

fn known(requirements: &[Requirement]) -> impl Iterator<Item = requirement::Id> {
    requirements.iter().map(|requirement| requirement.id.clone())
}

fn stale(text: &str, filled: &str) -> Option<Fault> {
    let same = text.lines().zip(filled.lines()).take_while(|(old, new)| old == new).count();
    (text != filled)
        .then(|| Fault::in_spec(same + 1, "is not what the vectors, tests and code give: `cargo xtask spec --write`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# The spec

* **R-WIRE-1** Trailing bytes are refused.
  * Held by: `n-tail`
* **R-WIRE-2** See R-WIRE-1;
  over two lines.

<!-- worked-example:begin -->
old
<!-- worked-example:end -->
";

    fn holders() -> Holders {
        let mut holders = Holders::default();
        holders.add_vector("n-tail", &["R-WIRE-1"]);
        holders.add_vector("p-all", &["R-WIRE-1"]);
        holders.add_tests("didshake", "didshake::wire", "// R-WIRE-2\n#[test]\nfn two_lines() {}");
        holders
    }

    fn faults(text: &str, holders: &Holders) -> Vec<String> {
        let mut faults = Vec::new();
        examine(&[(PATH, text.to_owned())], holders, "new\n", &mut faults);
        faults.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn write_fills_everything_and_then_nothing_is_wrong() {
        let holders = holders();
        let text = filled(PATH, TEXT, &holders, "new\n");
        assert_eq!(
            text,
            "\
# The spec

* **R-WIRE-1** Trailing bytes are refused.
  * Held by: `n-tail`, `p-all`
* **R-WIRE-2** See R-WIRE-1;
  over two lines.
  * Held by: `didshake::wire::two_lines`

<!-- worked-example:begin -->
new
<!-- worked-example:end -->
"
        );
        assert_eq!(faults(&text, &holders), [""; 0]);
        assert_eq!(filled(PATH, &text, &holders, "new\n"), text);
    }

    #[test]
    fn a_stale_list_of_holders_is_a_fault() {
        let text = filled(PATH, TEXT, &holders(), "new\n").replace(", `p-all`", "");
        let found = faults(&text, &holders());
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("spec/didshake-1.md:4: is not what"), "{found:?}");
    }

    #[test]
    fn a_stale_example_is_a_fault() {
        let text = filled(PATH, TEXT, &holders(), "other\n");
        let found = faults(&text, &holders());
        assert!(found[0].starts_with("spec/didshake-1.md:10: is not what"), "{found:?}");
    }

    #[test]
    fn a_requirement_that_nothing_holds_stays_a_fault_after_write() {
        let text = filled(PATH, &format!("{TEXT}\n* **R-WIRE-3** Nobody looks.\n"), &holders(), "new\n");
        let found = faults(&text, &holders());
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("spec/didshake-1.md:13: R-WIRE-3 has no"), "{found:?}");
    }

    #[test]
    fn a_model_that_names_an_unknown_requirement_is_at_fault() {
        let found = unknown_requirements(TEXT, "x.pv", "(* R-WIRE-1 *)\n(* R-WIRE-9: gone *)\n");
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, ["x.pv:2: names R-WIRE-9, which no requirement has"]);
    }

    #[test]
    fn a_holder_of_an_unknown_requirement_is_a_fault() {
        let mut holders = holders();
        holders.add_vector("n-lost", &["R-WIRE-9"]);
        let found = faults(&filled(PATH, TEXT, &holders, "new\n"), &holders);
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("n-lost.json:1: names R-WIRE-9"), "{found:?}");
    }
}
