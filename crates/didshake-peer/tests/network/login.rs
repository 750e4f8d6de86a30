//! Login against an honest responder.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use didshake::{Aead, AlertCode, Did, Endpoint, Error, Fault, Group, Suite, VerifiedPeer};
use didshake_peer::http::{LOGIN_PROTOCOL, WebClient, WebClientOptions};
use didshake_peer::{
    Agreed, Cause, Event, Expect, HandshakeError, HttpFailure, InitiatorOptions, Message, Observer, Step,
};

use crate::peers::{did, identity};
use crate::responder::{PATH, Responder};
use crate::server::Server;
use crate::tls::Authority;

/// Alice (1) means Bob (2).
pub(crate) fn options() -> InitiatorOptions {
    InitiatorOptions::new(identity(1), LOGIN_PROTOCOL, Expect::Did(did(2)))
}

pub(crate) fn client() -> WebClient {
    WebClient::new(&WebClientOptions::default()).unwrap()
}

pub(crate) async fn login(url: &str, options: &InitiatorOptions) -> Result<Agreed, HandshakeError> {
    client().login(&Endpoint::parse(url).unwrap(), options).await
}

/// A responder over plain http, with its server.
pub(crate) async fn service() -> (Arc<Responder>, Server) {
    service_with(|_| {}).await
}

pub(crate) async fn service_with(change: impl FnOnce(&mut didshake::ResponderConfig)) -> (Arc<Responder>, Server) {
    let mut responder = None;
    let server = Server::start(None, |port| {
        let made = Arc::new(Responder::with(&format!("http://127.0.0.1:{port}"), change));
        responder.insert(made).handler()
    })
    .await;
    (responder.unwrap(), server)
}

fn url(server: &Server) -> String {
    format!("{}{PATH}", server.origin())
}

// R-BIND-5, R-BIND-6, R-BIND-8, R-BIND-12
#[tokio::test]
async fn both_sides_agree_after_two_requests() {
    let (responder, server) = service().await;
    let agreed = login(&url(&server), &options()).await.unwrap();
    assert_eq!((agreed.peer.did(), &agreed.identity.did), (&did(2), &did(1)));
    assert_eq!((&agreed.application_protocol[..], agreed.lifetime), (LOGIN_PROTOCOL, 3600));
    let sessions = responder.sessions.lock().unwrap();
    let [theirs] = &sessions[..] else { panic!("{} sessions", sessions.len()) };
    let export = |exporter: &didshake::schedule::Exporter| exporter.export(b"test", b"", 32).unwrap();
    assert_eq!(export(&agreed.exporter), export(&theirs.exporter));
    assert_eq!((agreed.session_id, theirs.peer.did()), (theirs.session_id, &did(1)));

    let requests = server.requests();
    assert_eq!(requests.iter().map(|request| request.body[0]).collect::<Vec<_>>(), [1, 3]);
    for request in &requests {
        assert_eq!((&request.method[..], &request.target[..]), ("POST", PATH));
        assert_eq!(request.values("content-type"), [b"application/didshake"]);
        assert_eq!(request.values("cookie").len() + request.values("authorization").len(), 0);
    }
    assert_eq!(requests[0].values("didshake-state").len(), 0);
    assert_eq!(requests[1].values("didshake-state").len(), 1);
}

#[tokio::test]
async fn over_tls_with_a_root_of_ones_own() {
    let authority = Authority::new();
    let mut responder = None;
    let server = Server::start(Some(authority.tls("localhost")), |port| {
        responder.insert(Arc::new(Responder::new(&format!("https://localhost:{port}")))).handler()
    })
    .await;
    let endpoint = Endpoint::parse(&format!("https://localhost:{}{PATH}", server.port)).unwrap();
    let refused = client().login(&endpoint, &options()).await.unwrap_err();
    assert!(matches!(refused.cause, Cause::Http(HttpFailure::Tls)), "{refused}");
    assert_eq!(refused.step, Step::SendHello);
    assert!(server.requests().is_empty());

    let trusting = WebClientOptions::default().with_roots(authority.pem().as_bytes()).unwrap();
    let agreed = WebClient::new(&trusting).unwrap().login(&endpoint, &options()).await.unwrap();
    assert_eq!(agreed.peer.did(), &did(2));
}

// R-BIND-6
#[tokio::test]
async fn a_relay_at_another_origin_fails() {
    let (responder, _server) = service().await;
    // The relay carries every byte, with the Host that the responder expects.
    let relay = Server::start(None, |_| {
        let responder = responder.clone();
        Arc::new(move |mut request| {
            let responder = responder.clone();
            Box::pin(async move {
                request.headers.retain(|(name, _)| name != "host");
                request.headers.push(("host".to_owned(), responder.origin.authority().as_bytes().to_vec()));
                crate::server::Conduct::Answer(responder.serve(&request).await)
            })
        })
    })
    .await;
    let error = login(&url(&relay), &options()).await.unwrap_err();
    assert_eq!((error.fault(), error.step), (Some(Fault::SealedPartNotOpened), Step::ReadReply));
    assert_eq!(error.sent, None);
    assert!(responder.sessions.lock().unwrap().is_empty());
}

