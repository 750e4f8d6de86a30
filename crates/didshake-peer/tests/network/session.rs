//! Requests that prove a session (R-REQ-1, R-REQ-2).

use std::collections::HashSet;
use std::sync::Arc;

use didshake::UnixTime;
use didshake_did::{Clock, SystemClock};
use didshake_peer::HttpFailure;
use didshake_peer::http::{
    ClientSession, ClientSessionError, RequestError, SessionRequest, WebClient, WebClientOptions,
};

use crate::login::{client, login, options, service};
use crate::peers::{did, identity};
use crate::responder::{LIFETIME, PATH, Responder, now};
use crate::server::{Conduct, Server, response};

async fn logged_in() -> (Arc<Responder>, Server, ClientSession) {
    let (responder, server) = service().await;
    let agreed = login(&format!("{}{PATH}", server.origin()), &options()).await.unwrap();
    let session = ClientSession::new(&agreed, &responder.origin, now()).unwrap();
    (responder, server, session)
}

// R-REQ-1, R-REQ-2, R-REQ-5
#[tokio::test]
async fn every_request_is_signed_anew() {
    let (_, server, session) = logged_in().await;
    let client = client();
    let (mut nonces, body) = (HashSet::new(), &b"{\"a\":1}"[..]);
    let headers = [("content-type", &b"application/json"[..]), ("x-own", b"own")];
    for target in ["/v1/session", "/", "/a%20b/c?x=1&y=%2F", "/a?", "/v1/session"] {
        let put = SessionRequest { method: "PUT", headers: &headers, body, ..SessionRequest::get(target) };
        for request in [SessionRequest::get(target), SessionRequest::delete(target), put] {
            let answer = client.request(&session, &request).await.unwrap();
            assert_eq!(answer.status(), 200, "{target}");
            let nonce = answer.headers().find(|(name, _)| *name == "x-nonce").unwrap().1.to_vec();
            assert!(nonces.insert(nonce), "a nonce came twice");
            assert_eq!(answer.body(100).await.unwrap(), request.body);
        }
    }
    let requests = server.requests();
    let put = requests.last().unwrap();
    assert_eq!((&put.method[..], put.values("x-own")), ("PUT", vec![&b"own"[..]]));
    assert!(requests.iter().all(|request| request.values("authorization").is_empty()));
}

