//! `cargo xtask endure`: messages through a relay while everything is killed at random. Some minutes, so on demand; the tests
//! have it in small.

use anyhow::Result;
use clap::Args;

use crate::process::{self, cargo};

#[derive(Args)]
pub(crate) struct Options {
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

pub(crate) fn run(options: &Options) -> Result<()> {
    let mut command = cargo();
    command.args(["run", "--quiet", "--release", "--locked", "--package", "didshake-load", "--bin", "endure", "--"]);
    for (flag, value) in [("--messages", options.messages), ("--kills", options.kills), ("--senders", options.senders)]
    {
        command.args([flag, &value.to_string()]);
    }
    process::run(&mut command)
}
