//! `cargo xtask endure`: a hundred thousand messages through a relay that is killed at random, between processes that are killed
//! too. It fails where one is lost, handed over twice, or out of order.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step is a failed trial")]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use didshake_load::{Trial, receive, run, send};

/// Messages through a relay, while everything is killed at random
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    role: Option<Role>,
    /// Messages of all senders together
    #[arg(long, default_value_t = 100_000)]
    messages: usize,
    /// Kills of the relay; the recipient is killed as often, senders half as often
    #[arg(long, default_value_t = 20)]
    kills: usize,
    /// Processes that send
    #[arg(long, default_value_t = 4)]
    senders: usize,
}

/// One of the processes
#[derive(Subcommand)]
enum Role {
    /// Write letters and deliver them
    Send {
        #[arg(long)]
        directory: PathBuf,
        #[arg(long)]
        number: usize,
        #[arg(long)]
        messages: u64,
    },
    /// Take letters and hand them to an application
    Receive {
        #[arg(long)]
        directory: PathBuf,
    },
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.role {
        Some(Role::Send { directory, number, messages }) => send(&directory, number, messages).await,
        Some(Role::Receive { directory }) => receive(&directory).await,
        None => {
            let Arguments { messages, kills, senders, .. } = arguments;
            let outcome = run(&Trial { program: std::env::current_exe().unwrap(), messages, kills, senders }).await;
            println!("{}", outcome.told());
            if !outcome.is_good() {
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}
