//! Every table has a bound, what has ended makes room, and a full one refuses.

use didshake_axum::{LoginError, StoreError};
use didshake_peer::BurnError;

use super::*;

fn bounds() -> Bounds {
    Bounds { sessions: 3, sessions_of_did: 2, nonces: 3, burns: 2 }
}

async fn rows(stores: &Stores) -> [u64; 3] {
    let mut rows = [0; 3];
    for (rows, table) in rows.iter_mut().zip(Table::ALL) {
        *rows = stores.database.rows(table).await.unwrap();
    }
    rows
}

#[tokio::test]
async fn who_has_too_many_sessions_loses_the_oldest() {
    for place in both() {
        let stores = place.open_with(bounds()).await;
        stores.sessions.create(record(9, "did:web:b", NOW)).await.unwrap();
        for (id, accepted) in [(1, NOW.plus(2)), (2, NOW.plus(1)), (3, NOW.plus(3))] {
            stores.sessions.create(record(id, ALICE, accepted)).await.unwrap();
        }
        let is_there = async |id: u8| stores.sessions.find(&[id; 16]).await.unwrap().is_some();
        assert!(!is_there(2).await && is_there(1).await && is_there(3).await && is_there(9).await);
    }
}

// Where there is room for more of others.
#[tokio::test]
async fn nobody_has_more_sessions_than_one_may() {
    for place in both() {
        let stores = place.open_with(Bounds { sessions: 100, ..bounds() }).await;
        for id in 1..=4 {
            stores.sessions.create(record(id, ALICE, NOW.plus(id.into()))).await.unwrap();
        }
        assert_eq!(rows(&stores).await, [2, 0, 0]);
    }
}

// Whatever the policy said when the login began: it lets in everybody here.
#[tokio::test]
async fn who_is_revoked_or_whose_account_is_disabled_gets_no_session() {
    const KEPT_OUT: [&str; 3] = [
        "INSERT INTO revocations (holder, did, since, reason) VALUES ($1, $1, 1, '')",
        "INSERT INTO accounts (account_id, subject, holder, name, created, disabled) VALUES ($2, $1, 'x', '', 1, 1)",
        // The account that was another DID's first, and has it no more: reserved.
        "INSERT INTO accounts (account_id, subject, holder, name, created) VALUES ($2, $1, $1, '', 1)",
    ];
    for place in both() {
        let stores = place.open().await;
        for (id, statement) in (1..).zip(KEPT_OUT) {
            let did = format!("did:web:{id}.example");
            let mut writing = stores.database.write().await.unwrap();
            let holder = crate::policy::holder(&Did::parse(&did).unwrap());
            let insert = sqlx::query(statement).bind(&holder);
            let insert = if statement.contains("$2") { insert.bind(vec![id; 16]) } else { insert };
            insert.execute(&mut *writing).await.unwrap();
            if statement.contains("'x'") {
                let key = "INSERT INTO account_keys (holder, account_id, did, label, added) VALUES ($1, $2, $1, '', 1)";
                sqlx::query(key).bind(&holder).bind(vec![id; 16]).execute(&mut *writing).await.unwrap();
            }
            drop(writing);
            let refused = stores.sessions.create(record(id, &did, NOW)).await;
            assert!(matches!(refused, Err(StoreError::Refused)), "{statement}: {refused:?}");
            let refused = stores.logins.take(&[id; 32], NOW.plus(70), record(id, &did, NOW), NOW).await;
            let is_refused = matches!(refused, Err(LoginError::Sessions(StoreError::Refused)));
            assert!(is_refused, "{statement}: {refused:?}");
        }
        assert_eq!(rows(&stores).await, [0, 0, 0]);
    }
}

#[tokio::test]
async fn a_full_table_of_sessions_refuses_until_some_have_ended() {
    for place in both() {
        let stores = place.open_with(bounds()).await;
        for id in 1..=3 {
            stores.sessions.create(record(id, &format!("did:web:{id}.example"), NOW)).await.unwrap();
        }
        let refused = stores.sessions.create(record(4, "did:web:4.example", NOW.plus(59))).await;
        assert!(matches!(refused, Err(StoreError::Full)));
        assert_eq!(rows(&stores).await, [3, 0, 0]);
        stores.sessions.create(record(4, "did:web:4.example", NOW.plus(60))).await.unwrap();
        assert_eq!(rows(&stores).await, [1, 0, 0]);
    }
}

