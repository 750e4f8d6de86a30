//! What is sent, what is accepted, what the operator decides.

use std::io::{Read, Write};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use didshake::{Did, Fault};
use didshake_did::web::{LocalHost, WebFailure, WebOptionFault, WebOptions, WebResolver};
use didshake_did::{Freshness, Resolver};

use crate::attack::{attack, did, document, good, options, response};
use crate::certificates::Authority;
use crate::server::{Conduct, Server};

#[tokio::test]
async fn the_request_says_little() {
    let (server, fetched) = attack(|did| Conduct::Answer(good(did))).await;
    assert!(fetched.is_ok());
    let requests = server.requests();
    let mut lines: Vec<String> = requests[0].trim_end().split("\r\n").map(str::to_ascii_lowercase).collect();
    assert_eq!(lines.remove(0), "get /.well-known/did.json http/1.1");
    lines.sort();
    assert_eq!(
        lines,
        [
            "accept-encoding: identity".to_owned(),
            "accept: application/did+json, application/did+ld+json, application/json".to_owned(),
            format!("host: 127.0.0.1:{}", server.port),
            format!("user-agent: didshake/{}", env!("CARGO_PKG_VERSION")),
        ]
    );
}

#[tokio::test]
async fn content_types_of_documents_are_accepted() {
    for media_type in [
        "application/did+json",
        "application/did+ld+json",
        "application/json",
        "Application/JSON; charset=utf-8",
        "application/did+ld+json;profile=\"https://www.w3.org/ns/did/v1\"",
    ] {
        let headers = format!("Content-Type: {media_type}\r\nContent-Encoding: identity\r\n");
        let (_, fetched) = attack(|did| Conduct::Answer(response(&headers, document(did).as_bytes()))).await;
        assert!(fetched.is_ok(), "{media_type}: {fetched:?}");
    }
}

/// A server that sets a cookie and leaves the connection open, asked twice.
#[tokio::test]
async fn nothing_is_kept_between_two_fetches() {
    let reserved = Server::reserve().await;
    let text = format!("did:web:127.0.0.1%3A{}:alice", reserved.port());
    let headers = "Content-Type: application/json\r\nSet-Cookie: a=b\r\nConnection: keep-alive\r\n";
    let server = reserved.start(Conduct::Stall(response(headers, document(&text).as_bytes())), None);
    let local: LocalHost = format!("127.0.0.1:{}", server.port).parse().unwrap();
    let resolver = WebResolver::new(&options().allow_local(local).with_user_agent("x/1").unwrap()).unwrap();
    for _ in 0..2 {
        let resolved = resolver.resolve(&did(&text)).await.unwrap();
        assert_eq!(resolved.freshness(), Freshness::Fetched);
    }
    assert_eq!(server.connections(), 2);
    let requests = server.requests();
    assert_eq!(requests[0], requests[1]);
    assert!(requests[0].starts_with("GET /alice/did.json ") && requests[0].contains("x/1"), "{}", requests[0]);
}

#[tokio::test]
async fn the_operator_is_told_and_the_peer_is_not() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&told);
    let resolver = WebResolver::new(&options()).unwrap();
    let resolver = resolver.on_failure(move |did: &Did, why| log.lock().unwrap().push((did.clone(), why.code())));
    let literal = did("did:web:10.0.0.1");
    assert_eq!(resolver.resolve(&literal).await.err(), Some(Fault::DidResolutionFailed));
    assert_eq!(*told.lock().unwrap(), [(literal, "location")]);
}

#[test]
fn faults_of_failures() {
    assert_eq!(WebFailure::NotFound.fault(), Fault::DidNotFound);
    assert_eq!(WebFailure::TooLong.fault(), Fault::DocumentLimits);
    assert_eq!(WebFailure::Document(Fault::DocumentIdMismatch).fault(), Fault::DocumentIdMismatch);
    for failure in [WebFailure::Name, WebFailure::Connect, WebFailure::Tls, WebFailure::Deadline, WebFailure::Body] {
        assert_eq!(failure.fault(), Fault::DidResolutionFailed);
    }
}

#[test]
fn options_that_make_no_sense() {
    for (text, fault) in [
        ("127.0.0.1", Some(WebOptionFault::PortMissing)),
        ("localhost", Some(WebOptionFault::PortMissing)),
        ("1.1.1.1:80", None),
        ("169.254.169.254:80", None),
        ("0.0.0.0:80", None),
        ("2130706433:80", None),
        ("localhost:0", None),
        ("localhost:x", None),
        ("a@localhost:80", None),
        ("localhost:80/x", None),
        ("ftp://localhost:80", None),
        ("*:80", None),
    ] {
        let refused = text.parse::<LocalHost>().unwrap_err();
        assert!(fault.is_none_or(|fault| fault == refused), "{text}: {refused:?}");
    }
    assert_eq!("LocalHost:80".parse::<LocalHost>(), "http://localhost:80".parse());
    let options = WebOptions::default();
    assert_eq!(options.clone().with_user_agent("a\nb").err(), Some(WebOptionFault::UserAgent));
    let broken = Authority::new().pem().replace("MII", "MIJ");
    for pem in ["", "no certificate", "-----BEGIN CERTIFICATE-----\n-----END"] {
        assert_eq!(options.clone().with_roots(pem.as_bytes()).err(), Some(WebOptionFault::Root), "{pem}");
    }
    let refused = options.clone().with_roots(broken.as_bytes()).and_then(|options| WebResolver::new(&options));
    assert!(refused.is_err());
}

#[tokio::test]
async fn the_default_deadline_is_five_seconds() {
    let server = Server::reserve().await.start(Conduct::Stall(Vec::new()), None);
    let local: LocalHost = format!("127.0.0.1:{}", server.port).parse().unwrap();
    let resolver = WebResolver::new(&WebOptions::default().allow_local(local)).unwrap();
    let begun = std::time::Instant::now();
    let fetched = resolver.fetch(&did(&format!("did:web:127.0.0.1%3A{}", server.port))).await;
    assert_eq!(fetched.err(), Some(WebFailure::Deadline));
    assert!((Duration::from_secs(5)..Duration::from_secs(7)).contains(&begun.elapsed()), "{:?}", begun.elapsed());
}

/// The request once more in a process whose environment names a proxy.
#[tokio::test]
async fn no_proxy_of_the_environment() {
    let proxy = Server::reserve().await.start(Conduct::Answer(Vec::new()), None);
    let address = format!("http://127.0.0.1:{}", proxy.port);
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "fetch::the_request_says_little"]);
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        child.env(name, &address);
    }
    let output = tokio::task::spawn_blocking(move || child.output().unwrap()).await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    assert_eq!(proxy.connections(), 0);
}

/// The client drops interim responses as they come, so that nothing but the deadline ends them; then the connection is
/// gone too, and keeps no thread busy.
#[tokio::test]
async fn a_connection_ends_with_its_fetch() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let flooding = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(60))).unwrap();
        assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
        let interim = b"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(1000);
        while stream.write_all(&interim).is_ok() {}
    });
    let local: LocalHost = format!("127.0.0.1:{port}").parse().unwrap();
    let resolver = WebResolver::new(&options().allow_local(local)).unwrap();
    let fetched = resolver.fetch(&did(&format!("did:web:127.0.0.1%3A{port}"))).await;
    assert_eq!(fetched.unwrap_err(), WebFailure::Deadline);
    // A client that went on reading would keep this thread for ever.
    tokio::task::spawn_blocking(|| flooding.join()).await.unwrap().unwrap();
}
