//! Finish: who is refused, when, how late, and who of two wins.

use std::sync::Arc;
use std::time::{Duration, Instant};

use didshake::{Claim, Did, VerifiedPeer};
use didshake_axum::{Limits, MemorySessionStore, Policy, StoreError};
use didshake_did::{BoxFuture, MethodRegistry, Rate};
use didshake_peer::MemoryBurnStore;

use crate::client::{Client, identity, web_identity};
use crate::service::{Counting, Service};
use crate::wire::{Answer, Raw};

async fn denied(finish: &Raw, service: &Service) -> Answer {
    service.codes();
    let began = Instant::now();
    let answer = finish.send(service.address).await;
    assert!(answer.is_alert(49), "{answer:?}");
    assert!(began.elapsed() >= Duration::from_millis(100), "after {:?}", began.elapsed());
    answer
}

// R-STATE-5, R-RESP-8, R-CHECK-8
#[tokio::test]
async fn a_finish_that_comes_again_is_denied_and_makes_no_session() {
    let service = Service::start().await;
    let client = Client::new(1, &service);
    let (finish, _) = client.begin(&service).await;
    assert_eq!(finish.send(service.address).await.status, 200);
    for _ in 0..2 {
        denied(&finish, &service).await;
        assert_eq!(service.codes(), ["finish_replayed"]);
    }
    assert_eq!(service.sessions_of(client.identity.did()).await, 1);
    // Nor does the end of the session reopen it (R-STATE-7).
    let session = service.sessions.of(client.identity.did(), service.now()).await.unwrap().remove(0);
    service.sessions.end(session.session.id()).await.unwrap();
    denied(&finish, &service).await;
    assert_eq!(service.sessions_of(client.identity.did()).await, 0);
}

// R-STATE-5
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_copies_at_once_one_wins() {
    let service = Service::start().await;
    let client = Client::new(1, &service);
    let (finish, _) = client.begin(&service).await;
    let copies: Vec<_> = (0..12)
        .map(|_| {
            let (finish, address) = (finish.clone(), service.address);
            tokio::spawn(async move { finish.send(address).await })
        })
        .collect();
    let mut won = 0;
    for copy in copies {
        let answer = copy.await.unwrap();
        assert!(answer.status == 200 || answer.is_alert(49));
        won += usize::from(answer.status == 200);
    }
    assert_eq!((won, service.sessions_of(client.identity.did()).await), (1, 1));
}

// R-STATE-1, R-STATE-2, R-CHECK-7, R-CHECK-8
#[tokio::test]
async fn a_waiting_state_counts_for_its_endpoint_and_a_minute() {
    let service = Service::start().await;
    let (finish, _) = Client::new(1, &service).begin(&service).await;
    let state = finish.header("didshake-state").to_owned();
    let altered = state.replacen(&state[..1], if state.starts_with('A') { "B" } else { "A" }, 1);
    let invalid = [
        ("none", finish.clone().without("didshake-state")),
        ("two", finish.clone().with("didshake-state", &state)),
        ("altered", finish.clone().set("didshake-state", &altered)),
        ("padded", finish.clone().set("didshake-state", &format!("{state}="))),
        ("at another origin", finish.clone().set("host", service.other_origin().authority())),
    ];
    for (what, finish) in invalid {
        denied(&finish, &service).await;
        assert_eq!(service.codes(), ["waiting_state_invalid"], "{what}");
    }
    service.advance(60);
    denied(&finish, &service).await;
    assert_eq!(service.codes(), ["waiting_state_expired"]);
}

// R-STATE-6
#[tokio::test]
async fn a_bad_finish_leaves_the_waiting_state_usable() {
    let service = Service::start().await;
    let (finish, _) = Client::new(1, &service).begin(&service).await;
    let mut bad = finish.clone();
    *bad.body.last_mut().unwrap() ^= 1;
    let answer = bad.send(service.address).await;
    assert!(answer.is_alert(20), "{answer:?}");
    assert_eq!(finish.send(service.address).await.status, 200);
}

