//! Letters between programs, over a relay that is a program too.

use std::time::Duration;

use didshake_tests::{Home, Output};
use serde_json::{Value, json};

use crate::correspondents::{Going, World};

/// Bob writes to Alice.
fn send(world: &World, more: &[&str]) -> Output {
    world.bob.run(&[&["--json", "send", "alice"], more].concat())
}

fn inbox(home: &Home, more: &[&str]) -> Vec<Value> {
    home.run(&[&["--json", "inbox"], more].concat()).expect(0).events()
}

fn texts(letters: &[Value]) -> Vec<&str> {
    letters.iter().map(|letter| letter["text"].as_str().unwrap()).collect()
}

fn state(home: &Home) -> Value {
    home.run(&["--json", "outbox", "--retry", "--limit", "1"]).expect(0).json()["state"].clone()
}

#[test]
fn a_letter_waits_for_who_is_away_and_comes_with_its_sender_once() {
    let world = World::new();
    let sent = send(&world, &["see you at nine"]).expect(0).json();
    let (id, written, changed) = (sent["id"].as_str().unwrap().to_owned(), &sent["written"], &sent["changed"]);
    assert_eq!(id.len(), 32);
    assert_eq!(
        sent,
        json!({
            "number": 1, "to": {"name": "alice", "did": world.dids[0]}, "id": id, "type": "text/plain;charset=utf-8",
            "bytes": 15, "written": written, "expires": written.as_u64().unwrap() + 604_800, "state": "waiting",
            "changed": changed, "trouble": null,
        })
    );
    let letters = inbox(&world.alice, &[]);
    let [letter] = letters.as_slice() else { panic!("{letters:?}") };
    assert_eq!(
        *letter,
        json!({
            "event": "letter", "number": 1, "id": id, "type": "text/plain;charset=utf-8", "text": "see you at nine",
            "from": {"name": "bob", "did": world.dids[1], "verificationMethod": world.dids[1]},
            "base64": null, "sent": written, "taken": letter["taken"], "read": false,
        })
    );
    // It was read: it is not shown again, and Bob hears of it by a letter of his own kind, which no inbox shows.
    assert!(inbox(&world.alice, &[]).is_empty());
    assert_eq!(state(&world.bob), "taken");
    assert!(inbox(&world.bob, &[]).is_empty());
    assert_eq!(state(&world.bob), "read");
}

#[test]
fn a_script_asks_for_what_comes_after_a_number() {
    let world = World::new();
    for text in ["one", "two", "three"] {
        drop(send(&world, &[text]).expect(0));
    }
    assert_eq!(texts(&inbox(&world.alice, &["--after", "0", "--limit", "2"])), ["one", "two"]);
    // Read or not makes no difference to the number.
    assert_eq!(texts(&inbox(&world.alice, &["--after", "1"])), ["two", "three"]);
    assert_eq!(texts(&inbox(&world.alice, &["--after", "3"])), [""; 0]);
    drop(send(&world, &["four"]).expect(0));
    let peeked = inbox(&world.alice, &["--peek"]);
    assert_eq!((texts(&peeked), &peeked[0]["number"]), (vec!["four"], &json!(4)));
    assert_eq!(texts(&inbox(&world.alice, &[])), ["four"]);
    drop(world.alice.run(&["inbox", "--forget", "2"]).expect(0));
    assert_eq!(texts(&inbox(&world.alice, &["--after", "1", "--offline"])), ["three", "four"]);
    assert_eq!(world.alice.run(&["--json", "inbox", "--forget", "2"]).expect(2).json()["error"]["code"], "no_letter");
}

#[test]
fn without_the_relay_a_letter_is_kept_and_goes_later() {
    let mut world = World::new();
    world.relay.kill();
    let kept = send(&world, &["later"]).expect(5).json();
    assert_eq!(kept["state"], "queued");
    assert!(kept["trouble"].is_string());
    let told = world.bob.run(&["outbox", "--retry"]).expect(5);
    assert!(told.text().contains("queued") && told.stderr.contains("alice"), "{told:?}");
    let none = world.alice.run(&["--json", "inbox"]).expect(5).json();
    assert!(none["error"]["remedy"].as_str().unwrap().contains("nothing is lost"), "{none}");
    world.relay.restart();
    assert_eq!(state(&world.bob), "waiting");
    assert_eq!(texts(&inbox(&world.alice, &[])), ["later"]);
}