#[tokio::test]
async fn a_full_table_of_nonces_refuses_the_request() {
    for place in both() {
        let stores = place.open_with(bounds()).await;
        stores.sessions.create(record(1, ALICE, NOW)).await.unwrap();
        for nonce in 1..=3 {
            stores.sessions.use_once(&[1; 16], &[nonce; 16], NOW.plus(61), NOW).await.unwrap();
        }
        let refused = stores.sessions.use_once(&[1; 16], &[4; 16], NOW.plus(61), NOW.plus(1)).await;
        assert!(matches!(refused, Err(StoreError::Full)));
        assert_eq!(rows(&stores).await, [1, 3, 0]);
        let later = NOW.plus(61);
        assert_eq!(stores.sessions.use_once(&[1; 16], &[4; 16], later.plus(61), later).await.unwrap(), Use::First);
    }
}

// R-STATE-7
#[tokio::test]
async fn a_full_table_of_burns_refuses_and_forgets_none() {
    for place in both() {
        let stores = place.open_with(bounds()).await;
        for th3 in [1, 2] {
            stores.burns.burn(&[th3; 32], NOW.plus(60), NOW).await.unwrap();
        }
        assert!(matches!(stores.burns.burn(&[3; 32], NOW.plus(60), NOW).await, Err(BurnError::Full)));
        for th3 in [1, 2] {
            assert_eq!(stores.burns.burn(&[th3; 32], NOW.plus(60), NOW.plus(59)).await.unwrap(), Burn::Again);
        }
        assert_eq!(stores.burns.burn(&[3; 32], NOW.plus(120), NOW.plus(60)).await.unwrap(), Burn::First);
    }
}

#[tokio::test]
async fn the_sweeper_deletes_what_has_ended_and_nothing_else() {
    for place in both() {
        let stores = place.open().await;
        for (id, accepted) in [(1, NOW), (2, NOW.plus(30))] {
            stores.sessions.create(record(id, ALICE, accepted)).await.unwrap();
        }
        stores.sessions.use_once(&[2; 16], &[1; 16], NOW.plus(91), NOW.plus(31)).await.unwrap();
        stores.sessions.use_once(&[2; 16], &[2; 16], NOW.plus(121), NOW.plus(61)).await.unwrap();
        for (th3, until) in [(1, 50), (2, 200)] {
            stores.burns.burn(&[th3; 32], NOW.plus(until), NOW).await.unwrap();
        }
        assert_eq!(rows(&stores).await, [2, 2, 2]);
        sweeper::sweep_all(&stores.database, NOW.plus(100)).await.unwrap();
        assert_eq!(rows(&stores).await, [1, 1, 1]);
        assert!(stores.sessions.find(&[2; 16]).await.unwrap().is_some());
        // A session takes its nonces along, and the count knows.
        stores.sessions.end(&[2; 16]).await.unwrap();
        assert_eq!(rows(&stores).await, [0, 0, 1]);
    }
}

#[tokio::test]
async fn a_store_that_fails_refuses() {
    for place in both() {
        let stores = place.open().await;
        stores.sessions.create(record(1, ALICE, NOW)).await.unwrap();
        stores.database.close().await;
        assert!(matches!(stores.burns.burn(&[1; 32], NOW.plus(60), NOW).await, Err(BurnError::Unavailable(_))));
        let used = stores.sessions.use_once(&[1; 16], &[1; 16], NOW.plus(61), NOW).await;
        assert!(matches!(used, Err(StoreError::Unavailable(_))));
        assert!(stores.sessions.create(record(2, ALICE, NOW)).await.is_err());
        let login = stores.logins.take(&[2; 32], NOW.plus(60), record(2, ALICE, NOW), NOW).await;
        assert!(matches!(login, Err(LoginError::Sessions(StoreError::Unavailable(_)))));
    }
}
