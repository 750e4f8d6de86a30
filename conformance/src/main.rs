//! `didshake-conformance`: makes the test vectors, or says what differs from those that are there.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use didshake_conformance::{Broken, check, generate, serve};

mod run;

/// Makes and checks the test vectors of didshake version 1.
///
/// The vectors come from a model: a second, plain implementation of spec/didshake-1.md that shares no code with the
/// crates. Every check of the model has a name and can be switched off. A negative vector is written only if the model
/// refuses it with all checks on and accepts it with the one named check off: so it holds a single fault.
#[derive(Parser)]
#[command(
    name = "didshake-conformance",
    version,
    after_help = "Examples:
  didshake-conformance generate --out vectors    after a change of the model or the catalogue
  didshake-conformance check --dir vectors       in CI: exits 1 and names the files that differ"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write all vectors, their schemas, index.json and README.md; remove vectors that nothing generates any more
    Generate {
        /// The directory to write to, created if it is missing
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Generate in memory and compare byte for byte; exit 1 and name every file that is missing, changed or stale
    Check {
        /// The directory to compare with
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
    },
    /// Put implementations to the test (spec/conformance.md); exit 1 if anything unexpected happened
    Run(run::RunArgs),
    /// Be the model's shim: answer requests on standard input, whole or with one thing broken
    Shim {
        /// Switch off the check of this name (vectors/README.md lists them)
        #[arg(long, value_name = "CHECK")]
        without: Option<String>,
        /// Send this field wrong
        #[arg(long, value_name = "FIELD", conflicts_with = "without")]
        wrong: Option<String>,
    },
}

fn run(command: Command) -> Result<ExitCode, String> {
    match command {
        Command::Generate { out } => {
            let counts = generate(&out).map_err(|error| error.to_string())?;
            println!("{counts} in {}", out.display());
            Ok(ExitCode::SUCCESS)
        }
        Command::Check { dir } => compare(&dir),
        Command::Run(args) => run::run(args),
        Command::Shim { without, wrong } => {
            let broken = Broken::named(without.as_deref(), wrong.as_deref())?;
            serve(broken).map_err(|error| error.to_string())?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn compare(dir: &Path) -> Result<ExitCode, String> {
    let (counts, differences) = check(dir).map_err(|error| error.to_string())?;
    for difference in &differences {
        println!("{difference}");
    }
    if differences.is_empty() {
        println!("{counts}: all as generated");
        return Ok(ExitCode::SUCCESS);
    }
    println!("{} files differ; run: didshake-conformance generate --out {}", differences.len(), dir.display());
    Ok(ExitCode::FAILURE)
}

fn main() -> ExitCode {
    run(Cli::parse().command).unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}
