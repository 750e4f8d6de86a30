//! What can go wrong while a did:webvh is kept: two commands at once, leftovers, names that come again, a full log, a
//! clock that is wrong.

use std::fs;
use std::process::Command;
use std::time::Duration;

use didshake_tests::{Cut, LogHost, eventually, finish, go_on, until_stopped};

use crate::webvh_owner::{Owner, versions};

/// More calls than any of these commands makes before it has changed everything.
const CALLS: usize = 80;
/// So long the other one may do what it likes: it need not end.
const MEANWHILE: Duration = Duration::from_millis(100);

/// Runs one command to every `step`th of its calls, and another one while it stands there.
fn at_each_call(
    step: usize,
    owner: impl Fn() -> Owner,
    stopped: &[&str],
    other: &[&str],
    check: impl Fn(&Owner, i32, i32),
) {
    for call in (1..CALLS).step_by(step) {
        let owner = owner();
        let mut one = owner.home.spawn_cut(stopped, Cut::Short, call);
        let ended = !until_stopped(&mut one);
        let two = owner.home.spawn(other);
        std::thread::sleep(MEANWHILE);
        if !ended {
            go_on(&one);
        }
        let (one, two) = (finish(one, b""), finish(two, b""));
        check(&owner, one.code, two.code);
        if ended {
            return;
        }
    }
    panic!("it makes more calls than {CALLS}");
}

#[test]
fn of_two_changes_at_once_none_is_lost() {
    let owner = || {
        let owner = Owner::new();
        owner.create("alice", "a.example", &[]);
        let phone = owner.home.identity("phone");
        owner.run(&["add-key", "alice", "--key", &phone, "--fragment", "phone"]);
        owner
    };
    let removal = ["did", "remove-key", "alice", "--fragment", "phone"];
    at_each_call(
        1,
        owner,
        &["did", "update", "alice", "--endpoint", "https://a.example/ds"],
        &removal,
        |owner, one, two| {
            assert_eq!((one, two), (0, 0));
            let judged = owner.judged();
            assert_eq!((versions(&judged), owner.keys()), (4, vec!["key-1".to_owned()]), "the key is back");
            assert_eq!(judged["document"]["service"].as_array().unwrap().len(), 1);
        },
    );
}

#[test]
fn of_two_that_make_one_name_at_once_one_has_it() {
    let mut create = vec!["did", "create", "alice", "--at", "a.example", "--out", "public"];
    let first = create.clone();
    create.extend(["--ttl", "5"]);
    at_each_call(2, Owner::new, &first, &create, |owner, one, two| {
        assert!(one == 0 || two == 0, "{one} {two}");
        assert!([0, 7].contains(&one) && [0, 7].contains(&two), "{one} {two}");
        owner.assert_signs_as_published("alice");
    });
}

#[test]
fn two_rotations_at_once_end_with_a_key_that_counts() {
    let owner = || {
        let owner = Owner::new();
        owner.create("alice", "a.example", &[]);
        owner
    };
    let rotate = ["did", "rotate", "alice", "--wait", "0"];
    at_each_call(2, owner, &rotate, &rotate, |owner, one, two| {
        assert_eq!((one, two), (0, 0));
        owner.assert_signs_as_published("alice");
        assert_ne!(owner.signs_with("alice"), "key-1");
        owner.run(&["rotate", "alice", "--finish"]);
        assert_eq!(owner.keys(), [owner.signs_with("alice")]);
    });
}

#[test]
fn a_move_takes_the_key_with_it_that_waits() {
    let owner = Owner::new();
    owner.create("alice", "a.example", &[]);
    fs::rename(&owner.out, owner.home.path("aside")).unwrap();
    owner.home.write("public", "in the way");
    let _ = owner.home.run(&["did", "rotate", "alice", "--wait", "0"]).expect(7);
    let _ = owner.home.run(&["did", "move", "alice", "--to", "b.example", "--wait", "0"]).expect(7);
    fs::remove_file(&owner.out).unwrap();
    fs::rename(owner.home.path("aside"), &owner.out).unwrap();
    owner.run(&["publish", "alice", "--wait", "0"]);
    owner.assert_signs_as_published("alice");
    assert_eq!(owner.signs_with("alice"), "key-2");
    owner.run(&["rotate", "alice", "--wait", "0"]);
    owner.assert_signs_as_published("alice");
    assert_eq!(owner.keys(), ["key-2", "key-4"]);
}

/// Wherever a move is cut off, the next command of any kind ends it.
#[test]
fn a_move_that_was_cut_off_is_ended_by_the_next_command() {
    for call in 1..CALLS {
        let owner = Owner::new();
        owner.create("alice", "a.example", &[]);
        let cut = finish(
            owner.home.spawn_cut(&["did", "move", "alice", "--to", "b.example", "--wait", "0"], Cut::Off, call),
            b"",
        );
        owner.run(&["publish", "alice", "--wait", "0"]);
        owner.assert_signs_as_published("alice");
        owner.run(&["rotate", "alice", "--wait", "0"]);
        owner.assert_signs_as_published("alice");
        if cut.code == 0 {
            return;
        }
    }
    panic!("it makes more calls than {CALLS}");
}

