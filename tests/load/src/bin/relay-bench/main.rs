//! `cargo xtask bench relay`: what the relay costs in memory and time, beside NATS core in the same minute. Tables go to standard
//! error, JSON to standard output. It reports, and judges nothing.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step is a failed measurement"
)]

mod agents;
mod latency;
mod memory;
mod rate;

use clap::{Parser, ValueEnum};
use didshake_load::{Nats, Owner, idle_channels};
use didshake_tests::{Client, Home};
use serde_json::{Value, json};

/// What the relay costs, beside NATS core
#[derive(Parser)]
struct Arguments {
    /// Agents that are there and do nothing, and channels
    #[arg(long, default_value_t = 2000)]
    agents: usize,
    /// Turns of each candidate; medians are told
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Messages of one turn through the relay; of NATS twenty times as many
    #[arg(long, default_value_t = 10_000)]
    messages: usize,
    /// Messages whose way is timed, one every 20 ms
    #[arg(long, default_value_t = 1000)]
    timed: usize,
    /// One part alone
    #[arg(long, value_enum)]
    only: Option<Part>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Channels,
    Agents,
    Memory,
    Rate,
    Latency,
}

impl Arguments {
    fn asks_for(&self, part: Part) -> bool {
        self.only.is_none_or(|only| only == part)
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let arguments = Arguments::parse();
    let told = match arguments.only {
        Some(Part::Channels) => json!({"told": channels(arguments.agents).await}),
        Some(Part::Agents) => {
            let home = Home::new();
            json!({"told": agents::idle(&didshake_load::relay(&home), arguments.agents).await})
        }
        _ => relay(&arguments).await,
    };
    println!("{told}");
}

async fn channels(count: usize) -> Value {
    let idle = idle_channels(count).await;
    json!({"channels": count, "bytes_before": idle.before, "bytes_after": idle.after, "bytes_an_end": idle.each})
}

/// One part in a process of its own, so that nothing else is in its memory.
fn in_a_process(part: &str, count: usize) -> Value {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    let output = command.args(["--only", part, "--agents", &count.to_string()]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    told["told"].clone()
}

async fn relay(arguments: &Arguments) -> Value {
    let home = Home::new();
    let relay = didshake_load::relay(&home);
    let first = Client::new([1; 32], b"");
    let mut told = json!({"benchmark": "relay"});
    if arguments.asks_for(Part::Channels) {
        told["channels"] = in_a_process("channels", arguments.agents);
        eprintln!("memory: {} bytes an end of an idle live channel", told["channels"]["bytes_an_end"]);
    }
    if arguments.asks_for(Part::Agents) {
        told["agents"] = in_a_process("agents", arguments.agents);
        eprintln!("memory: {} bytes an idle agent of didshake-peer", told["agents"]["bytes_an_agent"]);
    }
    if arguments.asks_for(Part::Memory) {
        told["memory"] = memory::idle(&relay, &first, arguments.agents).await;
    }
    let owner = Owner::open(first, &relay).await;
    let nats = Nats::start().await;
    if arguments.asks_for(Part::Rate) {
        told["rate"] = rate::compare(&owner, &nats, arguments.runs, arguments.messages).await;
    }
    if arguments.asks_for(Part::Latency) {
        told["latency"] = latency::compare(&owner, &nats, arguments.timed).await;
    }
    told
}
