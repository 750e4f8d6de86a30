//! What a live channel costs on which nothing is said.

use std::time::Duration;

use didshake::{Algorithm, Secret, SigningKey};
use didshake_did::{LocalSigner, SigningIdentity};
use didshake_peer::{
    Admit, Expect, InitiatorOptions, MemoryBurnStore, PeerConnection, ResponderOptions, accept, connect,
};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::figures::resident;

const WARM_UP: usize = 32;
const SETTLE: Duration = Duration::from_secs(2);
const PROTOCOL: &[u8] = b"didshake.chat/1";

/// Resident bytes of this process.
#[derive(Clone, Copy, Debug)]
pub struct Idle {
    /// Before there was any, warmed up.
    pub before: u64,
    /// With all of them.
    pub after: u64,
    /// For each end.
    pub each: u64,
}

/// Opens so many channels and counts: this process has both ends of each, and they wait for what comes, also after this, as long as
/// the runtime is there.
///
/// # Panics
/// Where one is not opened, or ends.
pub async fn idle_channels(count: usize) -> Idle {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (near, far) = (identity(1), identity(2));
    let admit = Admit::only(near.did().clone());
    let options = (
        InitiatorOptions::new(near, PROTOCOL, Expect::Did(far.did().clone())),
        ResponderOptions::new(far, PROTOCOL, admit),
    );
    let burns = MemoryBurnStore::default();
    drop(open(&listener, &options, &burns, WARM_UP).await);
    tokio::time::sleep(SETTLE).await;
    let before = resident(std::process::id());
    let open = open(&listener, &options, &burns, count).await;
    tokio::time::sleep(SETTLE).await;
    let after = resident(std::process::id());
    assert!(open.iter().all(|end| !end.is_finished()), "a channel ended");
    Idle { before, after, each: after.saturating_sub(before) / (2 * count as u64) }
}

fn identity(seed: u8) -> SigningIdentity {
    let key = SigningKey::from_secret(Algorithm::Ed25519, &Secret::new([seed; 32])).unwrap();
    SigningIdentity::of_did_key(LocalSigner::new(key)).unwrap()
}

async fn open(
    listener: &TcpListener,
    (initiator, responder): &(InitiatorOptions, ResponderOptions),
    burns: &MemoryBurnStore,
    count: usize,
) -> Vec<JoinHandle<()>> {
    let address = listener.local_addr().unwrap();
    let mut ends = Vec::with_capacity(2 * count);
    for _ in 0..count {
        let near = TcpStream::connect(address).await.unwrap();
        let far = listener.accept().await.unwrap().0;
        let (near, far) = tokio::join!(connect(near, initiator), accept(far, responder, burns));
        ends.extend([tokio::spawn(wait(near.unwrap())), tokio::spawn(wait(far.unwrap()))]);
    }
    ends
}

/// As an agent does: until something is said, or the channel ends.
async fn wait(mut end: PeerConnection<TcpStream>) {
    while let Ok(Some(_)) = end.recv().await {}
}
