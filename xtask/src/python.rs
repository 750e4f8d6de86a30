//! The Python peer in `examples/python-peer`: its tests, in an environment of its own with what it pins.

use std::path::PathBuf;

use anyhow::Result;

use crate::process::{self, cargo, command, target_dir};

const PEER: &str = "examples/python-peer";

pub(crate) fn check() -> Result<()> {
    let python = environment()?;
    // Its letters go through the program's relay.
    process::run(cargo().args(["build", "--release", "--locked"]))?;
    let program = target_dir().join("release").join("didshake");
    let mut tests = command(&python);
    tests.args(["-B", "-m", "unittest", "discover", "--start-directory", PEER]);
    process::run(tests.env("DIDSHAKE", program))
}

/// Makes the peer's environment; gives its interpreter.
pub(crate) fn environment() -> Result<PathBuf> {
    environment_of("python", &format!("{PEER}/requirements.txt"))
}

/// Makes an environment in the target directory with what a file pins; gives its interpreter.
pub(crate) fn environment_of(name: &str, requirements: &str) -> Result<PathBuf> {
    let environment = target_dir().join(name);
    process::run(command("python3").args(["-m", "venv"]).arg(&environment))?;

    let python = environment.join("bin/python");
    let mut install = command(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    process::run(install.args(["--require-hashes", "--requirement", requirements]))?;
    Ok(python)
}
