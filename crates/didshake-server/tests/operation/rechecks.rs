//! Sessions whose key is gone from its DID document, on both databases, and who looks how often.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use didshake::{Algorithm, Did, Secret, SigningKey};
use didshake_did::{LocalSigner, SigningIdentity, did_key};
use didshake_server::{Settings, StoreUrl};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::http::ask;
use crate::service::{Client, Service, identity, settings};

/// What the host says.
#[derive(Clone)]
enum Mood {
    Key(u8),
    Status(u16),
}

/// A host of DID documents, one below each path.
struct Host {
    address: String,
    mood: Arc<Mutex<Mood>>,
    asked: Arc<AtomicUsize>,
}

impl Host {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (mood, asked) = (Arc::new(Mutex::new(Mood::Key(1))), Arc::new(AtomicUsize::new(0)));
        let host = Self { address: address.clone(), mood: mood.clone(), asked: asked.clone() };
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (mood, asked, address) = (mood.clone(), asked.clone(), address.clone());
                tokio::spawn(async move {
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") {
                        head.push(stream.read_u8().await.ok()?);
                    }
                    asked.fetch_add(1, Ordering::SeqCst);
                    let path = String::from_utf8(head).ok()?.split(' ').nth(1)?.to_owned();
                    let mood = mood.lock().unwrap().clone();
                    stream.write_all(answer(&address, &path, &mood).as_bytes()).await.ok()
                });
            }
        });
        host
    }

    fn mood(&self) -> MutexGuard<'_, Mood> {
        self.mood.lock().unwrap()
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn identity(&self, name: &str) -> SigningIdentity {
        let did = Did::parse(&format!("did:web:{}:{name}", self.address.replace(':', "%3A"))).unwrap();
        SigningIdentity::new(did, "key-1", Arc::new(LocalSigner::new(key(1)))).unwrap()
    }

    fn settings(&self, data: &Path, every: u64, store: Option<String>) -> Settings {
        Settings {
            allow_local: Some(vec![self.address.clone()]),
            recheck_seconds: Some(every),
            store: store.map(StoreUrl),
            application: Some(vec!["http://127.0.0.9:1".into()]),
            ..settings(data)
        }
    }
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_secret(Algorithm::Ed25519, &Secret::new([seed; 32])).unwrap()
}

