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

/// A file of 4,096 logs, the first of them used one after the other.
fn full_file(directory: &std::path::Path) -> LogHistoryFile {
    let path = directory.join("seen");
    let line =
        |number: u32| format!("{} {} {}\n", scid(number), head(1, "x").version_id(), 1_000_000 + number.min(1000));
    let text: String = (0..4096).map(line).collect();
    didshake_did::private_file::create(&path, text.as_bytes(), didshake_did::private_file::Readers::Owner).unwrap();
    LogHistoryFile::at(&path)
}

// R-WEBVH-10
#[tokio::test]
async fn a_full_file_forgets_the_log_that_was_used_longest_ago() {
    let directory = tempfile::tempdir().unwrap();
    let file = full_file(directory.path());
    let now = UnixTime(1_010_000);
    // Steady for long, and in use: it stays, however many new ones come.
    file.used(&scid(0), now).await.unwrap();
    for new in [9000, 9001] {
        assert!(file.advance(&scid(new), None, &head(1, "new"), now).await.unwrap());
    }
    assert_eq!(fs::read_to_string(file.path()).unwrap().lines().count(), 4096);
    for (number, kept) in [(0, true), (1, false), (2, false), (3, true), (4095, true), (9000, true), (9001, true)] {
        assert_eq!(file.seen(&scid(number)).await.unwrap().is_some(), kept, "{number}");
    }
    // What is in use already is written down again after ten minutes only.
    let before = fs::read(file.path()).unwrap();
    file.used(&scid(0), now.plus(599)).await.unwrap();
    assert_eq!(fs::read(file.path()).unwrap(), before);
    file.used(&scid(0), now.plus(600)).await.unwrap();
    assert_ne!(fs::read(file.path()).unwrap(), before);
}

// R-WEBVH-10
#[tokio::test]
async fn what_was_used_within_the_hour_is_not_forgotten_for_another_log() {
    let directory = tempfile::tempdir().unwrap();
    let (file, new) = (full_file(directory.path()), scid(9000));
    let advance = async |from: Option<&LogHead>, to, at| file.advance(&new, from, &head(to, "new"), UnixTime(at)).await;
    let told = advance(None, 1, 1_003_599).await.unwrap_err().to_string();
    assert!(told.contains("4096") && told.contains("within the hour"), "{told}");
    assert!(file.seen(&scid(0)).await.unwrap().is_some());
    // Those that are kept go on.
    assert!(file.advance(&scid(7), Some(&head(1, "x")), &head(2, "y"), UnixTime(1_003_599)).await.unwrap());
    assert!(advance(None, 1, 1_003_600).await.unwrap());
    assert_eq!(file.seen(&scid(0)).await.unwrap(), None);
    // A clock that was set back by far makes no memory that takes nothing.
    assert!(file.advance(&scid(9001), None, &head(1, "new"), UnixTime(7)).await.unwrap());
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
