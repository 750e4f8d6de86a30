//! What was learned about others.

use didshake::{Algorithm, Did, PublicKey, Secret, SigningKey, UnixTime};
use didshake_peer::mailbox::{AgentStore, MAX_SIGHTINGS, Sighted, Sighting, SqliteStore};

fn did(text: &str) -> Did {
    Did::parse(text).unwrap()
}

fn key(seed: u8, algorithm: Algorithm) -> PublicKey {
    SigningKey::from_secret(algorithm, &Secret::new([seed; 32])).unwrap().public_key()
}

fn proved(fragment: &str, key: PublicKey, version: Option<&str>) -> Sighted {
    Sighted::Key { method: format!("did:web:bob.example#{fragment}"), key, version: version.map(str::to_owned) }
}

#[tokio::test]
async fn each_change_is_kept_and_what_stays_is_dated() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("agent.sqlite");
    let store = SqliteStore::open(&path, did("did:web:alice.example")).await.unwrap();
    let bob = did("did:web:bob.example");
    let old = proved("key-1", key(1, Algorithm::Ed25519), None);
    let new = proved("key-2", key(2, Algorithm::Es256), Some("2-Qm"));
    let newer = proved("key-2", key(2, Algorithm::Es256), Some("3-Qm"));
    let pinned = Sighted::Pinned { name: "bob".into() };
    let gone = Sighted::Unpinned { name: "bob".into() };
    let steps = [
        (&old, 10, true),
        (&pinned, 11, true),
        (&old, 12, false),
        (&new, 13, true),
        (&new, 9, false),
        (&pinned, 14, false),
        (&newer, 15, true),
        (&gone, 16, true),
        (&pinned, 17, true),
        (&old, 18, true),
    ];
    for (what, at, is_news) in steps {
        assert_eq!(store.see(&bob, what, UnixTime(at)).await.unwrap(), is_news, "{at}");
    }
    store.close().await;
    let store = SqliteStore::open(&path, did("did:web:alice.example")).await.unwrap();
    let of =
        |what: &Sighted, first, last| Sighting { first: UnixTime(first), last: UnixTime(last), what: what.clone() };
    let expected = [
        of(&old, 10, 12),
        of(&pinned, 11, 14),
        of(&new, 13, 13),
        of(&newer, 15, 15),
        of(&gone, 16, 16),
        of(&pinned, 17, 17),
        of(&old, 18, 18),
    ];
    assert_eq!(store.sightings(&bob).await.unwrap(), expected);
    assert!(store.sightings(&did("did:web:carol.example")).await.unwrap().is_empty());
    // Names are of the user, and so is this: another identity of theirs has it too.
    let other = SqliteStore::open(&path, did("did:web:work.example")).await.unwrap();
    assert_eq!(other.sightings(&bob).await.unwrap(), expected);
}

#[tokio::test]
async fn of_many_the_first_and_the_newest_are_kept() {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&directory.path().join("agent.sqlite"), did("did:web:alice.example")).await.unwrap();
    let bob = did("did:web:bob.example");
    for at in 0..u64::from(MAX_SIGHTINGS) + 20 {
        assert!(store.see(&bob, &Sighted::Pinned { name: format!("bob-{at}") }, UnixTime(at)).await.unwrap());
    }
    let kept = store.sightings(&bob).await.unwrap();
    assert_eq!(kept.len(), MAX_SIGHTINGS as usize);
    assert_eq!((kept[0].first, kept[1].first, kept[999].first), (UnixTime(0), UnixTime(21), UnixTime(1019)));
}
