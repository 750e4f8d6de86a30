//! `didshake-conformance run`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use didshake_conformance::report;
use didshake_conformance::runner::case::Tier;
use didshake_conformance::runner::{self, Options};

#[derive(Args)]
pub(crate) struct RunArgs {
    /// An implementation: the command line of its shim, words separated by white space; once for each
    #[arg(long, value_name = "COMMAND")]
    shim: Vec<String>,
    /// A running responder: NAME=URL,DID[,APPLICATION PROTOCOL] with an http://, ws:// or tcp:// URL; once for each
    #[arg(long, value_name = "TARGET")]
    target: Vec<String>,
    /// A program that initiates over TCP: NAME=COMMAND, with {address} and {did} in the command; once for each
    #[arg(long, value_name = "PROGRAM")]
    initiator: Vec<String>,
    /// A running relay: NAME=URL,DID with the http:// URL of its login endpoint; once for each
    #[arg(long, value_name = "RELAY")]
    relay: Vec<String>,
    /// Run this tier only; may be given several times
    #[arg(long, value_enum)]
    tier: Vec<TierName>,
    /// Run only cases whose id contains this text, or that test this requirement; may be given several times
    #[arg(long, value_name = "TEXT")]
    only: Vec<String>,
    /// Name the selected cases and stop
    #[arg(long)]
    list: bool,
    /// Repeat the random parts of an earlier run
    #[arg(long)]
    seed: Option<u64>,
    /// The directory of the vectors
    #[arg(long, value_name = "DIR", default_value = "vectors")]
    vectors: PathBuf,
    /// A file of expected failures; may be given several times
    #[arg(long, value_name = "FILE")]
    expected: Vec<PathBuf>,
    /// Write results.json, junit.xml, report.html, badge.json and coverage.json to this directory
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum TierName {
    Static,
    Replay,
    Live,
    Matrix,
    Relay,
}

impl From<TierName> for Tier {
    fn from(name: TierName) -> Tier {
        match name {
            TierName::Static => Tier::Static,
            TierName::Replay => Tier::Replay,
            TierName::Live => Tier::Live,
            TierName::Matrix => Tier::Matrix,
            TierName::Relay => Tier::Relay,
        }
    }
}

pub(crate) fn run(args: RunArgs) -> Result<ExitCode, String> {
    let options = Options {
        shims: args.shim,
        targets: args.target,
        initiators: args.initiator,
        relays: args.relay,
        tiers: args.tier.into_iter().map(Tier::from).collect(),
        only: args.only,
        seed: args.seed.unwrap_or_else(random_seed),
        vectors: args.vectors,
        expected: args.expected,
    };
    let over = [&options.shims, &options.targets, &options.initiators, &options.relays];
    if !args.list && over.iter().all(|list| list.is_empty()) {
        return Err("nobody to test: give --shim, --target, --initiator or --relay (--help shows how)".to_owned());
    }
    if args.list {
        for case in runner::list(&options)? {
            println!("{}  {}  {}", case.id, case.requirements.join(" "), case.about);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let run = runner::run(&options)?;
    if let Some(directory) = &args.out {
        report::write(&run, directory).map_err(|cause| cause.to_string())?;
    }
    print!("{}", report::summary(&run));
    if let Some(directory) = &args.out {
        println!("The report: {}", directory.join("report.html").display());
    }
    Ok(if report::success(&run) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Below 2^53, so that every reader of JSON keeps it.
fn random_seed() -> u64 {
    getrandom::u64().unwrap_or_default() >> 11
}