#[tokio::test]
async fn denied_by_the_service_is_an_alert_of_the_peer() {
    let (_, server) = service_with(|config| config.admission = didshake::Admission::only(did(9))).await;
    let error = login(&url(&server), &options()).await.unwrap_err();
    assert_eq!(error.fault(), Some(Fault::PeerAlert(AlertCode::Denied)));
    assert_eq!((error.code(), error.step), ("peer_alert", Step::ReadAccept));
    // The service had proved who it is before.
    assert_eq!(error.claimed, Some(did(2)));
}

// R-BIND-13, R-INIT-5
#[tokio::test]
async fn a_responder_that_is_not_meant_learns_nothing_and_gets_no_alert() {
    let (_, server) = service().await;
    let meant = Expect::Did(did(9));
    let error = login(&url(&server), &InitiatorOptions { expect: meant, ..options() }).await.unwrap_err();
    assert_eq!((error.fault(), error.claimed), (Some(Fault::NotAdmitted), Some(did(2))));

    let mut refusing = options();
    let asked = Arc::new(Mutex::new(Vec::<Did>::new()));
    let (notes, policy) = (asked.clone(), move |peer: &VerifiedPeer| {
        asked.lock().unwrap().push(peer.did().clone());
        false
    });
    refusing.surroundings.policy = Some(Arc::new(policy));
    let error = login(&url(&server), &refusing).await.unwrap_err();
    assert_eq!((error.fault(), error.step, error.sent), (Some(Fault::PolicyRefused), Step::Policy, None));
    assert_eq!(*notes.lock().unwrap(), [did(2)]);
    // Two Hellos, and nothing for what failed here.
    assert_eq!(server.requests().iter().map(|request| request.body[0]).collect::<Vec<_>>(), [1, 1]);
}

#[tokio::test]
async fn each_step_is_told_also_with_a_retry() {
    struct Notes(Mutex<Vec<Message>>);
    impl Observer for Notes {
        fn observe(&self, event: &Event<'_>) {
            if let Event::Sent { message, .. } | Event::Received { message, .. } = event {
                self.0.lock().unwrap().push(*message);
            }
        }
    }
    let group = Group::private_use(0xFE00).unwrap();
    let test_suite = Suite::private_use(0xFE01, group, Aead::ChaCha20Poly1305).unwrap();
    let (_, server) = service_with(|config| config.suites = vec![test_suite]).await;
    let notes = Arc::new(Notes(Mutex::default()));
    let mut options = options();
    options.suites = vec![Suite::X25519_CHACHA20_POLY1305, test_suite];
    options.surroundings.observer = Some(notes.clone());
    login(&url(&server), &options).await.unwrap();
    let expected = [Message::Hello, Message::Retry, Message::Hello, Message::Reply, Message::Finish, Message::Accept];
    assert_eq!(*notes.0.lock().unwrap(), expected);
}

#[tokio::test]
async fn only_http_endpoints_that_may_be_asked_are() {
    for (url, failure) in [
        ("http://example.com/didshake", HttpFailure::PlainHttp),
        ("http://localhost:9/didshake", HttpFailure::PlainHttp),
        ("wss://127.0.0.1/didshake", HttpFailure::Url),
    ] {
        let error = login(url, &options()).await.unwrap_err();
        assert!(matches!(error.cause, Cause::Http(seen) if seen == failure), "{url}: {error}");
        assert_eq!(error.step, Step::SendHello);
    }
    // A listed name gets as far as its connection.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let listed = WebClientOptions::default().allow_local(format!("localhost:{closed}").parse().unwrap());
    let endpoint = Endpoint::parse(&format!("http://localhost:{closed}/didshake")).unwrap();
    let error = WebClient::new(&listed).unwrap().login(&endpoint, &options()).await.unwrap_err();
    assert!(matches!(error.cause, Cause::Http(HttpFailure::Connect)), "{error}");
    assert_eq!((error.step, error.code()), (Step::SendHello, "http_connect"));
}

#[tokio::test]
async fn a_callers_mistake_is_no_fault_of_the_peer() {
    let (_, server) = service().await;
    let error = login(&url(&server), &InitiatorOptions { suites: Vec::new(), ..options() }).await.unwrap_err();
    assert!(matches!(error.cause, Cause::Protocol(Error::Caller(_))), "{error}");
    assert_eq!(server.connections(), 0);
    let mut hasty = options();
    hasty.surroundings.timeouts.attempt = Duration::ZERO;
    assert!(login(&url(&server), &hasty).await.is_err());
}
