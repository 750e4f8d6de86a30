//! Signed requests and time: windows, lifetimes, bodies; and what the policy says later.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use didshake::{Did, UnixTime};
use didshake_axum::Limits;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::client::Client;
use crate::service::{START, Service};
use crate::wire::Answer;

// R-REQ-6
#[tokio::test]
async fn a_request_counts_within_a_minute_of_the_service_clock() {
    let service = Service::start().await;
    let login = Client::new(1, &service).login(&service).await;
    login.request("GET", "/me", b"", service.now()).send(service.address).await;
    service.advance(1000);
    service.codes();
    let now = service.now().0;
    for (created, status) in [(now - 61, 401), (now - 60, 200), (now, 200), (now + 60, 200), (now + 61, 401)] {
        let answer = login.request("GET", "/me", b"", UnixTime(created)).send(service.address).await;
        assert_eq!(answer.status, status, "{created} at {now}");
    }
    assert_eq!(service.codes(), ["request_time", "proven", "proven", "proven", "request_time"]);
}

// R-RESP-9
#[tokio::test]
async fn a_session_that_is_not_used_within_a_minute_is_gone() {
    for (seconds, status) in [(59, 200), (60, 401)] {
        let service = Service::start().await;
        let client = Client::new(1, &service);
        let login = client.login(&service).await;
        service.advance(seconds);
        service.codes();
        let answer = login.request("GET", "/me", b"", service.now()).send(service.address).await;
        assert_eq!(answer.status, status, "after {seconds} s");
        let code = if status == 200 { "proven" } else { "request_session" };
        assert_eq!(service.codes(), [code]);
        assert_eq!(service.sessions_of(client.identity.did()).await, usize::from(status == 200));
    }
}

#[tokio::test]
async fn a_used_session_ends_with_its_lifetime() {
    let service = Service::with(|builder| builder.lifetime(600)).await;
    let login = Client::new(1, &service).login(&service).await;
    assert_eq!(login.lifetime, 600);
    for (at, status) in [(0, 200), (599, 200), (600, 401)] {
        service.time.store(START + at, Ordering::SeqCst);
        let answer = login.request("GET", "/me", b"", service.now()).send(service.address).await;
        assert_eq!(answer.status, status, "at {at} s");
    }
}

#[tokio::test]
async fn an_ended_session_is_over_at_once() {
    let service = Service::start().await;
    let login = Client::new(1, &service).login(&service).await;
    let request = || login.request("GET", "/me", b"", service.now());
    assert_eq!(request().send(service.address).await.status, 200);
    assert!(service.sessions.end(&login.id).await.unwrap());
    assert_eq!(request().send(service.address).await.status, 401);
}

#[tokio::test]
async fn the_path_is_the_one_that_came_even_where_routers_nest() {
    let service = Service::start().await;
    let login = Client::new(1, &service).login(&service).await;
    let nested = login.request("GET", "/nested/me", b"", service.now()).send(service.address).await;
    assert_eq!(nested.status, 200);
    // A signature for /me is none for /nested/me, though the nested router sees /me.
    let mut moved = login.request("GET", "/me", b"", service.now());
    moved.target = "/nested/me".to_owned();
    assert_eq!(moved.send(service.address).await.status, 401);
}

#[tokio::test]
async fn who_is_no_longer_let_in_loses_the_session() {
    let open = Arc::new(AtomicBool::new(true));
    let rule = Arc::clone(&open);
    let service = Service::with(|builder| builder.policy(move |_: &Did| rule.load(Ordering::SeqCst))).await;
    let client = Client::new(1, &service);
    let login = client.login(&service).await;
    let request = || login.request("GET", "/me", b"", service.now());
    assert_eq!(request().send(service.address).await.status, 200);
    open.store(false, Ordering::SeqCst);
    service.codes();
    assert_eq!(request().send(service.address).await.status, 401);
    open.store(true, Ordering::SeqCst);
    assert_eq!(request().send(service.address).await.status, 401);
    assert_eq!(service.codes(), ["policy_refused", "request_session"]);
    assert_eq!(service.sessions_of(client.identity.did()).await, 0);
}

#[tokio::test]
async fn a_body_is_kept_up_to_the_limit_and_only_for_who_has_a_session() {
    let limits = Limits { request_body: 1000, ..Limits::default() };
    let service = Service::with(|builder| builder.limits(limits)).await;
    let login = Client::new(1, &service).login(&service).await;
    service.codes();
    for (length, status) in [(1000, 200), (1001, 413)] {
        let answer = login.request("POST", "/me", &vec![b'x'; length], service.now()).send(service.address).await;
        assert_eq!(answer.status, status);
    }
    // The head decides before any of the body has come.
    let mut forged = login.request("POST", "/me", b"", service.now());
    forged = forged.set("signature", login.request("GET", "/me", b"", service.now()).header("signature"));
    let mut stream = TcpStream::connect(service.address).await.unwrap();
    stream.write_all(&forged.head(500)).await.unwrap();
    assert_eq!(Answer::read(&mut stream).await.status, 401);
    assert_eq!(service.codes(), ["proven", "body_too_long", "request_signature"]);
}

// R-REQ-6, R-REQ-8: else a copy whose body dawdles would outlive the memory of its nonce.
#[tokio::test]
async fn a_slow_body_does_not_carry_a_request_out_of_its_window() {
    let service = Service::start().await;
    let login = Client::new(1, &service).login(&service).await;
    let raw = login.request("POST", "/me", b"the body", service.now());
    assert_eq!(raw.send(service.address).await.status, 200);
    service.codes();
    service.advance(60);
    let mut stream = TcpStream::connect(service.address).await.unwrap();
    stream.write_all(&[raw.head(8), b"the ".to_vec()].concat()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    service.advance(30);
    stream.write_all(b"body").await.unwrap();
    assert_eq!(Answer::read(&mut stream).await.status, 401);
    assert_eq!(service.codes(), ["request_time"]);
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for_forever() {
    let limits = Limits { request_body_time: Duration::from_millis(200), ..Limits::default() };
    let service = Service::with(|builder| builder.limits(limits)).await;
    let login = Client::new(1, &service).login(&service).await;
    service.codes();
    let raw = login.request("POST", "/me", b"the body", service.now());
    let mut stream = TcpStream::connect(service.address).await.unwrap();
    stream.write_all(&raw.head(8)).await.unwrap();
    assert_eq!(Answer::read(&mut stream).await.status, 408);
    assert_eq!(service.codes(), ["body_timed_out"]);
}

#[tokio::test]
async fn so_many_bodies_are_read_at_one_time_and_requests_without_one_need_no_place() {
    let limits = Limits { request_bodies: 1, ..Limits::default() };
    let service = Service::with(|builder| builder.limits(limits)).await;
    let login = Client::new(1, &service).login(&service).await;
    service.codes();
    let post = || login.request("POST", "/me", b"the body", service.now());
    let slow = post();
    let mut stream = TcpStream::connect(service.address).await.unwrap();
    stream.write_all(&[slow.head(8), b"the ".to_vec()].concat()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(post().send(service.address).await.status, 503);
    assert_eq!(login.request("GET", "/me", b"", service.now()).send(service.address).await.status, 200);
    stream.write_all(b"body").await.unwrap();
    assert_eq!(Answer::read(&mut stream).await.status, 200);
    assert_eq!(service.codes(), ["busy", "proven", "proven"]);
}
