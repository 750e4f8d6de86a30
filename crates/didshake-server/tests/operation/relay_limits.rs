//! What one depositor can take of a relay, and what is left for the others.

use std::time::Duration;

use didshake::relay::MAX_BATCH_BYTES;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::relay::{Relay, envelope, relay_settings};

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