// R-CHECK-3, R-CHECK-4
#[tokio::test]
async fn nobody_is_resolved_before_the_policy_admits_him() {
    let service = Service::with(|builder| builder.policy(|did: &Did| did.method() == "web")).await;
    let (finish, _) = Client::new(1, &service).begin(&service).await;
    denied(&finish, &service).await;
    assert_eq!((service.codes(), service.resolver.asked()), (vec!["not_admitted"], 0));
}

/// Admits everyone, and lets nobody through whose key was verified.
struct ShutBehind;

impl Policy for ShutBehind {
    fn admits(&self, _: &Claim) -> bool {
        true
    }
    fn allows<'a>(&'a self, peer: &'a VerifiedPeer) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move { Ok(peer.did().method() != "key") })
    }
}

// R-CHECK-5
#[tokio::test]
async fn the_policy_has_a_word_over_the_verified_client() {
    let service = Service::with(|builder| builder.policy(ShutBehind)).await;
    let client = Client::new(1, &service);
    let (finish, _) = client.begin(&service).await;
    denied(&finish, &service).await;
    assert_eq!((service.resolver.asked(), service.sessions_of(client.identity.did()).await), (1, 0));
    // The refused handshake is not used up: it failed before it was burned.
    denied(&finish, &service).await;
    assert_eq!(service.codes(), ["policy_refused"]);
}

// R-CHECK-2
#[tokio::test]
async fn who_claims_one_of_our_own_is_refused() {
    let other = identity(77).did().clone();
    let service = Service::with(|builder| builder.own_did(other)).await;
    let (finish, _) = Client::new(77, &service).begin(&service).await;
    denied(&finish, &service).await;
    assert_eq!((service.codes(), service.resolver.asked()), (vec!["own_did"], 0));
}

// R-CHECK-3, R-CHECK-4
#[tokio::test]
async fn resolutions_are_budgeted_before_they_begin() {
    let (web, documents) = web_identity("did:web:client.example", 5);
    let resolver = Counting::of(MethodRegistry::offline().with("web", Arc::new(documents)));
    let (sessions, burned) = (Arc::new(MemorySessionStore::default()), Arc::new(MemoryBurnStore::default()));
    let rate = Rate { burst: 2, per_minute: 1 };
    let service = Service::on(sessions, burned, resolver, |builder| builder.resolution_rates(rate, rate)).await;
    let client = Client::of(web, &service);
    for _ in 0..2 {
        client.login(&service).await;
    }
    let (finish, _) = client.begin(&service).await;
    denied(&finish, &service).await;
    assert_eq!((service.codes(), service.resolver.asked()), (vec!["not_admitted"], 2));
    // DIDs that are keys cost nothing.
    Client::new(1, &service).login(&service).await;
}

// R-CHECK-8
#[tokio::test]
async fn the_delay_counts_from_the_message_and_is_no_part_of_the_duration() {
    let limits = Limits { denied_delay: Duration::from_millis(400), ..Limits::default() };
    let (sessions, burned) = (Arc::new(MemorySessionStore::default()), Arc::new(MemoryBurnStore::default()));
    let slow = Counting::slow(Duration::from_millis(200));
    let service = Service::on(sessions, burned, slow, |builder| builder.limits(limits).policy(ShutBehind)).await;
    let (finish, _) = Client::new(1, &service).begin(&service).await;
    service.codes();
    let began = Instant::now();
    assert!(finish.send(service.address).await.is_alert(49));
    let took = began.elapsed();
    // Not 600 ms: the delay runs while the service works.
    assert!(took >= Duration::from_millis(400) && took < Duration::from_millis(590), "{took:?}");
    let told = service.outcomes.take().remove(0);
    assert!(told.duration >= Duration::from_millis(200) && told.duration < Duration::from_millis(390), "{told:?}");
}
