//! E and SPASS on the clauses of `spec/formal/handshake.model`: for any number of parties and sessions.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::description::{self, Kind};
use super::query::Query;
use super::verdict::{self, Verdict};
use super::{clauses, variant};
use crate::process::command;

pub(super) const MODEL: &str = "spec/formal/handshake.model";

/// For one query: the longest takes about 20 s on a core of its own.
const LIMIT: Duration = Duration::from_secs(240);

#[derive(Clone, Copy)]
enum Prover {
    E,
    /// A second opinion on agreement, and on one attack of each goal: it is slow, and finds no end for secrecy.
    Spass,
}

/// Every goal, as it is and in each variant that is named for it.
pub(super) fn queries(model: &str) -> Result<Vec<Query>> {
    let mut found = Vec::new();
    let mut add = |prover, goal: &str, of: &str, expected| found.push(query(prover, model, goal, of, expected));
    for goal in description::parse(&variant::select(model, ""))?.iter().flat_map(|role| role.goals()) {
        let reached = goal.kind == Kind::Reach;
        add(Prover::E, &goal.name, "", if reached { Verdict::Attack } else { Verdict::Holds });
        goal.holds.iter().for_each(|of| add(Prover::E, &goal.name, of, Verdict::Holds));
        goal.attack.iter().for_each(|of| add(Prover::E, &goal.name, of, Verdict::Attack));
        if matches!(goal.kind, Kind::Agree { .. }) {
            add(Prover::Spass, &goal.name, "", Verdict::Holds);
        }
        goal.attack.iter().take(1).for_each(|of| add(Prover::Spass, &goal.name, of, Verdict::Attack));
        for of in goal.holds.iter().chain(&goal.attack) {
            ensure!(variant::names(model).contains(of.as_str()), "{MODEL}: {} in {of}, which no line is", goal.name);
        }
    }
    Ok(found)
}

fn query(prover: Prover, model: &str, goal: &str, of: &str, expected: Verdict) -> Query {
    let tool = match prover {
        Prover::E => "E",
        Prover::Spass => "SPASS",
    };
    let name = if of.is_empty() { format!("{tool} {goal}") } else { format!("{tool} {goal} {of}") };
    let (file, model, goal, of) = (Query::file(&name), model.to_owned(), goal.to_owned(), of.to_owned());
    Query::new(name, vec![expected], move |folder| {
        let problem = folder.join(&file).with_extension("p");
        fs::write(&problem, clauses_of(&model, &goal, &of)?)?;
        let printed = verdict::run(&mut prover.command(&problem), &problem.with_extension("out"), LIMIT)?;
        Ok(vec![match prover {
            Prover::E => verdict::eprover(&printed)?,
            Prover::Spass => verdict::spass(&printed)?,
        }])
    })
}

impl Prover {
    fn command(self, problem: &Path) -> Command {
        let (mut command, flags) = match self {
            Self::E => (command("eprover"), ["--auto", "--silent"].as_slice()),
            Self::Spass => (command("SPASS"), ["-TPTP"].as_slice()),
        };
        command.args(flags).arg(problem);
        command
    }
}

fn clauses_of(model: &str, goal: &str, of: &str) -> Result<String> {
    let roles = description::parse(&variant::select(model, of))?;
    let goal = roles.iter().flat_map(|role| role.goals()).find(|own| own.name == goal);
    clauses::problem(&roles, goal.context("the variant has lost its goal")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODEL: &str = "\
role a
  config c
  new e
  send h(e) # R-A-1 @-open
  send e # @+open
  secret key e with did | attack open
  reach end with did
";

    #[test]
    fn a_query_for_each_goal_and_variant() {
        let names: Vec<String> = queries(MODEL).unwrap().into_iter().map(|query| query.name).collect();
        assert_eq!(names, ["E key", "E key open", "SPASS key open", "E end"]);
        assert!(queries(&MODEL.replace("attack open", "attack nothing")).is_err());
    }

    #[test]
    fn a_variant_has_other_clauses_which_say_what_they_stand_for() {
        let whole = clauses_of(MODEL, "key", "").unwrap();
        let open = clauses_of(MODEL, "key", "open").unwrap();
        let secret = "new_e_a(a(holder(V_holder),V_count))";
        assert!(whole.contains(&format!("(att(h({secret})))). % R-A-1")), "{whole}");
        assert!(whole.contains(&format!("(~later({secret})))")), "{whole}");
        assert!(!whole.contains(&format!("(att({secret}))")), "{whole}");
        assert!(open.contains(&format!("(att({secret}))")), "{open}");
    }
}
