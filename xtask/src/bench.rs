//! The benchmark package: our handshake against the sum of its primitives.

use anyhow::Result;
use clap::Args;

use crate::packages::{self, BENCH};
use crate::process::{self, cargo};

#[derive(Args)]
pub(crate) struct Options {
    /// What to pass on to the benchmark
    #[arg(last = true)]
    arguments: Vec<String>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let mut command = cargo();
    command.args(["run", "--quiet", "--release", "--locked", "--manifest-path", BENCH.manifest]);
    command.arg("--target-dir").arg(packages::target_dir());
    process::run(command.arg("--").args(&options.arguments))
}
