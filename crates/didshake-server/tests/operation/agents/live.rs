//! Letters over a live channel, and by the mailbox where it is cut.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use didshake_peer::mailbox::{Agent, AgentError, SentState, live};
use didshake_peer::{
    Admit, Expect, InitiatorOptions, MemoryBurnStore, PeerConnection, ResponderOptions, accept, connect,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, ReadHalf, WriteHalf, duplex, split};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::{World, inbox, state, texts, until, write};

type Wire = PeerConnection<DuplexStream>;

/// Loses what it would carry once it is told to.
async fn carry(mut from: ReadHalf<DuplexStream>, mut to: WriteHalf<DuplexStream>, loses: Option<Arc<AtomicBool>>) {
    let mut bytes = vec![0; 65_536];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        let lost = loses.as_ref().is_some_and(|loses| loses.load(Ordering::SeqCst));
        if !lost && to.write_all(&bytes[..count]).await.is_err() {
            break;
        }
    }
}

/// A channel of two agents, and the tasks that carry it; what the second says is lost once that is wanted.
async fn wires(alice: &Agent, bob: &Agent) -> (Wire, Wire, Arc<AtomicBool>, [JoinHandle<()>; 2]) {
    let ((to_alice, near), (to_bob, far)) = (duplex(65_536), duplex(65_536));
    let ((near_in, near_out), (far_in, far_out)) = (split(near), split(far));
    let loses = Arc::new(AtomicBool::new(false));
    let carrying =
        [tokio::spawn(carry(near_in, far_out, None)), tokio::spawn(carry(far_in, near_out, Some(loses.clone())))];
    let (ours, theirs) = (alice.identity().clone(), bob.identity().clone());
    let initiator = InitiatorOptions::new(ours.clone(), live::PROTOCOL, Expect::Did(theirs.did().clone()));
    let responder = ResponderOptions::new(theirs, live::PROTOCOL, Admit::only(ours.did().clone()));
    let burned = MemoryBurnStore::default();
    let (alice, bob) = tokio::join!(connect(to_alice, &initiator), accept(to_bob, &responder, &burned));
    (alice.unwrap(), bob.unwrap(), loses, carrying)
}

// R-MBOX-8
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn letters_over_a_channel_are_answered_and_read_and_none_goes_to_the_relay() {
    let world = World::new().await;
    let (alice, bob) = world.friends().await;
    let before = write(&alice, &bob, "left at the relay").await;
    alice.deliver().await.unwrap();
    assert_eq!(state(&alice, &before).await, SentState::Waiting);

    let (ours, theirs, _, carrying) = wires(&alice, &bob).await;
    let (close, closed) = oneshot::channel::<()>();
    let (alices, bobs) = (alice.clone(), bob.clone());
    let exchanging = tokio::spawn(async move { alices.exchange(ours, async { drop(closed.await) }).await });
    let other = tokio::spawn(async move { bobs.exchange(theirs, std::future::pending()).await });
    let mut ids = vec![before];
    for number in 0..100 {
        ids.push(write(&alice, &bob, &format!("letter {number}")).await);
        if number % 10 == 0 {
            assert_eq!(alice.deliver().await.unwrap().deposited, 0, "it goes over the channel");
        }
    }
    let longest = "x".repeat(65_536);
    ids.push(write(&alice, &bob, &longest).await);
    until("all are taken", async || state(&alice, ids.last().unwrap()).await == SentState::Taken).await;
    let came: Vec<[u8; 16]> = inbox(&bob).await.iter().map(|letter| letter.id).collect();
    assert_eq!(came, ids, "in the order of writing, the one before the channel too");
    assert_eq!(bob.fetch(0).await.unwrap(), 1, "which waits at the relay yet");
    assert_eq!(inbox(&bob).await.len(), ids.len(), "and is not taken again");

    // The answer of a reader, and a letter back.
    bob.mark_read(&bob.store().unread(0, 1000).await.unwrap()).await.unwrap();
    let answer = write(&bob, &alice, "read").await;
    until("all are read", async || state(&alice, ids.last().unwrap()).await == SentState::Read).await;
    until("the answer is taken", async || state(&bob, &answer).await == SentState::Taken).await;
    assert_eq!(texts(&alice).await, ["read"]);
    close.send(()).unwrap();
    exchanging.await.unwrap().unwrap();
    other.await.unwrap().unwrap();
    drop(carrying);
    world.relay.end().await;
}

// R-MBOX-8
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_answered_when_the_channel_is_cut_goes_by_the_mailbox_and_comes_once() {
    let world = World::new().await;
    let (alice, bob) = world.friends().await;
    let (ours, theirs, loses, carrying) = wires(&alice, &bob).await;
    let (alices, bobs) = (alice.clone(), bob.clone());
    let exchanging = tokio::spawn(async move { alices.exchange(ours, std::future::pending()).await });
    let other = tokio::spawn(async move { bobs.exchange(theirs, std::future::pending()).await });
    let first = write(&alice, &bob, "answered").await;
    until("it is answered", async || state(&alice, &first).await == SentState::Taken).await;
    // From now on no answer comes back.
    loses.store(true, Ordering::SeqCst);
    let lost = write(&alice, &bob, "its answer is lost").await;
    until("it came", async || inbox(&bob).await.len() == 2).await;
    carrying.iter().for_each(JoinHandle::abort);
    let cut = exchanging.await.unwrap();
    assert!(matches!(cut, Err(AgentError::Channel(_))), "{cut:?}");
    drop(other.await.unwrap());
    assert_eq!(state(&alice, &lost).await, SentState::Queued);
    let later = write(&alice, &bob, "after the cut").await;
    assert_eq!(alice.deliver().await.unwrap().deposited, 2);
    assert_eq!(bob.fetch(0).await.unwrap(), 2);
    assert_eq!(texts(&bob).await, ["answered", "its answer is lost", "after the cut"], "each once");
    alice.deliver().await.unwrap();
    for id in [lost, later] {
        assert_eq!(state(&alice, &id).await, SentState::Taken);
    }
    world.relay.end().await;
}
