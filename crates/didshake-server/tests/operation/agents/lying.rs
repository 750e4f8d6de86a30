//! Relays that lie: between agents and relay stands somebody who answers some requests himself.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use didshake::Origin;
use didshake_peer::http::WebClientOptions;
use didshake_peer::mailbox::{Agent, AgentError, AgentOptions, SentState};
use didshake_server::Settings;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::{PATIENCE, World, state, texts, write};
use crate::relay::relay_settings;
use crate::service::{Service, identity};

/// What is answered to a request that begins so in place of the relay; `None`: the relay answers.
type Lie = dyn Fn(&str) -> Option<String> + Send + Sync;

/// A relay behind somebody who lies, and an agent with a mailbox there.
struct Scene {
    world: World,
    origin: Origin,
}

impl Scene {
    async fn new(lie: Arc<Lie>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let settings = Settings { public_url: Some(vec![origin.clone()]), ..relay_settings(directory.path()) };
        let relay = Service::start(&settings).await;
        tokio::spawn(stand_between(listener, relay.address, lie));
        Self { world: World { directory, relay }, origin: Origin::parse(&origin).unwrap() }
    }

    async fn agent(&self, seed: u8) -> Agent {
        let web = WebClientOptions::default().with_timeout(Duration::from_secs(2));
        let options = AgentOptions { web, ..AgentOptions::default() };
        super::agent(&self.world.path(&seed.to_string()), identity(seed), options).await
    }

    /// Two with mailboxes there; the first may write to the second.
    async fn friends(&self) -> (Agent, Agent) {
        let (alice, bob) = (self.agent(1).await, self.agent(2).await);
        for agent in [&alice, &bob] {
            agent.open_mailbox(&self.origin, &self.world.relay.did).await.unwrap();
        }
        let address = bob.give_token(&self.origin, "alice", None).await.unwrap();
        alice.add_contact(bob.identity().did(), Some(address)).await.unwrap();
        bob.add_contact(alice.identity().did(), None).await.unwrap();
        (alice, bob)
    }
}

async fn stand_between(listener: TcpListener, to: SocketAddr, lie: Arc<Lie>) {
    while let Ok((client, _)) = listener.accept().await {
        tokio::spawn(one(client, to, Arc::clone(&lie)));
    }
}

/// One request of a connection.
async fn one(mut client: TcpStream, to: SocketAddr, lie: Arc<Lie>) -> std::io::Result<()> {
    let (mut lines, mut length) = (Vec::new(), 0);
    let mut reader = BufReader::new(&mut client);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).await?;
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
        lines.push(line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).await?;
    if let Some(answer) = lie(&lines[0]) {
        for byte in answer.as_bytes() {
            client.write_all(&[*byte]).await?;
            if answer.contains("x-slow") {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
        return client.shutdown().await;
    }
    lines.insert(1, "connection: close\r\n".to_owned());
    let mut relay = TcpStream::connect(to).await?;
    relay.write_all(format!("{}\r\n", lines.concat()).as_bytes()).await?;
    relay.write_all(&body).await?;
    tokio::io::copy(&mut relay, &mut client).await?;
    client.shutdown().await
}

fn answer(status: &str, fields: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n{fields}\r\n{body}")
}

fn code_of<T>(outcome: Result<T, AgentError>) -> &'static str {
    outcome.err().map_or("none", |error| error.code())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_shows_the_same_again_does_not_hold_us() {
    let shown = r#"{"deposits": [{"sequence": 1, "expires": 9999999999, "envelope": "IQEA"}]}"#;
    let scene = Scene::new(Arc::new(move |line| {
        let is_list = line.starts_with("GET /v1/mailbox/deposits");
        is_list.then(|| answer("200 OK", "content-type: application/json\r\n", shown))
    }));
    let scene = scene.await;
    let (_, bob) = scene.friends().await;
    let fetched = tokio::time::timeout(PATIENCE, bob.fetch(0)).await.expect("it comes to an end");
    assert_eq!(code_of(fetched), "relay_answer");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mailbox_is_at_its_relay_and_its_answers_are_objects() {
    let limits = r#"{"waiting": 1, "bytes": 1}"#;
    let other = format!(
        r#"{{"url": "https://elsewhere.example/m/AAAAAAAAAAAAAAAAAAAAAA", "waiting": 0, "bytes": 0, "limits": {limits}}}"#
    );
    let list = |origin: &str| format!(r#"["{origin}/m/AAAAAAAAAAAAAAAAAAAAAA", 0, 0, {limits}, null, null]"#);
    let lists = AtomicBool::new(false);
    let lies = Arc::new(std::sync::Mutex::new(other));
    let told = Arc::clone(&lies);
    let scene = Scene::new(Arc::new(move |line| {
        let is_open = line.starts_with("PUT /v1/mailbox HTTP");
        is_open.then(|| answer("200 OK", "content-type: application/json\r\n", &told.lock().unwrap()))
    }));
    let scene = scene.await;
    let bob = scene.agent(2).await;
    for _ in 0..2 {
        assert_eq!(code_of(bob.open_mailbox(&scene.origin, &scene.world.relay.did).await), "relay_answer");
        if !lists.swap(true, Ordering::SeqCst) {
            *lies.lock().unwrap() = list(scene.origin.as_str());
        }
    }
    assert!(bob.store().mailboxes().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_sends_byte_after_byte_is_given_up() {
    let slow = answer("200 OK", "content-type: application/didshake-mailbox-key\r\nx-slow: 1\r\n", &"x".repeat(2000));
    let scene = Scene::new(Arc::new(move |line| {
        line.contains("/key ").then(|| slow.clone()).filter(|_| line.starts_with("GET /m/"))
    }));
    let scene = scene.await;
    let (alice, bob) = scene.friends().await;
    write(&alice, &bob, "hello").await;
    let delivery = tokio::time::timeout(PATIENCE, alice.deliver()).await.expect("in time").unwrap();
    assert_eq!(delivery.trouble.len(), 1);
    assert_eq!(delivery.trouble[0].1, "http_timed_out");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_false_refusal_keeps_no_letter_back_and_changes_no_order() {
    let refusals = Arc::new(AtomicU64::new(2));
    let left = Arc::clone(&refusals);
    let refusal = answer("401 Unauthorized", "content-type: application/problem+json\r\n", r#"{"code": "token"}"#);
    let scene = Scene::new(Arc::new(move |line| {
        let lies = line.starts_with("POST /m/")
            && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        lies.then(|| refusal.clone())
    }));
    let scene = scene.await;
    let (alice, bob) = scene.friends().await;
    let first = write(&alice, &bob, "one").await;
    alice.deliver().await.unwrap();
    assert_eq!(state(&alice, &first).await, SentState::Blocked);
    // The next letter does not go before it.
    let second = write(&alice, &bob, "two").await;
    assert_eq!(state(&alice, &first).await, SentState::Queued);
    alice.deliver().await.unwrap();
    assert_eq!([state(&alice, &first).await, state(&alice, &second).await], [SentState::Blocked; 2]);
    // And it is tried again without one.
    alice.deliver().await.unwrap();
    assert_eq!([state(&alice, &first).await, state(&alice, &second).await], [SentState::Waiting; 2]);
    bob.fetch(0).await.unwrap();
    assert_eq!(texts(&bob).await, ["one", "two"]);
}
