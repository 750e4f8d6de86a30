//! `cargo xtask test`: everything that a change must pass, as a list of steps. All that is built in the workspace is
//! built in the release profile and with the same features, once.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use clap::Args;

use crate::packages::{self, BENCH, BENCH_MESSAGES, DETACHED, Package, SSI, WEBVH};
use crate::process::{self, cargo};
use crate::step::Step;
use crate::{bundle, conformance, deny, formal, fuzz, house, layers, no_std, python, setup, spec, vectors, web};

#[derive(Args)]
pub(crate) struct Options {
    /// Run these steps only
    #[arg(long, value_name = "STEP")]
    only: Vec<String>,
    /// Name the steps and stop
    #[arg(long)]
    list: bool,
}

pub(crate) fn run(options: &Options) -> ExitCode {
    let steps = steps();
    if options.list {
        steps.iter().for_each(|step| println!("{}", step.name));
        return ExitCode::SUCCESS;
    }
    if let Some(unknown) = options.only.iter().find(|name| !steps.iter().any(|step| step.name == **name)) {
        eprintln!("no step `{unknown}`: `cargo xtask test --list` names them");
        return ExitCode::FAILURE;
    }
    let chosen: Vec<Step> = steps
        .into_iter()
        .filter(|step| options.only.is_empty() || options.only.iter().any(|name| name == step.name))
        .collect();
    run_all(&chosen)
}

/// Runs every step, also after a failure, so that one run shows all that is wrong.
fn run_all(steps: &[Step]) -> ExitCode {
    if Step::new("setup", "cargo xtask setup", setup::run).run().is_none() {
        return ExitCode::FAILURE;
    }
    let start = Instant::now();
    let results: Vec<_> = steps.iter().map(|step| (step, step.run())).collect();

    eprintln!("\n==> summary");
    for (step, took) in &results {
        match took {
            Some(took) => eprintln!("    ok      {:>7.1} s  {}", took.as_secs_f64(), step.name),
            None => eprintln!("    FAILED             {}: {}", step.name, step.rerun),
        }
    }
    let failed = results.iter().filter(|(_, took)| took.is_none()).count();
    eprintln!("    {} steps, {failed} failed, {:.0} s", results.len(), start.elapsed().as_secs_f64());
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn step(name: &'static str, action: impl Fn() -> Result<()> + 'static) -> Step {
    Step::new(name, format!("cargo xtask test --only {name}"), action)
}

/// Quick steps first: they fail soonest.
fn steps() -> Vec<Step> {
    vec![
        step("fmt", fmt),
        step("house", house::run),
        step("deny", deny::run),
        step("layers", layers::run),
        step("clippy", clippy),
        step("unit", || test(&["--lib", "--bins"])),
        step("integration", || test(&["--test", "*"])),
        step("doctests", || test(&["--doc"])),
        step("rustdoc", rustdoc),
        step("portable", portable),
        step("vectors", vectors::check),
        step("spec", spec::check),
        step("formal", formal::check),
        step("vectors-bundle", bundle::run),
        step("demo", demo),
        step("no-std", no_std::run),
        step("bench-tests", bench_tests),
        step("webvh", || detached_tests(&WEBVH, &[])),
        step("ssi", || detached_tests(&SSI, &[])),
        step("web", web::check),
        step("python", python::check),
        step("conformance", conformance::all),
        step("fuzz-smoke", fuzz::smoke),
    ]
}

fn fmt() -> Result<()> {
    process::run(cargo().args(["fmt", "--all", "--check"]))?;
    for package in DETACHED {
        process::run(cargo().args(["fmt", "--check", "--manifest-path", package.manifest]))?;
    }
    Ok(())
}

fn clippy() -> Result<()> {
    let mut command = cargo();
    command.args(["clippy", "--release", "--workspace", "--all-targets", "--locked", "--", "--deny", "warnings"]);
    process::run(&mut command)
}

fn test(selection: &[&str]) -> Result<()> {
    process::run(cargo().args(["test", "--release", "--workspace", "--locked", "--no-fail-fast"]).args(selection))
}

/// The library's default backend, which no program of the workspace is built with: its own tests, and all vectors.
fn portable() -> Result<()> {
    let mut command = cargo();
    command.args(["test", "--release", "--locked", "--no-fail-fast"]);
    process::run(command.args(["--package", "didshake", "--package", "didshake-vectors"]))
}

fn rustdoc() -> Result<()> {
    let mut command = cargo();
    command.args(["doc", "--release", "--workspace", "--no-deps", "--locked"]);
    process::run(command.env("RUSTDOCFLAGS", "--deny warnings"))
}

/// The first command of the README, on a fresh machine.
fn demo() -> Result<()> {
    process::run(cargo().args(["run", "--release", "--locked", "--", "demo"]))
}

/// With either backend; then what is beside its letters.
fn bench_tests() -> Result<()> {
    detached_tests(&BENCH, &[])?;
    detached_tests(&BENCH, &["--features", "aws-lc"])?;
    detached_tests(&BENCH_MESSAGES, &[])
}

fn detached_tests(package: &Package, features: &[&str]) -> Result<()> {
    let mut command = process::linted(cargo());
    command.args(["test", "--locked", "--manifest-path", package.manifest]).args(features);
    process::run(command.arg("--target-dir").arg(packages::target_dir()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn step_names_are_unique() {
        let steps = steps();
        let names: BTreeSet<_> = steps.iter().map(|step| step.name).collect();
        assert_eq!(names.len(), steps.len());
    }

    #[test]
    fn an_unknown_step_fails() {
        let options = Options { only: vec!["nothing".into()], list: false };
        assert_eq!(run(&options), ExitCode::FAILURE);
    }
}