// R-REQ-2
#[tokio::test]
async fn a_signed_request_goes_to_the_origin_of_the_handshake_only() {
    let (responder, server, session) = logged_in().await;
    let before = server.requests().len();
    for path in [
        "",
        "v1",
        "@evil.example/",
        ":80/",
        "https://evil.example/",
        "/a/../b",
        "/%2e%2E/b",
        "/./b",
        "/a b",
        "/\u{fc}",
        "/a#b",
    ] {
        let refused = client().request(&session, &SessionRequest::get(path)).await.unwrap_err();
        assert_eq!(refused, RequestError::Target, "{path}");
    }
    for method in ["", "CONNECT", "GE T", "GET\r\nx: y"] {
        let request = SessionRequest { method, ..SessionRequest::get("/") };
        assert_eq!(client().request(&session, &request).await.unwrap_err(), RequestError::Target, "{method:?}");
    }
    for name in ["Host", "signature", "Signature-Input", "content-digest", "Connection", "a b"] {
        let headers = [(name, &b"x"[..])];
        let request = SessionRequest { headers: &headers, ..SessionRequest::get("/") };
        assert_eq!(client().request(&session, &request).await.unwrap_err(), RequestError::Header, "{name}");
    }
    assert_eq!(server.requests().len(), before);
    // What looks like another host is a path of this one.
    let answer = client().request(&session, &SessionRequest::get("//evil.example/x")).await.unwrap();
    assert_eq!((answer.status(), responder.sessions.lock().unwrap().len()), (200, 1));
    assert_eq!(server.requests().last().unwrap().target, "//evil.example/x");

    // A redirect is an answer like any other: the signature goes nowhere else.
    let elsewhere = Server::answering(|| Conduct::Answer(response(200, &[], b""))).await;
    let location = elsewhere.origin();
    let redirecting = Server::answering(move || Conduct::Answer(response(307, &[("Location", &location)], b""))).await;
    let mut parts = session.parts();
    parts.origin = didshake::Origin::parse(&redirecting.origin()).unwrap();
    let moved = ClientSession::from_parts(parts);
    assert_eq!(client().request(&moved, &SessionRequest::get("/")).await.unwrap().status(), 307);
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn a_session_survives_being_kept() {
    let (_, _server, session) = logged_in().await;
    assert_eq!((session.service().did(), &session.identity().did), (&did(2), identity(1).did()));
    let kept = ClientSession::from_parts(session.parts());
    assert_eq!((kept.id(), kept.origin(), kept.expires()), (session.id(), session.origin(), session.expires()));
    assert_eq!(client().request(&kept, &SessionRequest::get("/")).await.unwrap().status(), 200);

    let mut parts = session.parts();
    parts.request_key = didshake::Secret::new([0; 32]);
    let other = ClientSession::from_parts(parts);
    let answer = client().request(&other, &SessionRequest::get("/")).await.unwrap();
    let fault = answer.headers().find(|(name, _)| *name == "x-fault").unwrap().1;
    assert_eq!((answer.status(), fault), (401, &b"request_signature"[..]));
}

#[tokio::test]
async fn debug_shows_no_key() {
    let (_, _server, session) = logged_in().await;
    let parts = session.parts();
    for shown in [format!("{session:?}"), format!("{parts:?}")] {
        assert!(shown.contains("127.0.0.1") && !shown.contains("RequestKey("), "{shown}");
        let bytes = format!("{:?}", parts.request_key.expose());
        assert!(!shown.contains(&bytes[1..bytes.len() - 1]), "{shown}");
    }
}

// R-INIT-10
#[tokio::test]
async fn a_session_is_not_used_after_its_lifetime() {
    struct Later(u64);
    impl Clock for Later {
        fn now(&self) -> UnixTime {
            SystemClock.now().plus(self.0)
        }
    }
    let (_, server, session) = logged_in().await;
    let before = server.requests().len();
    let later = WebClientOptions::default().with_clock(Arc::new(Later(LIFETIME.into())));
    let later = WebClient::new(&later).unwrap();
    let refused = later.request(&session, &SessionRequest::get("/")).await.unwrap_err();
    assert_eq!((refused, server.requests().len()), (RequestError::Over, before));
    assert!(!session.is_over(now()) && session.is_over(session.expires()));
}

#[tokio::test]
async fn only_a_login_that_lasts_gives_a_session() {
    let (responder, server) = service().await;
    let url = format!("{}{PATH}", server.origin());
    let mut agreed = login(&url, &options()).await.unwrap();
    agreed.lifetime = 0;
    let refused = ClientSession::new(&agreed, &responder.origin, now()).unwrap_err();
    assert_eq!(refused, ClientSessionError::NothingOutlives);
    agreed.lifetime = 60;
    agreed.application_protocol = b"didshake.chat/1".to_vec();
    let refused = ClientSession::new(&agreed, &responder.origin, now()).unwrap_err();
    assert_eq!(refused, ClientSessionError::ApplicationProtocol);
}

#[tokio::test]
async fn a_body_is_read_as_far_as_its_reader_wants() {
    let (_, _server, session) = logged_in().await;
    let body = vec![7; 100_000];
    let post = SessionRequest { method: "POST", body: &body, ..SessionRequest::get("/") };
    assert_eq!(client().request(&session, &post).await.unwrap().body(100_000).await.unwrap(), body);
    let refused = client().request(&session, &post).await.unwrap().body(99_999).await.unwrap_err();
    assert_eq!(refused, HttpFailure::TooLong);
    let mut answer = client().request(&session, &post).await.unwrap();
    let mut streamed = Vec::new();
    while let Some(chunk) = answer.chunk().await.unwrap() {
        streamed.extend(chunk);
    }
    assert_eq!(streamed, body);
}
