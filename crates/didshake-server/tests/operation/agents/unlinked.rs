//! What a relay could link: every byte that goes to it, by connection.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use didshake::Origin;
use didshake_server::Settings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{World, state, write};
use crate::relay::relay_settings;
use crate::service::Service;

type Connections = Arc<Mutex<Vec<Arc<Mutex<Vec<u8>>>>>>;

/// Passes everything on to the relay, and keeps what clients send, one piece a connection.
async fn record(listener: TcpListener, to: SocketAddr, connections: Connections) {
    while let Ok((client, _)) = listener.accept().await {
        let kept = Arc::new(Mutex::new(Vec::new()));
        connections.lock().unwrap().push(Arc::clone(&kept));
        tokio::spawn(async move {
            let (mut from_client, mut to_client) = client.into_split();
            let (mut from_relay, mut to_relay) = TcpStream::connect(to).await.unwrap().into_split();
            tokio::spawn(async move { tokio::io::copy(&mut from_relay, &mut to_client).await });
            let mut chunk = vec![0; 16_384];
            while let Ok(count @ 1..) = from_client.read(&mut chunk).await {
                kept.lock().unwrap().extend_from_slice(&chunk[..count]);
                if to_relay.write_all(&chunk[..count]).await.is_err() {
                    return;
                }
            }
        });
    }
}

// R-RLY-8
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_a_depositor_sends_is_signed_or_on_a_connection_of_what_is() {
    let directory = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let settings = Settings { public_url: Some(vec![origin.clone()]), ..relay_settings(directory.path()) };
    let relay = Service::start(&settings).await;
    let connections = Connections::default();
    let recording = tokio::spawn(record(listener, relay.address, Arc::clone(&connections)));
    let world = World { directory, relay };
    let origin = Origin::parse(&origin).unwrap();

    // Alice has a mailbox there herself, and does everything: she writes, hears, answers and is answered.
    let [alice, bob] = [1, 2].map(|seed| {
        let (world, origin) = (&world, origin.clone());
        async move {
            let agent =
                super::agent(&world.path(&seed.to_string()), crate::service::identity(seed), Default::default()).await;
            agent.open_mailbox(&origin, &world.relay.did).await.unwrap();
            agent
        }
    });
    let (alice, bob) = (alice.await, bob.await);
    for (one, other) in [(&alice, &bob), (&bob, &alice)] {
        let address = other.give_token(&origin, "friend", None).await.unwrap();
        one.add_contact(other.identity().did(), Some(address)).await.unwrap();
    }
    let id = write(&alice, &bob, "hello").await;
    alice.deliver().await.unwrap();
    bob.fetch(0).await.unwrap();
    bob.mark_read(&bob.store().unread(0, 10).await.unwrap()).await.unwrap();
    bob.deliver().await.unwrap();
    alice.fetch(0).await.unwrap();
    assert_eq!(state(&alice, &id).await, didshake_peer::mailbox::SentState::Read);

    let sent: Vec<String> = connections.lock().unwrap().iter().map(|sent| text(&sent.lock().unwrap())).collect();
    let (deposits, others): (Vec<&String>, Vec<&String>) = sent.iter().partition(|sent| sent.contains(" /m/"));
    assert!(deposits.len() >= 2 && others.iter().any(|sent| sent.contains("signature-input:")));
    for sent in deposits {
        for telling in ["signature", "cookie", "content-digest", " /v1/", " /didshake", "did:key", "didshake-state"] {
            assert!(!sent.contains(telling), "{telling} stands beside a deposit:\n{sent}");
        }
        assert_eq!(sent.matches(" /m/").count(), sent.matches("authorization: didshake-deposit ").count());
    }
    assert!(others.iter().all(|sent| !sent.contains("didshake-deposit")));
    recording.abort();
    world.relay.end().await;
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).to_ascii_lowercase()
}
