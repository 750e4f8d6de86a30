//! What each process does, from the beginning or from wherever the one before it was killed.

use std::path::{Path, PathBuf};

use didshake::{Algorithm, Did, Secret, SigningKey};
use didshake_did::{Clock, LocalSigner, SigningIdentity, SystemClock};
use didshake_peer::mailbox::{Agent, AgentOptions, InboxLetter, SqliteStore};

use crate::application::{Application, Handed};

/// Letters at one time.
const PAGE: u32 = 256;
/// Whoever is in no hurry.
const SECONDS: u64 = 86_400;
const CONTENT_TYPE: &str = "text/plain";

/// Whose agent it is: the recipient is the one without a number.
pub(super) fn identity(sender: Option<usize>) -> SigningIdentity {
    let mut seed = [200; 32];
    if let Some(number) = sender {
        seed[..8].copy_from_slice(&number.to_be_bytes());
    }
    let key = SigningKey::from_secret(Algorithm::Ed25519, &Secret::new(seed)).expect("a key");
    SigningIdentity::of_did_key(LocalSigner::new(key)).expect("a did:key")
}

/// The agent as its user has it, with the store that it had before.
pub(super) async fn agent(directory: &Path, sender: Option<usize>) -> Agent {
    let identity = identity(sender);
    let name = sender.map_or_else(|| "recipient".to_owned(), |number| format!("sender-{number}"));
    let path = directory.join(name).join("agent.sqlite");
    let store = SqliteStore::open(&path, identity.did().clone()).await.expect("a store");
    Agent::new(identity, store, AgentOptions { receipts: false, ..AgentOptions::default() }).expect("an agent")
}

/// Where the recipient's application has its notes.
pub(super) fn notes(directory: &Path) -> PathBuf {
    directory.join("notes.sqlite")
}

/// Writes `messages` letters, as many as it has not written before, and delivers until it is killed.
///
/// # Panics
/// Where its store fails.
pub async fn send(directory: &Path, number: usize, messages: u64) {
    let agent = agent(directory, Some(number)).await;
    let to = identity(None).did().clone();
    let mut running = {
        let agent = agent.clone();
        tokio::spawn(async move { agent.run().await })
    };
    let (mut written, mut after) = (0, 0);
    loop {
        let page = agent.store().sent_after(after, PAGE).await.expect("the store");
        let Some(last) = page.last() else { break };
        (written, after) = (written + page.len() as u64, last.number);
    }
    for number in written..messages {
        let expires = SystemClock.now().plus(SECONDS);
        agent.write(&to, CONTENT_TYPE, number.to_string().as_bytes(), expires).await.expect("the store");
    }
    let ended = (&mut running).await;
    panic!("a sender ended: {ended:?}");
}

/// Takes letters, and hands them to the application, until it is killed.
///
/// # Panics
/// Where its store fails.
pub async fn receive(directory: &Path) {
    let agent = agent(directory, None).await;
    let application = Application::open(&notes(directory)).await;
    let running = {
        let agent = agent.clone();
        tokio::spawn(async move { agent.run().await })
    };
    let mut changes = agent.changes();
    let mut after = application.after().await;
    while !running.is_finished() {
        let letters = agent.store().inbox(after, PAGE).await.expect("the store");
        let Some(last) = letters.last() else {
            changes.changed().await.expect("the agent lives");
            continue;
        };
        after = last.number;
        application.note(&letters.iter().map(handed).collect::<Vec<_>>()).await;
    }
    panic!("the recipient ended: {:?}", running.await);
}

fn handed(letter: &InboxLetter) -> Handed {
    let number = std::str::from_utf8(&letter.content).ok().and_then(|text| text.parse().ok());
    let sender = letter.sender.as_str().to_owned();
    Handed { at: letter.number, sender, number: number.expect("the number that was written") }
}

/// Who the senders are.
pub(super) fn senders(count: usize) -> Vec<Did> {
    (0..count).map(|number| identity(Some(number)).did().clone()).collect()
}
