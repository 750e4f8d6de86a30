//! What was learned about peers, noted for `didshake peer log`. It is for looking back: what fails here keeps nobody from
//! meeting anybody.

use didshake::{Did, VerifiedPeer};
use didshake_did::{Clock, Resolver, SystemClock};
use didshake_peer::mailbox::{AgentStore, Sighted, Sighting, SqliteStore};

use crate::agent::open_store;
use crate::cli::Global;
use crate::failure::Failure;
use crate::storage;

/// They have proved who they are, with a key of a document that `resolver` has looked at just now.
pub(crate) async fn met(global: &Global, peer: &VerifiedPeer, resolver: &dyn Resolver) {
    // Only did:webvh names versions; nobody else is asked a second time.
    let resolved = if peer.did().method() == "webvh" { resolver.resolve(peer.did()).await.ok() } else { None };
    let version = resolved.and_then(|resolved| resolved.version().map(str::to_owned));
    note(global, peer.did(), &Sighted::key_of(peer, version)).await;
}

/// The same, where they came to us: strangers leave nothing here.
pub(crate) async fn met_known(global: &Global, peer: &VerifiedPeer, resolver: &dyn Resolver) {
    let known = storage::known_peers(global).is_ok_and(|peers| peers.iter().any(|known| known.did == *peer.did()));
    if known {
        met(global, peer, resolver).await;
    }
}

/// Our user gave them a name.
pub(crate) async fn pinned(global: &Global, name: &str, did: &Did) {
    note(global, did, &Sighted::Pinned { name: name.to_owned() }).await;
}

/// Our user took a name from them.
pub(crate) async fn unpinned(global: &Global, name: &str, did: &Did) {
    note(global, did, &Sighted::Unpinned { name: name.to_owned() }).await;
}

/// All that was noted about somebody.
pub(crate) async fn of(global: &Global, did: &Did) -> Result<Vec<Sighting>, Failure> {
    let Some(store) = store(global).await? else { return Ok(Vec::new()) };
    let found = store.sightings(did).await.map_err(|error| crate::agent::of_store(&error));
    store.close().await;
    found
}

async fn note(global: &Global, did: &Did, what: &Sighted) {
    let noted = async {
        let Some(store) = store(global).await? else { return Ok(()) };
        let noted = store.see(did, what, SystemClock.now()).await;
        store.close().await;
        noted.map(drop).map_err(|error| crate::agent::of_store(&error))
    };
    if let Err(failure) = noted.await {
        tracing::warn!(%did, "not noted for `didshake peer log`: {}", failure.message());
    }
}

/// The store that all identities of the user share; none where there is no identity.
async fn store(global: &Global) -> Result<Option<SqliteStore>, Failure> {
    let identities = storage::identities(global)?;
    let names = identities.names().map_err(|error| storage::key_file_failure(&error))?;
    let own = names.iter().find_map(|name| identities.header(name).ok());
    match own {
        Some(own) => open_store(global, own.did).await.map(Some),
        None => Ok(None),
    }
}