fn answer(address: &str, path: &str, mood: &Mood) -> String {
    let seed = match mood {
        Mood::Key(seed) => *seed,
        Mood::Status(status) => return format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\n\r\n"),
    };
    let name = path.trim_start_matches('/').trim_end_matches("/did.json");
    let did = format!("did:web:{}:{name}", address.replace(':', "%3A"));
    let multibase = did_key::encode(&key(seed).public_key()).unwrap().to_string().replace("did:key:", "");
    let body = serde_json::json!({
        "id": did,
        "verificationMethod":
            [{"id": "#key-1", "type": "Multikey", "controller": did, "publicKeyMultibase": multibase}],
        "authentication": ["#key-1"],
    });
    let body = body.to_string();
    format!("HTTP/1.1 200 x\r\ncontent-type: application/did+json\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

async fn status(client: &Client) -> u16 {
    client.get("/v1/session").await.0
}

/// Waits until a session is over, and gives the answer.
async fn over(client: &Client) -> (u16, serde_json::Value) {
    let begun = Instant::now();
    loop {
        let answer = client.get("/v1/session").await;
        if answer.0 != 200 {
            return answer;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "the session goes on");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

fn both() -> [Option<String>; 2] {
    [None, Some(didshake_test_postgres::shared().database())]
}

fn audited(data: &Path) -> Vec<serde_json::Value> {
    let log = std::fs::read_to_string(data.join("data/audit.jsonl")).unwrap_or_default();
    let entries = log.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    entries.filter(|entry| entry["event"] == "key_gone").collect()
}

// R-CONT-7
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_gone_ends_sessions_and_cookies_and_is_told() {
    for store in both() {
        let (directory, host) = (tempfile::tempdir().unwrap(), Host::start().await);
        let service = Service::start(&host.settings(directory.path(), 1, store)).await;
        let (alice, bob) = (host.identity("alice"), identity(7));
        let (web, fixed) = (service.login(&alice).await.unwrap(), service.login(&bob).await.unwrap());
        assert_eq!((status(&web).await, status(&fixed).await), (200, 200));
        let origin = format!("http://{}", service.address);
        let fields = [("origin", origin.as_bytes()), ("sec-fetch-site", &b"same-origin"[..])];
        let cookie = web.cookie(&fields).await.1.unwrap();
        let cookie = format!("cookie: {}\r\n", cookie.split(';').next().unwrap());
        assert_eq!(ask(service.address, "GET /v1/session", &cookie).await.status, 200);

        let name = web.session.id();
        *host.mood() = Mood::Key(2);
        let (refused, ended) = over(&web).await;
        assert_eq!(refused, 401, "{name:?}: {ended}");
        let with_cookie = ask(service.address, "GET /v1/session", &cookie).await;
        assert_eq!(with_cookie.status, 401);
        assert_eq!(status(&fixed).await, 200, "did:key is what it was");
        assert!(service.login(&alice).await.is_err(), "and the old key makes no new session");

        let metrics = ask(service.address, "GET /metrics", "").await.body;
        for line in [
            r#"didshake_sessions_ended_total{cause="key_replaced"} 1"#,
            r#"didshake_document_looks_total{outcome="key_replaced"} 1"#,
        ] {
            assert!(metrics.contains(line), "{line}\n{metrics}");
        }
        service.end().await;
        let audited = audited(directory.path());
        assert_eq!(audited.len(), 1, "{audited:?}");
        assert_eq!((&audited[0]["did"], &audited[0]["cause"]), (&alice.did().as_str().into(), &"key_replaced".into()));
    }
}

// R-CONT-7
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_that_is_out_of_reach_counts_up_to_the_bound() {
    for store in both() {
        let (directory, host) = (tempfile::tempdir().unwrap(), Host::start().await);
        let patient = host.settings(directory.path(), 1, store);
        let service = Service::start(&Settings { recheck_bound_seconds: Some(600), ..patient.clone() }).await;
        let web = service.login(&host.identity("alice")).await.unwrap();
        assert_eq!(status(&web).await, 200);
        *host.mood() = Mood::Status(503);
        let asked = host.asked();
        while host.asked() < asked + 3 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(status(&web).await, 200, "within the bound");
        let address = service.address.to_string();
        service.end().await;
        let short = Settings { listen: Some(address), recheck_bound_seconds: Some(2), ..patient };
        let service = Service::start(&short).await;
        assert_eq!(over(&web).await.0, 401);
        service.end().await;
        assert_eq!(audited(directory.path())[0]["cause"], "document_unseen");
    }
}

// R-CONT-7
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_looks_at_nothing_asks_nobody_and_takes_up_what_was_left_later() {
    let (directory, host) = (tempfile::tempdir().unwrap(), Host::start().await);
    let service = Service::start(&host.settings(directory.path(), 0, None)).await;
    let web = service.login(&host.identity("alice")).await.unwrap();
    assert_eq!(status(&web).await, 200);
    let asked = host.asked();
    *host.mood() = Mood::Status(410);
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!((status(&web).await, host.asked()), (200, asked));
    let address = service.address.to_string();
    service.end().await;
    let settings = Settings { listen: Some(address), ..host.settings(directory.path(), 1, None) };
    let service = Service::start(&settings).await;
    assert_eq!(over(&web).await.0, 401);
    service.end().await;
    assert_eq!(audited(directory.path())[0]["cause"], "did_without_document");
}

/// Two instances, twenty sessions of ten people: each document is looked at by one of them.
// R-CONT-7
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_share_their_looks() {
    const EVERY: u64 = 5;
    let (first, second, host) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), Host::start().await);
    let store = didshake_test_postgres::shared().database();
    let one = Service::start(&host.settings(first.path(), EVERY, Some(store.clone()))).await;
    let identities = (first.path().join("data/identities"), second.path().join("data/identities"));
    std::fs::create_dir_all(&identities.1).unwrap();
    for file in std::fs::read_dir(&identities.0).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), identities.1.join(file.file_name())).unwrap();
    }
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    for directory in [second.path().join("data"), identities.1] {
        std::fs::set_permissions(directory, Clone::clone(&permissions)).unwrap();
    }
    let two = Service::start(&host.settings(second.path(), EVERY, Some(store))).await;
    let mut clients = Vec::new();
    for person in 0..10 {
        for service in [&one, &two] {
            clients.push(service.login(&host.identity(&format!("p{person}"))).await.unwrap());
        }
    }
    // Both caches have every document, and both have begun.
    let (asked, begun) = (host.asked(), Instant::now());
    assert_eq!(asked, 20);
    while host.asked() < asked + 10 {
        assert!(begun.elapsed() < Duration::from_secs(60));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // In the time of two intervals each is looked at three times at most, not once more by each instance.
    tokio::time::sleep(Duration::from_secs(2 * EVERY).saturating_sub(begun.elapsed())).await;
    let (looks, rounds) = (host.asked() - asked, begun.elapsed().as_secs() / (EVERY * 4 / 5) + 1);
    assert!(looks as u64 <= 10 * rounds, "{looks} looks in {rounds} rounds");
    *host.mood() = Mood::Key(2);
    for client in &clients {
        assert_eq!(over(client).await.0, 401);
    }
    one.end().await;
    two.end().await;
    let ended = [first, second].map(|directory| audited(directory.path()).len()).into_iter().sum::<usize>();
    assert_eq!(ended, 10, "one line for each key, of whichever instance looked");
}
