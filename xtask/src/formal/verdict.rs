//! What a tool said. Only an explicit verdict counts: anything else, a time-out first of all, is a failure.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Between two looks at a tool that runs.
const LOOK: Duration = Duration::from_millis(50);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Holds,
    Attack,
}

impl Verdict {
    pub(super) fn shown(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Attack => "attack",
        }
    }
}

/// Runs a tool for at most so long and returns what it printed, which stays in the file.
pub(super) fn run(command: &mut Command, printed: &Path, limit: Duration) -> Result<String> {
    let file = File::create(printed).with_context(|| format!("cannot write {}", printed.display()))?;
    let errors = file.try_clone()?;
    let program = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null()).stdout(file).stderr(errors);
    let mut child =
        command.spawn().with_context(|| format!("cannot start {program}: `cargo xtask setup` installs it"))?;
    let end = Instant::now() + limit;
    while child.try_wait()?.is_none() {
        if Instant::now() >= end {
            child.kill()?;
            child.wait()?;
            bail!("no verdict in {} s", limit.as_secs());
        }
        thread::sleep(LOOK);
    }
    fs::read_to_string(printed).with_context(|| format!("cannot read {}", printed.display()))
}

/// E found a model of the clauses, or the attack.
pub(super) fn eprover(printed: &str) -> Result<Verdict> {
    one_of(printed, "# SZS status Satisfiable", "# SZS status Unsatisfiable")
}

pub(super) fn spass(printed: &str) -> Result<Verdict> {
    one_of(printed, "SPASS beiseite: Completion found.", "SPASS beiseite: Proof found.")
}

fn one_of(printed: &str, holds: &str, attack: &str) -> Result<Verdict> {
    let said = |verdict: &str| printed.lines().any(|line| line.trim() == verdict);
    match (said(holds), said(attack)) {
        (true, false) => Ok(Verdict::Holds),
        (false, true) => Ok(Verdict::Attack),
        _ => bail!("no verdict: {}", printed.lines().last().unwrap_or("it printed nothing")),
    }
}

const EQUIVALENCE: &str = "RESULT Observational equivalence ";

/// One verdict for each query, in order, or one for the equivalence.
pub(super) fn proverif(printed: &str) -> Result<Vec<Verdict>> {
    if printed.contains(EQUIVALENCE) {
        return equivalence(printed).map(|verdict| vec![verdict]);
    }
    let verdict = |line: &str| match (line.ends_with(" is true."), line.ends_with(" is false.")) {
        (true, false) => Ok(Verdict::Holds),
        (false, true) => Ok(Verdict::Attack),
        _ => bail!("no verdict: {line}"),
    };
    // `RESULT (but …)` is about a weaker query than ours.
    let results = printed.lines().filter(|line| line.starts_with("RESULT ") && !line.starts_with("RESULT ("));
    results.map(verdict).collect()
}

/// ProVerif never says that an equivalence is false, it shows the trace by which the sides are told apart; and it says so
/// of more than one form of the process, of which one that is proved is enough.
fn equivalence(printed: &str) -> Result<Verdict> {
    match (printed.contains(&format!("{EQUIVALENCE}is true.")), printed.contains("\nA trace has been found.\n")) {
        (true, _) => Ok(Verdict::Holds),
        (false, true) => Ok(Verdict::Attack),
        (false, false) => bail!("no verdict: the equivalence cannot be proved, and no trace tells the sides apart"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_explicit_verdict_counts() {
        assert_eq!(eprover("x\n# SZS status Satisfiable\n").unwrap(), Verdict::Holds);
        assert_eq!(eprover("# SZS status Unsatisfiable").unwrap(), Verdict::Attack);
        for printed in ["", "# SZS status GaveUp", "# SZS status ResourceOut", "# SZS status CounterSatisfiable"] {
            assert!(eprover(printed).is_err(), "{printed}");
        }
        assert_eq!(spass("SPASS beiseite: Completion found.").unwrap(), Verdict::Holds);
        assert_eq!(spass("SPASS beiseite: Proof found.").unwrap(), Verdict::Attack);
        assert!(spass("SPASS beiseite: Ran out of time. SPASS was killed.").is_err());
    }

    #[test]
    fn proverif_has_a_verdict_for_each_query() {
        let printed = "noise\nRESULT a ==> b is true.\nRESULT not attacker(k[]) is false.\n";
        assert_eq!(proverif(printed).unwrap(), [Verdict::Holds, Verdict::Attack]);
        assert!(proverif("RESULT a ==> b cannot be proved.").is_err());
        let equivalence = "RESULT Observational equivalence cannot be proved.";
        assert!(proverif(equivalence).is_err());
        let trace = format!("x\nA trace has been found.\n{equivalence}\n{equivalence}");
        assert_eq!(proverif(&trace).unwrap(), [Verdict::Attack]);
        assert_eq!(proverif("RESULT Observational equivalence is true.").unwrap(), [Verdict::Holds]);
        let weaker = "RESULT inj-event(a) ==> inj-event(b) is false.\nRESULT (but event(a) ==> event(b) is true.)";
        assert_eq!(proverif(weaker).unwrap(), [Verdict::Attack]);
    }

    #[test]
    fn a_time_out_is_no_verdict() {
        let folder = tempfile::tempdir().unwrap();
        let printed = folder.path().join("printed");
        let late = run(Command::new("sleep").arg("9"), &printed, Duration::from_millis(100)).unwrap_err();
        assert!(late.to_string().contains("no verdict"));
        assert_eq!(run(Command::new("echo").arg("x"), &printed, Duration::from_secs(9)).unwrap(), "x\n");
    }
}
