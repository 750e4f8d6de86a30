//! The good handshake, step by step.

use std::sync::Arc;
use std::time::Instant;

use didshake_peer::{MemoryBurnStore, accept, connect};
use serde_json::{Value, json};

use crate::demo::cast::{Cast, dial, incoming, listener, network};
use crate::demo::narrator::{Narrator, Told, heading, say};
use crate::failure::{Exit, Failure};
use crate::peer_failure::{Role, failure};
use crate::web_failures::WebFailures;

const QUESTION: &[u8] = b"Is that you, Bob?";
const ANSWER: &[u8] = b"It is. And I know that it is you who asks.";
// Type byte, content type, tag.
const RECORD_BYTES: usize = 18;

/// Runs it, tells it, and gives its figures.
pub(crate) async fn handshake(cast: &Cast, told: Told) -> Result<Value, Failure> {
    let (listener, address) = listener().await?;
    heading(told, &format!("The handshake, over TCP to {address}"));
    say(told, "      time  who          bytes  what");
    let start = Instant::now();
    let (mut alice, mut bob) = (cast.alices_options(), cast.bobs_options());
    alice.surroundings.observer = Some(Arc::new(Narrator { told, start, who: "Alice", other: "Bob" }));
    bob.surroundings.observer = Some(Arc::new(Narrator { told, start, who: "Bob", other: "Alice" }));
    let responding = tokio::spawn(async move {
        let stream = incoming(&listener).await?;
        let accepted = accept(stream, &bob, &MemoryBurnStore::default()).await;
        accepted.map_err(|error| failure(&error, Role::Responder, &WebFailures::default()))
    });
    let initiated = connect(dial(&address).await?, &alice).await;
    let initiated = initiated.map_err(|error| failure(&error, Role::Initiator, &WebFailures::default()));
    let took = start.elapsed();
    let mut to_alice = responding.await.map_err(|error| network(&error))??;
    let mut to_bob = initiated?;
    let milliseconds = took.as_secs_f64() * 1000.0;
    say(told, &format!("Both have the same keys after {milliseconds:.1} ms, and know whom they share them with."));

    heading(told, "The channel");
    let broken = |error: didshake_peer::ChannelError| Failure::new(Exit::Network, error.code(), error.to_string());
    to_bob.send(QUESTION).await.map_err(broken)?;
    let question = to_alice.recv().await.map_err(broken)?.unwrap_or_default();
    line(told, "Alice → Bob", &question);
    to_alice.send(ANSWER).await.map_err(broken)?;
    let answer = to_bob.recv().await.map_err(broken)?.unwrap_or_default();
    line(told, "Bob → Alice", &answer);
    to_bob.close().await.map_err(broken)?;
    to_alice.close().await.map_err(broken)?;
    let closed = to_bob.recv().await.map_err(broken)?.is_none() && to_alice.recv().await.map_err(broken)?.is_none();

    let same = to_bob.agreed().session_id == to_alice.agreed().session_id;
    let known = to_bob.peer().did() == cast.bob.did() && to_alice.peer().did() == cast.alice.did();
    if !(same && known && closed && question == QUESTION && answer == ANSWER) {
        return Err(Failure::new(Exit::Check, "demo", "the two sides disagree: this program must not be used"));
    }
    say(told, "Both sides close, in order: nothing was cut off.");
    Ok(json!({
        "alice": cast.alice.did().as_str(), "bob": cast.bob.did().as_str(), "milliseconds": milliseconds,
        "sessionId": hex::encode(to_bob.agreed().session_id),
    }))
}

fn line(told: Told, who: &str, content: &[u8]) {
    let bytes = content.len() + RECORD_BYTES;
    say(told, &format!("            {who:<12} {bytes:>5}  \"{}\"", String::from_utf8_lossy(content)));
}
