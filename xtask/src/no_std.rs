//! Proof that the protocol needs no standard library: a staticlib with its own panic handler, called by a C program.

use std::fs;

use anyhow::{Context, Result};

use crate::packages::{self, NO_STD};
use crate::process::{self, cargo, command, linted};

pub(crate) fn run() -> Result<()> {
    let target = packages::target_dir();
    let mut build = linted(cargo());
    build.args(["build", "--release", "--locked", "--manifest-path", NO_STD.manifest]);
    process::run(build.arg("--target-dir").arg(&target))?;

    let library = target.join("release/libdidshake_no_std.a");
    let program = target.join("handshake");
    // A program of an earlier run must not be mistaken for this one's.
    if program.exists() {
        fs::remove_file(&program).with_context(|| format!("cannot remove {}", program.display()))?;
    }
    let mut link = command("cc");
    link.args(["-Wall", "-Wextra", "-Werror", "-o"]).arg(&program);
    process::run(link.arg("tests/no-std/main.c").arg(&library))?;
    process::run(&mut command(&program))
}
