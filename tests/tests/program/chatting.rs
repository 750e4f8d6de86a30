//! `didshake chat`: live through a relay or to an endpoint, and by letters to who is away.

use std::process::Stdio;

use didshake_tests::{Listener, finish};
use serde_json::{Value, json};

use crate::correspondents::{Going, World};
use crate::terminal::Terminal;

fn is(event: &str) -> impl Fn(&Value) -> bool {
    move |line| line["event"] == event
}

#[test]
fn lines_go_as_letters_to_who_is_away_and_are_read_when_they_come() {
    let world = World::new();
    // A script: lines in, and an end.
    let told = world.bob.run_with(&["--json", "chat", "alice"], b"one\ntwo\n").expect(0).events();
    let said: Vec<&Value> = told.iter().filter(|line| line["event"] == "message").collect();
    assert_eq!(said.len(), 2, "{told:?}");
    let (id, at) = (&said[0]["id"], &said[0]["at"]);
    assert_eq!(
        *said[0],
        json!({
            "event": "message", "from": null, "by": "letter", "id": id, "number": null, "at": at, "state": "queued",
            "text": "one",
        })
    );
    assert!(told.contains(&json!({"event": "state", "id": id, "state": "waiting"})), "{told:?}");

    let alice = Going::start(&world.alice, &["--json", "chat", "bob", "--letters"]);
    let with = alice.find(is("with"));
    assert_eq!((&with["name"], &with["did"]), (&json!("bob"), &json!(world.dids[1])));
    let (one, two) = (alice.find(is("message")), alice.find(is("message")));
    assert_eq!((&one["text"], &two["text"]), (&json!("one"), &json!("two")));
    assert_eq!((&one["from"]["did"], &one["by"], &one["id"]), (&json!(world.dids[1]), &json!("letter"), id));
    assert_eq!(alice.end(), 0);
    // They were read, and that is told.
    let states = world.bob.run(&["--json", "inbox"]).expect(0);
    assert!(states.events().is_empty());
    let read = world.bob.run(&["--json", "outbox"]).expect(0).events();
    assert!(read.iter().all(|letter| letter["state"] == "read"), "{read:?}");
}

#[test]
fn two_that_are_there_talk_live_through_the_relay_and_go_on_by_letters() {
    let world = World::new();
    let mut alice = Going::start(&world.alice, &["--json", "chat", "bob"]);
    alice.find(|line| line["how"].as_str().is_some_and(|how| how.starts_with("by letters")));
    let mut bob = Going::start(&world.bob, &["--json", "chat", "alice"]);
    let live = |side: &Going| {
        let with = side.find(|line| line["how"].as_str().is_some_and(|how| how.starts_with("live")));
        with["how"].as_str().unwrap().split_once("voice: ").unwrap().1.to_owned()
    };
    // Both see the same words.
    assert_eq!(live(&alice), live(&bob));
    alice.type_line("are you there?");
    let heard = bob.find(is("message"));
    assert_eq!((&heard["text"], &heard["by"]), (&json!("are you there?"), &json!("channel")));
    // It is taken, and then read: neither is lost at the relay, nor waits there.
    let state = |side: &Going| side.find(|line| line["event"] == "state" && line["id"] == heard["id"])["state"].clone();
    let first = state(&alice);
    assert!(first == "read" || (first == "taken" && state(&alice) == "read"), "{first}");
    bob.type_line("yes");
    assert_eq!(alice.find(|line| line["from"]["name"] == "bob")["text"], "yes");
    assert_eq!(bob.end(), 0);
    alice.find(|line| line["how"].as_str().is_some_and(|how| how.starts_with("by letters")));
    alice.type_line("gone?");
    let sent = alice.find(|line| line["text"] == "gone?");
    assert_eq!(sent["by"], "letter");
    assert_eq!(alice.end(), 0);
    assert_eq!(world.bob.run(&["--json", "inbox"]).expect(0).json()["text"], "gone?");
}

// R-MBOX-8
#[test]
fn what_was_said_into_a_channel_that_is_cut_comes_by_letter_and_once() {
    let world = World::new();
    let mut alice = Going::start(&world.alice, &["--json", "chat", "bob"]);
    let bob = Going::start(&world.bob, &["--json", "chat", "alice"]);
    let is_live = |line: &Value| line["how"].as_str().is_some_and(|how| how.starts_with("live"));
    bob.find(is_live);
    alice.find(is_live);
    alice.type_line("one");
    let one = bob.find(is("message"));
    assert_eq!((&one["text"], &one["by"]), (&json!("one"), &json!("channel")));
    // He hears and answers nothing any more, and then he is gone.
    bob.stop();
    alice.type_line("two");
    let two = alice.find(|line| line["text"] == "two");
    assert_eq!((&two["by"], &two["state"]), (&json!("channel"), &json!("queued")));
    drop(bob);
    alice.find(|line| line["event"] == "state" && line["id"] == two["id"] && line["state"] == "waiting");
    alice.type_line("three");
    alice.find(|line| line["event"] == "state" && line["id"] != two["id"] && line["state"] == "waiting");
    assert_eq!(alice.end(), 0);
    // All that he ever gets: what he has seen, and what he has not, each once.
    let told = world.bob.run(&["--json", "inbox", "--after", "0"]).expect(0).events();
    let texts: Vec<&Value> = told.iter().map(|letter| &letter["text"]).collect();
    assert_eq!(texts, ["one", "two", "three"]);
}

