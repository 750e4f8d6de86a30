//! The stores, on real files.

mod accounts;
mod bounds;
mod crash;
mod damage;
mod logins;
mod logs;
mod looking;
mod mailboxes;
mod sweeping;

use std::path::Path;

use didshake::request::{RequestKey, WINDOW_SECONDS};
use didshake::{Algorithm, Burn, Did, Fragment, Origin, Secret, Session, SessionParts, UnixTime};
use didshake_axum::{SessionRecord, SessionStore, Use};
use didshake_peer::BurnStore;
use tempfile::TempDir;

use super::*;
use crate::config::PostgresUrl;
use crate::cookie::SecretHash;
use crate::policy::LivePolicy;

const NOW: UnixTime = UnixTime(1_767_225_600);
const LIFETIME: u32 = 3600;
const ALICE: &str = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";

struct Stores {
    database: Database,
    sessions: SqlSessions,
    burns: SqlBurns,
    logins: SqlLogins,
}

/// Where a test keeps things; each is run in both places.
#[derive(Debug)]
enum TestPlace {
    Sqlite(TempDir),
    Postgres(PostgresUrl),
}

fn both() -> [TestPlace; 2] {
    let url = PostgresUrl::parse(&didshake_test_postgres::shared().database()).unwrap();
    [TestPlace::Sqlite(tempfile::tempdir().unwrap()), TestPlace::Postgres(url)]
}

impl TestPlace {
    async fn open(&self) -> Stores {
        self.open_with(Bounds::with_sessions(1000)).await
    }

    async fn open_with(&self, bounds: Bounds) -> Stores {
        // Shown where a test fails: the last one is where it did.
        println!("{self:?}");
        let database = match self {
            Self::Sqlite(directory) => Database::open(&directory.path().join("db")).await.unwrap(),
            Self::Postgres(url) => Database::connect(url).await.unwrap(),
        };
        Stores::of(database, bounds)
    }
}

impl Stores {
    fn of(database: Database, bounds: Bounds) -> Self {
        Self::with_policy(database, bounds, LivePolicy::default())
    }

    fn with_policy(database: Database, bounds: Bounds, policy: LivePolicy) -> Self {
        let sessions = SqlSessions::new(database.clone(), bounds, Entry { policy });
        let logins = SqlLogins::new(sessions.clone());
        Self { burns: SqlBurns::new(database.clone(), bounds), sessions, logins, database }
    }
}

async fn open(path: &Path) -> Stores {
    Stores::of(Database::open(path).await.unwrap(), Bounds::with_sessions(1000))
}

fn record(id: u8, did: &str, accepted: UnixTime) -> SessionRecord {
    let did = Did::parse(did).unwrap();
    let fragment = if did.has_single_method() { "" } else { "key-1" };
    SessionRecord {
        session: Session::from_parts(SessionParts {
            id: [id; 16],
            fragment: Fragment::of(&did, fragment).unwrap(),
            did,
            algorithm: Algorithm::Es256,
            key: vec![3; 33],
            accepted,
            lifetime: LIFETIME,
            used: false,
        }),
        origin: Origin::parse("https://example.com").unwrap(),
        request_key: RequestKey::from_secret(Secret::new([id; 32])),
        client: Some("2001:db8::7".parse().unwrap()),
        last_used: None,
    }
}

#[tokio::test]
async fn a_session_comes_back_as_it_was_also_after_a_restart() {
    for place in both() {
        let did = "did:web:example.com:alice";
        let stores = place.open().await;
        stores.sessions.create(record(7, did, NOW)).await.unwrap();
        stores.database.close().await;

        let stores = place.open().await;
        let (found, made) = (stores.sessions.find(&[7; 16]).await.unwrap().unwrap(), record(7, did, NOW));
        assert_eq!(found.session, made.session);
        assert_eq!((found.origin, found.client, found.last_used), (made.origin, made.client, None));
        assert!(found.request_key == made.request_key);
        assert!(stores.sessions.find(&[8; 16]).await.unwrap().is_none());
    }
}

