//! `didshake id rotate`, cut off before each of its calls that change a file, or with something else in between: the same
//! command ends it, peers take the key that signs, and it says what it has done.

use std::fs;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use didshake_tests::{Cut, Home, LogHost, Service, finish};
use serde_json::Value;

use crate::webvh_owner::{Owner, versions};

/// More calls than a rotation makes.
const CALLS: usize = 200;

/// A service that lets everybody in, and a host of the log of whoever comes.
struct Peer {
    service: Service,
    host: LogHost,
    _home: Home,
}

impl Peer {
    fn start() -> Self {
        let (host, home) = (LogHost::start(), Home::new());
        let service = Service::start(&home, &["--allow-local", &host.address, "--rate-handshakes", "100000/min"]);
        Self { service, host, _home: home }
    }

    fn owner(&self) -> Owner {
        let owner = Owner::new();
        self.host.serve(&owner.out);
        owner.create("alice", &self.host.address, &["--ttl", "0"]);
        owner
    }

    fn lets_in(&self, owner: &Owner) {
        let login = ["login", &self.service.origin, "--as", "alice", "--expect", &self.service.did];
        let _ = owner.home.run(&login).expect(0);
    }
}

fn owner() -> Owner {
    let owner = Owner::new();
    owner.create("alice", "a.example", &[]);
    owner
}

fn rotate(owner: &Owner, more: &[&str]) -> Vec<Value> {
    let rotate = ["--json", "id", "rotate", "alice", "--wait", "0"];
    owner.home.run(&[&rotate[..], more].concat()).expect(0).events()
}

/// What a rotation has left that was cut off before a call.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Left {
    stage: Option<String>,
    published: usize,
    waits: bool,
}

/// An identity whose rotation was cut off when it first had left this.
fn cut(is_so: impl Fn(&Left) -> bool) -> Owner {
    static LEFT: OnceLock<Vec<Left>> = OnceLock::new();
    let left = LEFT.get_or_init(|| {
        let mut all = Vec::new();
        while let Some(owner) = cut_before(all.len() + 1) {
            all.push(left(&owner));
        }
        all
    });
    let call = 1 + left.iter().position(is_so).unwrap_or_else(|| panic!("it never looks so: {left:?}"));
    cut_before(call).unwrap()
}

fn cut_before(call: usize) -> Option<Owner> {
    let owner = owner();
    let rotation = ["id", "rotate", "alice", "--wait", "0", "--grace", "0"];
    let ended = finish(owner.home.spawn_cut(&rotation, Cut::Off, call), b"").code == 0;
    (!ended).then_some(owner)
}

fn left(owner: &Owner) -> Left {
    let published = fs::read_to_string(owner.out.join("did.jsonl")).unwrap().lines().count();
    Left { stage: stage(owner), published, waits: owner.kept("alice").join("login/next.pem").exists() }
}

fn journal(owner: &Owner) -> Option<Value> {
    let text = fs::read_to_string(owner.kept("alice").join("rotation.json")).ok()?;
    Some(serde_json::from_str(&text).unwrap())
}

fn stage(owner: &Owner) -> Option<String> {
    journal(owner)?["stage"]["stage"].as_str().map(str::to_owned)
}

#[test]
fn cut_off_anywhere_it_is_ended_by_the_same_command() {
    let mut peer = Peer::start();
    for call in 1..CALLS {
        // How many DIDs one source may have a service resolve is bounded.
        if call % 8 == 0 {
            peer = Peer::start();
        }
        let owner = peer.owner();
        let cut = ["id", "rotate", "alice", "--wait", "0", "--grace", "0"];
        let cut = finish(owner.home.spawn_cut(&cut, Cut::Off, call), b"");
        // Whoever signs, with the old key or the new one, is let in meanwhile.
        owner.assert_signs_as_published("alice");
        peer.lets_in(&owner);
        if cut.code == 0 {
            return;
        }
        rotate(&owner, &["--grace", "0"]);
        owner.assert_signs_as_published("alice");
        assert_ne!(owner.signs_with("alice"), "key-1", "call {call}");
        assert_eq!((owner.keys(), journal(&owner)), (vec![owner.signs_with("alice")], None), "call {call}");
        peer.lets_in(&owner);
    }
    panic!("it makes more calls than {CALLS}");
}

