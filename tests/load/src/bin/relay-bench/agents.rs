//! What an agent of `didshake-peer` costs that has a mailbox and waits for letters.

use std::path::Path;

use didshake::{Algorithm, Did, Origin, Secret, SigningKey};
use didshake_did::{LocalSigner, SigningIdentity};
use didshake_load::resident;
use didshake_peer::mailbox::{Agent, AgentOptions, SqliteStore};
use didshake_tests::{Home, Service};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

const WARM_UP: usize = 8;

/// Runs so many agents in this process, at a relay of another, each with a store of its own in a file that they share.
pub(crate) async fn idle(relay: &Service, count: usize) -> Value {
    let home = Home::new();
    let path = home.path("agent.sqlite");
    let warm = open(relay, &path, 0, WARM_UP).await;
    let before = resident(std::process::id());
    let open = open(relay, &path, WARM_UP, count).await;
    let after = resident(std::process::id());
    assert!(warm.iter().chain(&open).all(|agent| !agent.is_finished()), "an agent ended");
    let each = after.saturating_sub(before) / count as u64;
    json!({"agents": count, "bytes_before": before, "bytes_after": after, "bytes_an_agent": each})
}

async fn open(relay: &Service, path: &Path, from: usize, count: usize) -> Vec<JoinHandle<()>> {
    let (origin, did) = (Origin::parse(&relay.origin).unwrap(), Did::parse(&relay.did).unwrap());
    let (mut agents, mut connections) = (Vec::with_capacity(count), Vec::with_capacity(count));
    for number in from..from + count {
        let mut seed = [3; 32];
        seed[..8].copy_from_slice(&number.to_be_bytes());
        let key = SigningKey::from_secret(Algorithm::Ed25519, &Secret::new(seed)).unwrap();
        let identity = SigningIdentity::of_did_key(LocalSigner::new(key)).unwrap();
        let store = SqliteStore::open(path, identity.did().clone()).await.unwrap();
        let agent = Agent::new(identity, store, AgentOptions::default()).unwrap();
        agent.open_mailbox(&origin, &did).await.unwrap();
        let connection = agent.connections();
        agents.push(tokio::spawn(async move { drop(agent.run().await) }));
        connections.push(connection);
    }
    for mut connection in connections {
        drop(connection.wait_for(|connection| connection.is_open(&origin)).await.unwrap());
    }
    agents
}
