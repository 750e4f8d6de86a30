//! `cargo xtask mutants`: cargo-mutants over what a peer's bytes reach first. Half an hour on a quiet machine, so on demand only.
//! What survives stands in `crates/survivors.json` with the reason, and nothing else may.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::Value;

use crate::process::{self, cargo, root, target_dir};
use crate::setup;

const SURVIVORS: &str = "crates/survivors.json";
/// In the target directory: what cargo-mutants writes, a folder for each package.
const OUTPUT: &str = "mutants-out";

#[derive(Args, Default)]
pub(crate) struct Options {
    /// Only mutants whose name matches this regular expression; entries of others are not judged
    #[arg(long, value_name = "REGEX")]
    only: Option<String>,
    /// Name the mutants and stop
    #[arg(long)]
    list: bool,
}

/// What is mutated, and the tests that find most of it soonest.
struct Part {
    package: &'static str,
    files: &'static str,
    quick: &'static [&'static str],
}

const PARTS: [Part; 2] = [
    Part {
        package: "didshake",
        files: "crates/didshake/src/{initiator,responder,waiting,sealing,established,identity,wire,document,channel,signer,mailbox,mailbox/*,card,card/*}.rs",
        quick: &["--lib", "--test", "protocol", "--test", "wire", "--test", "mailbox", "--test", "card"],
    },
    Part {
        package: "didshake-did",
        files: "crates/didshake-did/src/{document,verification_method}.rs",
        quick: &["--lib", "--test", "did"],
    },
];

/// A million records, or a handshake for each bit: left to the second turn.
const SLOW: [&str; 4] =
    ["--skip", "the_last_record_under_a_secret_is_a_key_update", "--skip", "any_single_bit_flip_in_any_message_fails"];

pub(crate) fn run(options: &Options) -> Result<()> {
    setup::mutants()?;
    if options.list {
        return PARTS.iter().try_for_each(|part| process::run(turn(part, options).arg("--list")));
    }
    let output = target_dir().join(OUTPUT);
    fs::create_dir_all(&output).with_context(|| format!("cannot make {}", output.display()))?;
    let mut survivors = Vec::new();
    for part in &PARTS {
        judged(turn(part, options).args(["--profile", "mutants", "--"]).args(part.quick).arg("--").args(SLOW))?;
        // Those once more, with every test of the three packages: vectors and a million records included.
        let packages =
            ["--iterate", "--profile", "release", "--test-package", "didshake,didshake-did,didshake-vectors"];
        judged(turn(part, options).args(packages))?;
        let missed = part.output().join("mutants.out/missed.txt");
        let missed = fs::read_to_string(&missed).with_context(|| format!("cannot read {}", missed.display()))?;
        survivors.extend(missed.lines().map(without_place));
    }
    let problems = compare(survivors, &reasons()?, options.only.is_none());
    problems.iter().for_each(|problem| eprintln!("    {problem}"));
    ensure!(problems.is_empty(), "{} of the mutants are not as {SURVIVORS} says", problems.len());
    Ok(())
}

impl Part {
    fn output(&self) -> PathBuf {
        target_dir().join(OUTPUT).join(self.package)
    }
}

/// One run of cargo-mutants, in a copy of the tree, built where the next run finds what it depends on.
fn turn(part: &Part, options: &Options) -> Command {
    let mut turn = cargo();
    turn.args(["mutants", "--package", part.package, "--file", part.files, "--baseline", "skip", "--no-shuffle"]);
    turn.args(["--timeout", "300", "--build-timeout", "3600", "--output"]).arg(part.output());
    turn.args(options.only.iter().flat_map(|only| ["--re", only]));
    turn.env("CARGO_TARGET_DIR", target_dir().join("mutants"));
    turn
}

/// Runs it: 2 says that some were missed, 3 that some tests took too long, which is to be caught.
fn judged(turn: &mut Command) -> Result<()> {
    let status = turn.status().context("cannot start cargo mutants")?;
    ensure!(status.code().is_some_and(|code| matches!(code, 0 | 2 | 3)), "cargo mutants ended with {status}");
    Ok(())
}

/// `file:line:column: change` without line and column, which move.
fn without_place(name: &str) -> String {
    match name.split_once(": ") {
        Some((place, change)) => format!("{}: {change}", place.split(':').next().unwrap_or(place)),
        None => name.to_owned(),
    }
}

/// The mutants that may survive, each with its reason; one that is meant several times stands there as often.
fn reasons() -> Result<Vec<String>> {
    let text = fs::read_to_string(root().join(SURVIVORS)).with_context(|| format!("cannot read {SURVIVORS}"))?;
    let entries: Vec<Value> = serde_json::from_str(&text).with_context(|| format!("cannot read {SURVIVORS}"))?;
    let member = |entry: &Value, name: &str| {
        let text = entry.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        ensure!(!text.is_empty(), "{SURVIVORS}: an entry without a `{name}`: {entry}");
        Ok(text)
    };
    entries.iter().map(|entry| member(entry, "reason").and_then(|_| member(entry, "mutant"))).collect()
}

/// What survived without a reason, and, where all were tried, what has a reason and did not survive.
fn compare(mut survivors: Vec<String>, reasons: &[String], all: bool) -> Vec<String> {
    let mut problems = Vec::new();
    for mutant in reasons {
        match survivors.iter().position(|survivor| survivor == mutant) {
            Some(at) => drop(survivors.swap_remove(at)),
            None if all => problems.push(format!("caught, take it out: {mutant}")),
            None => {}
        }
    }
    problems.extend(survivors.into_iter().map(|survivor| format!("survived: {survivor}")));
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mutant_goes_by_its_file_and_change() {
        let name = "crates/didshake/src/wire.rs:89:19: replace ^= with &= in Direction::nonce";
        assert_eq!(without_place(name), "crates/didshake/src/wire.rs: replace ^= with &= in Direction::nonce");
    }

    #[test]
    fn survivors_and_reasons_are_matched_one_to_one() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(compare(names(&["a", "b", "a"]), &names(&["a", "a", "b"]), true), Vec::<String>::new());
        assert_eq!(compare(names(&["a", "a"]), &names(&["a"]), true), ["survived: a"]);
        assert_eq!(compare(names(&["a"]), &names(&["a", "b"]), true), ["caught, take it out: b"]);
        assert_eq!(compare(names(&["a"]), &names(&["a", "b"]), false), Vec::<String>::new());
    }

    #[test]
    fn each_reason_is_read() {
        assert!(reasons().unwrap().iter().all(|mutant| mutant.starts_with("crates/didshake")));
    }
}
