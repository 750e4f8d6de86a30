//! `listen --relay`, and `pipe` and `connect` to a contact: channels through a real relay, or to an endpoint of a card.

use didshake_tests::{Listener, finish};
use serde_json::Value;

use crate::correspondents::{Going, World};

/// Bob listens at his mailbox: whoever calls from now on is heard.
fn listening(world: &World, arguments: &[&str]) -> Going {
    let going = Going::start(&world.bob, &[&["--json", "listen", "--relay", "--as", "bob"], arguments].concat());
    let event = going.find(|line| line["event"] == "listening");
    assert_eq!(event["did"], world.dids[1].as_str());
    assert!(event["address"].as_str().unwrap().starts_with(&world.relay.origin), "{event}");
    going
}

#[test]
fn bytes_go_both_ways_through_the_relay_to_a_process_that_knows_whom_it_talks_to() {
    let world = World::new();
    let bob = listening(&world, &["--allow-known", "--verify", "--exec", "echo $DIDSHAKE_PEER_DID; cat"]);
    let bytes: Vec<u8> = (0..300_000_u32).map(|at| (at * 7 % 251).to_le_bytes()[0]).collect();
    let piped = finish(world.alice.spawn(&["--json", "pipe", "bob", "--as", "alice", "--verify"]), &bytes).expect(0);
    let wanted = [world.dids[0].as_bytes(), b"\n", &bytes].concat();
    assert!(piped.stdout == wanted, "{} bytes of {}", piped.stdout.len(), wanted.len());
    // Both see the same channel, and the same words.
    let theirs = bob.find(|line| line["event"] == "connected");
    let told = piped.stderr;
    let ours: Vec<Value> = told.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let connected = ours.iter().find(|event| event["event"] == "connected").unwrap();
    assert_eq!(connected["peer"]["did"], world.dids[1].as_str());
    assert_eq!(connected["sessionId"], theirs["sessionId"]);
    assert!(connected["verifyWords"].is_array() && connected["verifyWords"] == theirs["verifyWords"], "{connected}");
    // A process is there for the next one too.
    let next = finish(world.alice.spawn(&["connect", "bob", "--as", "alice"]), b"hello\n").expect(0);
    assert_eq!(next.text(), format!("{}\nhello\n", world.dids[0]));
}

#[test]
fn lines_go_both_ways_through_the_relay() {
    let world = World::new();
    let mut bob = listening(&world, &["--allow", "alice", "--keep"]);
    let mut alice = Going::start(&world.alice, &["--json", "connect", "bob", "--as", "alice"]);
    assert_eq!(alice.next()["event"], "connected");
    alice.type_line("are you there?");
    assert_eq!(bob.find(|line| line["event"] == "message")["text"], "are you there?\n");
    bob.type_line("yes");
    assert_eq!(alice.find(|line| line["event"] == "message")["text"], "yes\n");
    assert_eq!(alice.end(), 0);
}

// R-RLY-13
#[test]
fn a_call_goes_to_the_program_that_takes_calls() {
    let world = World::new();
    let reading = Going::start(&world.bob, &["--json", "inbox", "--follow", "--as", "bob"]);
    let first = finish(world.alice.spawn(&["send", "bob", "one"]), b"");
    assert_eq!((first.code, &reading.next()["text"]), (0, &"one".into()), "his mailbox is connected");
    drop(finish(world.alice.spawn(&["pipe", "bob", "--as", "alice"]), b"x").expect(5));
    let _bob = listening(&world, &["--allow-known", "--exec", "cat"]);
    for _ in 0..3 {
        let piped = finish(world.alice.spawn(&["pipe", "bob", "--as", "alice"]), b"to him who listens").expect(0);
        assert_eq!(piped.stdout, b"to him who listens");
    }
    drop(world.alice.run(&["send", "bob", "two"]).expect(0));
    assert_eq!(reading.next()["text"], "two");
}

#[test]
fn who_is_not_there_or_does_not_admit_us_is_told_apart() {
    let world = World::new();
    let away = finish(world.alice.spawn(&["--json", "pipe", "bob", "--as", "alice"]), b"x").expect(5);
    let told = away.stderr;
    let error: Value = serde_json::from_str(told.lines().last().unwrap()).unwrap();
    assert_eq!(error["error"]["code"], "away");
    assert!(error["error"]["remedy"].as_str().unwrap().contains("listen --relay"), "{error}");

    // He lets somebody else in, and nothing runs for Alice.
    let carol = world.bob.identity("carol");
    let bob = listening(&world, &["--allow", &carol, "--exec", "echo ran > ran"]);
    let refused = finish(world.alice.spawn(&["pipe", "bob", "--as", "alice"]), b"x").expect(3);
    assert!(refused.stdout.is_empty());
    assert_eq!(bob.find(|line| line["event"] == "refused")["code"], "not_admitted");
    assert!(!world.bob.path("ran").exists());
    // A circuit is bound to its mailbox.
    drop(finish(world.alice.spawn(&["pipe", "bob", "--as", "alice", "--prologue", "x"]), b"x").expect(2));
}

#[test]
fn an_endpoint_of_the_card_is_dialled_first() {
    let world = World::new();
    // Cards of one second replace each other in no order.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let listener = Listener::start(&world.bob, &["--as", "bob", "--allow-known", "--exec", "cat"]);
    let endpoint = format!("tcp://{}", listener.address);
    let card = world.bob.run(&["id", "share", "--for", "alice", "--endpoint", &endpoint]).expect(0).stdout;
    drop(world.alice.run_with(&["peer", "add", "-"], &card).expect(0));
    let output = finish(world.alice.spawn(&["pipe", "bob", "--as", "alice"]), b"\0to the endpoint").expect(0);
    assert_eq!(output.stdout, b"\0to the endpoint");
    assert!(output.stderr.contains(&endpoint));
    // It is gone: the relay is asked, and nobody is there either.
    drop(listener);
    drop(finish(world.alice.spawn(&["pipe", "bob", "--as", "alice"]), b"x").expect(5));
    // And a listener at the relay is found.
    let _bob = listening(&world, &["--allow-known", "--exec", "cat"]);
    let output = finish(world.alice.spawn(&["pipe", "bob", "--as", "alice"]), b"by the relay").expect(0);
    assert_eq!(output.stdout, b"by the relay");
}

#[test]
fn without_a_mailbox_nobody_is_reached_and_that_is_said() {
    let world = World::new();
    drop(world.bob.identity("carol"));
    let told = world.bob.run(&["--json", "listen", "--relay", "--as", "carol", "--allow-known"]).expect(4).json();
    assert_eq!(told["error"]["code"], "no_mailbox");
    assert!(told["error"]["remedy"].as_str().unwrap().contains("mailbox open"), "{told}");
}
