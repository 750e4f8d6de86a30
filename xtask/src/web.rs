//! The TypeScript peer and the pages in `web/`: types, tests in Node and in a real browser, sizes, and whether the pages that are
//! checked in are those that the sources build.

use std::process::Command;

use anyhow::Result;

use crate::process::{self, cargo, command, target_dir};
use crate::python;

pub(crate) fn check() -> Result<()> {
    build()?;
    npm(&["run", "check"])?;
    // The peer meets the program and the peer in Python, the pages meet the program.
    process::run(cargo().args(["build", "--release", "--locked"]))?;
    let program = target_dir().join("release").join("didshake");
    let python = python::environment()?;
    process::run(npm_command(&["run", "test:program"]).env("DIDSHAKE", &program).env("PYTHON", python))?;
    process::run(npm_command(&["run", "test:browser"]).env("DIDSHAKE", program))
}

/// The package and its shim, with what is locked.
pub(crate) fn build() -> Result<()> {
    npm(&["ci", "--no-audit", "--no-fund"])?;
    npm(&["run", "build"])
}

fn npm(arguments: &[&str]) -> Result<()> {
    process::run(&mut npm_command(arguments))
}

fn npm_command(arguments: &[&str]) -> Command {
    let mut npm = command("npm");
    npm.args(["--prefix", "web"]).args(arguments);
    npm
}
