//! did:peer, forms 2 and 4, wherever an identity goes.

use didshake_tests::{Home, Listener, Service, finish};

use crate::correspondents::World;

fn identity(home: &Home, name: &str, method: &str) -> String {
    home.run(&["id", "new", name, "--method", method]).expect(0).text().trim().to_owned()
}

fn short(long: &str) -> &str {
    long.rsplit_once(':').unwrap().0
}

// R-DID-11, R-DID-19, R-DID-21
#[test]
fn two_programs_prove_them_to_each_other() {
    for (listens, calls) in [("peer:2", "peer:4"), ("peer:4", "peer:2")] {
        let home = Home::new();
        let (alice, bob) = (identity(&home, "alice", calls), identity(&home, "bob", listens));
        let four = if calls == "peer:4" { &alice } else { &bob };
        let _ = home.run(&["peer", "add", "four", four]).expect(0);
        // Whoever is known by the long form may be said by the short one; the program sends the long one.
        let said = |did: &str| if did == four { short(did).to_owned() } else { did.to_owned() };
        let listener = Listener::start(&home, &["--as", "bob", "--allow", &said(&alice)]);
        let connecting = home.spawn(&["connect", &listener.address, "--as", "alice", "--expect", &said(&bob)]);
        let listening = std::thread::spawn(move || listener.finish(b"back\n"));
        let connected = finish(connecting, b"there\n").expect(0);
        assert_eq!(connected.text(), "back\n");
        assert!(connected.stderr.contains(&format!("{bob}#key-1")), "{}", connected.stderr);
        let events = listening.join().unwrap().expect(0).events();
        let peer = events.iter().find(|event| event["event"] == "connected").unwrap();
        assert_eq!(peer["peer"]["did"], alice);
    }
}

#[test]
fn a_short_form_that_nobody_knows_is_refused_by_its_own_cause() {
    let home = Home::new();
    let long = identity(&home, "alice", "peer:4");
    let short = short(&long);
    for arguments in [
        &["did", "resolve", short][..],
        &["peer", "add", "somebody", short],
        &["connect", "127.0.0.1:1", "--as", "alice", "--expect", short],
        &["listen", "127.0.0.1:0", "--as", "alice", "--allow", short],
    ] {
        let refused = home.run(&[&["--json"], arguments].concat()).expect(6).json();
        assert_eq!(refused["error"]["code"], "did_not_found", "{arguments:?}");
        assert!(refused["error"]["remedy"].as_str().unwrap().contains("peer add"), "{refused}");
    }
    let _ = home.run(&["peer", "add", "alice-herself", &long]).expect(0);
    let resolved = home.run(&["--json", "did", "resolve", short]).expect(0).json();
    assert_eq!((&resolved["did"], &resolved["document"]["alsoKnownAs"][0]), (&long.clone().into(), &short.into()));
    assert_eq!(resolved["authentication"][0]["algorithm"], "Ed25519");
    assert_eq!(resolved["keyAgreement"][0]["algorithm"], "X25519");
    // An identity of its own is never called by it, nor by a DID that carries another key.
    for did in [short, &long] {
        let refused = home.run(&["--json", "id", "new", "other", "--did", did, "--fragment", "key-1"]).expect(2).json();
        assert_eq!(refused["error"]["code"], "did");
    }
}

