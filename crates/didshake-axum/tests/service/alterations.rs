//! A signed request with one thing altered is refused, each with its own code and all with one answer.

use crate::client::{Client, Login};
use crate::service::Service;
use crate::wire::Raw;

const SIGNED: &str = "/me?a=1";

fn signed(login: &Login, service: &Service) -> Raw {
    login.request("POST", SIGNED, b"the body", service.now())
}

fn with_target(raw: Raw, target: &str) -> Raw {
    Raw { target: target.to_owned(), ..raw }
}

fn with_method(raw: Raw, method: &str) -> Raw {
    Raw { method: method.to_owned(), ..raw }
}

/// The same request with part of `Signature-Input` replaced.
fn with_input(raw: Raw, from: &str, to: &str) -> Raw {
    let input = raw.header("signature-input").to_owned();
    assert!(input.contains(from), "{input} has no {from}");
    raw.set("signature-input", &input.replace(from, to))
}

fn parameter<'a>(raw: &'a Raw, name: &str) -> &'a str {
    let input = raw.header("signature-input");
    let (_, rest) = input.split_once(&format!("{name}=\"")).unwrap();
    rest.split_once('"').unwrap().0
}

fn cases(login: &Login, other: &Login, service: &Service) -> Vec<(&'static str, Raw, &'static str)> {
    let raw = || signed(login, service);
    let (second, session) = (raw(), parameter(&raw(), "keyid").to_owned());
    let of_other = parameter(&signed(other, service), "keyid").to_owned();
    let created = format!("created={}", service.now().0);
    let later = format!("created={}", service.now().0 + 1);
    let nonce_moved = {
        let first = raw();
        let (nonce, foreign) = (parameter(&first, "nonce").to_owned(), parameter(&second, "nonce").to_owned());
        with_input(first, &nonce, &foreign)
    };
    let digest = login.request("POST", SIGNED, b"evil", service.now()).header("content-digest").to_owned();
    vec![
        ("method", with_method(raw(), "GET"), "request_signature"),
        ("path", with_target(raw(), "/you?a=1"), "request_signature"),
        ("query", with_target(raw(), "/me?a=2"), "request_signature"),
        ("query, more of it", with_target(raw(), "/me?a=1&"), "request_signature"),
        ("query, none", with_target(raw(), "/me"), "request_signature"),
        ("body", raw().body(b"another"), "request_digest"),
        ("body, none", raw().body(b""), "request_digest"),
        ("body and digest", raw().body(b"evil").set("content-digest", &digest), "request_signature"),
        ("host, another origin", raw().set("host", service.other_origin().authority()), "request_session"),
        ("host, unknown", raw().set("host", "evil.example"), "request_session"),
        ("host, twice", raw().with("host", service.origin().authority()), "request_session"),
        ("session, none", with_input(raw(), &session, "AAAAAAAAAAAAAAAAAAAAAA"), "request_session"),
        ("session, another's", with_input(raw(), &session, &of_other), "request_signature"),
        ("nonce", nonce_moved, "request_signature"),
        ("time", with_input(raw(), &created, &later), "request_signature"),
        ("signature", raw().set("signature", second.header("signature")), "request_signature"),
        ("no digest", raw().without("content-digest"), "request_malformed"),
        ("no signature", raw().without("signature"), "request_malformed"),
        ("no input", raw().without("signature-input"), "request_malformed"),
        ("input twice", raw().with("signature-input", second.header("signature-input")), "request_malformed"),
        ("other components", with_input(raw(), " \"@query\"", ""), "request_malformed"),
        ("other algorithm", with_input(raw(), "hmac-sha256", "ed25519"), "request_malformed"),
    ]
}

