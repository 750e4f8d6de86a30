//! The benchmarks: didshake beside its primitives and its peers, and the relay beside NATS. Each program prints its figures
//! as JSON; the last one judges them and writes the report.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
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
    /// More rounds, longer loads, a hundred thousand channels, ten million sessions
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
    let mut figures = Vec::new();
    let program = built()?;
    if !chosen.is_empty() {
        let rounds = if options.full { "400" } else { "40" };
        figures.push(measured(command(&program).arg("measure").args(&chosen).args(["--rounds", rounds]), "memory")?);
    }
    if figures.is_empty() { Ok(()) } else { report(&program, &figures, options) }
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

/// The program that measures in memory and writes the report.
fn built() -> Result<PathBuf> {
    let mut command = cargo();
    command.args(["build", "--quiet", "--release", "--locked", "--manifest-path", BENCH.manifest]);
    process::run(command.arg("--target-dir").arg(packages::target_dir()))?;
    Ok(packages::target_dir().join("release/didshake-bench"))
}

/// Where results go.
fn folder() -> Result<PathBuf> {
    let folder = target_dir().join("bench");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    Ok(folder)
}

/// Runs a program whose standard output is figures; progress stays visible.
fn measured(command: &mut Command, name: &str) -> Result<PathBuf> {
    let path = folder()?.join(format!("{name}.json"));
    let file = File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
    process::run(command.stdout(file))?;
    Ok(path)
}

fn report(program: &std::path::Path, figures: &[PathBuf], options: &Options) -> Result<()> {
    let mut command = command(program);
    command.arg("report").args(figures).arg("--into").arg(folder()?).args(["--about", &about(options)]);
    if options.no_limits {
        command.arg("--no-limits");
    }
    if process::run(&mut command).is_err() {
        bail!("a limit is not met: see the table above, or `--no-limits` to report only");
    }
    Ok(())
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