#[test]
fn cut_off_anywhere_a_thief_of_the_key_is_shut_out_by_the_same_command() {
    for call in 1..CALLS {
        let owner = owner();
        let cut = ["id", "rotate", "alice", "--wait", "0", "--at-once"];
        let cut = finish(owner.home.spawn_cut(&cut, Cut::Off, call), b"");
        // Cut off after its last step it is over, and the next one is another.
        let is_over = journal(&owner).is_none() && owner.signs_with("alice") != "key-1";
        if cut.code != 0 {
            rotate(&owner, &["--at-once"]);
        }
        owner.assert_signs_as_published("alice");
        assert_ne!(owner.signs_with("alice"), "key-1", "call {call}");
        assert_eq!((owner.keys(), journal(&owner)), (vec![owner.signs_with("alice")], None), "call {call}");
        // Said again within the hour, it is the same rotation.
        let entries = if is_over && cut.code != 0 { 3 } else { 2 };
        assert_eq!(versions(&owner.judged()), entries, "call {call}");
        if cut.code == 0 {
            return;
        }
    }
    panic!("it makes more calls than {CALLS}");
}

/// Another entry in between is not the one that it was about to make.
#[test]
fn what_another_command_has_changed_is_no_rotation() {
    let owner = cut(|left| left.stage.as_deref() == Some("begun") && left.published == 1 && !left.waits);
    owner.run(&["update", "alice", "--ttl", "5"]);
    let told = rotate(&owner, &["--grace", "0"]);
    assert_eq!((&told[0]["event"], &told[0]["newKey"]), (&"resumed".into(), &false.into()));
    assert_eq!((owner.keys(), owner.signs_with("alice")), (vec!["key-3".to_owned()], "key-3".to_owned()));
}

#[test]
fn an_old_rotation_is_ended_with_a_word_and_at_once_is_more_than_that() {
    let owner = cut(|left| left.stage.as_deref() == Some("shown"));
    let told = owner.home.run(&["id", "rotate", "alice", "--grace", "0", "--wait", "0"]).expect(0).stderr;
    assert!(told.contains("has replaced #key-1: no further key is made"), "{told}");
    assert_eq!(owner.keys(), ["key-2"]);

    // A key that may be in wrong hands is replaced, whatever was under way.
    for wanted in ["signing", "shown"] {
        let owner = cut(|left| left.stage.as_deref() == Some(wanted));
        let told = rotate(&owner, &["--at-once"]);
        assert_eq!((&told[0]["event"], &told[0]["former"]), (&"superseded".into(), &"key-1".into()), "{wanted}");
        assert_eq!((owner.keys(), owner.signs_with("alice")), (vec!["key-3".to_owned()], "key-3".to_owned()));
        owner.assert_signs_as_published("alice");
    }
    // The entry with both keys is made and the new one does not sign yet: that is the one.
    let owner = cut(|left| left.stage.as_deref() == Some("begun") && left.published == 2);
    rotate(&owner, &["--at-once"]);
    assert_eq!((owner.keys(), owner.signs_with("alice")), (vec!["key-2".to_owned()], "key-2".to_owned()));

    // One that was begun at once hours ago says nothing of the key in use now.
    let owner = cut(|left| left.stage.as_deref() == Some("shown"));
    let mut old = journal(&owner).unwrap();
    (old["at_once"], old["begun"]) = (true.into(), 1.into());
    fs::write(owner.kept("alice").join("rotation.json"), old.to_string()).unwrap();
    assert_eq!(rotate(&owner, &["--at-once"])[0]["event"], "superseded");
}

#[test]
fn a_clock_that_was_set_back_keeps_no_key() {
    let owner = cut(|left| left.stage.as_deref() == Some("shown"));
    let mut later = journal(&owner).unwrap();
    later["stage"]["since"] = (later["stage"]["since"].as_u64().unwrap() + 1_000_000).into();
    fs::write(owner.kept("alice").join("rotation.json"), later.to_string()).unwrap();
    let begun = Instant::now();
    rotate(&owner, &["--grace", "2"]);
    assert!(begun.elapsed() > Duration::from_secs(1), "there is a grace still");
    assert_eq!(owner.keys(), ["key-2"]);
}

#[test]
fn there_is_one_rotation_at_a_time() {
    let owner = owner();
    let mut one = owner.home.spawn(&["id", "rotate", "alice", "--wait", "0", "--grace", "3000"]);
    didshake_tests::eventually("the grace begins", || stage(&owner).as_deref() == Some("shown"));
    let told = owner.home.run(&["--json", "id", "rotate", "alice", "--at-once"]).expect(7).json();
    assert_eq!(told["error"]["code"], "locked");
    assert!(told["error"]["remedy"].as_str().unwrap().contains("end it"), "{told}");
    // What is not a rotation goes on.
    owner.run(&["update", "alice", "--ttl", "5"]);
    one.kill().unwrap();
    let _ = one.wait().unwrap();
    rotate(&owner, &["--at-once"]);
    assert_eq!(owner.keys(), [owner.signs_with("alice")]);
}
