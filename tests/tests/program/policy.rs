//! Who is let in, who is meant, and what each failure is called.

use didshake_tests::{Home, Listener};

const NOBODY: &str = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";

#[test]
fn an_unknown_peer_is_refused_in_a_script_with_the_remedy() {
    let home = Home::new();
    let (alice, bob) = (home.identity("alice"), home.identity("bob"));
    let listener = Listener::start(&home, &["--as", "bob", "--allow", &alice]);
    let address = listener.address.clone();
    let refused = home.run(&["connect", &address, "--as", "alice"]).expect(4);
    assert!(refused.stderr.contains("--expect DID") && refused.stderr.contains("peer add"), "{}", refused.stderr);
    let json = home.run(&["--json", "connect", &address, "--as", "alice"]).expect(4).json();
    assert_eq!((&json["error"]["code"], &json["error"]["exit"]), (&"unknown_peer".into(), &4.into()));

    let _ = home.run(&["peer", "add", &address, &bob]).expect(0);
    let listening = std::thread::spawn(move || listener.finish(b""));
    let _ = home.run(&["connect", &address, "--as", "alice"]).expect(0);
    let _ = listening.join().unwrap().expect(0);
}

// R-INIT-5, R-CHECK-3
#[test]
fn a_changed_peer_fails_loudly_and_learns_nothing() {
    let home = Home::new();
    let (alice, bob) = (home.identity("alice"), home.identity("bob"));
    let eve = home.identity("eve");
    let listener = Listener::start(&home, &["--as", "eve", "--allow-anyone", "--once"]);
    let address = listener.address.clone();
    let _ = home.run(&["peer", "add", &address, &bob]).expect(0);
    let changed = home.run(&["connect", &address, "--as", "alice"]).expect(3);
    for text in ["HAS CHANGED", &bob, &eve, "not verified", "didshake peer remove"] {
        assert!(changed.stderr.contains(text), "{text}: {}", changed.stderr);
    }
    let listened = listener.finish(b"").expect(3);
    assert!(!listened.text().contains(&alice) && !listened.stderr.contains(&alice), "Eve learned who called");
    let known = home.run(&["--json", "peer", "list"]).expect(0).json();
    assert_eq!(known[0]["did"], bob.as_str(), "the entry stays");
}

#[test]
fn what_is_said_wins_and_overwrites_nothing() {
    let home = Home::new();
    let (alice, bob) = (home.identity("alice"), home.identity("bob"));
    let listener = Listener::start(&home, &["--as", "bob", "--allow", &alice]);
    let address = listener.address.clone();
    let _ = home.run(&["peer", "add", &address, NOBODY]).expect(0);
    let _ = home.run(&["peer", "add", "bob", &bob]).expect(0);
    let listening = std::thread::spawn(move || listener.finish(b""));
    let said = home.run(&["connect", &address, "--as", "alice", "--expect", "bob"]).expect(0);
    assert!(said.stderr.contains("warning") && said.stderr.contains(NOBODY), "{}", said.stderr);
    let _ = listening.join().unwrap().expect(0);
    let known = home.run(&["--json", "peer", "list"]).expect(0).json();
    assert_eq!(known[0]["did"], NOBODY);
    let differs = home.run(&["--json", "peer", "add", &address, &bob]).expect(4).json();
    assert_eq!(differs["error"]["code"], "peer_differs");
    let _ = home.run(&["peer", "remove", &address]).expect(0);
    let _ = home.run(&["peer", "add", &address, &bob]).expect(0);
}

