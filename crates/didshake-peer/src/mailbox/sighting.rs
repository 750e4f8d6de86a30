//! What was learned about somebody, and when: so that a user can look back at how a peer's keys changed.

use didshake::{PublicKey, UnixTime, VerifiedPeer};

/// A fact about somebody, from when it was first seen to when it was last confirmed, by our clock.
///
/// ```
/// use didshake::{Did, UnixTime};
/// use didshake_peer::mailbox::{AgentStore, Sighted, Sighting, SqliteStore};
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("agent.sqlite");
/// let store = SqliteStore::open(&path, Did::parse("did:web:alice.example")?).await?;
/// let bob = Did::parse("did:web:bob.example")?;
/// let named = Sighted::Pinned { name: "bob".to_owned() };
/// assert!(store.see(&bob, &named, UnixTime(1_767_225_600)).await?);
/// assert!(!store.see(&bob, &named, UnixTime(1_767_225_660)).await?, "nothing new");
/// let expected = Sighting { first: UnixTime(1_767_225_600), last: UnixTime(1_767_225_660), what: named };
/// assert_eq!(store.sightings(&bob).await?, [expected]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sighting {
    /// When it was learned.
    pub first: UnixTime,
    /// When it was last found so, before anything else was.
    pub last: UnixTime,
    /// The fact.
    pub what: Sighted,
}

/// What can be learned about somebody.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(clippy::large_enum_variant, reason = "few at a time, and a box would stand in every pattern")]
pub enum Sighted {
    /// They have proved who they are with this key.
    Key {
        /// The verification method as a DID URL; for a DID that is a key, the DID alone.
        method: String,
        /// The key.
        key: PublicKey,
        /// The version of the document that had it, where its DID method numbers them.
        version: Option<String>,
    },
    /// Our user gave them this name.
    Pinned {
        /// The name.
        name: String,
    },
    /// Our user took this name from them.
    Unpinned {
        /// The name.
        name: String,
    },
}

impl Sighted {
    /// The key with which a peer was verified.
    #[must_use]
    pub fn key_of(peer: &VerifiedPeer, version: Option<String>) -> Self {
        Self::Key { method: peer.verification_method(), key: peer.key().clone(), version }
    }
}

/// So many facts are kept of one DID: the first, and the newest.
pub const MAX_SIGHTINGS: u32 = 1_000;
