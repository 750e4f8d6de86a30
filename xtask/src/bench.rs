//! The benchmarks: didshake beside its primitives and its peers, and the relay beside NATS. The program
//! in `bench/` prints its figures as JSON, judges them and writes the report.

use std::fs::{self, File};

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};

use crate::packages::{self, BENCH};
use crate::process::{self, cargo, command, target_dir};
use crate::setup;

#[derive(Args)]
pub(crate) struct Options {
    /// What is measured; without, everything but the relay
    #[arg(value_enum)]
    parts: Vec<Part>,
    /// Under five minutes once everything is built; the default
    #[arg(long, conflicts_with = "full")]
    quick: bool,
    /// Ten times the rounds
    #[arg(long)]
    full: bool,
    /// Report only: a limit that is not met is no failure
    #[arg(long)]
    no_limits: bool,
    /// What to pass on to the relay's benchmark
    #[arg(last = true)]
    arguments: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// A handshake, against the sum of its primitives, TLS and Noise
    Handshake,
    /// Records of the channel, against the AEAD alone, TLS and Noise
    Channel,
    /// The relay: memory, messages a second and latency, beside NATS core; some minutes, on a quiet machine
    Relay,
}

const ALL: [Part; 2] = [Part::Handshake, Part::Channel];

pub(crate) fn run(options: &Options) -> Result<()> {
    let parts = if options.parts.is_empty() { &ALL[..] } else { &options.parts };
    if parts.contains(&Part::Relay) {
        relay(&options.arguments)?;
    }
    let chosen: Vec<&str> = parts.iter().filter_map(|part| part.in_memory()).collect();
    if chosen.is_empty() { Ok(()) } else { in_memory(&chosen, options) }
}

impl Part {
    /// What the program of [`BENCH`] calls it.
    fn in_memory(self) -> Option<&'static str> {
        match self {
            Self::Handshake => Some("handshake"),
            Self::Channel => Some("channel"),
            Self::Relay => None,
        }
    }
}

fn relay(arguments: &[String]) -> Result<()> {
    setup::nats()?;
    let mut command = cargo();
    command.args(["run", "--quiet", "--release", "--locked", "--package", "didshake-load"]);
    process::run(command.args(["--bin", "relay-bench", "--"]).args(arguments))
}

/// Measures, then judges and shows.
fn in_memory(chosen: &[&str], options: &Options) -> Result<()> {
    let mut build = cargo();
    build.args(["build", "--quiet", "--release", "--locked", "--manifest-path", BENCH.manifest]);
    process::run(build.arg("--target-dir").arg(packages::target_dir()))?;
    let program = packages::target_dir().join("release/didshake-bench");
    let folder = target_dir().join("bench");
    let figures = folder.join("figures.json");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let file = File::create(&figures).with_context(|| format!("cannot create {}", figures.display()))?;
    let rounds = if options.full { "400" } else { "40" };
    process::run(command(&program).arg("measure").args(chosen).args(["--rounds", rounds]).stdout(file))?;
    let mut report = command(&program);
    report.arg("report").arg(figures).arg("--into").arg(folder).args(["--about", &about(options)]);
    if options.no_limits {
        report.arg("--no-limits");
    }
    process::run(&mut report)
}

/// When, on what, and beside which load.
fn about(options: &Options) -> String {
    let said = |program: &str, arguments: &[&str]| {
        process::probe(command(program).args(arguments)).unwrap_or_else(|| "unknown".to_owned())
    };
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let cpus = std::thread::available_parallelism().map_or(0, usize::from);
    format!(
        "{}, {}; commit {}; {cpus} CPUs; load before {}",
        said("date", &["-u", "+%Y-%m-%d %H:%M UTC"]),
        if options.full { "--full" } else { "--quick" },
        said("git", &["rev-parse", "--short", "HEAD"]),
        load.trim()
    )
}
