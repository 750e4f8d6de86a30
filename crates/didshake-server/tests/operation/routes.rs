//! Every route, asked as a client, a scraper and an attacker would.

use didshake::Suite;
use didshake_did::{Clock as _, SystemClock, linkage};
use didshake_server::Settings;
use serde_json::json;

use crate::http::ask;
use crate::service::{Service, identity, now, settings};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_holder_sees_and_ends_its_own_sessions_only() {
    let directory = tempfile::tempdir().unwrap();
    let service = Service::start(&settings(directory.path())).await;
    let (alice, bob) = (identity(1), identity(2));
    let first = service.login(&alice).await.unwrap();
    let second = service.login(&alice).await.unwrap();
    let other = service.login(&bob).await.unwrap();

    let (status, shown) = first.get("/v1/session").await;
    assert_eq!(status, 200);
    let name = shown["session_id"].as_str().unwrap().to_owned();
    assert_eq!(name.len(), 22);
    assert_eq!(shown["did"], alice.did().as_str());
    assert_eq!(shown["verification_method"], alice.did().as_str());
    assert_eq!(shown["algorithm"], "Ed25519");
    assert_eq!(shown["public_key"].as_str().map(str::len), Some(64));
    assert_eq!(shown["origin"], format!("http://{}", service.address));
    assert_eq!((&shown["client"], &shown["current"]), (&json!("127.0.0.1"), &json!(true)));
    assert_eq!(shown["service"]["did"], service.did.as_str());
    let (created, expires) = (shown["created"].as_u64().unwrap(), shown["expires"].as_u64().unwrap());
    assert!(expires == created + 43_200 && now().0.abs_diff(created) < 30, "{shown}");
    assert!(now().0.abs_diff(shown["last_used"].as_u64().unwrap()) < 30, "{shown}");

    // A session counts once it was used; the list has the live ones.
    assert_eq!(second.get("/v1/session").await.0, 200);
    let (_, list) = second.get("/v1/sessions").await;
    let current: Vec<bool> = list["sessions"].as_array().unwrap().iter().map(|one| one["current"] == true).collect();
    assert_eq!(current.iter().filter(|current| **current).count(), 1);
    assert_eq!(current.len(), 2);

    assert_eq!(other.delete(&format!("/v1/sessions/{name}")).await, 404, "another's");
    assert_eq!(other.delete("/v1/sessions/nonsense").await, 404);
    assert_eq!(other.delete("/v1/sessions").await, 204);
    assert_eq!(other.get("/v1/session").await.0, 401);
    assert_eq!(second.delete(&format!("/v1/sessions/{name}")).await, 204);
    assert_eq!(second.delete(&format!("/v1/sessions/{name}")).await, 404);
    assert_eq!(first.get("/v1/session").await.0, 401);
    assert_eq!(second.delete("/v1/session").await, 204);
    assert_eq!(second.get("/v1/session").await.0, 401);
    service.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_else_is_answered_plainly() {
    let directory = tempfile::tempdir().unwrap();
    let did_web = Some("did:web:example.com".to_owned());
    let public_url = Some(vec!["https://example.com".to_owned(), "http://127.0.0.1:1".to_owned()]);
    let service = Service::start(&Settings { did_web, public_url, ..settings(directory.path()) }).await;
    let at = service.address;

    for (request, status) in [
        ("GET /v1/session", 401),
        ("GET /v1/sessions", 401),
        ("DELETE /v1/sessions/AAAAAAAAAAAAAAAAAAAAAA", 401),
        ("GET /nowhere", 404),
        ("POST /livez", 405),
        ("PUT /v1/session", 405),
        // `Host` names no origin of ours.
        ("GET /.well-known/didshake", 421),
    ] {
        let answer = ask(at, request, "").await;
        assert_eq!(answer.status, status, "{request}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{request}");
        assert_eq!(answer.json()["status"], status, "{request}");
        assert_eq!(answer.header("www-authenticate"), (status == 401).then_some("DIDShake"), "{request}");
    }
    for path in ["/livez", "/readyz", "/docs", "/openapi.json", "/.well-known/did.json"] {
        let answer = ask(at, &format!("GET {path}"), "").await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
        assert!(answer.header("content-security-policy").is_some_and(|it| it.contains("default-src 'none'")), "{path}");
        assert_eq!(answer.header("x-request-id").map(str::len), Some(32), "{path}");
    }
    service.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_origin_says_of_itself() {
    let directory = tempfile::tempdir().unwrap();
    let service = Service::start(&settings(directory.path())).await;
    let claim = ask(service.address, "GET /.well-known/didshake", "").await;
    let suites: Vec<u16> = Suite::ALL.iter().map(|suite| suite.id()).collect();
    let endpoint = format!("http://{}/didshake", service.address);
    assert_eq!(
        claim.json(),
        json!({"did": service.did.as_str(), "endpoint": endpoint, "versions": [1], "suites": suites})
    );
    assert_eq!(claim.header("access-control-allow-origin"), Some("*"));
    for path in ["/.well-known/did.json", "/.well-known/did-configuration.json"] {
        assert_eq!(ask(service.address, &format!("GET {path}"), "").await.status, 404);
    }
    let docs = ask(service.address, "GET /docs", "").await;
    let policy = docs.header("content-security-policy").unwrap();
    assert!(policy.contains("script-src 'self';") && policy.contains("connect-src 'self'"), "{policy}");
    assert!(!docs.body.contains("src=\"http"), "nothing from elsewhere");
    let script = ask(service.address, "GET /docs/scalar.js", "").await;
    assert_eq!((script.status, script.header("content-encoding")), (200, Some("gzip")));
    service.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_did_web_document_names_the_key_and_the_endpoint() {
    let directory = tempfile::tempdir().unwrap();
    let settings = Settings {
        did_web: Some("did:web:example.com".into()),
        default_did: Some("web".into()),
        public_url: Some(vec!["https://example.com".into()]),
        ..settings(directory.path())
    };
    let service = Service::start(&settings).await;
    assert_eq!(service.did.as_str(), "did:web:example.com");
    let answer = ask(service.address, "GET /.well-known/did.json", "").await;
    assert_eq!(answer.header("content-type"), Some("application/did+json"));
    let did = didshake::Did::parse("did:web:example.com").unwrap();
    let document = didshake_did::DidDocument::parse(answer.body.as_bytes(), &did).unwrap();
    assert_eq!(document.authentication_methods(), ["did:web:example.com#key-1"]);
    let endpoints = didshake_did::discovery::listed_endpoints(&document);
    assert_eq!(endpoints[0].as_str(), "https://example.com/didshake");
    // The origin and the DID vouch for each other.
    let said = ask(service.address, "GET /.well-known/did-configuration.json", "").await;
    assert_eq!(said.header("content-type"), Some("application/json"));
    let origin = didshake::Origin::parse("https://example.com").unwrap();
    let resolved = didshake_did::Resolved::fetched(document);
    assert_eq!(linkage::check(&origin, said.body.as_bytes(), &resolved, SystemClock.now()), Ok(()));
    assert_eq!(ask(service.address, "GET /.well-known/did-configuration.json", "").await.body, said.body);
    service.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_are_for_this_machine_and_name_nobody() {
    let directory = tempfile::tempdir().unwrap();
    let service = Service::start(&settings(directory.path())).await;
    let client = service.login(&identity(1)).await.unwrap();
    assert_eq!(client.get("/v1/session").await.0, 200);
    ask(service.address, "GET /made/up", "").await;
    let metrics = ask(service.address, "GET /metrics", "").await;
    for line in [
        r#"didshake_outcomes_total{doing="finish",code="accepted"} 1"#,
        r#"didshake_outcomes_total{doing="request",code="proven"} 1"#,
        r#"didshake_http_requests_total{method="GET",route="/v1/session",status="200"} 1"#,
        r#"didshake_http_requests_total{method="GET",route="none",status="404"} 1"#,
        r#"didshake_store_rows{table="sessions"} 1"#,
        "didshake_draining 0",
    ] {
        assert!(metrics.body.contains(line), "{line}\n{}", metrics.body);
    }
    assert!(!metrics.body.contains("did:") && !metrics.body.contains("made/up"));
    // A proxy on this machine that is not trusted makes nobody local.
    for field in
        ["x-forwarded-for: 203.0.113.9", "x-forwarded-for: ::1", "forwarded: for=_a", "x-real-ip: ::1", "via: a"]
    {
        assert_eq!(ask(service.address, "GET /metrics", &format!("{field}\r\n")).await.status, 404, "{field}");
    }
    service.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trusted_proxy_is_believed_and_nobody_else() {
    let directory = tempfile::tempdir().unwrap();
    let fields = "x-forwarded-for: 203.0.113.9\r\nx-request-id: from-outside\r\n";
    let service = Service::start(&settings(directory.path())).await;
    let answer = ask(service.address, "GET /livez", fields).await;
    assert_ne!(answer.header("x-request-id"), Some("from-outside"));
    service.end().await;

    let trusted_proxy = Some(vec!["127.0.0.0/8".to_owned()]);
    let metrics_allow = Some(vec!["203.0.113.0/24".to_owned()]);
    let service = Service::start(&Settings { trusted_proxy, metrics_allow, ..settings(directory.path()) }).await;
    let answer = ask(service.address, "GET /metrics", fields).await;
    assert_eq!((answer.status, answer.header("x-request-id")), (200, Some("from-outside")));
    let other = ask(service.address, "GET /metrics", "x-forwarded-for: 203.0.113.9, 198.51.100.1\r\n").await;
    assert_eq!(other.status, 404, "the rightmost that is no proxy");
    service.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handshakes_of_one_source_are_limited() {
    let directory = tempfile::tempdir().unwrap();
    let rate_handshakes = Some("4/min".to_owned());
    let service = Service::start(&Settings { rate_handshakes, ..settings(directory.path()) }).await;
    let fields = "content-type: application/didshake\r\ncontent-length: 1\r\n\r\n\u{1}";
    let mut statuses = Vec::new();
    for _ in 0..6 {
        let answer = ask(service.address, "POST /didshake", fields).await;
        statuses.push(answer.status);
        if answer.status == 429 {
            let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
            assert!((1..=60).contains(&wait), "{wait}");
        }
    }
    assert!(statuses[0] != 429 && statuses[5] == 429, "{statuses:?}");
    assert!(service.login(&identity(1)).await.is_err());
    service.end().await;
}
