//! Live channels through the relay.

use didshake::relay::RelayCode;
use didshake_peer::mailbox::AgentError;
use didshake_peer::mailbox::relay::RelayError;
use didshake_peer::{Admit, Expect, InitiatorOptions, MemoryBurnStore, ResponderOptions};

use super::{World, until};

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

    let running = tokio::spawn({
        let bob = bob.clone();
        async move { bob.run().await }
    });
    let answering = tokio::spawn(async move {
        let mut offers = bob.offers();
        let offer = offers.recv().await.unwrap();
        let options = ResponderOptions::new(bob.identity().clone(), CHAT, Admit::only(of_alice));
        let mut channel = bob.answer(&offer, &options, &MemoryBurnStore::default()).await.unwrap();
        while let Some(message) = channel.recv().await.unwrap() {
            channel.send(&message).await.unwrap();
        }
        channel.close().await.unwrap();
    });
    let connected = tokio::sync::Mutex::new(None);
    until("he is connected", async || {
        let called = alice.call(&to_bob, &options).await;
        assert!(called.is_ok() || is_away(&called), "{called:?}");
        *connected.lock().await = called.ok();
        connected.lock().await.is_some()
    })
    .await;
    let mut channel = connected.into_inner().unwrap();
    assert_eq!(channel.peer().did(), &to_bob);
    for size in [0, 5, didshake::MAX_CONTENT_BYTES] {
        channel.send(&vec![7; size]).await.unwrap();
        assert_eq!(channel.recv().await.unwrap(), Some(vec![7; size]));
    }
    channel.close().await.unwrap();
    assert_eq!(channel.recv().await.unwrap(), None);
    answering.await.unwrap();
    running.abort();
    world.relay.end().await;
}
