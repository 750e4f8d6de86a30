//! Live channels through the relay.

use didshake::relay::RelayCode;
use didshake_peer::mailbox::AgentError;
use didshake_peer::mailbox::relay::RelayError;
use didshake_peer::{Admit, Expect, InitiatorOptions, MemoryBurnStore, ResponderOptions};

use didshake_server::Settings;

use super::World;
use crate::relay::relay_settings;
use crate::service::Service;

const CHAT: &[u8] = b"didshake.chat/1";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_reach_only_the_relay_have_a_channel() {
    let world = World::new().await;
    let (alice, bob) = world.friends().await;
    let (to_bob, of_alice) = (bob.identity().did().clone(), alice.identity().did().clone());
    let options = InitiatorOptions::new(alice.identity().clone(), CHAT, Expect::Did(to_bob.clone()));
    let is_away = |called: &Result<_, AgentError>| {
        matches!(called, Err(AgentError::Relay(RelayError::Refused { code: RelayCode::Away, .. })))
    };
    assert!(is_away(&alice.call(&to_bob, &options).await), "he is not connected");

    let (mut offers, mut connections) = (bob.offers(), bob.connections());
    let running = tokio::spawn({
        let bob = bob.clone();
        async move { bob.run().await }
    });
    let answering = tokio::spawn(async move {
        let offer = offers.recv().await.unwrap();
        let options = ResponderOptions::new(bob.identity().clone(), CHAT, Admit::only(of_alice));
        let mut channel = bob.answer(&offer, &options, &MemoryBurnStore::default()).await.unwrap();
        while let Some(message) = channel.recv().await.unwrap() {
            channel.send(&message).await.unwrap();
        }
        channel.close().await.unwrap();
    });
    connections.wait_for(|connections| connections.takes_calls(&world.origin())).await.unwrap();
    // From then on the first call is heard.
    let mut channel = alice.call(&to_bob, &options).await.unwrap();
    assert_eq!(channel.peer().did(), &to_bob);
    for size in [0, 5, didshake::MAX_CONTENT_BYTES] {
        channel.send(&vec![7; size]).await.unwrap();
        assert_eq!(channel.recv().await.unwrap(), Some(vec![7; size]));
    }
    channel.close().await.unwrap();
    assert_eq!(channel.recv().await.unwrap(), None);
    answering.await.unwrap();
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    assert!(!connections.borrow().is_open(&world.origin()), "nothing runs");
    world.relay.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whether_the_mailbox_is_connected_is_told() {
    let world = World::new().await;
    let (origin, address) = (world.origin(), world.relay.address);
    let bob = world.agent(2).await;
    let mut connections = bob.connections();
    assert!(!connections.borrow().are_settled());
    let running = tokio::spawn({
        let bob = bob.clone();
        async move { bob.run().await }
    });
    connections.wait_for(|connections| connections.is_open(&origin)).await.unwrap();
    // The relay goes, and is told of; it comes again, and so does the socket.
    world.relay.end().await;
    connections.wait_for(|connections| connections.are_settled() && !connections.is_open(&origin)).await.unwrap();
    let settings = relay_settings(world.directory.path());
    let relay = Service::start(&Settings { listen: Some(address.to_string()), ..settings }).await;
    connections.wait_for(|connections| connections.is_open(&origin)).await.unwrap();
    // There is no mailbox, and nothing that would be connected.
    bob.close_mailbox(&origin).await.unwrap();
    connections.wait_for(|connections| connections.iter().next().is_none()).await.unwrap();
    running.abort();
    relay.end().await;
}
