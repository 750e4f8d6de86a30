//! What was seen of logs, in memory and in a file.

use std::fs;

use didshake::UnixTime;
use didshake_did::webvh::{LogHead, LogHistory, LogHistoryFile, MemoryLogHistory, key_hash};

fn head(number: u32, what: &str) -> LogHead {
    LogHead::parse(&format!("{number}-{}", key_hash(what))).unwrap()
}

fn scid(number: u32) -> String {
    key_hash(&number.to_string())
}

// R-WEBVH-10
#[tokio::test]
async fn an_entry_is_kept_only_in_place_of_the_one_that_was_looked_at() {
    let directory = tempfile::tempdir().unwrap();
    let file = LogHistoryFile::at(directory.path().join("new").join("seen"));
    let histories: [&dyn LogHistory; 2] = [&MemoryLogHistory::default(), &file];
    for history in histories {
        let (log, one, two, other) = (scid(0), head(1, "one"), head(2, "two"), head(2, "other"));
        let advance = async |from: Option<&LogHead>, to| history.advance(&log, from, to, UnixTime(7)).await.unwrap();
        assert_eq!(history.seen(&log).await.unwrap(), None);
        assert!(!advance(Some(&one), &two).await);
        assert!(advance(None, &one).await);
        assert!(!advance(None, &two).await);
        assert!(advance(Some(&one), &two).await);
        assert!(!advance(Some(&one), &other).await);
        assert_eq!(history.seen(&log).await.unwrap(), Some(two));
        assert_eq!(history.seen(&scid(1)).await.unwrap(), None);
    }
}

// R-WEBVH-10
#[tokio::test]
async fn a_full_file_forgets_the_log_that_advanced_longest_ago() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("seen");
    let line =
        |number: u32| format!("{} {} {}\n", scid(number), head(1, "x").version_id(), 1000 + u64::from(number % 4095));
    let text: String = (1..4097).map(line).collect();
    didshake_did::private_file::create(&path, text.as_bytes(), didshake_did::private_file::Readers::Owner).unwrap();
    let file = LogHistoryFile::at(&path);
    assert!(file.advance(&scid(9000), None, &head(1, "new"), UnixTime(5000)).await.unwrap());
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 4096);
    // 4095 has the time 1000.
    assert_eq!(file.seen(&scid(4095)).await.unwrap(), None);
    for kept in [1, 2, 4094, 4096, 9000] {
        assert!(file.seen(&scid(kept)).await.unwrap().is_some(), "{kept}");
    }
}

// R-WEBVH-10
#[tokio::test]
async fn a_file_that_cannot_be_read_knows_nothing_and_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("seen");
    let good = format!("{} {} 7", scid(1), head(1, "x").version_id());
    for bad in
        ["x", "a b c", &good[1..], &good.replace('7', "x"), &format!("{good} more"), &good.replace(" 1-", " 01-")]
    {
        let text = format!("{good}\n{bad}\n");
        didshake_did::private_file::replace(&path, text.as_bytes()).unwrap();
        let file = LogHistoryFile::at(&path);
        let refused = file.seen(&scid(1)).await.unwrap_err().to_string();
        assert!(refused.contains("line 2"), "{bad}: {refused}");
        assert!(file.advance(&scid(2), None, &head(1, "y"), UnixTime(7)).await.is_err(), "{bad}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_change_the_file_at_once_none_is_lost() {
    let directory = tempfile::tempdir().unwrap();
    let file = LogHistoryFile::at(directory.path().join("seen"));
    let tasks = (0..16).map(|number| {
        let file = file.clone();
        tokio::task::spawn_blocking(move || {
            let (log, head) = (scid(number), head(1, "x"));
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(file.advance(&log, None, &head, UnixTime(7))).unwrap()
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        assert!(task.await.unwrap());
    }
    for number in 0..16 {
        assert!(file.seen(&scid(number)).await.unwrap().is_some(), "{number}");
    }
}
