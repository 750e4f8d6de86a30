//! The fuzz targets, on stable Rust: libFuzzer with coverage, without a sanitizer (the code has no unsafe block).

use std::fs;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::packages;
use crate::process::{self, cargo, linted, root};

/// Sanitizers need nightly Rust.
const STABLE: [&str; 2] = ["--sanitizer", "none"];

#[derive(Args)]
pub(crate) struct Options {
    /// Fuzz this target only (the files in fuzz/targets)
    #[arg(required_unless_present = "smoke")]
    target: Option<String>,
    /// Every target for a moment
    #[arg(long, conflicts_with = "target")]
    smoke: bool,
    /// How long for each target
    #[arg(long, default_value_t = SMOKE_SECONDS)]
    seconds: u32,
}

const SMOKE_SECONDS: u32 = 3;

pub(crate) fn run(options: &Options) -> Result<()> {
    match &options.target {
        Some(target) => fuzz(target, options.seconds),
        None => every_target(options.seconds),
    }
}

pub(crate) fn smoke() -> Result<()> {
    every_target(SMOKE_SECONDS)
}

fn every_target(seconds: u32) -> Result<()> {
    process::run(linted(cargo()).args(["fuzz", "build"]).args(STABLE).arg("--target-dir").arg(packages::target_dir()))?;
    let targets = targets()?;
    for target in &targets {
        fuzz(target, seconds)?;
    }
    eprintln!("    {} targets, {seconds} s each", targets.len());
    Ok(())
}

fn targets() -> Result<Vec<String>> {
    let listed = process::output(cargo().args(["fuzz", "list"]))?;
    let targets: Vec<String> = listed.lines().map(str::to_owned).collect();
    if targets.is_empty() {
        bail!("`cargo fuzz list` names no target");
    }
    Ok(targets)
}

/// New inputs land below the target directory; the checked-in corpus is only read.
fn fuzz(target: &str, seconds: u32) -> Result<()> {
    let corpus = root().join("fuzz/corpus").join(target);
    let has_seeds = corpus.read_dir().is_ok_and(|mut files| files.next().is_some());
    if !has_seeds {
        bail!("{} has no file: check in a few inputs that the parser takes", corpus.display());
    }
    let found = packages::target_dir().join("found").join(target);
    fs::create_dir_all(&found).with_context(|| format!("cannot create {}", found.display()))?;
    let mut command = linted(cargo());
    command.args(["fuzz", "run"]).args(STABLE).arg("--target-dir").arg(packages::target_dir());
    command.arg(target).arg(&found).arg(&corpus).arg("--");
    process::run(command.arg(format!("-max_total_time={seconds}")).arg("-verbosity=0").arg("-print_final_stats=1"))
}
