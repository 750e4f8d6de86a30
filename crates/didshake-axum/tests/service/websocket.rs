//! Login over a WebSocket, with the initiator of `didshake-peer`; what comes of it is the same session.

use std::sync::Arc;
use std::time::Duration;

use didshake::request::RequestKey;
use didshake::{AlertCode, Did, Endpoint, Fault};
use didshake_axum::{Doing, Limits, MemorySessionStore};
use didshake_did::Rate;
use didshake_peer::http::{LOGIN_PROTOCOL, WebClient, WebClientOptions};
use didshake_peer::websocket::{ClientConnection, connect};
use didshake_peer::{Expect, HandshakeError, InitiatorOptions, MemoryBurnStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{Login, identity};
use crate::service::{Counting, Service};
use crate::wire::Raw;

async fn login(seed: u8, service: &Service) -> Result<ClientConnection, HandshakeError> {
    let client = WebClient::new(&WebClientOptions::default()).unwrap();
    let endpoint = Endpoint::parse(&format!("ws://{}/didshake", service.address)).unwrap();
    let means = Expect::Did(service.identity.did().clone());
    connect(&client, &endpoint, &InitiatorOptions::new(identity(seed), LOGIN_PROTOCOL, means)).await
}

fn opening(service: &Service) -> Raw {
    Raw::new("GET", "/didshake", service.origin().authority())
        .with("upgrade", "websocket")
        .with("connection", "upgrade")
        .with("sec-websocket-version", "13")
        .with("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA==")
        .with("sec-websocket-protocol", "didshake.1")
}

// R-BIND-3, R-BIND-4, R-RESP-8
#[tokio::test]
async fn a_login_over_a_websocket_leads_to_a_session_over_http() {
    let service = Service::start().await;
    let mut connection = login(1, &service).await.unwrap();
    assert_eq!(connection.recv().await.unwrap(), None, "the channel was for the login alone");
    connection.close().await.unwrap();
    let agreed = connection.agreed();
    let login = Login {
        key: RequestKey::of(&agreed.exporter).unwrap(),
        id: agreed.session_id,
        lifetime: agreed.lifetime,
        origin: service.origin(),
    };
    let answer = login.request("GET", "/me", b"", service.now()).send(service.address).await;
    assert_eq!((answer.status, answer.text()), (200, identity(1).did().as_str()));
    let told = service.outcomes.take();
    assert_eq!((told[0].doing, told[0].code, told[0].status), (Doing::WebSocket, "accepted", 101));
    assert_eq!((told[0].did.as_ref(), told.len()), (Some(identity(1).did()), 2));
}

// R-BIND-4, R-BIND-7
#[tokio::test]
async fn what_opens_no_websocket_here_is_refused_before_it_is_open() {
    let service = Service::start().await;
    for (raw, status, code) in [
        (opening(&service).set("host", "evil.example"), 421, "host"),
        (opening(&service).set("sec-websocket-protocol", "chat"), 400, "no_subprotocol"),
        (opening(&service).without("sec-websocket-protocol"), 400, "no_subprotocol"),
        (opening(&service).without("sec-websocket-key"), 400, "no_websocket"),
        (opening(&service).without("upgrade"), 405, "method"),
    ] {
        assert_eq!((raw.send(service.address).await.status, service.codes()), (status, vec![code]));
    }
    service.didshake.drain();
    assert_eq!(opening(&service).send(service.address).await.status, 503);
}

#[tokio::test]
async fn websockets_spend_the_same_budget_and_have_places_of_their_own() {
    let service = Service::with(|builder| builder.handshake_rate(Rate { burst: 1, per_minute: 1 })).await;
    login(1, &service).await.unwrap();
    assert_eq!(opening(&service).send(service.address).await.status, 429);

    let limits = Limits { sockets: 1, ..Limits::default() };
    let service = Service::with(|builder| builder.limits(limits)).await;
    let _silent = open(&service).await;
    assert_eq!(opening(&service).send(service.address).await.status, 503);
}

async fn open(service: &Service) -> TcpStream {
    let mut stream = TcpStream::connect(service.address).await.unwrap();
    let head = String::from_utf8(opening(service).head(0)).unwrap().replace("connection: close\r\n", "");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 101");
    stream
}

// R-LIMIT-2
#[tokio::test]
async fn who_opens_it_and_says_nothing_costs_a_bounded_time() {
    let limits = Limits { body: Duration::from_millis(200), ..Limits::default() };
    let service = Service::with(|builder| builder.limits(limits)).await;
    let mut stream = open(&service).await;
    let mut rest = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut rest)).await.unwrap();
    assert_eq!(service.codes_soon().await, ["timed_out"]);
}

fn is_denied(failed: Result<ClientConnection, HandshakeError>) -> bool {
    failed.err().unwrap().fault() == Some(Fault::PeerAlert(AlertCode::Denied))
}

// R-CHECK-3, R-CHECK-4
#[tokio::test]
async fn the_policy_is_the_same() {
    let service = Service::with(|builder| builder.policy(|did: &Did| did.method() == "web")).await;
    assert!(is_denied(login(1, &service).await));
    assert_eq!((service.codes_soon().await, service.resolver.asked()), (vec!["not_admitted"], 0));
}

// R-CHECK-7, R-RESP-8
#[tokio::test]
async fn without_a_session_there_is_no_accept() {
    let full = Arc::new(MemorySessionStore::with_capacity(0));
    let burned = Arc::new(MemoryBurnStore::default());
    let service = Service::on(full, burned, Counting::default(), |builder| builder).await;
    assert!(is_denied(login(1, &service).await));
    assert_eq!(service.codes_soon().await, ["session_store"]);
}
