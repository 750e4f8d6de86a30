//! Handshakes over a stream: what each side gets, when, and what it learns of a failure.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a failed step is a failed test")]

mod peers;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use didshake::{AlertCode, Binding, Context, Did, Error, Fault, Fragment, Suite, UnixTime, VerifiedPeer};
use didshake_did::{BoxFuture, Resolved, Resolver};
use didshake_peer::{
    Admit, Cause, Event, Expect, InitiatorOptions, MemoryBurnStore, Message, Observer, PeerPolicy, Step, accept,
    connect,
};
use peers::*;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, sleep, timeout};

#[tokio::test(start_paused = true)]
async fn both_know_the_other_and_share_keys() {
    let (initiator, responder) = options();
    let (near, far) = meet(initiator, responder).await;
    let (near, far) = (near.unwrap(), far.unwrap());
    assert_eq!((near.peer().did(), far.peer().did()), (&did(2), &did(1)));
    assert_eq!(near.agreed().session_id, far.agreed().session_id);
    let export = |peer: &didshake_peer::Agreed| peer.exporter.export(b"label", b"", 32).unwrap();
    assert_eq!(export(near.agreed()), export(far.agreed()));
    assert_eq!(near.agreed().suite, Suite::X25519_CHACHA20_POLY1305);
}

// R-CHECK-8, R-CHECK-7, R-ALERT-1
#[tokio::test(start_paused = true)]
async fn denied_leaves_no_earlier_than_the_delay() {
    for delay in [100, 750] {
        let (mut initiator, mut responder) = options();
        responder.admit = Admit::only(did(3));
        responder.surroundings.timeouts.denied_delay = Duration::from_millis(delay);
        initiator.surroundings.timeouts.denied_delay = Duration::from_millis(5);
        let start = Instant::now();
        let (near, far) = meet(initiator, responder).await;
        assert_eq!(start.elapsed(), Duration::from_millis(delay));
        let (near, far) = (near.unwrap_err(), far.unwrap_err());
        assert_eq!(near.fault(), Some(Fault::PeerAlert(AlertCode::Denied)));
        assert_eq!(near.sent, None);
        assert_eq!((far.fault(), far.sent), (Some(Fault::NotAdmitted), Some(AlertCode::Denied)));
        assert_eq!((far.step, far.claimed), (Step::ReadFinish, Some(did(1))));
    }
}

/// Takes its time, and counts.
struct Slow(Duration, AtomicU64);

impl Resolver for Slow {
    fn resolve<'a>(&'a self, did: &'a Did) -> BoxFuture<'a, Result<Resolved, Fault>> {
        Box::pin(async move {
            self.1.fetch_add(1, Ordering::Relaxed);
            sleep(self.0).await;
            didshake_did::did_key::resolve(did).map(Resolved::fetched)
        })
    }
}

// R-CHECK-8: the delay counts from the message, so that a resolution below it cannot be timed
#[tokio::test(start_paused = true)]
async fn the_delay_covers_resolution() {
    for (resolution, total) in [(0, 100), (60, 100), (180, 180)] {
        let (initiator, mut responder) = options();
        responder.surroundings.resolver = Arc::new(Slow(Duration::from_millis(resolution), AtomicU64::new(0)));
        responder.surroundings.policy = Some(Arc::new(|_: &VerifiedPeer| false));
        let start = Instant::now();
        let (near, far) = meet(initiator, responder).await;
        assert_eq!(start.elapsed(), Duration::from_millis(total));
        assert_eq!(near.unwrap_err().fault(), Some(Fault::PeerAlert(AlertCode::Denied)));
        assert_eq!(far.unwrap_err().fault(), Some(Fault::PolicyRefused));
    }
}

// R-CHECK-4, R-CHECK-1
#[tokio::test(start_paused = true)]
async fn nobody_is_resolved_before_admission() {
    let (initiator, mut responder) = options();
    let resolver = Arc::new(Slow(Duration::ZERO, AtomicU64::new(0)));
    responder.surroundings.resolver = resolver.clone();
    responder.admit = Admit::rule(|_| false);
    let (_, far) = meet(initiator, responder).await;
    assert_eq!(far.unwrap_err().fault(), Some(Fault::NotAdmitted));
    assert_eq!(resolver.1.load(Ordering::Relaxed), 0);
}

