//! The checked-in vectors: are they what the model makes, and does the model still take them?

use anyhow::Result;
use clap::Args;

use crate::process::{self, cargo};

#[derive(Args)]
pub(crate) struct Options {
    /// Generate them anew instead
    #[arg(long)]
    write: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    if options.write { conformance(["generate", "--out", "vectors"]) } else { check() }
}

pub(crate) fn check() -> Result<()> {
    conformance(["check", "--dir", "vectors"])
}

fn conformance(arguments: [&str; 3]) -> Result<()> {
    let mut command = cargo();
    command.args(["run", "--quiet", "--release", "--locked", "--bin", "didshake-conformance", "--"]);
    process::run(command.args(arguments))
}
