//! What is over is forgotten, whatever it is.

use super::*;

#[tokio::test]
async fn codes_and_links_are_forgotten_at_their_end() {
    for place in both() {
        let stores = place.open().await;
        let (codes, links) = (SqlCodes::new(stores.database.clone()), SqlLinks::new(stores.database.clone()));
        let (hash, origin) = (SecretHash::from_bytes([7; 32]), Origin::parse("https://example.com").unwrap());
        for (id, ends) in [(1, NOW.plus(30)), (2, NOW.plus(31))] {
            stores.sessions.create(record(id, ALICE, NOW.plus(1000))).await.unwrap();
            let own = SecretHash::from_bytes([id; 32]);
            let code = LoginCode { session_id: [id; 16], origin: origin.clone(), state: hash, ends };
            codes.add(&own, &code).await.unwrap();
            assert!(links.add(&own, &[id; 16], ends).await.unwrap());
        }
        let left = async |table: &str| {
            let count = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}")));
            let count: i64 = count.fetch_one(&stores.database.reader).await.unwrap();
            count
        };
        for (now, expected) in [(NOW.plus(29), 2), (NOW.plus(30), 1), (NOW.plus(31), 0)] {
            sweeper::sweep_all(&stores.database, now).await.unwrap();
            assert_eq!((left("login_codes").await, left("browser_links").await), (expected, expected), "{now:?}");
        }
        assert!(stores.sessions.find(&[1; 16]).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn what_was_spent_goes_to_each_other_instance_once_and_to_none_that_is_gone() {
    // SQLite has one instance.
    let [_, place] = both();
    let stores = place.open().await;
    let rates = SpentRates::new(stores.database.clone());
    let id = |byte| crate::id::Id::from_bytes([byte; 16]);
    for instance in [1, 2, 3] {
        rates.present(id(instance), NOW).await.unwrap();
    }
    rates.present(id(1), NOW.plus(9)).await.unwrap();
    rates.present(id(2), NOW.plus(9)).await.unwrap();
    rates.tell(id(1), id(100), "first").await.unwrap();
    assert_eq!(rates.take(id(1)).await.unwrap(), [""; 0]);
    assert_eq!(rates.take(id(2)).await.unwrap(), ["first"]);
    assert_eq!(rates.take(id(2)).await.unwrap(), [""; 0]);
    // The third says nothing for ten seconds.
    rates.present(id(1), NOW.plus(10)).await.unwrap();
    assert_eq!(rates.take(id(3)).await.unwrap(), [""; 0]);
    rates.tell(id(1), id(101), "second").await.unwrap();
    assert_eq!(rates.take(id(3)).await.unwrap(), [""; 0]);
    assert_eq!(rates.take(id(2)).await.unwrap(), ["second"]);
}
