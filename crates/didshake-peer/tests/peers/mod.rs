//! Two peers and what lies between them.
#![allow(dead_code, reason = "each test file uses a part")]

use std::sync::Arc;

use didshake::wire::MAX_MESSAGE_BYTES;
use didshake::{Algorithm, Did, Secret, SigningKey};
use didshake_did::{LocalSigner, SigningIdentity};
use didshake_peer::{
    Admit, Expect, HandshakeError, InitiatorOptions, MemoryBurnStore, PeerConnection, ResponderOptions, accept,
    connect, frame,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::task::JoinHandle;

pub(crate) const CHAT: &[u8] = b"didshake.chat/1";

pub(crate) type Outcome = Result<PeerConnection<DuplexStream>, HandshakeError>;

pub(crate) fn identity(seed: u8) -> SigningIdentity {
    let key = SigningKey::from_secret(Algorithm::Ed25519, &Secret::new([seed; 32])).unwrap();
    SigningIdentity::of_did_key(LocalSigner::new(key)).unwrap()
}

pub(crate) fn did(seed: u8) -> Did {
    identity(seed).did().clone()
}

/// Alice (1) means Bob (2), and Bob admits Alice.
pub(crate) fn options() -> (InitiatorOptions, ResponderOptions) {
    let initiator = InitiatorOptions::new(identity(1), CHAT, Expect::Did(did(2)));
    (initiator, ResponderOptions::new(identity(2), CHAT, Admit::only(did(1))))
}

pub(crate) fn spawn_connect(stream: DuplexStream, options: InitiatorOptions) -> JoinHandle<Outcome> {
    tokio::spawn(async move { connect(stream, &options).await })
}

pub(crate) fn spawn_accept(stream: DuplexStream, options: ResponderOptions) -> JoinHandle<Outcome> {
    tokio::spawn(async move { accept(stream, &options, &MemoryBurnStore::default()).await })
}

/// Both outcomes of a handshake over a direct connection.
pub(crate) async fn meet(initiator: InitiatorOptions, responder: ResponderOptions) -> (Outcome, Outcome) {
    let (near, far) = tokio::io::duplex(MAX_MESSAGE_BYTES);
    let (near, far) = (spawn_connect(near, initiator), spawn_accept(far, responder));
    (near.await.unwrap(), far.await.unwrap())
}

pub(crate) async fn connected() -> (PeerConnection<DuplexStream>, PeerConnection<DuplexStream>) {
    let (initiator, responder) = options();
    let (near, far) = meet(initiator, responder).await;
    (near.unwrap(), far.unwrap())
}

pub(crate) async fn read_message(stream: &mut DuplexStream) -> Option<Vec<u8>> {
    let mut length = [0; 3];
    stream.read_exact(&mut length).await.ok()?;
    let length = u32::from_be_bytes([0, length[0], length[1], length[2]]);
    let mut message = vec![0; length as usize];
    stream.read_exact(&mut message).await.ok()?;
    Some(message)
}

pub(crate) async fn write_message(stream: &mut DuplexStream, message: &[u8]) {
    stream.write_all(&frame(message)).await.unwrap();
}

/// Carries messages both ways between two peers and lets `change` have each first; `Arc` keeps it for both directions.
pub(crate) fn between(change: impl Fn(Vec<u8>) -> Vec<u8> + Send + Sync + 'static) -> (DuplexStream, DuplexStream) {
    let (near, mut near_inside) = tokio::io::duplex(MAX_MESSAGE_BYTES);
    let (far, mut far_inside) = tokio::io::duplex(MAX_MESSAGE_BYTES);
    let change = Arc::new(change);
    tokio::spawn(async move {
        loop {
            let Some(message) = read_message(&mut near_inside).await else { return };
            write_message(&mut far_inside, &change(message)).await;
            let Some(message) = read_message(&mut far_inside).await else { return };
            write_message(&mut near_inside, &change(message)).await;
        }
    });
    (near, far)
}
