//! The benchmarks: didshake beside its primitives and its peers, its service beside an echo route, and the relay beside NATS.
//! Each program prints its figures as JSON; the last one judges them and writes the report.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use serde_json::Value;

use crate::packages::{self, BENCH, BENCH_MESSAGES, Package};
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
    /// Ten times the rounds, longer loads, ten million sessions, a hundred thousand channels
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
    /// A letter, against a message of DIDComm and of TSP
    Messages,
    /// Documents of DIDs: fetched and kept, for each method, and by a thousand at one moment
    Resolution,
    /// Logins and signed requests at a service: its CPU, latencies; beside an echo route
    Http,
    /// A hundred thousand Hellos that never finish
    Storm,
    /// Logins beside so many stored sessions
    Sessions,
    /// What an idle session and an idle channel cost
    Memory,
    /// The relay: memory, messages a second and latency, beside NATS core; some minutes, on a quiet machine
    Relay,
}

const ALL: [Part; 8] = [
    Part::Handshake,
    Part::Channel,
    Part::Messages,
    Part::Resolution,
    Part::Http,
    Part::Storm,
    Part::Sessions,
    Part::Memory,
];

/// The figure of what a login cannot cost less than.
const CRYPTO: &str = "handshake.floor_one_side_us";

pub(crate) fn run(options: &Options) -> Result<()> {
    let parts = if options.parts.is_empty() { &ALL[..] } else { &options.parts };
    if parts.contains(&Part::Relay) {
        relay(&options.arguments)?;
    }
    let mut in_memory: Vec<&str> = parts.iter().filter_map(|part| part.in_memory()).collect();
    let at_a_service: Vec<&str> = parts.iter().filter_map(|part| part.at_a_service()).collect();
    // What a login may cost hangs on what its primitives cost in the same run.
    if parts.contains(&Part::Http) && !parts.contains(&Part::Handshake) {
        in_memory.push("handshake");
    }
    let rounds = if options.full { "400" } else { "40" };
    let mut figures = Vec::new();
    if !in_memory.is_empty() {
        for build in [Build::Portable, Build::Shipped] {
            let mut measure = command(build.program()?);
            measure.arg("measure").args(&in_memory).args(["--rounds", rounds]);
            figures.push(measured(&mut measure, build.name())?);
        }
    }
    if parts.contains(&Part::Messages) {
        figures
            .push(measured(command(built(&BENCH_MESSAGES, "didshake-bench-messages", &[])?).arg(rounds), "messages")?);
    }
    if !at_a_service.is_empty() {
        let shipped = parts.contains(&Part::Http).then(|| folder().join("shipped.json"));
        let crypto = shipped.map(|path| primitives_of_one_side(&path)).transpose()?;
        figures.push(measured(&mut load(&at_a_service, crypto, options.full)?, "at-a-service")?);
    }
    if figures.is_empty() { Ok(()) } else { report(&Build::Shipped.program()?, &figures, options) }
}

impl Part {
    /// What the program of [`BENCH`] calls it.
    fn in_memory(self) -> Option<&'static str> {
        match self {
            Self::Handshake => Some("handshake"),
            Self::Channel => Some("channel"),
            _ => None,
        }
    }

    /// What the load generator calls it.
    fn at_a_service(self) -> Option<&'static str> {
        match self {
            Self::Resolution => Some("resolution"),
            Self::Http => Some("http"),
            Self::Storm => Some("storm"),
            Self::Sessions => Some("sessions"),
            Self::Memory => Some("memory"),
            _ => None,
        }
    }
}

fn relay(arguments: &[String]) -> Result<()> {
    setup::nats()?;
    let mut command = cargo();
    command.args(["run", "--quiet", "--release", "--locked", "--package", "didshake-load"]);
    process::run(command.args(["--bin", "relay-bench", "--"]).args(arguments))
}

/// The backend that the program of [`BENCH`] is built with.
#[derive(Clone, Copy)]
enum Build {
    /// The library's default.
    Portable,
    /// What the program that is shipped has.
    Shipped,
}

impl Build {
    fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Shipped => "shipped",
        }
    }

    /// The program that measures in memory and writes the report; the other build's was in its place.
    fn program(self) -> Result<PathBuf> {
        match self {
            Self::Portable => built(&BENCH, "didshake-bench", &[]),
            Self::Shipped => built(&BENCH, "didshake-bench", &["--features", "aws-lc"]),
        }
    }
}

/// The program of a package outside the workspace.
fn built(package: &Package, program: &str, features: &[&str]) -> Result<PathBuf> {
    let mut build = cargo();
    build.args(["build", "--quiet", "--release", "--locked", "--manifest-path", package.manifest]).args(features);
    process::run(build.arg("--target-dir").arg(packages::target_dir()))?;
    Ok(packages::target_dir().join("release").join(program))
}

/// The load generator, with the echo route that is in it, against the program as it is shipped; both in one profile.
fn load(parts: &[&str], crypto: Option<f64>, full: bool) -> Result<Command> {
    if parts.iter().any(|part| ["http", "sessions"].contains(part)) {
        setup::postgres()?;
    }
    for (package, program) in [("didshake-cli", "didshake"), ("didshake-load", "login-bench")] {
        let mut build = cargo();
        build.args(["build", "--quiet", "--profile", "dist", "--locked", "--package", package, "--bin", program]);
        process::run(&mut build)?;
    }
    let mut load = command(target_dir().join("dist/login-bench"));
    load.args(parts).env("DIDSHAKE_PROGRAM", target_dir().join("dist/didshake"));
    if full {
        load.arg("--full");
    }
    if let Some(micros) = crypto {
        load.args(["--crypto-us", &micros.to_string()]);
    }
    Ok(load)
}

/// What the primitives of one side take, in microseconds.
fn primitives_of_one_side(path: &Path) -> Result<f64> {
    let text = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let parts: Vec<Value> = serde_json::from_slice(&text).with_context(|| format!("{} is damaged", path.display()))?;
    let mut figures = parts.iter().filter_map(|part| part.get("figures")?.as_array()).flatten();
    let figure = figures.find(|figure| figure.get("id").is_some_and(|id| id == CRYPTO));
    let value = figure.and_then(|figure| figure.get("value")?.as_f64());
    value.with_context(|| format!("{} has no {CRYPTO}", path.display()))
}

/// Runs a program whose standard output is figures; progress stays visible.
fn measured(command: &mut Command, name: &str) -> Result<PathBuf> {
    let folder = folder();
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let path = folder.join(format!("{name}.json"));
    let file = File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
    process::run(command.stdout(file))?;
    Ok(path)
}

/// Judges and shows.
fn report(bench: &Path, figures: &[PathBuf], options: &Options) -> Result<()> {
    let mut report = command(bench);
    report.arg("report").args(figures).arg("--into").arg(folder()).args(["--about", &about(options)]);
    if options.no_limits {
        report.arg("--no-limits");
    }
    process::run(&mut report)
}

/// Where results go.
fn folder() -> PathBuf {
    target_dir().join("bench")
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
