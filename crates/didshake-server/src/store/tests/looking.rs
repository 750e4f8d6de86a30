//! Who looks at which document when, and which sessions end.

use didshake_peer::VerifiedKey;

use super::*;

const WEB: &str = "did:web:example.com";
const EVERY: u64 = 300;

fn did(text: &str) -> Did {
    Did::parse(text).unwrap()
}

async fn looking(place: &TestPlace) -> (Stores, SqlLooks) {
    let stores = place.open().await;
    let looks = SqlLooks::new(stores.database.clone());
    (Stores { sessions: stores.sessions.looked_at_every(Some(EVERY)), ..stores }, looks)
}

/// What is due then, taken for a minute.
async fn due(looks: &SqlLooks, now: UnixTime) -> Vec<(String, UnixTime)> {
    let claimed = looks.claim(now, now.plus(60), 10).await.unwrap();
    claimed.into_iter().map(|look| (look.did.to_string(), look.seen)).collect()
}

// R-CONT-7
#[tokio::test]
async fn a_document_is_due_in_time_and_taken_once_whoever_asks() {
    for place in both() {
        let (stores, looks) = looking(&place).await;
        stores.sessions.create(record(1, WEB, NOW)).await.unwrap();
        stores.sessions.create(record(2, WEB, NOW.plus(100))).await.unwrap();
        assert_eq!(due(&looks, NOW.plus(EVERY - 1)).await, []);
        let other = SqlLooks::new(place.open().await.database);
        let (mine, others) = tokio::join!(due(&looks, NOW.plus(EVERY)), due(&other, NOW.plus(EVERY)));
        assert_eq!([mine, others].concat(), [(WEB.to_owned(), NOW)], "one of two instances");
        assert_eq!(due(&other, NOW.plus(EVERY + 59)).await, [], "it is taken");
        assert_eq!(due(&other, NOW.plus(EVERY + 60)).await.len(), 1, "whoever took it may have died");
        looks.note(&did(WEB), NOW.plus(310), NOW.plus(600)).await.unwrap();
        assert_eq!(due(&looks, NOW.plus(599)).await, []);
        assert_eq!(due(&looks, NOW.plus(600)).await, [(WEB.to_owned(), NOW.plus(310))]);
    }
}

// R-CONT-7
#[tokio::test]
async fn did_key_and_did_jwk_cost_nothing() {
    for place in both() {
        let (stores, looks) = looking(&place).await;
        stores.sessions.create(record(1, ALICE, NOW)).await.unwrap();
        stores.sessions.create(record(2, "did:jwk:e30", NOW)).await.unwrap();
        looks.take_up(NOW).await.unwrap();
        assert_eq!(due(&looks, NOW.plus(1_000_000)).await, []);
    }
}

#[tokio::test]
async fn sessions_that_were_made_while_nobody_looked_are_taken_up() {
    for place in both() {
        let (stores, looks) = looking(&place).await;
        let unwatched = Stores::of(stores.database.clone(), Bounds::with_sessions(1000));
        for (id, who, accepted) in [(1, WEB, NOW), (2, WEB, NOW), (3, "did:web:gone.example", UnixTime(1000))] {
            unwatched.sessions.create(record(id, who, accepted)).await.unwrap();
        }
        assert_eq!(due(&looks, NOW.plus(1_000_000)).await, []);
        looks.take_up(NOW.plus(10)).await.unwrap();
        assert_eq!(due(&looks, NOW.plus(10)).await, [(WEB.to_owned(), NOW.plus(10))]);
    }
}

// R-CONT-7
#[tokio::test]
async fn sessions_of_a_key_end_with_all_that_hangs_on_them_and_no_others_do() {
    for place in both() {
        let (stores, looks) = looking(&place).await;
        let cookies = SqlCookies::new(stores.database.clone());
        let origin = Origin::parse("https://wiki.example").unwrap();
        for (id, who) in [(1, WEB), (2, WEB), (3, "did:web:example.com:bob")] {
            stores.sessions.create(record(id, who, NOW)).await.unwrap();
        }
        let mut replaced = record(4, WEB, NOW);
        let parts = SessionParts { key: vec![9; 33], ..replaced.session.parts().clone() };
        replaced.session = Session::from_parts(parts);
        stores.sessions.create(replaced).await.unwrap();
        let hash = SecretHash::from_bytes([7; 32]);
        assert!(cookies.issue(&hash, &[1; 16], &origin).await.unwrap());

        let keys = looks.keys(&did(WEB), NOW).await.unwrap();
        assert_eq!(keys.len(), 2, "one look for each key, however many sessions");
        let old = VerifiedKey::of_session(&stores.sessions.find(&[1; 16]).await.unwrap().unwrap().session);
        assert!(keys.contains(&old));
        let mut ended = looks.end_sessions(&old).await.unwrap();
        ended.sort_unstable();
        assert_eq!(ended, [[1; 16], [2; 16]]);
        assert!(stores.sessions.find(&[1; 16]).await.unwrap().is_none());
        assert!(cookies.find(&hash, &origin).await.unwrap().is_none());
        for other in [3, 4] {
            assert!(stores.sessions.find(&[other; 16]).await.unwrap().is_some());
        }
        assert_eq!(looks.keys(&did(WEB), NOW).await.unwrap().len(), 1);
        assert_eq!(looks.keys(&did(WEB), NOW.plus(60)).await.unwrap(), [], "a provisional session is over");
    }
}

#[tokio::test]
async fn a_document_is_forgotten_unless_a_session_was_made_meanwhile() {
    for place in both() {
        let (stores, looks) = looking(&place).await;
        stores.sessions.create(record(1, WEB, NOW)).await.unwrap();
        let taken = looks.claim(NOW.plus(EVERY), NOW.plus(EVERY + 60), 10).await.unwrap();
        stores.sessions.create(record(2, WEB, NOW.plus(EVERY))).await.unwrap();
        looks.forget(&taken[0]).await.unwrap();
        let taken = looks.claim(NOW.plus(2 * EVERY), NOW.plus(2 * EVERY + 60), 10).await.unwrap();
        assert_eq!(taken.len(), 1, "the new session is looked at");
        looks.forget(&taken[0]).await.unwrap();
        assert_eq!(due(&looks, NOW.plus(1_000_000)).await, []);
    }
}
