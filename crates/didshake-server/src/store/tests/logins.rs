//! Logins over HTTP: the burn and the session in one transaction, with those of others.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use didshake_axum::{LoginError, StoreError};
use didshake_peer::BurnError;

use super::*;
use crate::policy::Policy;

impl Stores {
    async fn log_in(&self, th3: u8, id: u8, did: &str, now: UnixTime) -> Result<Burn, LoginError> {
        self.logins.take(&[th3; 32], now.plus(70), record(id, did, now), now).await
    }

    async fn has_session(&self, id: u8) -> bool {
        self.sessions.find(&[id; 16]).await.unwrap().is_some()
    }
}

fn key_of(number: u8) -> String {
    format!("did:key:zalice{number}")
}

// R-RESP-8, R-RESP-9, R-STATE-5, R-STATE-7
#[tokio::test]
async fn a_login_burns_its_handshake_and_keeps_its_session() {
    for place in both() {
        let stores = place.open().await;
        assert_eq!(stores.log_in(1, 1, ALICE, NOW).await.unwrap(), Burn::First);
        let (found, made) = (stores.sessions.find(&[1; 16]).await.unwrap().unwrap(), record(1, ALICE, NOW));
        assert_eq!(found.session, made.session);
        assert_eq!((found.origin, found.client, found.last_used), (made.origin, made.client, None));
        assert!(found.request_key == made.request_key);
        assert_eq!(stores.log_in(1, 2, &key_of(2), NOW).await.unwrap(), Burn::Again);
        assert!(!stores.has_session(2).await);
        stores.sessions.end(&[1; 16]).await.unwrap();
        assert_eq!(stores.burns.burn(&[1; 32], NOW.plus(70), NOW).await.unwrap(), Burn::Again);
        stores.database.close().await;

        let stores = place.open().await;
        assert_eq!(stores.log_in(1, 3, ALICE, NOW.plus(69)).await.unwrap(), Burn::Again);
        assert_eq!(stores.log_in(1, 3, ALICE, NOW.plus(70)).await.unwrap(), Burn::First, "it counts no more");
        assert!(stores.has_session(3).await);
    }
}

// R-STATE-6
#[tokio::test]
async fn who_may_not_come_in_burns_nothing() {
    for place in both() {
        let policy = LivePolicy::new(Policy::parse("[[rule]]\nallow = { method = \"web\" }").unwrap());
        let database = place.open().await.database;
        let stores = Stores::with_policy(database, Bounds::with_sessions(1000), policy);
        let refused = stores.log_in(1, 1, ALICE, NOW).await;
        assert!(matches!(refused, Err(LoginError::Sessions(StoreError::Refused))), "{refused:?}");
        assert!(!stores.has_session(1).await);
        assert_eq!(stores.log_in(1, 1, "did:web:b.example", NOW).await.unwrap(), Burn::First);
    }
}

#[tokio::test]
async fn where_there_is_no_room_nothing_is_done() {
    for place in both() {
        let bounds = Bounds { sessions: 2, sessions_of_did: 5, nonces: 9, burns: 9 };
        let stores = place.open_with(bounds).await;
        for number in [1, 2] {
            assert_eq!(stores.log_in(number, number, &key_of(number), NOW).await.unwrap(), Burn::First);
        }
        let full = stores.log_in(3, 3, ALICE, NOW.plus(1)).await;
        assert!(matches!(full, Err(LoginError::Sessions(StoreError::Full))), "{full:?}");
        // The provisional ones have ended.
        assert_eq!(stores.log_in(3, 3, ALICE, NOW.plus(60)).await.unwrap(), Burn::First);
        assert_eq!(stores.database.rows(Table::Sessions).await.unwrap(), 1);

        let database = place.open().await.database;
        let stores = Stores::with_policy(database, Bounds { burns: 3, sessions: 9, ..bounds }, LivePolicy::default());
        let full = stores.log_in(4, 4, &key_of(4), NOW.plus(61)).await;
        assert!(matches!(full, Err(LoginError::Burns(BurnError::Full))), "{full:?}");
        assert!(!stores.has_session(4).await);
    }
}

