//! Letters that go out, and what their senders hear of them.

use didshake::relay::RelayCode;
use didshake_peer::mailbox::relay::RelayError;
use didshake_peer::mailbox::{AgentError, SentState};

use super::{DAY, World, agent, at, inbox, state, texts, until, write};
use crate::service::{identity, now};

// R-RLY-9
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_goes_and_comes_and_is_read() {
    let world = World::new().await;
    let (alice, bob) = world.friends().await;
    let id = write(&alice, &bob, "hello").await;
    assert_eq!(state(&alice, &id).await, SentState::Queued);
    let delivery = alice.deliver().await.unwrap();
    assert_eq!((delivery.deposited, &delivery.trouble[..]), (1, &[][..]));
    assert_eq!(state(&alice, &id).await, SentState::Waiting);

    assert_eq!(bob.fetch(0).await.unwrap(), 1);
    assert_eq!(bob.fetch(0).await.unwrap(), 0, "it was answered");
    let letters = bob.store().unread(0, 10).await.unwrap();
    assert_eq!((&letters[0].sender, letters[0].content.as_slice()), (alice.identity().did(), &b"hello"[..]));
    assert_eq!(letters[0].id, id);
    alice.deliver().await.unwrap();
    assert_eq!(state(&alice, &id).await, SentState::Taken);

    bob.mark_read(&letters).await.unwrap();
    bob.deliver().await.unwrap();
    alice.fetch(0).await.unwrap();
    assert_eq!(state(&alice, &id).await, SentState::Read);
    assert!(inbox(&alice).await.is_empty(), "a receipt is no letter");
    bob.deliver().await.unwrap();
    assert!(bob.store().recipients().await.unwrap().is_empty(), "nor does it stay");
    world.relay.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_with_one_outbox_send_each_letter_once_and_in_order() {
    let world = World::new().await;
    let (alice, bob) = world.friends().await;
    let again = agent(&world.path("1"), identity(1), didshake_peer::mailbox::AgentOptions::default()).await;
    let expected: Vec<String> = (0..150).map(|number| format!("letter {number}")).collect();
    for text in &expected {
        write(&alice, &bob, text).await;
    }
    let (one, other) = tokio::join!(alice.deliver(), again.deliver());
    assert_eq!((one.unwrap().trouble, other.unwrap().trouble), (vec![], vec![]));
    assert_eq!(bob.fetch(0).await.unwrap(), 150);
    assert_eq!(texts(&bob).await, expected);
    world.relay.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_token_blocks_letters_until_there_is_another() {
    let world = World::new().await;
    let (alice, bob) = world.friends().await;
    let (to_bob, alices) = (bob.identity().did().clone(), alice.identity().did().clone());
    assert_eq!(bob.revoke_tokens(alices.as_str()).await.unwrap(), 1);
    let id = write(&alice, &bob, "hello").await;
    let delivery = alice.deliver().await.unwrap();
    assert_eq!(delivery.trouble, [(to_bob.clone(), "token")]);
    let letter = alice.store().sent(&id).await.unwrap().unwrap();
    assert_eq!((letter.state, letter.trouble.as_deref()), (SentState::Blocked, Some("token")));
    let again = alice.deliver().await.unwrap();
    assert_eq!((again.deposited, again.trouble), (0, vec![(to_bob.clone(), "token")]), "it is tried again");
    assert_eq!(state(&alice, &id).await, SentState::Blocked);

    alice.add_contact(&to_bob, Some(world.address_of(&bob, &alices).await)).await.unwrap();
    assert_eq!(alice.deliver().await.unwrap().deposited, 1);
    assert_eq!(bob.fetch(0).await.unwrap(), 1);

    let stranger = world.agent(9).await;
    let id = stranger.write(&to_bob, "text/plain", b"hello", now().plus(DAY)).await.unwrap();
    assert_eq!(stranger.deliver().await.unwrap().trouble, [(to_bob, "no_address")]);
    assert_eq!(state(&stranger, &id).await, SentState::Blocked);
    world.relay.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_lost_the_secret_of_a_key_gets_the_letter_under_the_next_one() {
    let world = World::new().await;
    let (alice, bob) = world.friends().await;
    let ids = [write(&alice, &bob, "one").await, write(&alice, &bob, "two").await];
    alice.deliver().await.unwrap();

    // Bob begins anew, with nothing but his identity.
    std::fs::remove_file(world.path("2")).unwrap();
    let bob = agent(&world.directory.path().join("new.sqlite"), identity(2), Default::default()).await;
    bob.open_mailbox(&world.origin(), &world.relay.did).await.unwrap();
    bob.add_contact(alice.identity().did(), None).await.unwrap();
    assert_eq!(bob.fetch(0).await.unwrap(), 0, "he cannot open them, and refuses them");

    let delivery = alice.deliver().await.unwrap();
    assert_eq!((delivery.heard, delivery.deposited), (2, 2));
    assert_eq!(bob.fetch(0).await.unwrap(), 2);
    assert_eq!(texts(&bob).await, ["one", "two"]);
    assert_eq!(inbox(&bob).await.iter().map(|letter| letter.id).collect::<Vec<_>>(), ids);
    world.relay.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_takes_in_time_or_at_all_is_told() {
    let world = World::new().await;
    let (alice, bob) = world.friends().await;
    let to_bob = bob.identity().did().clone();
    let short = alice.write(&to_bob, "text/plain", b"soon", now().plus(3)).await.unwrap();
    alice.deliver().await.unwrap();
    until("the relay says that it has expired", async || {
        alice.deliver().await.unwrap();
        state(&alice, &short).await == SentState::Expired
    })
    .await;
    assert_eq!(bob.fetch(0).await.unwrap(), 0);

    // Bob takes letters of his contacts alone.
    bob.store().remove_contact(alice.identity().did()).await.unwrap();
    let refused = write(&alice, &bob, "hello").await;
    alice.deliver().await.unwrap();
    assert_eq!(bob.fetch(0).await.unwrap(), 0);
    alice.deliver().await.unwrap();
    assert_eq!(state(&alice, &refused).await, SentState::Refused);

    let long = alice.write(&to_bob, "text/plain", &vec![b'a'; 65_537], now().plus(DAY)).await.unwrap_err();
    assert!(long.to_string().contains("at most 65536 bytes, this one 65537"), "{long}");
    let late = alice.write(&to_bob, "text/plain", b"", now().plus(31 * DAY)).await;
    assert!(matches!(late, Err(AgentError::Letter(_))));
    world.relay.end().await;
}

// R-RLY-10
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_not_durable_is_shown_to_nobody() {
    let world = World::new().await;
    let path = world.path("alice");
    let alice = agent(&path, identity(1), Default::default()).await;
    // What a full disk does, for this table alone.
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
    let mut file = sqlx::ConnectOptions::connect(&options).await.unwrap();
    let full = "CREATE TRIGGER full BEFORE INSERT ON mailbox_keys BEGIN SELECT RAISE(ABORT, 'full'); END";
    sqlx::query(full).execute(&mut file).await.unwrap();
    let opened = alice.open_mailbox(&world.origin(), &world.relay.did).await;
    assert!(matches!(opened, Err(AgentError::Store(_))), "{opened:?}");
    let owner = world.relay.login(&identity(1)).await.unwrap();
    assert_eq!(owner.get("/v1/mailbox").await.1["key"], serde_json::Value::Null);

    sqlx::query("DROP TRIGGER full").execute(&mut file).await.unwrap();
    let mailbox = alice.open_mailbox(&world.origin(), &world.relay.did).await.unwrap();
    let keys = alice.store().keys().await.unwrap();
    assert_eq!((keys.len(), Some(keys[0].id)), (1, mailbox.shown));
    assert_ne!(owner.get("/v1/mailbox").await.1["key"], serde_json::Value::Null);
    world.relay.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_week_there_is_another_key_and_the_old_one_still_opens() {
    let world = World::new().await;
    let alice = world.agent(1).await;
    let past = agent(&world.path("2"), identity(2), at(|| didshake::UnixTime(now().0 - 8 * DAY))).await;
    let before = past.open_mailbox(&world.origin(), &world.relay.did).await.unwrap();
    past.add_contact(alice.identity().did(), None).await.unwrap();
    let address = world.address_of(&past, alice.identity().did()).await;
    alice.add_contact(past.identity().did(), Some(address)).await.unwrap();
    write(&alice, &past, "under the old key").await;
    alice.deliver().await.unwrap();

    let bob = agent(&world.path("2"), identity(2), Default::default()).await;
    assert_eq!(bob.fetch(0).await.unwrap(), 1);
    let after = bob.store().mailboxes().await.unwrap();
    assert_ne!(after[0].shown, before.shown);
    assert_eq!(bob.store().keys().await.unwrap().len(), 2);
    bob.fetch(0).await.unwrap();
    assert_eq!(bob.store().mailboxes().await.unwrap(), after, "not more often than once a week");
    world.relay.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_was_rotated_at_once_is_the_one_that_is_shown() {
    let world = World::new().await;
    let bob = world.agent(2).await;
    // Several within one second, so that they end together.
    for _ in 0..6 {
        let key = bob.rotate_key().await.unwrap();
        bob.fetch(0).await.unwrap();
        assert_eq!(bob.store().mailboxes().await.unwrap()[0].shown, Some(key));
    }
    world.relay.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_of_another_did_is_not_logged_in_to() {
    let world = World::new().await;
    let alice = agent(&world.path("1"), identity(1), Default::default()).await;
    let other = identity(77).did().clone();
    let opened = alice.open_mailbox(&world.origin(), &other).await;
    assert!(matches!(opened, Err(AgentError::Relay(RelayError::Claim(_)))), "{opened:?}");
    let closed = world.agent(2).await;
    closed.close_mailbox(&world.origin()).await.unwrap();
    let gone = closed.give_token(&world.origin(), "bob", None).await;
    assert!(matches!(gone, Err(AgentError::NoMailbox(_))));
    let owner = world.relay.login(&identity(2)).await.unwrap();
    assert_eq!(owner.get("/v1/mailbox").await.1["code"], RelayCode::NoMailbox.as_str());
    world.relay.end().await;
}