/// Between the publication and the first use of a key anything may happen: what is not published is not used.
#[test]
fn a_key_that_is_looked_for_follows_what_happens_meanwhile() {
    let (owner, host) = (Owner::new(), LogHost::start());
    let (witness, local) = (owner.home.identity("one"), ["--allow-local", &host.address]);
    let proof = || {
        let log = owner.kept("alice").join("did.jsonl").display().to_string();
        let made = owner.home.run(&["did", "witness", "one", "--log", &log]).expect(0);
        owner.home.write("proof.json", made.text()).display().to_string()
    };
    let out = owner.out.display().to_string();
    let create = ["did", "create", "alice", "--at", &host.address, "--out", &out, "--witness", &witness];
    let _ = owner.home.run(&create).expect(4);
    owner.run(&["publish", "alice", "--proof", &proof(), "--wait", "0"]);
    let _ = owner.home.run(&["did", "rotate", "alice", "--wait", "0"]).expect(4);
    let publish = ["did", "publish", "alice", "--proof", &proof()];
    let looking = owner.home.spawn(&[&publish[..], &local].concat());
    eventually("it is published", || versions(&owner.judged()) == 2);
    let elsewhere = owner.home.path("elsewhere");
    let to = elsewhere.display().to_string();
    let _ = owner.home.run(&["did", "move", "alice", "--to", "b.example", "--out", &to, "--wait", "0"]).expect(4);
    host.serve(&owner.out);
    let told = finish(looking, b"").expect(7);
    assert!(told.stderr.contains("in the meantime"), "{}", told.stderr);
    assert_eq!(owner.signs_with("alice"), "key-1");

    // The place of the move is known from then on, and the one before hears of it.
    owner.run(&["publish", "alice", "--proof", &proof(), "--wait", "0"]);
    assert_eq!(fs::read(elsewhere.join("did.jsonl")).unwrap(), fs::read(owner.out.join("did.jsonl")).unwrap());
    owner.assert_signs_as_published("alice");
    assert_eq!(owner.signs_with("alice"), "key-2");
}

/// Whoever knows the DID by its old place hears that it has moved, and goes on with no key of it.
#[test]
fn the_old_place_tells_of_the_move() {
    let owner = Owner::new();
    let did = owner.create("alice", "a.example", &[])["did"].as_str().unwrap().to_owned();
    let elsewhere = owner.home.path("elsewhere").display().to_string();
    owner.run(&["move", "alice", "--to", "b.example", "--out", &elsewhere, "--wait", "0"]);
    let log = owner.out.join("did.jsonl").display().to_string();
    let told = owner.home.run(&["--json", "did", "resolve", &did, "--log", &log]).expect(6).json();
    assert_eq!(told["cause"], "moved");
    // What comes later is of the new place alone, and an old one that is gone is nobody's loss.
    owner.run(&["update", "alice", "--ttl", "5"]);
    assert_eq!(versions(&owner.run(&["resolve", "--log", &log])), 2);
    fs::remove_dir_all(&owner.out).unwrap();
    owner.run(&[
        "move",
        "alice",
        "--to",
        "c.example",
        "--out",
        &owner.home.path("third").display().to_string(),
        "--wait",
        "0",
    ]);
    fs::remove_file(format!("{elsewhere}/did.jsonl")).unwrap();
    fs::create_dir(format!("{elsewhere}/did.jsonl")).unwrap();
    let fourth = owner.home.path("fourth").display().to_string();
    owner.run(&["move", "alice", "--to", "d.example", "--out", &fourth, "--wait", "0"]);
}

#[test]
fn a_key_of_another_device_stays_under_whatever_name() {
    let owner = Owner::new();
    owner.create("alice", "a.example", &[]);
    owner.run(&["rotate", "alice", "--at-once", "--wait", "0"]);
    let phone = owner.home.identity("phone");
    owner.run(&["add-key", "alice", "--key", &phone, "--fragment", "key-1"]);
    owner.run(&["rotate", "alice", "--wait", "0"]);
    owner.run(&["rotate", "alice", "--finish"]);
    assert_eq!(owner.keys(), ["key-1", "key-4"]);

    // A rotation that was cut off before its entry has chosen a name that somebody else gets then.
    for call in 1.. {
        let _ = finish(owner.home.spawn_cut(&["did", "rotate", "alice", "--wait", "0"], Cut::Off, call), b"");
        if owner.kept("alice").join("login/next.pem").exists() {
            break;
        }
    }
    assert_eq!(versions(&owner.judged()), 5);
    owner.run(&["add-key", "alice", "--key", &owner.home.identity("pad"), "--fragment", "key-6"]);
    owner.run(&["rotate", "alice", "--wait", "0"]);
    owner.assert_signs_as_published("alice");
    assert_eq!(owner.keys(), ["key-1", "key-4", "key-6", "key-7"]);
}