#[test]
fn who_waits_hears_that_it_was_taken_and_who_follows_sees_it_come() {
    let world = World::new();
    let following = Going::start(&world.alice, &["--json", "inbox", "--follow"]);
    let sent = send(&world, &["are you there?", "--wait"]).expect(0).json();
    assert!(["taken", "read"].contains(&sent["state"].as_str().unwrap()), "{sent}");
    assert_eq!(following.next()["text"], "are you there?");
    drop(following);
    // Nobody is there: it goes on waiting, and that is said.
    let waits = send(&world, &["and now?", "--wait", "--at-most", "1s"]).expect(5).json();
    assert_eq!(waits["state"], "waiting");
}

#[test]
fn a_revoked_token_lets_nothing_in_until_there_is_another_card() {
    let world = World::new();
    let tokens = world.alice.run(&["--json", "mailbox", "tokens"]).expect(0).json();
    let (hash, given) = (&tokens[0]["hash"], &tokens[0]["given"]);
    assert_eq!(
        tokens,
        json!([{
            "hash": hash, "for": "bob", "relay": world.relay.origin, "given": given, "expires": null, "registered": true,
            "revoked": false,
        }])
    );
    let revoked = world.alice.run(&["--json", "mailbox", "revoke", "bob"]).expect(0).json();
    assert_eq!(revoked, json!({"for": "bob", "revoked": 1}));
    let blocked = send(&world, &["hello?"]).expect(4).json();
    assert_eq!((&blocked["state"], &blocked["trouble"]), (&json!("blocked"), &json!("token")));
    let told = world.bob.run(&["outbox"]).expect(0).text();
    assert!(told.contains("ask for a new card"), "{told}");
    assert_eq!(world.alice.run(&["--json", "mailbox", "revoke", "bob"]).expect(2).json()["error"]["code"], "no_token");
    // Cards of one second replace each other in no order.
    std::thread::sleep(Duration::from_millis(1100));
    world.introduce();
    assert_eq!(state(&world.bob), "waiting");
    assert_eq!(texts(&inbox(&world.alice, &[])), ["hello?"]);
    // By the beginning of its hash, too.
    let tokens = world.alice.run(&["--json", "mailbox", "tokens"]).expect(0).json();
    let hash = tokens[0]["hash"].as_str().unwrap().get(..10).unwrap();
    drop(world.alice.run(&["mailbox", "revoke", hash]).expect(0));
    assert_eq!(send(&world, &["again?"]).expect(4).json()["state"], "blocked");
}

#[test]
fn a_letter_that_nobody_took_in_time_expires_and_its_sender_hears_it() {
    let world = World::new();
    drop(send(&world, &["now or never", "--expires", "1s"]).expect(0));
    std::thread::sleep(Duration::from_millis(2100));
    assert!(inbox(&world.alice, &[]).is_empty());
    assert_eq!(state(&world.bob), "expired");
}

// R-CARD-3
#[test]
fn a_card_that_is_over_is_used_no_more() {
    let world = World::new();
    std::thread::sleep(Duration::from_millis(1100));
    let card = world.alice.run(&["id", "share", "--for", "bob", "--ends", "3s"]).expect(0).stdout;
    drop(world.bob.run_with(&["peer", "add", "-"], &card).expect(0));
    std::thread::sleep(Duration::from_millis(3100));
    assert_eq!(send(&world, &["too late"]).expect(4).json()["error"]["code"], "no_address");
}

#[test]
fn hostile_content_drives_no_terminal_and_writes_no_file_of_its_choice() {
    let world = World::new();
    let hostile = "\u{1b}[2J\u{1b}]0;owned\u{7}\r\n3  from alice\u{202e}";
    drop(send(&world, &[hostile]).expect(0));
    drop(send(&world, &["--type", "x/\u{7f}", "x"]).expect(2));
    let picture = world.bob.write("../picture", [0x89, 0x50, 0x1b, 0xff]);
    drop(send(&world, &["--file", picture.to_str().unwrap(), "--type", "../../x"]).expect(0));
    let shown = world.alice.run(&["inbox", "--peek"]).expect(0);
    for text in [shown.text(), shown.stderr] {
        assert!(text.chars().all(|letter| letter == '\n' || !letter.is_control() && letter != '\u{202e}'), "{text:?}");
    }
    let text = String::from_utf8(shown.stdout).unwrap();
    assert!(text.contains("  | \\u{1b}[2J") && text.contains("  | 3  from alice\\u{202e}"), "{text}");
    assert!(text.contains("(4 bytes of ../../x"), "{text}");
    let letters = inbox(&world.alice, &["--save", "kept"]);
    assert_eq!((&letters[0]["text"], &letters[1]["base64"]), (&json!(hostile), &json!("iVAb/w==")));
    let mut names: Vec<_> =
        std::fs::read_dir(world.alice.path("kept")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["letter-1.txt", "letter-2.bin"]);
    assert_eq!(std::fs::read(world.alice.path("kept/letter-2.bin")).unwrap(), [0x89, 0x50, 0x1b, 0xff]);
}

