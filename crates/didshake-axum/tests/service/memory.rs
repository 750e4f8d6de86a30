//! The store in memory: each step atomic, everything bounded, nothing burned forgotten too early.

use std::sync::Arc;

use didshake::request::RequestKey;
use didshake::{Algorithm, Did, Fragment, Origin, Secret, Session, SessionParts, UnixTime};
use didshake_axum::{MemorySessionStore, SessionRecord, SessionStore, StoreError, Use};

fn record(id: u8, did: &str, accepted: u64, lifetime: u32) -> SessionRecord {
    let did = Did::parse(did).unwrap();
    let fragment = Fragment::of(&did, "key-1").unwrap();
    let (algorithm, key, accepted) = (Algorithm::Ed25519, vec![id; 32], UnixTime(accepted));
    let id = [id; 16];
    SessionRecord {
        session: Session::from_parts(SessionParts {
            id,
            did,
            fragment,
            algorithm,
            key,
            accepted,
            lifetime,
            used: false,
        }),
        origin: Origin::parse("https://a.example").unwrap(),
        request_key: RequestKey::from_secret(Secret::new([id[0]; 32])),
        client: None,
        last_used: None,
    }
}

const A: &str = "did:web:a.example";
const B: &str = "did:web:b.example";

async fn use_at(store: &MemorySessionStore, id: u8, nonce: u8, now: u64) -> Use {
    store.use_once(&[id; 16], &[nonce; 16], UnixTime(now + 70), UnixTime(now)).await.unwrap()
}

// R-REQ-8
#[tokio::test]
async fn a_nonce_counts_once_for_its_session() {
    let store = MemorySessionStore::default();
    for id in [1, 2] {
        store.create(record(id, A, 1000, 600)).await.unwrap();
    }
    assert_eq!(use_at(&store, 1, 9, 1001).await, Use::First);
    assert_eq!(use_at(&store, 1, 9, 1001).await, Use::Replayed);
    assert_eq!(use_at(&store, 2, 9, 1001).await, Use::First, "another session has nonces of its own");
    assert_eq!(use_at(&store, 1, 9, 1070).await, Use::Replayed, "burned until 1071");
    assert_eq!(use_at(&store, 1, 8, 1071).await, Use::First);
    assert_eq!(use_at(&store, 3, 9, 1001).await, Use::Over);
}

// R-RESP-9
#[tokio::test]
async fn over_is_over() {
    let store = MemorySessionStore::default();
    for id in [1, 2] {
        store.create(record(id, A, 1000, 600)).await.unwrap();
    }
    assert_eq!(use_at(&store, 1, 1, 1059).await, Use::First);
    assert_eq!(use_at(&store, 2, 1, 1060).await, Use::Over, "provisional for a minute");
    assert_eq!(use_at(&store, 1, 2, 1599).await, Use::First);
    assert_eq!(use_at(&store, 1, 3, 1600).await, Use::Over);
    assert_eq!(store.entries(), 0, "with its key");
}

#[tokio::test]
async fn sessions_are_found_by_id_and_by_whose_they_are() {
    let store = MemorySessionStore::default();
    for (id, did, accepted) in [(1, A, 1000), (2, B, 1001), (3, A, 1002)] {
        store.create(record(id, did, accepted, 600)).await.unwrap();
    }
    let ids = |found: Vec<SessionRecord>| found.iter().map(|record| record.session.id()[0]).collect::<Vec<_>>();
    let of = async |did: &str, now| ids(store.of(&Did::parse(did).unwrap(), UnixTime(now)).await.unwrap());
    assert_eq!((of(A, 1010).await, of(B, 1010).await), (vec![3, 1], vec![2]));
    assert_eq!(of(A, 1061).await, [3]);
    let found = store.find(&[3; 16]).await.unwrap().unwrap();
    assert!(found.request_key == RequestKey::from_secret(Secret::new([3; 32])));
    assert!(store.end(&[3; 16]).await.unwrap());
    assert!(!store.end(&[3; 16]).await.unwrap());
    assert!(store.find(&[3; 16]).await.unwrap().is_none());
}

#[tokio::test]
async fn room_is_bounded_and_what_is_over_makes_room() {
    let store = MemorySessionStore::with_capacity(2);
    for id in [1, 2] {
        store.create(record(id, A, 1000, 600)).await.unwrap();
    }
    assert!(matches!(store.create(record(3, A, 1030, 600)).await, Err(StoreError::Full)));
    assert_eq!(use_at(&store, 1, 1, 1030).await, Use::First);
    store.create(record(3, A, 1060, 600)).await.unwrap();
    assert_eq!(store.entries(), 2);
    assert!(store.find(&[2; 16]).await.unwrap().is_none());
}

#[tokio::test]
async fn a_session_cannot_fill_the_memory_with_nonces() {
    let store = MemorySessionStore::with_capacity(10);
    store.create(record(1, A, 1000, 600)).await.unwrap();
    let burn = async |number: u32, now| {
        let mut nonce = [0; 16];
        nonce[..4].copy_from_slice(&number.to_be_bytes());
        store.use_once(&[1; 16], &nonce, UnixTime(now + 70), UnixTime(now)).await
    };
    for number in 0..20_000 {
        burn(number, 1000).await.unwrap();
    }
    assert!(matches!(burn(20_000, 1001).await, Err(StoreError::Full)));
    assert_eq!(burn(5, 1001).await.unwrap(), Use::Replayed);
    assert_eq!(burn(20_000, 1070).await.unwrap(), Use::First);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_at_once_one_is_first() {
    let store = Arc::new(MemorySessionStore::default());
    store.create(record(1, A, 1000, 600)).await.unwrap();
    let racers: Vec<_> = (0..32)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { use_at(&store, 1, 7, 1001).await })
        })
        .collect();
    let mut first = 0;
    for racer in racers {
        first += usize::from(racer.await.unwrap() == Use::First);
    }
    assert_eq!(first, 1);
}