// R-INIT-5
#[tokio::test(start_paused = true)]
async fn the_initiator_shows_itself_only_after_policy() {
    struct Asks(Arc<Mutex<Vec<Message>>>);
    impl PeerPolicy for Asks {
        fn allows<'a>(&'a self, peer: &'a VerifiedPeer) -> BoxFuture<'a, bool> {
            assert_eq!(*peer.did(), did(2));
            assert_eq!(*self.0.lock().unwrap(), [Message::Hello]);
            Box::pin(async {
                sleep(Duration::from_secs(20)).await;
                false
            })
        }
    }
    struct Notes(Arc<Mutex<Vec<Message>>>);
    impl Observer for Notes {
        fn observe(&self, event: &Event<'_>) {
            if let Event::Sent { message, .. } = event {
                self.0.lock().unwrap().push(*message);
            }
        }
    }
    let (mut initiator, responder) = options();
    let sent = Arc::new(Mutex::new(Vec::new()));
    initiator.expect = Expect::rule(|_| true);
    initiator.surroundings.policy = Some(Arc::new(Asks(sent.clone())));
    initiator.surroundings.observer = Some(Arc::new(Notes(sent.clone())));
    let (near, far) = meet(initiator, responder).await;
    assert_eq!(near.unwrap_err().fault(), Some(Fault::PolicyRefused));
    assert_eq!(far.unwrap_err().fault(), Some(Fault::PeerAlert(AlertCode::Denied)));
    assert_eq!(*sent.lock().unwrap(), [Message::Hello, Message::Alert]);
}

// R-CHECK-3
#[tokio::test(start_paused = true)]
async fn another_responder_is_refused_and_named() {
    let (mut initiator, responder) = options();
    initiator.expect = Expect::Did(did(3));
    let (near, far) = meet(initiator, responder).await;
    let near = near.unwrap_err();
    assert_eq!((near.fault(), near.claimed), (Some(Fault::NotAdmitted), Some(did(2))));
    assert_eq!(near.sent, Some(AlertCode::Denied));
    assert_eq!(far.unwrap_err().fault(), Some(Fault::PeerAlert(AlertCode::Denied)));
}

// R-LIMIT-2
#[tokio::test(start_paused = true)]
async fn a_silent_peer_costs_a_bounded_time() {
    let (initiator, responder) = options();
    let (_silent, far) = tokio::io::duplex(64);
    let start = Instant::now();
    let error = spawn_accept(far, responder).await.unwrap().unwrap_err();
    assert!(matches!(error.cause, Cause::TimedOut(limit) if limit == Duration::from_secs(10)), "{error}");
    assert_eq!(start.elapsed(), Duration::from_secs(10));

    let (_silent, near) = tokio::io::duplex(4096);
    let start = Instant::now();
    let error = spawn_connect(near, initiator).await.unwrap().unwrap_err();
    assert!(matches!(error.cause, Cause::TimedOut(limit) if limit == Duration::from_secs(60)), "{error}");
    assert_eq!(start.elapsed(), Duration::from_secs(60));
}

// R-LIMIT-2: bytes that trickle do not buy time
#[tokio::test(start_paused = true)]
async fn slow_bytes_run_into_the_time_limit() {
    let (_, responder) = options();
    let (mut near, far) = tokio::io::duplex(64);
    let start = Instant::now();
    let waiting = spawn_accept(far, responder);
    tokio::spawn(async move {
        near.write_all(&[0, 0x10, 0]).await.unwrap();
        while near.write_all(&[1]).await.is_ok() {
            sleep(Duration::from_secs(1)).await;
        }
    });
    assert!(matches!(waiting.await.unwrap().unwrap_err().cause, Cause::TimedOut(_)));
    assert_eq!(start.elapsed(), Duration::from_secs(10));
}

// R-LIMIT-2
#[tokio::test(start_paused = true)]
async fn the_whole_attempt_is_limited() {
    let (mut initiator, mut responder) = options();
    initiator.surroundings.timeouts.attempt = Duration::from_secs(5);
    responder.surroundings.timeouts.attempt = Duration::from_secs(7);
    let never = |_: &VerifiedPeer| true;
    initiator.surroundings.policy = Some(Arc::new(never));
    initiator.surroundings.resolver = Arc::new(Slow(Duration::from_secs(14), AtomicU64::new(0)));
    let start = Instant::now();
    let (near, far) = meet(initiator, responder).await;
    assert!(matches!(near.unwrap_err().cause, Cause::TimedOut(limit) if limit == Duration::from_secs(5)));
    assert!(matches!(far.unwrap_err().cause, Cause::Closed));
    assert_eq!(start.elapsed(), Duration::from_secs(5));
}

