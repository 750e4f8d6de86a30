//! `cargo xtask bench relay`: what the relay costs in memory and time, beside NATS core in the same minute. Tables go to standard
//! error, JSON to standard output. It reports, and judges nothing.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step is a failed measurement"
)]

mod latency;
mod memory;
mod rate;

use clap::Parser;
use didshake_load::{Nats, Owner};
use didshake_tests::{Client, Home, Service};
use serde_json::json;

/// Far above what this machine can do, so that no limit is measured.
const UNLIMITED: [&str; 10] = [
    "--mailboxes",
    "anyone",
    "--rate-deposits",
    "10000000/min",
    "--rate-handshakes",
    "1000000/min",
    "--max-connections",
    "65536",
    "--mailbox-waiting",
    "1000000",
];

/// What the relay costs, beside NATS core
#[derive(Parser)]
struct Arguments {
    /// Agents that are there and do nothing
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
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let arguments = Arguments::parse();
    let home = Home::new();
    let relay = Service::start(&home, &UNLIMITED);
    let first = Client::new([1; 32], b"");
    let memory = memory::idle(&relay, &first, arguments.agents).await;
    let owner = Owner::open(first, &relay).await;
    let nats = Nats::start().await;
    let rate = rate::compare(&owner, &nats, arguments.runs, arguments.messages).await;
    let latency = latency::compare(&owner, &nats, arguments.timed).await;
    println!("{}", json!({"benchmark": "relay", "memory": memory, "rate": rate, "latency": latency}));
}
