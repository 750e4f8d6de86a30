//! A chore with a name, a duration, and the command that reruns it alone.

use std::time::{Duration, Instant};

use anyhow::Result;

type Action = Box<dyn Fn() -> Result<()>>;

pub(crate) struct Step {
    pub(crate) name: &'static str,
    /// What to type to run this step and nothing else.
    pub(crate) rerun: String,
    action: Action,
}

impl Step {
    pub(crate) fn new(name: &'static str, rerun: impl Into<String>, action: impl Fn() -> Result<()> + 'static) -> Self {
        Self { name, rerun: rerun.into(), action: Box::new(action) }
    }

    /// Runs the step and says how it went. `None`: it failed, and the reason is printed.
    pub(crate) fn run(&self) -> Option<Duration> {
        eprintln!("\n==> {}", self.name);
        let start = Instant::now();
        let result = (self.action)();
        let took = start.elapsed();
        match result {
            Ok(()) => {
                eprintln!("<== {}: ok, {:.1} s", self.name, took.as_secs_f64());
                Some(took)
            }
            Err(error) => {
                eprintln!("<== {}: FAILED after {:.1} s: {error:#}", self.name, took.as_secs_f64());
                eprintln!("    rerun it alone: {}", self.rerun);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_reports_success_and_failure() {
        assert!(Step::new("good", "x", || Ok(())).run().is_some());
        assert!(Step::new("bad", "x", || anyhow::bail!("broken")).run().is_none());
    }
}
