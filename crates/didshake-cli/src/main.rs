//! The `didshake` program.

mod chat;
mod cli;
mod commands;
mod demo;
mod expected;
mod failure;
mod input;
mod logging;
mod meeting;
mod output;
mod passphrase;
mod peer_failure;
mod progress;
mod resolver;
mod storage;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    logging::start(cli.global.verbose, cli.global.log_format);
    match run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.report(cli.global.json);
            failure.exit().into()
        }
    }
}

fn run(cli: &Cli) -> Result<(), failure::Failure> {
    let global = &cli.global;
    match &cli.command {
        Command::Id(command) => commands::id::run(global, command),
        Command::Did(command) => commands::did::run(global, command),
        Command::Listen(options) => commands::listen::run(global, options),
        Command::Connect(options) => commands::connect::run(global, options),
        Command::Peer(command) => commands::peer::run(global, command),
        Command::Inspect(options) => commands::inspect::run(global, options),
        Command::Vectors(command) => commands::vectors::run(global, command),
        Command::Demo(options) => commands::demo::run(global, options),
        Command::Completions(options) => commands::generate::completions(options),
        Command::Man(options) => commands::generate::man(options),
    }
}
