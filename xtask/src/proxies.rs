//! `cargo xtask proxies`: the recipes for proxies that are no packages of Debian, with those proxies. On demand: they are large,
//! and come from PyPI.

use std::env;

use anyhow::{Context, Result};

use crate::process::{self, cargo};
use crate::python;

/// The tests that nothing else runs.
const TESTS: &str = "forward_auth::all_of_it_holds_behind";

pub(crate) fn run() -> Result<()> {
    let python = python::environment_of("proxies", "tests/proxies.txt")?;
    let programs = python.parent().context("an interpreter is in a directory")?.to_owned();
    let path = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths([programs].into_iter().chain(env::split_paths(&path)))?;
    let mut test = cargo();
    test.args(["test", "--release", "--workspace", "--locked", "--test", "program", "--", "--ignored", TESTS]);
    process::run(test.env("PATH", path))
}