// R-STATE-5: what comes at once is one transaction, and several instances have one each.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_the_same_handshake_many_times_at_once_one_is_accepted() {
    for place in both() {
        let bounds = Bounds { sessions_of_did: 3, ..Bounds::with_sessions(1000) };
        let instances = [place.open_with(bounds).await, place.open_with(bounds).await].map(Arc::new);
        let logins = (0..120_u8).map(|number| {
            let stores = Arc::clone(&instances[usize::from(number % 2)]);
            // Each handshake four times; every third of one DID.
            let did = if number % 3 == 0 { ALICE.to_owned() } else { key_of(number) };
            tokio::spawn(async move { (number, stores.log_in(number / 4, number, &did, NOW).await.unwrap()) })
        });
        let mut accepted = Vec::new();
        for login in logins.collect::<Vec<_>>() {
            let (number, burn) = login.await.unwrap();
            if burn == Burn::First {
                accepted.push(number);
            }
        }
        let mut handshakes: Vec<u8> = accepted.iter().map(|number| number / 4).collect();
        handshakes.sort_unstable();
        assert_eq!(handshakes, (0..30).collect::<Vec<_>>());
        for number in 0..120 {
            let is_alice = number % 3 == 0;
            assert!(!instances[0].has_session(number).await || accepted.contains(&number));
            assert!(is_alice || instances[0].has_session(number).await == accepted.contains(&number), "{number}");
        }
        // Two that come at one moment at two instances of PostgreSQL do not see each other; the next one ends what is too much.
        assert_eq!(instances[0].log_in(200, 200, ALICE, NOW.plus(1)).await.unwrap(), Burn::First);
        let expected = accepted.iter().filter(|number| *number % 3 == 0).count() + 1;
        let of_alice = instances[0].sessions.of(&Did::parse(ALICE).unwrap(), NOW).await.unwrap();
        assert_eq!(of_alice.len(), expected.min(3));
    }
}

#[tokio::test]
async fn a_login_that_the_database_refuses_harms_no_other() {
    for place in both() {
        let stores = place.open().await;
        assert_eq!(stores.log_in(1, 1, ALICE, NOW).await.unwrap(), Burn::First);
        // A session of this id is there.
        let second = key_of(2);
        let (refused, others) = tokio::join!(
            stores.log_in(2, 1, &second, NOW),
            futures_util::future::join_all((3..30).map(|number| {
                let stores = &stores;
                async move { stores.log_in(number, number, &key_of(number), NOW).await.unwrap() }
            }))
        );
        assert!(matches!(refused, Err(LoginError::Sessions(StoreError::Unavailable(_)))), "{refused:?}");
        assert!(others.iter().all(|burn| *burn == Burn::First));
        assert_eq!(
            stores.burns.burn(&[2; 32], NOW.plus(70), NOW).await.unwrap(),
            Burn::First,
            "nothing of it was done"
        );
        assert_eq!(stores.sessions.find(&[1; 16]).await.unwrap().unwrap().session.did().as_str(), ALICE);
    }
}

fn numbered(number: u32) -> ([u8; 32], SessionRecord) {
    let template = record(0, &format!("did:key:z{number}"), NOW);
    let (mut th3, mut parts) = ([0; 32], template.session.parts().clone());
    th3[..4].copy_from_slice(&number.to_be_bytes());
    parts.id[..4].copy_from_slice(&number.to_be_bytes());
    (th3, SessionRecord { session: Session::from_parts(parts), ..template })
}

// SQLite lets in whoever comes at the right moment; here it is the next one's turn, however many log in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_else_writes_waits_for_the_logins_before_and_for_none_after() {
    const AT_ONCE: u32 = 16;
    let [place, _] = both();
    let stores = Arc::new(place.open_with(Bounds::with_sessions(1_000_000)).await);
    let (next, over) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
    let busy: Vec<_> = (0..AT_ONCE)
        .map(|_| {
            let (stores, next, over) = (Arc::clone(&stores), Arc::clone(&next), Arc::clone(&over));
            tokio::spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    let (th3, login) = numbered(next.fetch_add(1, Ordering::Relaxed));
                    assert_eq!(stores.logins.take(&th3, NOW.plus(70), login, NOW).await.unwrap(), Burn::First);
                }
            })
        })
        .collect();
    let mut overtaken = Vec::new();
    for number in 1..=21 {
        while next.load(Ordering::Relaxed) < u32::from(number) * AT_ONCE {
            tokio::task::yield_now().await;
        }
        let before = next.load(Ordering::Relaxed);
        stores.sessions.create(record(number, ALICE, NOW)).await.unwrap();
        overtaken.push(next.load(Ordering::Relaxed) - before);
    }
    over.store(true, Ordering::Relaxed);
    for worker in busy {
        worker.await.unwrap();
    }
    // At most those that were on their way, and whoever passes while a thread of this test waits for a processor; thousands, without turns.
    overtaken.sort_unstable();
    assert!(
        overtaken.iter().all(|logins| *logins < 1000),
        "so many logins went before one that came earlier: {overtaken:?}"
    );
}

#[tokio::test]
async fn a_connection_that_has_gone_costs_no_login() {
    let [_, place] = both();
    let TestPlace::Postgres(url) = &place else { panic!("the second one is PostgreSQL") };
    let name = url.expose().rsplit_once('/').unwrap().1.to_owned();
    let stores = place.open().await;
    for number in 1..=3 {
        assert_eq!(stores.log_in(number, number, &key_of(number), NOW).await.unwrap(), Burn::First);
        let end = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND pid <> pg_backend_pid()"
        );
        didshake_test_postgres::shared().run(&end, "postgres");
    }
    assert_eq!(stores.database.rows(Table::Sessions).await.unwrap(), 3);
}
