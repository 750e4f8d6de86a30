//! `cargo xtask bench resolution http storm sessions memory`: documents of DIDs, fetched and kept; logins and signed requests at a
//! real `didshake serve`, SQLite and PostgreSQL, beside an echo route of axum; honest logins while others leave theirs half
//! open, and beside millions of stored sessions; what an idle session and an idle channel cost. Figures go to standard
//! output as JSON.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step is a failed measurement"
)]

mod cpu;
mod echo;
mod figures;
mod http;
mod load;
mod memory;
mod resolution;
mod sessions;
mod stored;
mod storm;

use clap::{Parser, ValueEnum};

/// What logins cost a service
#[derive(Parser)]
struct Arguments {
    /// What
    #[arg(value_enum, required = true)]
    parts: Vec<Part>,
    /// Longer loads
    #[arg(long)]
    full: bool,
    /// What the primitives of one side of a handshake take, in microseconds: `handshake.floor_one_side_us` of the same run
    #[arg(long, default_value_t = 0.0)]
    crypto_us: f64,
    /// How many, of what is measured in a process of its own
    #[arg(long, default_value_t = 1000, hide = true)]
    count: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Resolution,
    Http,
    Storm,
    Sessions,
    Memory,
    /// Idle channels, in a process of their own
    #[value(hide = true)]
    Channels,
    /// The echo route that logins are compared with, in a process of its own
    #[value(hide = true)]
    Echo,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let arguments = Arguments::parse();
    let mut parts = Vec::new();
    for part in &arguments.parts {
        match part {
            Part::Echo => return echo::serve().await,
            Part::Channels => return memory::hold_channels(arguments.count).await,
            Part::Resolution => parts.push(resolution::measure(&arguments).await),
            Part::Http => parts.push(http::measure(&arguments).await),
            Part::Storm => parts.push(storm::measure().await),
            Part::Sessions => parts.push(sessions::measure(&arguments).await),
            Part::Memory => parts.push(memory::measure(&arguments).await),
        }
    }
    println!("{}", serde_json::Value::from(parts));
}

/// The highest that may be configured: 1,666 requests of handshakes a second from one address, after the first 50,000.
const SETTINGS: &str = "rate_handshakes = \"100000/min\"\nmax_connections = 65536\nmax_sessions = 10000000\n";