// R-LIMIT-2, R-DID-10: a resolver that hangs is a failed resolution
#[tokio::test(start_paused = true)]
async fn resolution_is_limited() {
    let (initiator, mut responder) = options();
    responder.surroundings.resolver = Arc::new(Slow(Duration::from_secs(40), AtomicU64::new(0)));
    let start = Instant::now();
    let (_, far) = meet(initiator, responder).await;
    assert_eq!(far.unwrap_err().fault(), Some(Fault::DidResolutionFailed));
    assert_eq!(start.elapsed(), Duration::from_secs(15));
}

/// What a responder answers to these bytes, and how it fails.
async fn answer_to(bytes: &[u8]) -> (Option<Vec<u8>>, Option<Fault>) {
    let (_, responder) = options();
    let (mut near, far) = tokio::io::duplex(4096);
    let waiting = spawn_accept(far, responder);
    near.write_all(bytes).await.unwrap();
    let answer = read_message(&mut near).await;
    assert_eq!(read_message(&mut near).await, None, "the connection is closed after it");
    (answer, waiting.await.unwrap().unwrap_err().fault())
}

// R-BIND-1, R-WIRE-2, R-WIRE-3, R-WIRE-5, R-ALERT-1, R-ALERT-2
#[tokio::test(start_paused = true)]
async fn bad_first_bytes_get_one_alert() {
    for (bytes, alert, fault) in [
        (&[0, 0x10, 1][..], 50, Fault::MessageTooLong),
        (b"GET / HTTP/1.1\r\n\r\n", 50, Fault::MessageTooLong),
        (&[0, 0, 0], 50, Fault::MessageTruncated),
        (&[0, 0, 1, 3], 10, Fault::UnexpectedMessage),
        (&[0, 0, 1, 16], 10, Fault::UnexpectedMessage),
        (&[0, 0, 2, 1, 2], 70, Fault::UnsupportedVersion),
    ] {
        assert_eq!(answer_to(bytes).await, (Some(vec![15, alert]), Some(fault)), "{bytes:?}");
    }
}

