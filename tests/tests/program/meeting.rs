//! Two programs that meet.

use didshake_tests::{Home, Listener, finish};
use serde_json::Value;

/// Alice and Bob in one home, their DIDs.
fn two() -> (Home, String, String) {
    let home = Home::new();
    let (alice, bob) = (home.identity("alice"), home.identity("bob"));
    (home, alice, bob)
}

fn messages(events: &[Value]) -> String {
    let of = |event: &Value| (event["event"] == "message").then(|| event["text"].as_str().unwrap().to_owned());
    events.iter().filter_map(of).collect()
}

#[test]
fn lines_appear_on_the_other_side() {
    let (home, alice, bob) = two();
    let listener = Listener::start(&home, &["--as", "bob", "--allow", &alice]);
    let connecting = home.spawn(&["connect", &listener.address, "--as", "alice", "--expect", &bob]);
    let listening = std::thread::spawn(move || listener.finish(b"answer\n"));
    let connected = finish(connecting, b"one\ntwo\n").expect(0);
    let listened = listening.join().unwrap().expect(0);
    assert_eq!(connected.text(), "answer\n");
    assert!(connected.stderr.contains(&format!("Connected to {bob}")), "{}", connected.stderr);
    let events = listened.events();
    assert_eq!(messages(&events), "one\ntwo\n");
    assert_eq!((&events[0]["did"], &events[1]["peer"]["did"]), (&bob.clone().into(), &alice.into()));
    assert_eq!(events.last().unwrap()["event"], "closed");
}

#[test]
fn pipes_carry_every_byte() {
    let (home, alice, bob) = two();
    let listener = Listener::start(&home, &["--as", "bob", "--allow", &alice]);
    // Longer than a record, no line breaks, every byte value.
    let bytes: Vec<u8> = (0..300_000_u32).map(|at| (at % 251) as u8).collect();
    let connecting = home.spawn(&["connect", &listener.address, "--as", "alice", "--expect", &bob]);
    let back = bytes.clone();
    let listening = std::thread::spawn(move || listener.finish(&back));
    let connected = finish(connecting, &bytes).expect(0);
    let events = listening.join().unwrap().expect(0).events();
    assert_eq!(connected.stdout, bytes);
    let received: Vec<u8> = events
        .iter()
        .filter(|event| event["event"] == "message")
        .flat_map(|event| match event["hex"].as_str() {
            Some(text) => hex::decode(text).unwrap(),
            None => event["text"].as_str().unwrap().as_bytes().to_vec(),
        })
        .collect();
    assert!(received == bytes);
}

#[test]
fn ctrl_d_ends_one_side_and_waits_for_the_other() {
    let (home, alice, bob) = two();
    let mut listener = Listener::start(&home, &["--as", "bob", "--allow", &alice]);
    let input = listener.input();
    let mut connecting = home.spawn(&["connect", &listener.address, "--as", "alice", "--expect", &bob]);
    drop(connecting.stdin.take());
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert!(connecting.try_wait().unwrap().is_none(), "it waits for Bob");
    std::io::Write::write_all(&mut &input, b"late\n").unwrap();
    drop(input);
    assert_eq!(finish(connecting, b"").expect(0).text(), "late\n");
    let _ = listener.finish(b"").expect(0);
}

// R-CHAN-15
#[test]
fn a_peer_that_dies_is_a_truncation() {
    let (home, alice, bob) = two();
    let mut listener = Listener::start(&home, &["--as", "bob", "--allow", &alice]);
    let _input = listener.input();
    let mut connecting = home.spawn(&["--json", "connect", &listener.address, "--as", "alice", "--expect", &bob]);
    let keeps_open = connecting.stdin.take();
    std::thread::sleep(std::time::Duration::from_millis(800));
    drop(listener);
    let failed = finish(connecting, b"").expect(5);
    drop(keeps_open);
    let code = failed.events().last().unwrap()["error"]["code"].clone();
    assert!(code == "truncated" || code == "network", "{code}");
}

#[test]
fn documents_from_files_and_all_kinds_of_identities() {
    let home = Home::new();
    let web = "did:web:bob.example";
    let _ = home.run(&["id", "new", "bob", "--did", web, "--fragment", "key-1", "--algorithm", "es256"]).expect(0);
    let exported = home.run(&["--json", "id", "export-public", "bob"]).expect(0).json();
    let document = serde_json::json!({
        "id": web,
        "verificationMethod": [{
            "id": "#key-1", "type": "JsonWebKey", "controller": web, "publicKeyJwk": exported["publicKeyJwk"],
        }],
        "authentication": ["#key-1"],
    });
    let file = home.write("documents/bob.json", document.to_string());
    let (file, directory) = (file.to_str().unwrap(), home.path("documents"));
    let jwk = home.run(&["id", "new", "alice", "--method", "jwk"]).expect(0).text().trim().to_owned();

    let resolved = home.run(&["--json", "did", "resolve", web, "--document", file]).expect(0).json();
    assert_eq!(resolved["authentication"][0]["algorithm"], "ES256");

    let listener = Listener::start(&home, &["--as", "bob", "--allow", &jwk]);
    let connecting = home.spawn(&[
        "connect",
        &listener.address,
        "--as",
        "alice",
        "--expect",
        web,
        "--documents",
        directory.to_str().unwrap(),
        "--recipient",
    ]);
    let listening = std::thread::spawn(move || listener.finish(b""));
    let connected = finish(connecting, b"hello\n").expect(0);
    assert!(connected.stderr.contains(&format!("{web}#key-1")), "{}", connected.stderr);
    assert_eq!(messages(&listening.join().unwrap().expect(0).events()), "hello\n");
}

#[test]
fn a_listener_outlives_refused_peers_and_keeps_on() {
    let (home, alice, bob) = two();
    let eve = home.identity("eve");
    let _ = home.run(&["peer", "add", "alice", &alice]).expect(0);
    let listener = Listener::start(&home, &["--as", "bob", "--allow-known", "--keep"]);
    let connect = |name: &str| home.run(&["connect", &listener.address, "--as", name, "--expect", &bob]);
    // Not a peer at all.
    drop(std::net::TcpStream::connect(&listener.address).unwrap());
    let refused = connect("eve").expect(3);
    assert!(refused.stderr.contains("`denied` (49)"), "{}", refused.stderr);
    assert!(!refused.stderr.contains("not_admitted"), "the cause is not told to the peer: {}", refused.stderr);
    // Bob's input has not ended: Alice waits for his side until she is stopped.
    let mut first = home.spawn(&["connect", &listener.address, "--as", "alice", "--expect", &bob]);
    std::thread::sleep(std::time::Duration::from_millis(800));
    assert!(first.try_wait().unwrap().is_none());
    first.kill().unwrap();
    let _ = finish(first, b"");
    std::thread::sleep(std::time::Duration::from_millis(300));
    let second = home.spawn(&["--json", "connect", &listener.address, "--as", "alice", "--expect", &bob]);
    let listened = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(800));
        drop(listener);
    });
    let events = finish(second, b"").events();
    listened.join().unwrap();
    assert_eq!(events[0]["event"], "connected");
    assert!(eve.starts_with("did:key:"));
}