#[test]
fn a_channel_goes_to_an_endpoint_of_the_card_and_an_impostor_there_is_told_loudly() {
    let world = World::new();
    // Cards of one second replace each other in no order.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let mut listening = Listener::start(&world.alice, &["--as", "alice", "--allow", &world.dids[1]]);
    let input = listening.input();
    let endpoint = format!("tcp://{}", listening.address);
    let card = world.alice.run(&["id", "share", "--no-mailbox", "--endpoint", &endpoint]).expect(0).stdout;
    drop(world.bob.run_with(&["peer", "add", "-"], &card).expect(0));
    let mut bob = Going::start(&world.bob, &["--json", "chat", "alice"]);
    bob.find(|line| line["how"].as_str().is_some_and(|how| how.contains(&endpoint)));
    bob.type_line("hello over there");
    assert_eq!(bob.find(is("message"))["state"], "sent");
    assert_eq!(bob.end(), 0);
    drop(input);
    let heard = listening.finish(b"").expect(0).events();
    assert!(heard.iter().any(|line| line["text"] == "hello over there\n"), "{heard:?}");

    // Somebody else sits at the same address.
    drop(world.alice.identity("mallory"));
    let impostor = Listener::start(&world.alice, &["--as", "mallory", "--allow-anyone"]);
    let endpoint = format!("tcp://{}", impostor.address);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let card = world.alice.run(&["id", "share", "--as", "alice", "--no-mailbox", "--endpoint", &endpoint]).expect(0);
    drop(world.bob.run_with(&["peer", "add", "-"], &card.stdout).expect(0));
    let bob = Going::start(&world.bob, &["--json", "chat", "alice"]);
    let note = bob.find(|line| line["event"] == "note" && line["alarming"] == true);
    assert!(note["text"].as_str().unwrap().starts_with("SOMEBODY ELSE ANSWERS"), "{note}");
}

#[test]
fn without_the_relay_what_was_said_is_kept_and_that_is_an_exit_code() {
    let mut world = World::new();
    world.relay.kill();
    let told = world.bob.run_with(&["--json", "chat", "alice", "--letters"], b"later\n").expect(5).events();
    let error = told.last().unwrap();
    assert!(error["error"]["remedy"].as_str().unwrap().contains("outbox --retry"), "{error}");
    world.relay.restart();
    drop(world.bob.run(&["outbox", "--retry"]).expect(0));
    assert_eq!(world.alice.run(&["--json", "inbox"]).expect(0).json()["text"], "later");
}

#[test]
fn on_a_terminal_what_was_said_stands_with_what_became_of_it() {
    let world = World::new();
    let (mut terminal, side) = Terminal::open();
    let mut command = world.bob.command(&["chat", "alice"]);
    command.env("TERM", "xterm-256color");
    command.stdin(Stdio::from(side.try_clone().unwrap())).stdout(Stdio::from(side.try_clone().unwrap()));
    let child = command.stderr(Stdio::from(side)).spawn().unwrap();
    terminal.wait_for("by letters");
    terminal.type_line("hello\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}good day\r");
    terminal.wait_for("you: good day");
    terminal.wait_for("waiting");
    let alice = Going::start(&world.alice, &["--json", "inbox", "--follow"]);
    assert_eq!(alice.next()["text"], "good day");
    terminal.wait_for("read");
    // What she writes cannot drive the terminal.
    drop(world.alice.run(&["send", "bob", "\u{1b}]0;owned\u{7}hi"]).expect(0));
    terminal.wait_for("alice: \\u{1b}]0;owned\\u{7}hi");
    assert!(!terminal.text.contains("\u{1b}]0;owned"));
    // Letters that take two columns leave room for what became of them.
    terminal.type_line("漢字\r");
    terminal.wait_for("you: 漢字");
    terminal.type_line("\u{4}");
    assert_eq!(finish(child, b"").code, 0);

    // What was said is there again; without a terminal it is not, unless it is asked for.
    let (mut terminal, side) = Terminal::open();
    let mut command = world.bob.command(&["chat", "alice", "--letters"]);
    command.env("TERM", "xterm-256color");
    command.stdin(Stdio::from(side.try_clone().unwrap())).stdout(Stdio::from(side.try_clone().unwrap()));
    let child = command.stderr(Stdio::from(side)).spawn().unwrap();
    for text in ["you: good day", "alice: \\u{1b}]0;owned\\u{7}hi", "you: 漢字"] {
        terminal.wait_for(text);
    }
    terminal.type_line("\u{4}");
    assert_eq!(finish(child, b"").code, 0);
    let told = world.bob.run_with(&["--json", "chat", "alice", "--letters", "--history", "1"], b"").expect(0).events();
    let said: Vec<&Value> = told.iter().filter(|line| line["event"] == "message").map(|line| &line["text"]).collect();
    assert_eq!(said, ["\u{1b}]0;owned\u{7}hi", "漢字"]);
    let told = world.bob.run_with(&["--json", "chat", "alice", "--letters"], b"").expect(0).events();
    assert!(!told.iter().any(|line| line["event"] == "message"), "{told:?}");
}
