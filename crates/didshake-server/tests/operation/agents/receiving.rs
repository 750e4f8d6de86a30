//! Letters that come in: on a socket, past a relay that goes away, and past senders who cannot be resolved now.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use didshake_peer::mailbox::{AgentOptions, SentState};

use super::{Flaky, World, agent, state, texts, until, write};
use crate::relay::relay_settings;
use crate::service::{Service, identity};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn running_agents_hear_of_each_other_and_of_a_relay_that_comes_back() {
    let mut world = World::new().await;
    let (alice, bob) = world.friends().await;
    let running = [&alice, &bob].map(|agent| {
        let agent = agent.clone();
        tokio::spawn(async move { agent.run().await })
    });
    let mut expected: Vec<String> = (0..30).map(|number| format!("letter {number}")).collect();
    let mut last = [0; 16];
    for text in &expected {
        last = write(&alice, &bob, text).await;
    }
    until("they come", async || texts(&bob).await == expected).await;
    until("the sender hears of it", async || state(&alice, &last).await == SentState::Taken).await;
    let unread = bob.store().unread(0, 100).await.unwrap();
    bob.mark_read(&unread).await.unwrap();
    until("the receipts come", async || state(&alice, &last).await == SentState::Read).await;

    // The relay goes, and comes back at the same place.
    let listen = world.relay.address.to_string();
    world.relay.end().await;
    expected.push("while it was away".into());
    write(&alice, &bob, "while it was away").await;
    let settings = didshake_server::Settings { listen: Some(listen), ..relay_settings(world.directory.path()) };
    world.relay = Service::start(&settings).await;
    until("it goes on", async || texts(&bob).await == expected).await;
    running.iter().for_each(tokio::task::JoinHandle::abort);
    world.relay.end().await;
}

// R-RLY-9
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_cannot_be_resolved_now_is_not_refused_and_holds_up_nobody() {
    let world = World::new().await;
    let (alice, carol) = (world.agent(1).await, world.agent(3).await);
    let broken = Arc::new(AtomicBool::new(true));
    let mut options = AgentOptions::default();
    options.surroundings.resolver =
        Arc::new(Flaky { did: alice.identity().did().clone(), broken: Arc::clone(&broken) });
    let bob = agent(&world.path("2"), identity(2), options).await;
    bob.open_mailbox(&world.origin(), &world.relay.did).await.unwrap();
    world.introduce(&alice, &bob).await;
    world.introduce(&carol, &bob).await;
    let first = write(&alice, &bob, "alice 1").await;
    write(&alice, &bob, "alice 2").await;
    alice.deliver().await.unwrap();
    write(&carol, &bob, "carol").await;
    carol.deliver().await.unwrap();

    assert_eq!(bob.fetch(0).await.unwrap(), 1);
    assert_eq!(texts(&bob).await, ["carol"]);
    alice.deliver().await.unwrap();
    assert_eq!(state(&alice, &first).await, SentState::Waiting);
    broken.store(false, Ordering::SeqCst);
    assert_eq!(bob.fetch(0).await.unwrap(), 2);
    assert_eq!(texts(&bob).await, ["carol", "alice 1", "alice 2"]);
    world.relay.end().await;
}
