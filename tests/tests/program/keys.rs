//! Identities and their key files.

use std::os::unix::fs::PermissionsExt;

use didshake_tests::{Home, Listener};

#[test]
fn identities_are_made_listed_shown_and_exported() {
    let home = Home::new();
    let did = home.identity("alice");
    let _ = home.run(&["id", "new", "phone", "--algorithm", "es256", "--method", "jwk"]).expect(0);
    let list = home.run(&["--json", "id", "list"]).expect(0).json();
    assert_eq!((&list[0]["name"], &list[0]["did"]), (&"alice".into(), &did.clone().into()));
    assert!(list[1]["did"].as_str().unwrap().starts_with("did:jwk:"));
    let shown = home.run(&["--json", "id", "show", "phone"]).expect(0).json();
    assert_eq!((&shown["algorithm"], &shown["encrypted"]), (&"ES256".into(), &false.into()));
    let path = shown["path"].as_str().unwrap();
    assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    let exported = home.run(&["--json", "id", "export-public", "alice"]).expect(0).json();
    assert_eq!(did, format!("did:key:{}", exported["publicKeyMultibase"].as_str().unwrap()));
    assert_eq!(exported["publicKeyJwk"]["crv"], "Ed25519");
    let resolved = home.run(&["--json", "did", "resolve", &did]).expect(0).json();
    assert_eq!(resolved["authentication"][0]["algorithm"], "Ed25519");
}

#[test]
fn an_encrypted_key_needs_its_passphrase() {
    let home = Home::new();
    let secret = home.write("secret", "correct horse battery\n");
    let wrong = home.write("wrong", "incorrect horse\n");
    let (secret, wrong) = (secret.to_str().unwrap(), wrong.to_str().unwrap());
    let made = home.run(&["--json", "id", "new", "alice", "--passphrase-file", secret]).expect(0).json();
    assert_eq!(made["encrypted"], true);
    let (alice, bob) = (made["did"].as_str().unwrap(), home.identity("bob"));
    let text = std::fs::read_to_string(made["path"].as_str().unwrap()).unwrap();
    assert!(text.contains("BEGIN ENCRYPTED PRIVATE KEY"));
    // What is public needs no passphrase.
    let _ = home.run(&["id", "show", "alice"]).expect(0);
    let _ = home.run(&["id", "export-public", "alice"]).expect(0);

    let listener = Listener::start(&home, &["--as", "bob", "--allow", alice]);
    let connect = |more: &[&str]| {
        home.run(&[&["--json", "connect", &listener.address, "--as", "alice", "--expect", &bob], more].concat())
    };
    let error = |run: didshake_tests::Output| run.json()["error"].clone();
    let asked = error(connect(&[]).expect(2));
    assert_eq!(asked["code"], "passphrase_needed");
    assert!(asked["remedy"].as_str().unwrap().contains("--passphrase-fd"));
    assert_eq!(error(connect(&["--passphrase-file", wrong]).expect(7))["code"], "wrong_passphrase");
    assert_eq!(error(connect(&["--passphrase-file", "nowhere"]).expect(7))["code"], "passphrase");
    let both = ["--passphrase-file", secret, "--passphrase-fd", "0"];
    assert_eq!(connect(&both).code, 2, "one source, not two");

    let address = listener.address.clone();
    let listening = std::thread::spawn(move || listener.finish(b""));
    let run = home.run_with(
        &["connect", &address, "--as", "alice", "--expect", &bob, "--passphrase-fd", "0"],
        b"correct horse battery\n",
    );
    let _ = run.expect(0);
    let _ = listening.join().unwrap().expect(0);
}

#[test]
fn a_key_file_open_to_others_is_refused_with_the_remedy() {
    let home = Home::new();
    let _ = home.identity("alice");
    let path = home.path(".local/share/didshake/identities/alice.pem");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let refused = home.run(&["id", "show", "alice"]).expect(7);
    assert!(refused.stderr.contains("chmod 600"), "{}", refused.stderr);
}

#[test]
fn xdg_directories_and_options_say_where_things_are() {
    let home = Home::new();
    let run = |arguments: &[&str]| {
        let mut command = home.command(arguments);
        command.env("XDG_DATA_HOME", home.path("data")).env("XDG_CONFIG_HOME", home.path("config"));
        didshake_tests::finish(command.spawn().unwrap(), b"").expect(0)
    };
    let did = run(&["id", "new", "alice"]).text();
    let _ = run(&["peer", "add", "bob", did.trim()]);
    assert!(home.path("data/didshake/identities/alice.pem").is_file());
    assert!(home.path("config/didshake/known_peers").is_file());
    let elsewhere = home.path("elsewhere");
    let _ = home.run(&["--identities", elsewhere.to_str().unwrap(), "id", "new", "carol"]).expect(0);
    assert!(elsewhere.join("carol.pem").is_file());
}