// R-RESP-9
#[tokio::test]
async fn the_first_use_makes_a_session_last_and_a_late_one_does_not() {
    for place in both() {
        let stores = place.open().await;
        for id in [1, 2] {
            stores.sessions.create(record(id, ALICE, NOW)).await.unwrap();
        }
        let (until, early, late) = (NOW.plus(121), NOW.plus(59), NOW.plus(60));
        assert_eq!(stores.sessions.use_once(&[1; 16], &[1; 16], until, early).await.unwrap(), Use::First);
        assert_eq!(stores.sessions.use_once(&[2; 16], &[1; 16], until, late).await.unwrap(), Use::Over);
        let used = stores.sessions.find(&[1; 16]).await.unwrap().unwrap();
        assert_eq!((used.last_used, used.session.expires()), (Some(early), NOW.plus(3600)));
        assert_eq!(
            stores.sessions.use_once(&[1; 16], &[2; 16], NOW.plus(3700), NOW.plus(3600)).await.unwrap(),
            Use::Over
        );
        assert_eq!(stores.sessions.use_once(&[9; 16], &[1; 16], until, early).await.unwrap(), Use::Over);
    }
}

// R-REQ-8
#[tokio::test]
async fn a_nonce_counts_once_for_its_session() {
    for place in both() {
        let stores = place.open().await;
        for id in [1, 2] {
            stores.sessions.create(record(id, ALICE, NOW)).await.unwrap();
        }
        let use_once = async |id: u8, nonce: u8| {
            stores.sessions.use_once(&[id; 16], &[nonce; 16], NOW.plus(61), NOW).await.unwrap()
        };
        assert_eq!(use_once(1, 1).await, Use::First);
        assert_eq!(use_once(1, 1).await, Use::Replayed);
        assert_eq!(use_once(1, 2).await, Use::First);
        assert_eq!(use_once(2, 1).await, Use::First, "another session has nonces of its own");
        // A replay marks nothing as used.
        let before = stores.sessions.find(&[1; 16]).await.unwrap().unwrap().last_used;
        stores.sessions.use_once(&[1; 16], &[1; 16], NOW.plus(90), NOW.plus(30)).await.unwrap();
        assert_eq!(stores.sessions.find(&[1; 16]).await.unwrap().unwrap().last_used, before);
    }
}

#[tokio::test]
async fn a_list_has_the_live_sessions_of_one_did_the_newest_first() {
    for place in both() {
        let stores = place.open().await;
        for (id, accepted) in [(1, NOW), (2, NOW.plus(5)), (3, NOW.plus(3))] {
            stores.sessions.create(record(id, ALICE, accepted)).await.unwrap();
        }
        stores.sessions.create(record(4, "did:web:b", NOW)).await.unwrap();
        let ids = async |now: UnixTime| {
            let did = Did::parse(ALICE).unwrap();
            let records = stores.sessions.of(&did, now).await.unwrap();
            records.iter().map(|record| record.session.id()[0]).collect::<Vec<_>>()
        };
        assert_eq!(ids(NOW.plus(5)).await, [2, 3, 1]);
        assert_eq!(ids(NOW.plus(60)).await, [2, 3], "a provisional session ends after a minute");
        assert!(stores.sessions.end(&[2; 16]).await.unwrap());
        assert!(!stores.sessions.end(&[2; 16]).await.unwrap());
        assert_eq!(ids(NOW.plus(60)).await, [3]);
    }
}

// R-STATE-5, R-STATE-6, R-STATE-7
#[tokio::test]
async fn ending_a_session_reopens_no_handshake() {
    for place in both() {
        let stores = place.open().await;
        let burn =
            async |th3: u8, until: UnixTime, now: UnixTime| stores.burns.burn(&[th3; 32], until, now).await.unwrap();
        assert_eq!(burn(1, NOW.plus(70), NOW).await, Burn::First);
        stores.sessions.create(record(1, ALICE, NOW)).await.unwrap();
        stores.sessions.end(&[1; 16]).await.unwrap();
        sweeper::sweep_all(&stores.database, NOW.plus(69)).await.unwrap();
        assert_eq!(burn(1, NOW.plus(99), NOW.plus(69)).await, Burn::Again);
        assert_eq!(burn(1, NOW.plus(99), NOW.plus(70)).await, Burn::First, "from its end on it counts no more");
    }
}