#[test]
fn the_longest_letter_goes_and_a_longer_one_is_refused_before_it_is_kept() {
    let world = World::new();
    let longest = vec![b'x'; 65_536];
    let sent = world.bob.run_with(&["--json", "send", "alice", "-"], &longest).expect(0).json();
    assert_eq!(sent["bytes"], 65_536);
    assert_eq!(inbox(&world.alice, &[])[0]["text"].as_str().unwrap().len(), 65_536);
    let longer = [&longest[..], b"x"].concat();
    let refused = world.bob.run_with(&["--json", "send", "alice", "-"], &longer).expect(2).json();
    assert_eq!(refused["error"]["code"], "letter_too_long");
    assert_eq!(world.bob.run(&["--json", "outbox"]).expect(0).events().len(), 1);
}

#[test]
fn who_is_no_known_peer_is_refused_unless_anyone_may_write() {
    let world = World::new();
    for (name, admitted) in [("carol", false), ("dave", true)] {
        let home = Home::new();
        let did = home.identity(name);
        let card = world.alice.run(&["id", "share", "--for", name]).expect(0).stdout;
        drop(home.run_with(&["peer", "add", "-", "--name", "alice"], &card).expect(0));
        drop(home.run(&["send", "alice", "hello"]).expect(0));
        let letters = inbox(&world.alice, if admitted { &["--from-anyone"] } else { &[] });
        let from: Vec<_> = letters.iter().map(|letter| letter["from"].clone()).collect();
        let him = json!({"name": null, "did": did, "verificationMethod": did});
        assert_eq!(from, if admitted { vec![him] } else { vec![] });
        assert_eq!(state(&home), if admitted { "taken" } else { "refused" });
    }
}

#[test]
fn a_mailbox_is_opened_shown_given_a_new_key_and_closed() {
    let world = World::new();
    let alice = |arguments: &[&str]| world.alice.run(&[&["--json", "mailbox"], arguments].concat());
    // A script says whom it means; another relay than the one that is meant is refused.
    let stranger = Home::new();
    let did = stranger.identity("stranger");
    let open = ["--json", "mailbox", "open", &world.relay.origin];
    assert_eq!(stranger.run(&open).expect(4).json()["error"]["code"], "unknown_peer");
    drop(stranger.run(&[&open[..], &["--expect", &world.dids[0]]].concat()).expect(3));
    assert_eq!(stranger.run(&["--json", "inbox"]).expect(4).json()["error"]["code"], "no_mailbox");
    assert_eq!(stranger.run(&["--json", "send", &did, "x"]).expect(4).json()["error"]["code"], "no_address");

    drop(send(&world, &["one"]).expect(0));
    let shown = alice(&["show"]).expect(0).json();
    let (url, opened, key) = (&shown["url"], &shown["opened"], &shown["key"]);
    assert_eq!(
        shown,
        json!({
            "relay": world.relay.origin, "relayDid": world.relay.did, "url": url, "opened": opened, "waiting": 1,
            "bytes": shown["bytes"], "mostWaiting": 10_000, "mostBytes": 67_108_864, "key": key,
            "keyEnds": shown["keyEnds"],
        })
    );
    // Two keys of one second would end together.
    std::thread::sleep(Duration::from_millis(1100));
    let new = alice(&["rotate"]).expect(0).json()["key"].clone();
    assert!(new != *key && alice(&["show"]).expect(0).json()["key"] == new);
    drop(send(&world, &["two"]).expect(0));
    assert_eq!(alice(&["close"]).expect(4).json()["error"]["code"], "letters_wait");
    assert_eq!(texts(&inbox(&world.alice, &[])), ["one", "two"]);
    assert_eq!(alice(&["close"]).expect(0).json(), json!({"relay": world.relay.origin, "closed": true}));
    assert_eq!(send(&world, &["three"]).expect(4).json()["trouble"], "token");
}
