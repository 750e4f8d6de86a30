//! Time, places, and clients that dawdle or hang up.

use std::sync::Arc;
use std::time::Duration;

use didshake::Claim;
use didshake_axum::{Limits, MemorySessionStore, Policy};
use didshake_did::BoxFuture;
use didshake_peer::MemoryBurnStore;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::client::{Client, Login};
use crate::service::{Counting, Service};
use crate::wire::Answer;

async fn with_limits(resolver: Counting, limits: Limits) -> Service {
    let (sessions, burned) = (Arc::new(MemorySessionStore::default()), Arc::new(MemoryBurnStore::default()));
    Service::on(sessions, burned, resolver, |builder| builder.limits(limits)).await
}

// R-LIMIT-2
#[tokio::test]
async fn a_slow_body_costs_a_bounded_time() {
    let limits = Limits { body: Duration::from_millis(300), ..Limits::default() };
    let service = with_limits(Counting::default(), limits).await;
    let (hello, _) = Client::new(1, &service).hello(&service.origin());
    let mut stream = TcpStream::connect(service.address).await.unwrap();
    stream.write_all(&hello.head(hello.body.len())).await.unwrap();
    stream.write_all(&hello.body[..10]).await.unwrap();
    assert_eq!(Answer::read(&mut stream).await.status, 408);
    assert_eq!(service.codes(), ["body_timed_out"]);
}

#[tokio::test]
async fn a_body_in_pieces_is_one_message() {
    let service = Service::start().await;
    let client = Client::new(1, &service);
    let (hello, sent) = client.hello(&service.origin());
    let mut stream = TcpStream::connect(service.address).await.unwrap();
    stream.write_all(&hello.head(hello.body.len())).await.unwrap();
    for piece in hello.body.chunks(30) {
        stream.write_all(piece).await.unwrap();
        stream.flush().await.unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    client.finish(&Answer::read(&mut stream).await, sent, &service.origin()).await;
}

// R-CHECK-7, R-LIMIT-2
#[tokio::test]
async fn resolution_is_limited_and_then_denied() {
    let limits = Limits { resolve: Duration::from_millis(200), ..Limits::default() };
    let service = with_limits(Counting::slow(Duration::from_secs(3600)), limits).await;
    let (finish, _) = Client::new(1, &service).begin(&service).await;
    service.codes();
    assert!(finish.send(service.address).await.is_alert(49));
    assert_eq!(service.codes(), ["did_resolution_failed"]);
}

/// Admits everyone, and thinks for ever about the verified ones.
struct Pensive;

impl Policy for Pensive {
    fn admits(&self, _: &Claim) -> bool {
        true
    }
    fn allows<'a>(&'a self, _: &'a didshake::VerifiedPeer) -> BoxFuture<'a, Result<bool, didshake_axum::StoreError>> {
        Box::pin(std::future::pending())
    }
}

// R-LIMIT-2, R-CHECK-7
#[tokio::test]
async fn the_whole_attempt_is_limited_and_then_denied() {
    let limits = Limits { attempt: Duration::from_millis(300), ..Limits::default() };
    let service = Service::with(|builder| builder.limits(limits).policy(Pensive)).await;
    let client = Client::new(1, &service);
    let (finish, _) = client.begin(&service).await;
    service.codes();
    assert!(finish.send(service.address).await.is_alert(49));
    let told = service.outcomes.take();
    assert_eq!((told.len(), told[0].code, told[0].did.as_ref()), (1, "timed_out", Some(client.identity.did())));
}

#[tokio::test]
async fn there_are_so_many_handshakes_at_one_time_and_others_are_told_to_come_back() {
    let limits = Limits { handshakes: 1, resolve: Duration::from_millis(800), ..Limits::default() };
    let service = with_limits(Counting::slow(Duration::from_secs(3600)), limits).await;
    let client = Client::new(1, &service);
    let (finish, _) = client.begin(&service).await;
    let address = service.address;
    let slow = tokio::spawn(async move { finish.send(address).await });
    while service.resolver.asked() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let (hello, _) = client.hello(&service.origin());
    let busy = hello.send(service.address).await;
    assert_eq!((busy.status, busy.header("retry-after")), (503, Some("1")));
    assert!(slow.await.unwrap().is_alert(49));
    assert_eq!(hello.send(service.address).await.status, 200);
    assert_eq!(service.codes(), ["replied", "busy", "did_resolution_failed", "replied"]);
}

#[tokio::test]
async fn who_hangs_up_is_told_of_once() {
    let service = with_limits(Counting::slow(Duration::from_secs(3600)), Limits::default()).await;
    let (finish, _) = Client::new(1, &service).begin(&service).await;
    service.codes();
    let mut stream = TcpStream::connect(service.address).await.unwrap();
    stream.write_all(&[finish.head(finish.body.len()), finish.body.clone()].concat()).await.unwrap();
    while service.resolver.asked() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(stream);
    assert_eq!(service.codes_soon().await, ["abandoned"]);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(service.codes(), [""; 0]);
}

#[tokio::test]
async fn a_service_that_drains_ends_what_has_begun_and_serves_sessions() {
    let service = Service::start().await;
    let client = Client::new(1, &service);
    let (finish, sent) = client.begin(&service).await;
    service.didshake.drain();
    let refused = client.hello(&service.origin()).0.send(service.address).await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("10")));
    let login = Login::of(&finish.send(service.address).await, sent, &service);
    assert_eq!(login.request("GET", "/me", b"", service.now()).send(service.address).await.status, 200);
    assert_eq!(service.codes(), ["replied", "draining", "accepted", "proven"]);
}