#[test]
fn every_exit_code() {
    let home = Home::new();
    let (alice, bob) = (home.identity("alice"), home.identity("bob"));
    let code = |arguments: &[&str], code: i32| {
        let run = home.run(arguments).expect(code);
        assert!(run.stderr.contains("error:"), "{arguments:?}: {}", run.stderr);
        run.stderr
    };
    // 1: a check failed
    code(&["inspect", "0f"], 1);
    // 2: usage
    code(&["no-such-command"], 2);
    code(&["connect", "nowhere", "--as", "alice"], 2);
    for address in ["host:", ":7007", "host:0", "host:70000", "host:http", "::1:7007", "[::1]", "[nothing]:7", "a/b:7"]
    {
        code(&["connect", address, "--as", "alice", "--expect", NOBODY], 2);
    }
    code(&["listen", "--as", "bob", "--allow-anyone", "--allow", NOBODY], 2);
    code(&["listen", "--as", "bob", "--allow-known", "--allow-anyone"], 2);
    assert!(code(&["listen", "127.0.0.1:0", "--as", "bob"], 2).contains("--allow-anyone"), "nobody by default");
    // 4: policy
    code(&["listen", "127.0.0.1:0", "--as", "bob", "--allow", "stranger"], 4);
    // 5: network
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    code(&["connect", &free, "--as", "alice", "--expect", NOBODY], 5);
    // 6: resolution
    code(&["did", "resolve", "did:web:example.com"], 6);
    code(&["did", "resolve", "did:key:z6Mk"], 6);
    // 7: storage
    assert!(code(&["id", "show", "carol"], 7).contains("didshake id new carol"));
    code(&["id", "new", "alice"], 7);
    code(&["peer", "remove", "nobody"], 7);
    code(&["vectors", "verify", "nowhere"], 7);
    home.write(".config/didshake/known_peers", "bob\n");
    assert!(code(&["peer", "list"], 7).contains("known_peers line 1"));
    assert_ne!(alice, bob);
}

#[test]
fn both_sides_say_why_the_handshake_failed() {
    let home = Home::new();
    let (alice, bob) = (home.identity("alice"), home.identity("bob"));
    let attempt = |listen: &[&str], connect: &[&str]| {
        let listener = Listener::start(&home, &[&["--as", "bob", "--once", "-v"], listen].concat());
        let all = [&["--json", "connect", &listener.address, "--as", "alice", "--expect"], connect].concat();
        let connected = home.run(&all);
        (listener.finish(b""), connected)
    };
    let error =
        |run: &didshake_tests::Output| run.events().last().unwrap()["error"]["code"].as_str().unwrap().to_owned();

    let (listened, connected) = attempt(&["--allow", NOBODY], &[&bob]);
    assert_eq!((listened.code, connected.code), (4, 3));
    assert_eq!((error(&listened), error(&connected)), ("not_admitted".into(), "peer_alert".into()));
    assert!(listened.stderr.contains("not_admitted") && listened.stderr.contains(&alice), "{}", listened.stderr);

    let (listened, connected) = attempt(&["--allow", &alice], &[NOBODY]);
    assert_eq!((listened.code, connected.code), (3, 3));
    assert_eq!(error(&connected), "not_admitted");

    let (listened, connected) = attempt(&["--allow", &alice, "--prologue", "here"], &[&bob, "--prologue", "there"]);
    assert_eq!((listened.code, connected.code), (3, 3));
    assert_eq!(error(&connected), "sealed_part_not_opened");

    let (listened, connected) =
        attempt(&["--allow-anyone", "--timeout", "1"], &[&bob, "--prologue", "x", "--timeout", "2"]);
    assert_eq!((listened.code, connected.code), (3, 3));
}

// R-LIMIT-2
#[test]
fn a_silent_peer_runs_into_the_time_limit() {
    let home = Home::new();
    let _ = home.identity("bob");
    let listener = Listener::start(&home, &["--as", "bob", "--allow-anyone", "--once", "--timeout", "1"]);
    let silent = std::net::TcpStream::connect(&listener.address).unwrap();
    let listened = listener.finish(b"").expect(5);
    assert_eq!(listened.events().last().unwrap()["error"]["code"], "timed_out");
    drop(silent);
}
