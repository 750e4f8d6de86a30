//! What was seen of did:webvh logs.

use didshake_did::webvh::{LogHead, LogHistory, key_hash};

use super::*;

fn head(number: u32, what: &str) -> LogHead {
    LogHead::parse(&format!("{number}-{}", key_hash(what))).unwrap()
}

fn history(stores: &Stores, most: u32) -> SqlLogHistory {
    SqlLogHistory::new(stores.database.clone(), most)
}

// R-WEBVH-10
#[tokio::test]
async fn what_was_seen_stays_over_a_restart_and_goes_on_from_there_only() {
    for place in both() {
        let (scid, one, two, other) = (key_hash("log"), head(1, "one"), head(2, "two"), head(2, "other"));
        let stores = place.open().await;
        let seen = history(&stores, 10);
        assert_eq!(seen.seen(&scid).await.unwrap(), None);
        assert!(!seen.advance(&scid, Some(&one), &two, NOW).await.unwrap());
        assert!(seen.advance(&scid, None, &one, NOW).await.unwrap());
        assert!(!seen.advance(&scid, None, &other, NOW).await.unwrap());
        assert!(seen.advance(&scid, Some(&one), &two, NOW).await.unwrap());
        assert!(!seen.advance(&scid, Some(&one), &other, NOW).await.unwrap());
        stores.database.close().await;
        let stores = place.open().await;
        assert_eq!(history(&stores, 10).seen(&scid).await.unwrap(), Some(two));
    }
}

// R-WEBVH-10
#[tokio::test]
async fn of_two_histories_at_once_one_is_kept() {
    for place in both() {
        let (scid, one) = (key_hash("log"), head(1, "one"));
        let stores = place.open().await;
        let seen = history(&stores, 10);
        for (from, forks) in [(None, [head(1, "a"), head(1, "b")]), (Some(&one), [head(2, "a"), head(2, "b")])] {
            if let Some(from) = from {
                sqlx::query("UPDATE webvh_logs SET version_id = $1")
                    .bind(from.version_id())
                    .execute(&mut *stores.database.write().await.unwrap())
                    .await
                    .unwrap();
            }
            let [first, second] = &forks;
            let both = tokio::join!(seen.advance(&scid, from, first, NOW), seen.advance(&scid, from, second, NOW));
            let won = (both.0.unwrap(), both.1.unwrap());
            assert!(won.0 != won.1, "{won:?}");
            let kept = if won.0 { first } else { second };
            assert_eq!(seen.seen(&scid).await.unwrap().as_ref(), Some(kept));
        }
    }
}

// R-WEBVH-10
#[tokio::test]
async fn where_there_is_no_room_the_log_is_forgotten_that_was_used_longest_ago() {
    for place in both() {
        let stores = place.open().await;
        let (seen, one, two) = (history(&stores, 4), head(1, "one"), head(2, "two"));
        for number in 1..=4 {
            assert!(seen.advance(&key_hash(&number.to_string()), None, &one, NOW.plus(number)).await.unwrap());
        }
        let later = NOW.plus(5000);
        // The first is steady and in use, the second has changed.
        seen.used(&key_hash("1"), later).await.unwrap();
        assert!(seen.advance(&key_hash("2"), Some(&one), &two, later).await.unwrap());
        assert!(seen.advance(&key_hash("5"), None, &one, later).await.unwrap());
        for (number, kept) in [("1", true), ("2", true), ("3", false), ("4", true), ("5", true)] {
            assert_eq!(seen.seen(&key_hash(number)).await.unwrap().is_some(), kept, "{number}");
        }
    }
}

// R-WEBVH-10
#[tokio::test]
async fn what_was_used_within_the_hour_is_not_forgotten_for_another_log() {
    for place in both() {
        let stores = place.open().await;
        let (seen, one) = (history(&stores, 2), head(1, "one"));
        for name in ["1", "2"] {
            assert!(seen.advance(&key_hash(name), None, &one, NOW).await.unwrap());
        }
        let told = seen.advance(&key_hash("3"), None, &one, NOW.plus(3599)).await.unwrap_err().to_string();
        assert!(told.contains("within the hour"), "{told}");
        for (name, kept) in [("1", true), ("2", true), ("3", false)] {
            assert_eq!(seen.seen(&key_hash(name)).await.unwrap().is_some(), kept, "{name}");
        }
        seen.used(&key_hash("2"), NOW.plus(3599)).await.unwrap();
        assert!(seen.advance(&key_hash("3"), None, &one, NOW.plus(3600)).await.unwrap());
        for (name, kept) in [("1", false), ("2", true), ("3", true)] {
            assert_eq!(seen.seen(&key_hash(name)).await.unwrap().is_some(), kept, "{name}");
        }
        // A clock that was set back by far makes no memory that takes nothing.
        assert!(seen.advance(&key_hash("4"), None, &one, UnixTime(7)).await.unwrap());
    }
}