#[test]
fn what_is_left_of_another_identity_is_not_gone_on_with() {
    let owner = Owner::new();
    let out = owner.out.display().to_string();
    owner.home.write("public", "in the way");
    let create = ["create", "alice", "--at", "a.example", "--out", &out];
    assert_eq!(owner.refused(&create, 7), "log");
    let _ = fs::remove_file(&owner.out);
    let elsewhere = owner.home.path("elsewhere").display().to_string();
    for other in [&["--at", "b.example"][..], &["--at", "a.example", "--passphrase-file", "none"]] {
        let again = [&["create", "alice", "--out", &elsewhere], other].concat();
        assert_eq!(owner.refused(&again, 7), "log_exists", "{other:?}");
    }
    owner.run(&create);
    assert!(owner.out.join("did.jsonl").exists());
    owner.assert_signs_as_published("alice");

    // The identity is gone, its log is not.
    let file = owner.kept("alice").parent().unwrap().parent().unwrap().join("alice.pem");
    fs::remove_file(&file).unwrap();
    assert_eq!(owner.refused(&create, 7), "log_exists");
    let other = owner.home.identity("alice");
    assert_eq!(owner.refused(&["rotate", "alice", "--wait", "0"], 7), "other_identity");
    assert_eq!(owner.home.run(&["--json", "id", "show", "alice"]).expect(0).json()["did"], other.as_str());
}

#[test]
fn a_log_that_is_full_can_still_be_ended() {
    let owner = Owner::new();
    owner.create("alice", "a.example", &[]);
    let mut document = owner.judged()["document"].clone();
    let mut changes = 0;
    let told = loop {
        document["about"] = format!("{changes}{}", "x".repeat(60_000)).into();
        let new = owner.home.write("new.json", document.to_string()).display().to_string();
        let update = owner.home.run(&["--json", "did", "update", "alice", "--document", &new]);
        if update.code != 0 {
            break update.expect(7).json();
        }
        changes += 1;
    };
    assert_eq!((changes, &told["error"]["code"]), (16, &"log_full".into()));
    assert!(told["error"]["remedy"].as_str().unwrap().contains("didshake did deactivate"), "{told}");
    // Small changes find room longer than large ones, but never the room of the last.
    assert_eq!(owner.run(&["deactivate", "alice", "--yes"])["deactivated"], true);
    assert_eq!(owner.judged()["deactivated"], true);
}

#[test]
fn an_entry_of_a_clock_that_was_ahead_is_told_with_its_time() {
    let owner = Owner::new();
    owner.create("alice", "a.example", &[]);
    let ahead = owner.home.command_ahead(&["did", "update", "alice", "--ttl", "5"], 400_000_000).spawn().unwrap();
    let _ = finish(ahead, b"").expect(0);
    let told = owner.home.run(&["--json", "did", "rotate", "alice", "--wait", "0"]).expect(6).json();
    assert_eq!(told["error"]["code"], "time_future");
    let remedy = told["error"]["remedy"].as_str().unwrap();
    for words in ["203", "line 2", "did.jsonl"] {
        assert!(remedy.contains(words), "{words}: {told}");
    }
    // What it says to do does it.
    for log in [owner.kept("alice").join("did.jsonl"), owner.out.join("did.jsonl")] {
        let text = fs::read_to_string(&log).unwrap();
        fs::write(&log, format!("{}\n", text.lines().next().unwrap())).unwrap();
    }
    owner.run(&["rotate", "alice", "--wait", "0"]);
    owner.assert_signs_as_published("alice");

    // A clock that is behind makes its entry a second after the last one, as far as others take that.
    let behind = owner.home.command_ahead(&["did", "update", "alice", "--ttl", "6"], -100).spawn().unwrap();
    let _ = finish(behind, b"").expect(0);
    assert_eq!(owner.judged()["ttl"], 6);
}

#[test]
fn what_lies_in_the_directory_is_read_within_bounds() {
    let owner = Owner::new();
    owner.create("alice", "a.example", &[]);
    let log = owner.out.join("did.jsonl");
    fs::File::create(&log).unwrap().set_len(1 << 40).unwrap();
    assert_eq!(owner.refused(&["publish", "alice", "--wait", "0"], 7), "published_differs");
    fs::remove_file(&log).unwrap();
    assert!(Command::new("mkfifo").arg(&log).status().unwrap().success());
    let told = owner.home.run(&["--json", "did", "publish", "alice"]).expect(7).json();
    assert!(told["error"]["message"].as_str().unwrap().contains("not a regular file"), "{told}");
    assert!(!told["error"]["remedy"].is_null(), "{told}");
}

#[test]
fn a_document_without_our_key_is_told() {
    let owner = Owner::new();
    owner.create("alice", "a.example", &[]);
    let mut document = owner.judged()["document"].clone();
    let update = |document: &serde_json::Value| {
        let file = owner.home.write("new.json", document.to_string()).display().to_string();
        owner.home.run(&["did", "update", "alice", "--document", &file]).expect(0).stderr
    };
    document["about"] = "ours".into();
    assert!(!update(&document).contains("signs with"));
    document["authentication"] = serde_json::json!([]);
    let told = update(&document);
    assert!(told.contains("key-1") && told.contains("signs with"), "{told}");
}