#[test]
fn what_is_made_says_where_it_is_reached_and_fits_the_wire() {
    let home = Home::new();
    for method in ["peer:2", "peer:4"] {
        let name = method.replace(':', "-");
        let new = ["id", "new", &name, "--algorithm", "es256", "--method", method];
        let endpoint = ["--endpoint", "https://box.example/didshake"];
        let did = home.run(&[&new[..], &endpoint].concat()).expect(0).text().trim().to_owned();
        let document = home.run(&["--json", "did", "resolve", &did]).expect(0).json()["document"].clone();
        assert_eq!(document["service"][0]["type"], "DIDShake");
        assert_eq!(document["service"][0]["serviceEndpoint"][0], endpoint[1]);
        let exported = home.run(&["--json", "id", "export-public", &name]).expect(0).json();
        assert_eq!(exported["publicKeyMultibase"], document["verificationMethod"][0]["publicKeyMultibase"]);
        let long = format!("https://box.example/{}", "a".repeat(1_700));
        let new = ["--json", "id", "new", "long", "--method", method, "--endpoint", &long];
        let refused = home.run(&new).expect(2).json();
        assert!(refused["error"]["message"].as_str().unwrap().contains("longer than 2048 bytes"), "{refused}");
    }
}

// R-DID-11, R-DID-21
#[test]
fn a_service_lets_them_in_and_bans_them_by_either_name() {
    let home = Home::new();
    let (two, four) = (identity(&home, "two", "peer:2"), identity(&home, "four", "peer:4"));
    let service = Service::start(&home, &[]);
    for (name, did) in [("two", &two), ("four", &four)] {
        let login = ["--json", "login", &service.origin, "--as", name, "--expect", &service.did];
        let shown = home.run(&login).expect(0).json();
        assert_eq!((&shown["me"]["did"], &shown["session"]["did"]), (&did.clone().into(), &did.clone().into()));
        let told = home.run(&["request", "GET", &service.url("/v1/session"), "--as", name]).expect(0).json();
        assert_eq!(told["did"], did.as_str());
    }
    drop(service);
    let rules =
        format!("[[rule]]\ndeny = {{ did = \"{}\" }}\n[[rule]]\nallow = {{ method = \"peer\" }}\n", short(&four));
    let policy = home.write("policy.toml", rules);
    let service = Service::start(&home, &["--policy", policy.to_str().unwrap()]);
    for (name, code) in [("two", 0), ("four", 3)] {
        let _ = home.run(&["login", &service.origin, "--as", name, "--expect", &service.did]).expect(code);
    }
}

// R-DID-21
#[test]
fn a_revocation_by_the_short_form_ends_the_session_of_the_long_one() {
    let home = Home::new();
    let (_, four) = (home.identity("owner"), identity(&home, "four", "peer:4"));
    let service = Service::start(&home, &[]);
    let link = service.listening["ownerInvite"]["link"].as_str().unwrap().to_owned();
    let join = ["login", &service.origin, "--as", "owner", "--expect", &service.did, "--invite", "-"];
    let _ = home.run_with(&join, format!("{link}\n").as_bytes()).expect(0);
    let login = || home.run(&["login", &service.origin, "--as", "four", "--expect", &service.did]);
    let ask = || home.run(&["request", "GET", &service.url("/v1/session"), "--as", "four", "--fail"]);
    let admin = |command: &str| home.run(&["admin", "--as", "owner", command, short(&four)]);
    let _ = login().expect(0);
    let _ = ask().expect(0);
    let _ = admin("revoke").expect(0);
    let _ = ask().expect(4);
    let _ = login().expect(3);
    let _ = admin("unrevoke").expect(0);
    let _ = login().expect(0);
}

#[test]
fn cards_mailboxes_and_letters_take_them() {
    let world = World::of(&["--method", "peer:4"], &["--method", "peer:2", "--algorithm", "es256"]);
    assert!(world.dids[0].starts_with("did:peer:4") && world.dids[1].starts_with("did:peer:2"));
    for (from, to, home, reader) in [(0, "bob", &world.alice, &world.bob), (1, "alice", &world.bob, &world.alice)] {
        let _ = home.run(&["send", to, "see you at nine"]).expect(0);
        let letters = reader.run(&["--json", "inbox"]).expect(0).events();
        assert_eq!((letters.len(), &letters[0]["text"]), (1, &"see you at nine".into()));
        assert_eq!(letters[0]["from"]["verificationMethod"], format!("{}#key-1", world.dids[from]));
    }
}
