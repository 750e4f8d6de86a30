//! How a service ends, and what slow or many clients can do to it.

use std::time::{Duration, Instant};

use didshake_server::{Config, Server, ServerError, Settings, StorageError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::http::{ask, read};
use crate::service::{Service, identity, settings};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_under_way_is_finished_and_nothing_new_begins() {
    let directory = tempfile::tempdir().unwrap();
    let metrics_listen = Some("127.0.0.1:0".to_owned());
    let mut service = Service::start(&Settings { metrics_listen, ..settings(directory.path()) }).await;
    let (main, operations) = (service.address, service.metrics.unwrap());
    assert_eq!(ask(operations, "GET /readyz", "").await.status, 200);
    assert_eq!(ask(main, "GET /metrics", "").await.status, 404, "they have a listener of their own");

    // A Finish whose body is still on its way; a Hello would begin something new.
    let mut slow = TcpStream::connect(main).await.unwrap();
    let head = format!(
        "POST /didshake HTTP/1.1\r\nhost: {main}\r\nconnection: close\r\ncontent-type: application/didshake\r\ncontent-length: 2\r\n\r\n\u{3}"
    );
    slow.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    service.ask_to_end();
    tokio::time::sleep(Duration::from_millis(300)).await;

    let ready = ask(operations, "GET /readyz", "").await;
    assert_eq!(ready.status, 503);
    assert_eq!(ask(operations, "GET /livez", "").await.status, 200);
    assert!(ask(operations, "GET /metrics", "").await.body.contains("didshake_draining 1"));
    assert!(TcpStream::connect(main).await.is_err(), "no new connection");
    slow.write_all(b"\x00").await.unwrap();
    let answer = read(&mut slow).await;
    assert!(answer.status == 401 || answer.status == 400, "an alert, not a cut: {}", answer.status);
    service.ended().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_waits_no_longer_than_it_may() {
    let directory = tempfile::tempdir().unwrap();
    let drain_seconds = Some(1);
    let mut service = Service::start(&Settings { drain_seconds, ..settings(directory.path()) }).await;
    let mut slow = TcpStream::connect(service.address).await.unwrap();
    slow.write_all(
        b"POST /didshake HTTP/1.1\r\nhost: x\r\ncontent-type: application/didshake\r\ncontent-length: 9\r\n\r\n\x01",
    )
    .await
    .unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let begun = Instant::now();
    service.ask_to_end();
    service.ended().await;
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_and_identity_survive_a_restart_and_data_is_not_shared() {
    let directory = tempfile::tempdir().unwrap();
    let first = settings(directory.path());
    let service = Service::start(&first).await;
    let (address, did) = (service.address, service.did.clone());
    let client = service.login(&identity(1)).await.unwrap();
    assert_eq!(client.get("/v1/session").await.0, 200);
    let shared = Server::bind(Config::of(&first).unwrap()).await;
    assert!(matches!(shared, Err(ServerError::Storage(StorageError::InUse { .. }))), "{shared:?}");
    service.end().await;

    let again = Settings { listen: Some(address.to_string()), ..first };
    let service = Service::start(&again).await;
    assert_eq!(service.did, did);
    assert_eq!(client.get("/v1/session").await.0, 200);
    let elsewhere = Settings { listen: Some(address.to_string()), ..settings(&directory.path().join("other")) };
    let taken = Server::bind(Config::of(&elsewhere).unwrap()).await;
    assert!(matches!(taken, Err(ServerError::Listen { .. })), "{taken:?}");
    service.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_does_not_end_is_cut() {
    let directory = tempfile::tempdir().unwrap();
    let service = Service::start(&settings(directory.path())).await;
    let mut slow = TcpStream::connect(service.address).await.unwrap();
    slow.write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\nx: ").await.unwrap();
    let begun = Instant::now();
    let mut rest = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(20), slow.read_to_end(&mut rest)).await.expect("cut");
    assert!(begun.elapsed() > Duration::from_secs(5) && !rest.starts_with(b"HTTP/1.1 200"));
    let long = format!("x: {}\r\n", "y".repeat(64 * 1024));
    let mut large = TcpStream::connect(service.address).await.unwrap();
    let _ = large.write_all(format!("GET /livez HTTP/1.1\r\nhost: x\r\n{long}\r\n").as_bytes()).await;
    let mut answer = Vec::new();
    let _ = large.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP/1.1 200"), "no head without end");
    service.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_beyond_the_limit_are_closed() {
    let directory = tempfile::tempdir().unwrap();
    let max_connections = Some(3);
    let service = Service::start(&Settings { max_connections, ..settings(directory.path()) }).await;
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(TcpStream::connect(service.address).await.unwrap());
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut further = TcpStream::connect(service.address).await.unwrap();
    let mut nothing = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(5), further.read_to_end(&mut nothing)).await;
    assert!(read.expect("closed at once").is_err() || nothing.is_empty());
    drop(held);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(ask(service.address, "GET /livez", "").await.status, 200);
    service.end().await;
}
