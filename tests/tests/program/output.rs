//! What comes out, and what happens where it does not.

use std::fs::OpenOptions;
use std::process::Stdio;

use didshake_tests::{Home, Listener, finish};

const COMMANDS: [&[&str]; 6] = [
    &["id", "show", "alice"],
    &["--json", "id", "list"],
    &["completions", "bash"],
    &["man"],
    &["demo", "--once"],
    &["--help"],
];

#[test]
fn lost_output_is_a_failure() {
    let home = Home::new();
    let _ = home.identity("alice");
    for arguments in COMMANDS {
        let mut command = home.command(arguments);
        command.stdout(OpenOptions::new().write(true).open("/dev/full").unwrap());
        let run = finish(command.spawn().unwrap(), b"").expect(7);
        assert!(arguments == ["--help"] || run.stderr.contains("cannot write"), "{arguments:?}: {}", run.stderr);
    }
}

#[test]
fn a_reader_that_went_away_is_none() {
    let (home, closed) = (Home::new(), || std::io::pipe().unwrap().1);
    let alice = home.identity("alice");
    let bob = home.identity("bob");
    for arguments in COMMANDS {
        let mut command = home.command(arguments);
        command.stdout(closed());
        let run = finish(command.spawn().unwrap(), b"").expect(0);
        assert_eq!(run.stderr, "", "{arguments:?}");
    }
    // In the middle of a chat, which ends in order for the other side.
    let listener = Listener::start(&home, &["--as", "bob", "--allow", &alice]);
    let mut command = home.command(&["connect", &listener.address, "--as", "alice", "--expect", &bob]);
    let mut connecting = command.stdout(closed()).spawn().unwrap();
    let open = connecting.stdin.take();
    let listening = std::thread::spawn(move || listener.finish(b"for nobody\n"));
    let _ = finish(connecting, b"").expect(0);
    let _ = listening.join().unwrap().expect(0);
    drop(open);
}

#[test]
fn json_hides_no_letter() {
    let home = Home::new();
    let (alice, bob) = (home.identity("alice"), home.identity("bob"));
    let listener = Listener::start(&home, &["--as", "bob", "--allow", &alice]);
    let connecting = home.spawn(&["connect", &listener.address, "--as", "alice", "--expect", &bob]);
    let listening = std::thread::spawn(move || listener.finish(b""));
    let _ = finish(connecting, "a\u{9b}\u{7f}\u{202e}\u{e0041}b\n".as_bytes()).expect(0);
    let listened = listening.join().unwrap().expect(0);
    assert!(listened.text().contains(r"a\u009b\u007f\u202e\udb40\udc41b\n"), "{}", listened.text());

    let did = "did:web:bob.example";
    let document = home.write("did.json", format!("{{\"id\":\"{did}\",\"note\":\"\u{202e}\u{9b}\"}}"));
    let shown = home.run(&["did", "resolve", did, "--document", document.to_str().unwrap()]).expect(0).text();
    assert!(shown.contains(r"\u202e\u009b"), "{shown}");
}

#[test]
fn usage_errors_are_json_too() {
    let home = Home::new();
    for arguments in [&["--json", "connect"][..], &["id", "new", "--json"], &["no-such-command", "--json"]] {
        let run = home.command(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let run = finish(run, b"").expect(2);
        let error: serde_json::Value = serde_json::from_str(&run.stderr).unwrap();
        assert_eq!((&error["error"]["code"], &error["error"]["exit"]), (&"usage".into(), &2.into()), "{error}");
        assert_eq!(run.text(), "");
    }
    assert!(home.run(&["--json", "--help"]).expect(0).text().contains("Exit codes:"));
    assert!(home.run(&["connect", "--", "--json"]).expect(2).stderr.starts_with("error:"));
}
