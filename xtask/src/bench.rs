//! The benchmarks: our handshake against the sum of its primitives, and the relay beside NATS.

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::packages::{self, BENCH};
use crate::process::{self, cargo};
use crate::setup;

#[derive(Args)]
pub(crate) struct Options {
    /// What is measured
    #[arg(value_enum, default_value_t = Part::Handshake)]
    part: Part,
    /// What to pass on to the benchmark
    #[arg(last = true)]
    arguments: Vec<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Part {
    /// A handshake, against the sum of its primitives
    Handshake,
    /// The relay: memory, messages a second and latency, beside NATS core; some minutes, on a quiet machine
    Relay,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let mut command = cargo();
    match options.part {
        Part::Handshake => {
            command.args(["run", "--quiet", "--release", "--locked", "--manifest-path", BENCH.manifest]);
            command.arg("--target-dir").arg(packages::target_dir());
        }
        Part::Relay => {
            setup::nats()?;
            command.args(["run", "--quiet", "--release", "--locked", "--package", "didshake-load"]);
            command.args(["--bin", "relay-bench"]);
        }
    }
    process::run(command.arg("--").args(&options.arguments))
}