// R-STATE-5, R-REQ-8: two services on one file stand for two instances.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_instances_one_wins() {
    for place in both() {
        let stores = [place.open().await, place.open().await].map(std::sync::Arc::new);
        stores[0].sessions.create(record(1, ALICE, NOW)).await.unwrap();
        for round in 0..10 {
            let races = (0..8).map(|racer| {
                let stores = stores[racer % 2].clone();
                tokio::spawn(async move {
                    let burned = stores.burns.burn(&[round; 32], NOW.plus(60), NOW).await.unwrap();
                    let used = stores.sessions.use_once(&[1; 16], &[round; 16], NOW.plus(61), NOW).await.unwrap();
                    (usize::from(burned == Burn::First), usize::from(used == Use::First))
                })
            });
            let (mut burned, mut used) = (0, 0);
            for race in races.collect::<Vec<_>>() {
                let (first_burn, first_use) = race.await.unwrap();
                burned += first_burn;
                used += first_use;
            }
            assert_eq!((burned, used), (1, 1));
        }
    }
}

// R-REQ-8: what was signed until a minute after the restore may have been burned before it.
#[tokio::test]
async fn a_restored_session_takes_nothing_that_may_have_been_burned() {
    for place in both() {
        let stores = place.open().await;
        stores.sessions.create(record(1, ALICE, NOW)).await.unwrap();
        let restored = NOW.plus(30);
        stores.database.note_restored(restored).await.unwrap();
        for (created, expected) in [
            (NOW, Use::Replayed),
            (restored.plus(WINDOW_SECONDS), Use::Replayed),
            (restored.plus(WINDOW_SECONDS + 1), Use::First),
        ] {
            // As the layer gives it: the window, a second, and the skew of clocks.
            let until = created.plus(61 + didshake_peer::SKEW_SECONDS);
            let nonce = [u8::try_from(created.0 % 251).unwrap(); 16];
            let used = stores.sessions.use_once(&[1; 16], &nonce, until, NOW.plus(40)).await.unwrap();
            assert_eq!(used, expected, "{created:?}");
        }
    }
}

// Whoever logged out since the backup stays logged out, and what was used since is not used again.
#[tokio::test]
async fn a_restored_database_has_no_cookie_code_or_link() {
    for place in both() {
        let stores = place.open().await;
        stores.sessions.create(record(1, ALICE, NOW)).await.unwrap();
        let (cookies, codes, links) = (
            SqlCookies::new(stores.database.clone()),
            SqlCodes::new(stores.database.clone()),
            SqlLinks::new(stores.database.clone()),
        );
        let (hash, origin) = (SecretHash::from_bytes([7; 32]), Origin::parse("https://example.com").unwrap());
        let code = LoginCode { session_id: [1; 16], origin: origin.clone(), state: hash, ends: NOW.plus(30) };
        assert!(cookies.issue(&hash, &[1; 16], &origin).await.unwrap());
        assert!(links.add(&hash, &[1; 16], NOW.plus(30)).await.unwrap());
        codes.add(&hash, &code).await.unwrap();
        assert!(cookies.find(&hash, &origin).await.unwrap().is_some());
        assert!(links.find(&hash, NOW).await.unwrap().is_some());
        stores.database.note_restored(NOW).await.unwrap();
        assert!(cookies.find(&hash, &origin).await.unwrap().is_none());
        assert!(links.find(&hash, NOW).await.unwrap().is_none());
        assert_eq!(codes.take(&hash, &hash, &origin, NOW).await.unwrap(), None);
        assert!(stores.sessions.find(&[1; 16]).await.unwrap().is_some());
    }
}
