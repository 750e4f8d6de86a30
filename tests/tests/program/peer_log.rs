//! Looking back at a peer: names, keys, and on whose word.

use didshake_tests::{DocumentHost, Home, Listener};
use serde_json::Value;

/// Bob at his did:web, met with the key of that identity.
fn meet(home: &Home, host: &DocumentHost, listens: &str, fragment: &str) {
    let public = home.run(&["--json", "id", "export-public", listens]).expect(0).json();
    host.serve(fragment, &public["publicKeyJwk"]);
    let listener = Listener::start(home, &["--as", listens, "--allow-known", "--once", "--allow-local", &host.address]);
    let address = listener.address.clone();
    let connect = ["connect", &address, "--as", "alice", "--expect", "bob", "--allow-local", &host.address];
    let listening = std::thread::spawn(move || listener.finish(b""));
    let _ = home.run(&connect).expect(0);
    let _ = listening.join().unwrap().expect(0);
}

#[test]
fn names_and_keys_are_there_to_be_looked_back_at() {
    let (home, host) = (Home::new(), DocumentHost::start());
    let alice = home.identity("alice");
    for (name, fragment) in [("old", "key-1"), ("new", "key-2")] {
        let _ = home.run(&["id", "new", name, "--did", &host.did, "--fragment", fragment]).expect(0);
    }
    let _ = home.run(&["peer", "add", "bob", &host.did]).expect(0);
    let _ = home.run(&["peer", "add", "me", &alice]).expect(0);
    meet(&home, &host, "old", "key-1");
    meet(&home, &host, "old", "key-1");
    meet(&home, &host, "new", "key-2");
    let told = home.run(&["--json", "peer", "log", "bob"]).expect(0).events();
    let fact = |event: &Value| event["fact"].as_str().unwrap().to_owned();
    assert_eq!(told.iter().map(fact).collect::<Vec<_>>(), ["named", "key", "key"]);
    assert_eq!((&told[0]["name"], &told[0]["did"]), (&"bob".into(), &host.did.clone().into()));
    assert_eq!(told[1]["verificationMethod"], format!("{}#key-1", host.did));
    assert_eq!(told[2]["verificationMethod"], format!("{}#key-2", host.did));
    assert_ne!(told[1]["publicKey"], told[2]["publicKey"]);
    assert!(told[1]["authority"].as_str().unwrap().contains("DNS"));
    // The listener is known to itself as Alice: whom it let in is noted too.
    assert_eq!(home.run(&["--json", "peer", "log", &alice]).expect(0).events().len(), 2);

    let _ = home.run(&["peer", "remove", "bob"]).expect(0);
    let words = home.run(&["peer", "log", &host.did]).expect(0);
    for part in ["you call it bob\n", "first met, with ", "KEY CHANGED to ", "you call it bob no more"] {
        assert!(words.text().contains(part), "{}", words.text());
    }
    assert!(words.stderr.contains("last met just now"), "{}", words.stderr);
    let unknown = home.run(&["peer", "log", "bob"]).expect(7);
    assert!(unknown.stderr.contains("no peer is known as bob"), "{}", unknown.stderr);
    let stranger = home.run(&["peer", "log", "did:web:carol.example"]).expect(0);
    assert!(stranger.stderr.contains("you have not met it from here"), "{}", stranger.stderr);
}

#[test]
fn strangers_leave_nothing() {
    let home = Home::new();
    let (alice, bob) = (home.identity("alice"), home.identity("bob"));
    let listener = Listener::start(&home, &["--as", "bob", "--allow-anyone", "--once"]);
    let address = listener.address.clone();
    let listening = std::thread::spawn(move || listener.finish(b""));
    let _ = home.run(&["connect", &address, "--as", "alice", "--expect", &bob]).expect(0);
    let _ = listening.join().unwrap().expect(0);
    assert_eq!(home.run(&["--json", "peer", "log", &alice]).expect(0).events().len(), 0);
    assert_eq!(home.run(&["--json", "peer", "log", &bob]).expect(0).events().len(), 1);
}