// R-ALERT-2, R-ALERT-3, R-ALERT-4
#[tokio::test(start_paused = true)]
async fn alerts_are_never_answered() {
    for (bytes, fault) in [
        (&[0, 0, 2, 15, 49][..], Fault::PeerAlert(AlertCode::Denied)),
        (&[0, 0, 2, 15, 200], Fault::MalformedAlert),
        (&[0, 0, 1, 15], Fault::MalformedAlert),
        (&[0, 0, 3, 15, 49, 0], Fault::MalformedAlert),
    ] {
        assert_eq!(answer_to(bytes).await, (None, Some(fault)), "{bytes:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_ends_is_told_from_an_alert() {
    for bytes in [&[][..], &[0, 0], &[0, 0, 9, 1]] {
        let (_, responder) = options();
        let (mut near, far) = tokio::io::duplex(64);
        let waiting = spawn_accept(far, responder);
        near.write_all(bytes).await.unwrap();
        near.shutdown().await.unwrap();
        let error = waiting.await.unwrap().unwrap_err();
        assert!(matches!(error.cause, Cause::Closed), "{error}");
        assert_eq!(read_message(&mut near).await, None);
    }
}

// R-SCHED-1, R-CHECK-7: every message is bound, and a changed one ends the attempt on both sides
#[tokio::test(start_paused = true)]
async fn a_changed_message_is_refused() {
    for (message_type, alert) in [(2, 20), (3, 20), (4, 20)] {
        let (near, far) = between(move |mut message| {
            if message[0] == message_type {
                *message.last_mut().unwrap() ^= 1;
            }
            message
        });
        let (initiator, responder) = options();
        let (near, far) = (spawn_connect(near, initiator), spawn_accept(far, responder));
        let (near, far) = (near.await.unwrap(), far.await.unwrap());
        let refused = if message_type == 3 { far.unwrap_err() } else { near.unwrap_err() };
        assert_eq!(refused.fault(), Some(Fault::SealedPartNotOpened));
        assert_eq!(refused.sent.map(|code| code as u8), Some(alert));
    }
}

// R-BIND-2
#[tokio::test(start_paused = true)]
async fn the_prologue_is_bound() {
    let with = |prologue: &[u8]| Context::new(Binding::Stream, prologue.to_vec()).unwrap();
    let (mut initiator, mut responder) = options();
    initiator.surroundings.context = with(b"here");
    responder.surroundings.context = with(b"there");
    let (near, far) = meet(initiator.clone(), responder.clone()).await;
    assert_eq!(near.unwrap_err().fault(), Some(Fault::SealedPartNotOpened));
    assert_eq!(far.unwrap_err().fault(), Some(Fault::PeerAlert(AlertCode::BadRecord)));
    responder.surroundings.context = with(b"here");
    let (near, far) = meet(initiator, responder).await;
    assert!(near.is_ok() && far.is_ok());
}

// R-CHECK-2
#[tokio::test(start_paused = true)]
async fn our_own_identity_is_refused() {
    let (_, responder) = options();
    let initiator = InitiatorOptions::new(identity(2), CHAT, Expect::rule(|_| true));
    let (near, _) = meet(initiator, responder).await;
    assert_eq!(near.unwrap_err().fault(), Some(Fault::OwnDid));
}

// R-STATE-1
#[tokio::test(start_paused = true)]
async fn a_late_finish_finds_no_state() {
    let (mut initiator, mut responder) = options();
    let time = Arc::new(AtomicU64::new(1000));
    let clock = time.clone();
    responder.surroundings.clock = Arc::new(move || UnixTime(clock.load(Ordering::Relaxed)));
    initiator.surroundings.policy = Some(Arc::new(move |_: &VerifiedPeer| {
        time.fetch_add(60, Ordering::Relaxed);
        true
    }));
    let (_, far) = meet(initiator, responder).await;
    assert_eq!(far.unwrap_err().fault(), Some(Fault::WaitingStateExpired));
}

// R-STATE-5: a store that refuses keeps everyone out
#[tokio::test(start_paused = true)]
async fn a_full_burn_store_fails_closed() {
    let (initiator, responder) = options();
    let (near, far) = tokio::io::duplex(4096);
    let near = spawn_connect(near, initiator);
    let full = MemoryBurnStore::with_capacity(0);
    let error = accept(far, &responder, &full).await.unwrap_err();
    assert_eq!((error.code(), error.sent), ("burn_store", Some(AlertCode::Denied)));
    assert_eq!(near.await.unwrap().unwrap_err().fault(), Some(Fault::PeerAlert(AlertCode::Denied)));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_attempt_closes_the_stream() {
    let (initiator, _) = options();
    let (near, mut far) = tokio::io::duplex(4096);
    let cancelled = timeout(Duration::from_millis(1), connect(near, &initiator)).await;
    assert!(cancelled.is_err());
    assert!(read_message(&mut far).await.is_some(), "Hello");
    assert!(read_message(&mut far).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn recipient_finds_the_identity_that_is_meant() {
    let (mut initiator, mut responder) = options();
    responder.identities.push(identity(4));
    initiator.expect = Expect::Did(did(4));
    initiator.recipient = true;
    let (near, far) = meet(initiator.clone(), responder.clone()).await;
    assert_eq!((near.unwrap().peer().did(), far.unwrap().agreed().identity.did.clone()), (&did(4), did(4)));
    initiator.expect = Expect::Did(did(5));
    let (near, far) = meet(initiator.clone(), responder.clone()).await;
    assert_eq!(near.unwrap_err().fault(), Some(Fault::PeerAlert(AlertCode::UnknownRecipient)));
    assert_eq!(far.unwrap_err().fault(), Some(Fault::UnknownRecipient));
    initiator.expect = Expect::rule(|_| true);
    let (near, _) = meet(initiator, responder).await;
    assert!(matches!(near.unwrap_err().cause, Cause::Protocol(Error::Caller(_))));
}

#[test]
fn debug_and_errors_show_no_secret() {
    let (initiator, responder) = options();
    let shown = format!("{initiator:?} {responder:?}");
    assert!(!shown.contains("0101010101") && !shown.contains("1, 1, 1, 1"), "{shown}");
    let _ = Fragment::of(&did(1), "");
}
