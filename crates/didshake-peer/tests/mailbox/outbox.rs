//! Letters of ours.

use didshake::relay::DepositName;
use didshake_peer::mailbox::{AgentStore, Change, Sealed, SentState};

use super::letters::{NOW, WEEK, address, contact, did, id, open, to_bob};

fn sealed(byte: u8) -> Sealed {
    let envelope = vec![byte; 578];
    Sealed { deposit: DepositName::of(&envelope), envelope, key: [byte; 16] }
}

#[tokio::test]
async fn an_envelope_stays_the_same_until_it_is_said_to_be_of_no_use() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("agent.sqlite");
    let (store, other) = (open(&path).await, open(&path).await);
    let number = store.queue(&to_bob(1)).await.unwrap();
    store.seal(&[(number, sealed(1))]).await.unwrap();
    other.seal(&[(number, sealed(2))]).await.unwrap();
    let kept = |letters: Vec<didshake_peer::mailbox::SentLetter>| letters[0].sealed.clone();
    assert_eq!(kept(other.queued(&did("bob"), 10).await.unwrap()), Some(sealed(1)));

    // Refused under key 1: sealed anew. Whoever hears that late does not throw away the new envelope.
    let anew = Change { reseal: Some([1; 16]), ..Change::to(number, SentState::Queued) };
    store.note(std::slice::from_ref(&anew), NOW).await.unwrap();
    assert_eq!(kept(store.queued(&did("bob"), 10).await.unwrap()), None);
    store.seal(&[(number, sealed(3))]).await.unwrap();
    other.note(&[anew], NOW).await.unwrap();
    assert_eq!(kept(store.queued(&did("bob"), 10).await.unwrap()), Some(sealed(3)));

    store.note(&[Change::to(number, SentState::Waiting)], NOW).await.unwrap();
    let waiting = store.deposited(&did("bob"), 0, 10).await.unwrap();
    assert_eq!((waiting[0].deposit, waiting[0].key), (sealed(3).deposit, [3; 16]));
}

#[tokio::test]
async fn what_is_over_stays_over() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory.path().join("agent.sqlite")).await;
    let number = store.queue(&to_bob(1)).await.unwrap();
    store.note(&[Change::to(number, SentState::Refused)], NOW).await.unwrap();
    for state in [SentState::Queued, SentState::Waiting, SentState::Taken] {
        store.note(&[Change::to(number, state)], NOW).await.unwrap();
        assert_eq!(store.sent(&id(1)).await.unwrap().unwrap().state, SentState::Refused, "{state:?}");
    }
    assert!(store.recipients().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_was_blocked_goes_on_with_another_address() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory.path().join("agent.sqlite")).await;
    store.put_contact(&contact("bob", Some(address(1)))).await.unwrap();
    let number = store.queue(&to_bob(1)).await.unwrap();
    let blocked = Change { trouble: Some("token"), ..Change::to(number, SentState::Blocked) };
    store.note(&[blocked], NOW).await.unwrap();
    let state = async || {
        let letter = store.sent(&id(1)).await.unwrap().unwrap();
        (letter.state, letter.trouble)
    };
    assert_eq!(state().await, (SentState::Blocked, Some("token".into())));
    store.put_contact(&contact("bob", Some(address(1)))).await.unwrap();
    assert_eq!(state().await.0, SentState::Blocked, "the same token will not be taken either");
    store.put_contact(&contact("bob", Some(address(2)))).await.unwrap();
    assert_eq!(state().await, (SentState::Queued, None));
    assert!(store.remove_contact(&did("bob")).await.unwrap() && !store.remove_contact(&did("bob")).await.unwrap());
    assert_eq!(state().await.0, SentState::Queued, "letters stay");
}

#[tokio::test]
async fn what_nobody_says_any_more_ends_by_itself() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory.path().join("agent.sqlite")).await;
    let queued = store.queue(&to_bob(1)).await.unwrap();
    let waiting = store.queue(&to_bob(2)).await.unwrap();
    store.seal(&[(queued, sealed(1)), (waiting, sealed(2))]).await.unwrap();
    store.note(&[Change::to(waiting, SentState::Waiting)], NOW).await.unwrap();
    let states = async || {
        let letters = store.sent_after(0, 10).await.unwrap();
        letters.iter().map(|letter| letter.state).collect::<Vec<_>>()
    };
    store.sweep_outbox(NOW.plus(WEEK - 1)).await.unwrap();
    assert_eq!(states().await, [SentState::Queued, SentState::Waiting]);
    assert_eq!(store.sweep_outbox(NOW.plus(WEEK)).await.unwrap(), 1);
    assert_eq!(states().await, [SentState::Expired, SentState::Waiting], "what a relay has, the relay says");
    store.sweep_outbox(NOW.plus(2 * WEEK)).await.unwrap();
    assert_eq!(states().await, [SentState::Expired, SentState::Unknown]);
}