// R-REQ-4, R-REQ-5, R-REQ-7, R-REQ-9, R-REQ-10
#[tokio::test]
async fn each_single_alteration_is_refused_with_its_code_and_one_answer() {
    let service = Service::start().await;
    let (login, other) =
        (Client::new(1, &service).login(&service).await, Client::new(2, &service).login(&service).await);
    service.codes();
    let mut answers = Vec::new();
    for (what, raw, code) in cases(&login, &other, &service) {
        let answer = raw.send(service.address).await;
        assert_eq!((answer.status, answer.header("www-authenticate")), (401, Some("DIDShake")), "{what}");
        assert_eq!(service.codes(), [code], "{what}");
        answers.push((
            what,
            answer.body,
            answer.headers.into_iter().filter(|(name, _)| name != "date").collect::<Vec<_>>(),
        ));
    }
    for (what, body, headers) in &answers {
        assert_eq!((body, headers), (&answers[0].1, &answers[0].2), "{what}: the client learns no cause");
    }
    // Nothing of that has burned or ended anything.
    assert_eq!(signed(&login, &service).send(service.address).await.status, 200);
}

// R-REQ-5: an app may take both paths for one, the signature does not.
#[tokio::test]
async fn a_path_is_signed_as_it_is_written() {
    let service = Service::start().await;
    let login = Client::new(1, &service).login(&service).await;
    service.codes();
    for (signed, sent, code) in [
        ("/files/a", "/files/%61", "request_signature"),
        ("/files/%61", "/files/a", "request_signature"),
        ("/files/%61", "/files/%61", "proven"),
        ("/files/%2e%2F", "/files/%2E%2F", "request_signature"),
    ] {
        let raw = with_target(login.request("GET", signed, b"", service.now()), sent);
        raw.send(service.address).await;
        assert_eq!(service.codes(), [code], "{signed} {sent}");
    }
}

// R-REQ-9, R-BIND-7
#[tokio::test]
async fn forwarded_headers_have_no_influence() {
    let service = Service::start().await;
    let login = Client::new(1, &service).login(&service).await;
    let forwarded = |raw: Raw, host: &str| {
        raw.with("x-forwarded-host", host)
            .with("x-forwarded-proto", "https")
            .with("x-forwarded-for", "192.0.2.9")
            .with("forwarded", &format!("host={host};proto=https"))
            .with("x-original-url", "/you")
            .with("x-forwarded-prefix", "/nested")
    };
    let good = forwarded(signed(&login, &service), "evil.example");
    assert_eq!(good.send(service.address).await.status, 200);
    // Nor do they mend a Host that is not the session's.
    let elsewhere = signed(&login, &service).set("host", service.other_origin().authority());
    let mended = forwarded(elsewhere, service.origin().authority());
    assert_eq!(mended.send(service.address).await.status, 401);
}

// R-REQ-7
#[tokio::test]
async fn a_session_counts_at_its_origin_only() {
    let service = Service::start().await;
    let login = Client::new(1, &service).login(&service).await;
    service.codes();
    let elsewhere = login.request_at(&service.other_origin(), "GET", "/me", b"", service.now());
    assert_eq!(elsewhere.send(service.address).await.status, 401);
    assert_eq!(service.codes(), ["request_session"]);
}

// R-REQ-8
#[tokio::test]
async fn a_request_counts_once() {
    let service = Service::start().await;
    let login = Client::new(1, &service).login(&service).await;
    let raw = signed(&login, &service);
    let first = raw.send(service.address).await;
    service.codes();
    for _ in 0..3 {
        let again = raw.send(service.address).await;
        assert_eq!((first.status, again.status), (200, 401));
    }
    assert_eq!(service.codes(), ["request_replayed"; 3]);
}

// R-REQ-8
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_copies_at_once_one_counts() {
    let service = Service::start().await;
    let login = Client::new(1, &service).login(&service).await;
    let raw = signed(&login, &service);
    let copies: Vec<_> = (0..16)
        .map(|_| {
            let (raw, address) = (raw.clone(), service.address);
            tokio::spawn(async move { raw.send(address).await.status })
        })
        .collect();
    let mut served = 0;
    for copy in copies {
        served += usize::from(copy.await.unwrap() == 200);
    }
    assert_eq!(served, 1);
}
