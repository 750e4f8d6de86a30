//! One attack: a server, a DID that leads to it, what must come of it, and how long that may take.

use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use didshake::Did;
use didshake_did::web::{Lookup, WebFailure, WebOptions, WebResolver};
use didshake_did::{BoxFuture, DidDocument};

use crate::certificates::Authority;
use crate::server::{Conduct, Server};

/// The deadline of every resolver here.
pub(crate) const DEADLINE: Duration = Duration::from_millis(1000);

/// What a refusal may take on top, on a machine that is busy with other tests.
const SLACK: Duration = Duration::from_millis(1500);

/// Answers every name with the same addresses, and counts.
pub(crate) struct Names {
    answers: Mutex<Vec<IpAddr>>,
    pub(crate) asked: AtomicUsize,
}

impl Names {
    pub(crate) fn leading_to(addresses: &[&str]) -> Arc<Self> {
        let answers = addresses.iter().map(|text| text.parse().unwrap()).collect();
        Arc::new(Self { answers: Mutex::new(answers), asked: AtomicUsize::new(0) })
    }
}

impl Lookup for Names {
    fn lookup<'a>(&'a self, _: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { Ok(self.answers.lock().unwrap().clone()) })
    }
}

pub(crate) fn did(text: &str) -> Did {
    Did::parse(text).unwrap()
}

pub(crate) fn options() -> WebOptions {
    WebOptions::default().with_deadline(DEADLINE)
}

/// A document that is right, but for what the caller changes.
pub(crate) fn document(did: &str) -> String {
    format!(r#"{{"id":"{did}","authentication":[]}}"#)
}

/// A response of status 200 with these header lines, each ended.
pub(crate) fn response(headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// The response of a well-behaved server.
pub(crate) fn good(did: &str) -> Vec<u8> {
    response("Content-Type: application/did+json\r\n", document(did).as_bytes())
}

/// Fetches within the deadline, or fails the test.
pub(crate) async fn timed(resolver: &WebResolver, did: &Did) -> Result<DidDocument, WebFailure> {
    let begun = Instant::now();
    let fetched = resolver.fetch(did).await;
    assert!(begun.elapsed() < DEADLINE + SLACK, "took {:?}", begun.elapsed());
    fetched
}

/// A plain HTTP server on a port that the operator listed. The conduct is made from the DID, which holds the port.
pub(crate) async fn attack(conduct: impl FnOnce(&str) -> Conduct) -> (Server, Result<DidDocument, WebFailure>) {
    // The port is known only once the server runs: the conduct of one on a free port is set afterwards.
    let server = Server::reserve().await;
    let text = format!("did:web:127.0.0.1%3A{}", server.port());
    let local = format!("127.0.0.1:{}", server.port());
    let server = server.start(conduct(&text), None);
    let resolver = WebResolver::new(&options().allow_local(local.parse().unwrap())).unwrap();
    let fetched = timed(&resolver, &did(&text)).await;
    (server, fetched)
}

/// A server on a port that the operator listed for HTTPS under the name `localhost`.
pub(crate) async fn attack_by_tls(
    conduct: impl FnOnce(&str) -> Conduct,
    tls: impl FnOnce(&Authority) -> Option<tokio_rustls::rustls::ServerConfig>,
) -> (Server, Result<DidDocument, WebFailure>) {
    let (server, authority) = (Server::reserve().await, Authority::new());
    let text = format!("did:web:localhost%3A{}", server.port());
    let local = format!("https://localhost:{}", server.port());
    let server = server.start(conduct(&text), tls(&authority));
    let options = options().allow_local(local.parse().unwrap()).with_roots(authority.pem().as_bytes()).unwrap();
    let resolver = WebResolver::with_lookup(&options, Names::leading_to(&["127.0.0.1"])).unwrap();
    let fetched = timed(&resolver, &did(&text)).await;
    (server, fetched)
}
