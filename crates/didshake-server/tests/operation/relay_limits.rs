//! What one depositor can take of a relay, and what is left for the others.

use std::time::Duration;

use didshake::relay::{DepositToken, MAX_BATCH_BYTES};
use didshake_server::Settings;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::relay::{Relay, envelope, relay_settings};
use crate::sockets::Socket;

const SOCKET: &str = "/v1/mailbox/socket";

// R-RLY-4
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_promises_long_bodies_and_sends_nothing_holds_up_nobody() {
    let directory = tempfile::tempdir().unwrap();
    let relay = Relay::start(&relay_settings(directory.path())).await;
    let (slow, token) = (relay.token(7, &json!({})).await, relay.token(8, &json!({})).await);
    let at = relay.service.address;
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: {at}\r\nauthorization: {}\r\ncontent-type: application/didshake-envelopes\r\n\
         content-length: {MAX_BATCH_BYTES}\r\n\r\n",
        relay.path,
        slow.authorization().as_str()
    );
    let mut promised = Vec::new();
    for _ in 0..32 {
        let mut stream = TcpStream::connect(at).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        promised.push(stream);
    }
    // Their heads were read by then.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(relay.deposit(&token, &[&envelope(1)]).await.status, 200);
    drop(promised);
    relay.service.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_disk_that_is_nearly_full_owners_make_room_and_nobody_deposits() {
    let directory = tempfile::tempdir().unwrap();
    let settings = relay_settings(directory.path());
    let relay = Relay::start(&settings).await;
    let token = relay.token(7, &json!({})).await;
    assert_eq!(relay.deposit(&token, &[&envelope(1)]).await.status, 200);
    relay.service.end().await;

    // More than any disk has.
    let relay = Relay::start_again(&Settings { disk_reserve: Some(1 << 50), ..settings }).await;
    let refused = relay.deposit(&token, &[&envelope(2)]).await;
    assert_eq!((refused.status, &refused.json()["code"]), (503, &json!("unavailable")));
    let shown = relay.waiting("").await;
    assert_eq!(shown.len(), 1);
    relay.answer(&[shown[0].0], &[]).await;
    assert!(relay.waiting("").await.is_empty());
    relay.service.end().await;
}

// R-RLY-4
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_token_leaves_room_in_the_mailbox_for_others() {
    let directory = tempfile::tempdir().unwrap();
    let relay = Relay::start(&Settings { mailbox_waiting: Some(16), ..relay_settings(directory.path()) }).await;
    let (lost, token) = (relay.token(7, &json!({})).await, relay.token(8, &json!({})).await);
    let all: Vec<Vec<u8>> = (0..16).map(envelope).collect();
    let mut kept = 0;
    for one in &all {
        kept += usize::from(relay.deposit(&lost, &[one]).await.status == 200);
    }
    assert_eq!(kept, 4, "a quarter of the mailbox, where the owner says nothing");
    assert_eq!(relay.deposit(&token, &[&all[0]]).await.status, 200);
    // The owner may say otherwise.
    let path = format!("/v1/mailbox/tokens/{}", lost.hash());
    assert_eq!(relay.owner.send("PUT", &path, &json!({"waiting": 16})).await.0, 200);
    assert_eq!(relay.deposit(&lost, &[&all[9], &all[10]]).await.status, 200);
    relay.service.end().await;
}

// R-RLY-4
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_token_leaves_circuits_of_the_mailbox_for_others() {
    let directory = tempfile::tempdir().unwrap();
    let relay = Relay::start(&relay_settings(directory.path())).await;
    let (greedy, token) = (relay.token(7, &json!({})).await, relay.token(8, &json!({})).await);
    let mut mailbox = Socket::of_owner(&relay.owner, SOCKET).await.unwrap();
    let at = relay.service.address;
    let ask = |token: &DepositToken| {
        let (path, secret) = (relay.path.clone(), *token.secret().expose());
        async move { Socket::of_depositor(at, &path, &DepositToken::from_secret(didshake::Secret::new(secret))).await }
    };
    let mut asking = JoinSet::new();
    (0..16).for_each(|_| drop(asking.spawn(ask(&greedy))));
    // Those that are over the limit are told so at once; the others wait for the owner.
    for _ in 0..12 {
        assert_eq!(asking.join_next().await.unwrap().unwrap().err(), Some(507));
    }
    for _ in 0..4 {
        mailbox.circuit().await;
    }
    let (asked, answered) = tokio::join!(ask(&token), async {
        let id = mailbox.circuit().await;
        Socket::of_owner(&relay.owner, &format!("/v1/mailbox/circuits/{id}")).await
    });
    assert!(asked.is_ok() && answered.is_ok());
    relay.service.end().await;
}
