//! Letters that come.

use didshake_peer::mailbox::{AgentStore, Body, InboxBounds, NewLetter, RECEIPT_TYPE, SentState, StoreError, Taken};

use super::letters::{NOW, WEEK, did, id, of, of_bob, open, text, to_bob};

// R-RLY-9
#[tokio::test]
async fn a_letter_is_taken_once_whoever_shows_it_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("agent.sqlite");
    let store = open(&path).await;
    let taken = store.take(&[of_bob(1), of_bob(2), of_bob(1)], NOW).await.unwrap();
    assert_eq!(taken, [Taken::New(1), Taken::New(2), Taken::Again]);
    // Another sender may use the same id.
    let carols = of(&did("carol"), 1, text(1));
    assert_eq!(store.take(&[carols], NOW).await.unwrap(), [Taken::New(3)]);

    // Neither forgetting the letter, nor another process, nor a restart makes it new.
    assert!(store.forget(1).await.unwrap() && !store.forget(1).await.unwrap());
    let other = open(&path).await;
    assert_eq!(other.take(&[of_bob(1)], NOW).await.unwrap(), [Taken::Again]);
    let numbers: Vec<u64> = other.inbox(0, 10).await.unwrap().iter().map(|letter| letter.number).collect();
    assert_eq!(numbers, [2, 3]);

    // Once it has expired it cannot come again, and is forgotten; its number is not given twice.
    // Not before a day has passed: a clock that ran ahead and is set back by then makes it no new one.
    assert_eq!(store.sweep_seen(NOW.plus(WEEK + 86_399)).await.unwrap(), 0);
    assert_eq!(store.take(&[of_bob(1)], NOW).await.unwrap(), [Taken::Again]);
    assert_eq!(store.sweep_seen(NOW.plus(WEEK + 86_400)).await.unwrap(), 3);
    assert_eq!(store.take(&[of_bob(1)], NOW).await.unwrap(), [Taken::New(4)]);
}

#[tokio::test]
async fn identities_in_one_file_do_not_see_each_other() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("agent.sqlite");
    let alice = open(&path).await;
    let carol = didshake_peer::mailbox::SqliteStore::open(&path, did("carol")).await.unwrap();
    alice.take(&[of_bob(1)], NOW).await.unwrap();
    alice.queue(&to_bob(7)).await.unwrap();
    assert!(carol.inbox(0, 10).await.unwrap().is_empty() && carol.recipients().await.unwrap().is_empty());
    assert!(carol.sent(&id(7)).await.unwrap().is_none() && !carol.forget(1).await.unwrap());
    assert_eq!(carol.take(&[of_bob(1)], NOW).await.unwrap(), [Taken::New(2)]);
}

#[tokio::test]
async fn a_conversation_is_the_last_letters_with_one() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory.path().join("agent.sqlite")).await;
    store.take(&[of_bob(1), of(&did("carol"), 2, text(2)), of_bob(3), of_bob(4)], NOW).await.unwrap();
    for number in [5, 6, 7] {
        store.queue(&to_bob(number)).await.unwrap();
    }
    let receipt = NewLetter { content_type: RECEIPT_TYPE.into(), ..to_bob(8) };
    store.queue(&receipt).await.unwrap();
    let (came, sent) = store.conversation(&did("bob"), 2).await.unwrap();
    assert_eq!(came.iter().map(|letter| letter.id).collect::<Vec<_>>(), [id(3), id(4)]);
    assert_eq!(sent.iter().map(|letter| letter.letter.id).collect::<Vec<_>>(), [id(6), id(7)]);
    let (came, sent) = store.conversation(&did("dave"), 2).await.unwrap();
    assert!(came.is_empty() && sent.is_empty());
}

#[tokio::test]
async fn what_is_read_is_unread_no_more_and_its_receipt_is_queued_with_it() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory.path().join("agent.sqlite")).await;
    store.take(&[of_bob(1), of_bob(2), of_bob(3)], NOW).await.unwrap();
    store.mark_read(&[1, 3], &[to_bob(9)]).await.unwrap();
    let unread: Vec<u64> = store.unread(0, 10).await.unwrap().iter().map(|letter| letter.number).collect();
    assert_eq!(unread, [2]);
    assert_eq!(store.queued(&did("bob"), 10).await.unwrap()[0].letter.id, id(9));
    let read: Vec<bool> = store.inbox(0, 10).await.unwrap().iter().map(|letter| letter.read).collect();
    assert_eq!(read, [true, false, true]);
    // All or nothing: a receipt that cannot be queued leaves the letter unread.
    assert!(store.mark_read(&[2], &[to_bob(9)]).await.is_err());
    assert_eq!(store.unread(0, 10).await.unwrap().len(), 1);
}

// R-MBOX-7
#[tokio::test]
async fn a_receipt_counts_for_letters_to_whoever_sends_it() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory.path().join("agent.sqlite")).await;
    store.queue(&to_bob(1)).await.unwrap();
    let receipt = |name: &str, number| of(&did(name), number, Body::Read(vec![id(1), id(200)]));
    assert_eq!(store.take(&[receipt("carol", 50)], NOW).await.unwrap(), [Taken::Noted]);
    assert_eq!(store.sent(&id(1)).await.unwrap().unwrap().state, SentState::Queued);
    store.take(&[receipt("bob", 51)], NOW).await.unwrap();
    assert_eq!(store.sent(&id(1)).await.unwrap().unwrap().state, SentState::Read);
    assert!(store.inbox(0, 10).await.unwrap().is_empty(), "it goes to no application");
    // However many come, nothing of them is kept.
    assert_eq!(store.sweep_seen(NOW.plus(2 * WEEK)).await.unwrap(), 0);
}

#[tokio::test]
async fn a_full_inbox_takes_nothing_and_forgets_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("agent.sqlite");
    // "letter 1" has 8 bytes.
    for bounds in [InboxBounds { letters: 2, bytes: 1 << 20 }, InboxBounds { letters: 10, bytes: 16 }] {
        let store = open(&path).await.with_bounds(bounds);
        store.take(&[of_bob(1), of_bob(2)], NOW).await.unwrap();
        assert!(matches!(store.take(&[of_bob(3)], NOW).await, Err(StoreError::Full)));
        // What has come already is answered all the same.
        assert_eq!(store.take(&[of_bob(2)], NOW).await.unwrap(), [Taken::Again]);
        let first = store.inbox(0, 10).await.unwrap()[0].number;
        store.forget(first).await.unwrap();
        assert!(matches!(store.take(&[of_bob(3)], NOW).await.unwrap()[..], [Taken::New(_)]));
        store.close().await;
        std::fs::remove_file(&path).unwrap();
    }
}
