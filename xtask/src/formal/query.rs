//! One question to one tool, and the answer that we expect.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::verdict::Verdict;

type Ask = Box<dyn Fn(&Path) -> Result<Vec<Verdict>> + Send + Sync>;

/// A run of a tool, with the verdicts that it has to give, in order.
pub(super) struct Query {
    /// Tool, goal, and `without-…` for a variant.
    pub(super) name: String,
    pub(super) expected: Vec<Verdict>,
    ask: Ask,
}

impl Query {
    pub(super) fn new(
        name: String,
        expected: Vec<Verdict>,
        ask: impl Fn(&Path) -> Result<Vec<Verdict>> + Send + Sync + 'static,
    ) -> Self {
        Self { name, expected, ask: Box::new(ask) }
    }

    /// Asks, prints a line of what came of it, and says whether it was what we expect.
    pub(super) fn run(&self, folder: &Path) -> bool {
        let start = Instant::now();
        let found = (self.ask)(folder);
        let line = line(&self.name, &self.expected, &found, start.elapsed());
        eprintln!("    {line}");
        found.is_ok_and(|found| found == self.expected)
    }

    /// The name, as a file's.
    pub(super) fn file(name: &str) -> String {
        name.replace([' ', '/'], "-")
    }
}

fn line(name: &str, expected: &[Verdict], found: &Result<Vec<Verdict>>, took: Duration) -> String {
    let shown = |verdicts: &[Verdict]| verdicts.iter().map(|verdict| verdict.shown()).collect::<Vec<_>>().join(" ");
    let seconds = took.as_secs_f64();
    match found {
        Ok(found) if found == expected => format!("ok      {seconds:>6.1} s  {name}: {}", shown(found)),
        Ok(found) => format!("FAILED  {seconds:>6.1} s  {name}: {}, expected {}", shown(found), shown(expected)),
        Err(error) => format!("FAILED  {seconds:>6.1} s  {name}: {error:#}, expected {}", shown(expected)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_expected_is_ok() {
        let query = |found: Result<Vec<Verdict>, &'static str>| {
            Query::new("x".into(), vec![Verdict::Holds], move |_| found.clone().map_err(anyhow::Error::msg))
        };
        let folder = Path::new(".");
        assert!(query(Ok(vec![Verdict::Holds])).run(folder));
        assert!(!query(Ok(vec![Verdict::Attack])).run(folder));
        assert!(!query(Ok(vec![])).run(folder));
        assert!(!query(Err("no verdict")).run(folder));
    }
}
