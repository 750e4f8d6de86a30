//! `cargo xtask bench`: measures what needs no network, and writes the report of all parts.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand, ValueEnum};
use didshake_bench::figures::Part;
use didshake_bench::{channel, handshake, report};

/// What didshake costs beside its primitives and its peers
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Measure, and print figures as JSON
    Measure {
        /// What
        #[arg(value_enum, required = true)]
        parts: Vec<Measured>,
        /// Turns of each candidate in a run
        #[arg(long, default_value_t = 100)]
        rounds: usize,
    },
    /// Judge figures of any part of the benchmark and write report.json and report.html
    Report {
        /// Files of figures
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Where to
        #[arg(long)]
        into: PathBuf,
        /// Report only: a limit that is not met is no failure
        #[arg(long)]
        no_limits: bool,
        /// What to say of the machine and the moment
        #[arg(long, default_value = "")]
        about: String,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Measured {
    Handshake,
    Channel,
}

fn main() -> Result<()> {
    match Arguments::parse().task {
        Task::Measure { parts, rounds } => {
            let measured = parts.iter().map(|part| match part {
                Measured::Handshake => handshake::measure(rounds),
                Measured::Channel => channel::measure(rounds),
            });
            println!("{}", serde_json::to_string(&measured.collect::<Result<Vec<_>>>()?)?);
        }
        Task::Report { files, into, no_limits, about } => {
            let mut parts = Vec::new();
            for file in files {
                let text = fs::read(&file).with_context(|| file.display().to_string())?;
                let read: Vec<Part> = serde_json::from_slice(&text).with_context(|| file.display().to_string())?;
                parts.extend(read);
            }
            let all_met = report::write(&parts, &about, &into)?;
            ensure!(all_met || no_limits, "a limit is not met: see the table above, or `--no-limits` to report only");
        }
    }
    Ok(())
}
