//! The cookie of a browser: who gets one, what it is good for, and what ends it.

use didshake_server::{Settings, backup, restore};
use tokio::io::AsyncWriteExt as _;

use crate::http::{Answer, ask, read};
use crate::service::{Client, Service, identity, settings};

/// What a browser holds after a login: `name=value`.
async fn browser(service: &Service, seed: u8) -> (Client, String) {
    let client = service.login(&identity(seed)).await.unwrap();
    let origin = format!("http://{}", service.address);
    let (status, set) = client.cookie(&[("origin", origin.as_bytes()), ("sec-fetch-site", b"same-origin")]).await;
    assert_eq!(status, 204);
    let set = set.unwrap();
    let (pair, attributes) = set.split_once("; ").unwrap();
    let seconds: u64 =
        attributes.strip_prefix("Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=").unwrap().parse().unwrap();
    assert!((43_170..=43_200).contains(&seconds), "as long as the session: {seconds}");
    (client, pair.to_owned())
}

async fn with(service: &Service, request: &str, cookie: &str, fields: &str) -> Answer {
    ask(service.address, request, &format!("cookie: {cookie}\r\n{fields}")).await
}

fn own(service: &Service) -> String {
    format!("origin: http://{}\r\n", service.address)
}

// R-BIND-15
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_signed_request_of_a_page_of_the_origin_gets_a_cookie() {
    let directory = tempfile::tempdir().unwrap();
    let service = Service::start(&settings(directory.path())).await;
    let (client, cookie) = browser(&service, 1).await;
    let origin = format!("http://{}", service.address);
    for fields in [
        &[][..],
        &[("sec-fetch-site", &b"same-origin"[..])],
        &[("origin", b"null")],
        &[("origin", b"https://evil.example")],
        &[("origin", origin.as_bytes()), ("sec-fetch-site", b"cross-site")],
        &[("origin", origin.as_bytes()), ("sec-fetch-site", b"same-site")],
        &[("origin", origin.as_bytes()), ("sec-fetch-site", b"none")],
    ] {
        assert_eq!(client.cookie(fields).await, (403, None), "{fields:?}");
    }
    // Neither nothing nor a cookie is a proof of the exporter's key.
    let post = "POST /v1/session/cookie";
    assert_eq!(ask(service.address, post, &own(&service)).await.status, 401);
    let answer = with(&service, post, &cookie, &own(&service)).await;
    assert_eq!((answer.status, answer.header("set-cookie")), (401, None));
    assert_eq!(
        with(&service, "GET /v1/session", &cookie, "").await.status,
        200,
        "and the one that it has is as good as before"
    );
    service.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cookie_stands_for_its_session_until_that_ends() {
    let directory = tempfile::tempdir().unwrap();
    let service = Service::start(&settings(directory.path())).await;
    let (alice, cookie) = browser(&service, 1).await;
    let (_, other) = browser(&service, 2).await;
    let shown = with(&service, "GET /v1/session", &cookie, "sec-fetch-site: same-origin\r\n").await;
    assert_eq!((shown.status, &shown.json()["did"]), (200, &identity(1).did().as_str().into()));
    assert_eq!((&shown.json()["current"], shown.header("set-cookie")), (&true.into(), None));

    // Another page, and whatever is no cookie of ours.
    for (request, fields) in [
        ("GET /v1/session", "sec-fetch-site: cross-site\r\n"),
        ("GET /v1/session", "origin: https://evil.example\r\n"),
        ("DELETE /v1/session", ""),
        ("DELETE /v1/sessions", "origin: https://evil.example\r\nsec-fetch-site: cross-site\r\n"),
    ] {
        assert_eq!(with(&service, request, &cookie, fields).await.status, 403, "{request} {fields}");
    }
    let twice = format!("{cookie}; {other}");
    let made_up = format!("__Host-didshake={}", "A".repeat(43));
    for wrong in ["__Host-didshake=", &cookie[..cookie.len() - 1], &made_up, &twice, &cookie.replace("__Host-", "")] {
        assert_eq!(with(&service, "GET /v1/session", wrong, "").await.status, 401, "{wrong}");
    }
    let mut stream = tokio::net::TcpStream::connect(service.address).await.unwrap();
    let elsewhere =
        format!("GET /v1/session HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\ncookie: {cookie}\r\n\r\n");
    stream.write_all(elsewhere.as_bytes()).await.unwrap();
    assert_eq!(read(&mut stream).await.status, 401, "another host");

    // A new one replaces the old one; nobody ends another's session; logging out ends both cookie and session.
    let origin = format!("http://{}", service.address);
    let (_, new) = alice.cookie(&[("origin", origin.as_bytes())]).await;
    let new = new.unwrap().split(';').next().unwrap().to_owned();
    assert_eq!(with(&service, "GET /v1/session", &cookie, "").await.status, 401);
    let name = shown.json()["session_id"].as_str().unwrap().to_owned();
    let theirs = with(&service, &format!("DELETE /v1/sessions/{name}"), &other, &own(&service)).await;
    assert_eq!(theirs.status, 404);
    let ended = with(&service, "DELETE /v1/session", &new, &own(&service)).await;
    let forget = Some("__Host-didshake=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
    assert_eq!((ended.status, ended.header("set-cookie")), (204, forget));
    assert_eq!(with(&service, "GET /v1/session", &new, "").await.status, 401);
    assert_eq!(alice.get("/v1/session").await.0, 401);
    assert_eq!(with(&service, "GET /v1/session", &other, "").await.status, 200);
    service.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_policy_ends_what_a_cookie_stands_for() {
    let directory = tempfile::tempdir().unwrap();
    let policy = directory.path().join("policy.toml");
    std::fs::write(&policy, "[[rule]]\nallow = { method = \"key\" }\n").unwrap();
    let settings = Settings { policy: Some(policy.to_str().unwrap().into()), ..settings(directory.path()) };
    let service = Service::start(&settings).await;
    let (_, cookie) = browser(&service, 1).await;
    std::fs::write(&policy, "[[rule]]\ndeny = { method = \"key\" }\n# longer than before\n").unwrap();
    let begun = std::time::Instant::now();
    while with(&service, "GET /v1/session", &cookie, "").await.status != 401 {
        assert!(begun.elapsed() < std::time::Duration::from_secs(20), "the policy is followed");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    std::fs::write(&policy, "[[rule]]\nallow = { method = \"key\" }\n").unwrap();
    while service.login(&identity(2)).await.is_err() {
        assert!(begun.elapsed() < std::time::Duration::from_secs(40), "the policy is followed");
    }
    assert_eq!(with(&service, "GET /v1/session", &cookie, "").await.status, 401, "ended, not suspended");
    service.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_file_and_a_backup_hold_no_cookie() {
    let directory = tempfile::tempdir().unwrap();
    let (data, out) = (directory.path().join("data"), directory.path().join("backup"));
    let settings = settings(directory.path());
    let service = Service::start(&settings).await;
    let (_, cookie) = browser(&service, 1).await;
    let secret = cookie.split_once('=').unwrap().1;
    backup(&data, &out).await.unwrap();
    let bytes = base64(secret);
    for file in std::fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().path()).chain([out.clone()]) {
        let Ok(text) = std::fs::read(&file) else { continue };
        let holds = |wanted: &[u8]| text.windows(wanted.len()).any(|window| window == wanted);
        assert!(!holds(secret.as_bytes()) && !holds(&bytes), "{}", file.display());
    }
    let address = service.address;
    service.end().await;
    restore(&data, &out, true).await.unwrap();
    let service = Service::start(&Settings { listen: Some(address.to_string()), ..settings }).await;
    assert_eq!(with(&service, "GET /v1/session", &cookie, "").await.status, 401, "it may have logged out since");
    service.end().await;
}

fn base64(text: &str) -> Vec<u8> {
    use base64ct::Encoding as _;
    base64ct::Base64UrlUnpadded::decode_vec(text).unwrap()
}
