//! What an agent costs that is there and does nothing.

use std::time::Duration;

use didshake_load::{Owner, Socket, resident};
use didshake_tests::{Client, Service};
use serde_json::{Value, json};

/// Before the first count: what the program needs once, for anybody.
const WARM_UP: usize = 32;
/// Until what a login needed is given back.
const SETTLE: Duration = Duration::from_secs(5);

/// Opens so many mailboxes, each with a socket that stays open, and counts the relay's memory before and after.
pub(crate) async fn idle(relay: &Service, first: &Client, agents: usize) -> Value {
    let warm = open(relay, first, 0, WARM_UP).await;
    drop(warm);
    tokio::time::sleep(SETTLE).await;
    let before = resident(relay.process());
    let open = open(relay, first, WARM_UP, agents).await;
    tokio::time::sleep(SETTLE).await;
    let after = resident(relay.process());
    let each = after.saturating_sub(before) / agents as u64;
    eprintln!(
        "memory: the relay has {} KiB at 0 agents, {} KiB at {agents}: {each} bytes each",
        before / 1024,
        after / 1024
    );
    drop(open);
    json!({"agents": agents, "relay_bytes_before": before, "relay_bytes_after": after, "relay_bytes_an_agent": each})
}

async fn open(relay: &Service, first: &Client, from: usize, count: usize) -> Vec<Socket> {
    let mut sockets = Vec::with_capacity(count);
    for number in from..from + count {
        let mut seed = [2; 32];
        seed[..8].copy_from_slice(&number.to_be_bytes());
        sockets.push(Owner::open(first.another(seed), relay).await.socket().await);
    }
    sockets
}
