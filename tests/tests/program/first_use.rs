//! The first meeting, with somebody at a terminal.

use std::io::Write;

use didshake_tests::{Home, Listener};

use crate::terminal::Terminal;

fn meet(before: &str, answer: &str) -> (Home, Terminal, Listener, std::process::Child, String) {
    let home = Home::new();
    let (alice, bob) = (home.identity("alice"), home.identity("bob"));
    let listener = Listener::start(&home, &["--as", "bob", "--allow", &alice, "--once"]);
    let (mut terminal, program) = Terminal::open();
    let mut command = home.command(&["connect", &listener.address, "--as", "alice", "--timeout", "30"]);
    terminal.type_line(before);
    command.stdin(program.try_clone().unwrap()).stdout(program.try_clone().unwrap()).stderr(program);
    let child = command.spawn().unwrap();
    // What holds the program's side must go, or the terminal never ends.
    drop(command);
    terminal.wait_for("[yes/no]");
    terminal.wait_for(" s) ");
    assert!(terminal.text.contains("(within 2"), "{}", terminal.text);
    assert!(terminal.text.contains(&bob) && terminal.text.contains("does not know yet who you are"));
    terminal.type_line(answer);
    (home, terminal, listener, child, bob)
}

#[test]
fn yes_goes_on_and_remembers() {
    let (home, mut terminal, mut listener, mut child, bob) = meet("", "yes\n");
    terminal.wait_for("Connected to");
    // A peer cannot drive the terminal.
    let mut input = listener.input();
    input.write_all(b"\x1b[2Jhello\n").unwrap();
    terminal.wait_for("< \\u{1b}[2Jhello");
    terminal.type_line("typed\n\u{4}");
    drop(input);
    let listened = listener.finish(b"").expect(0);
    assert!(listened.text().contains("typed"));
    assert!(child.wait().unwrap().success());
    let known = home.run(&["--json", "peer", "list"]).expect(0).json();
    assert_eq!(known[0]["did"], bob.as_str());
}

// R-INIT-5
#[test]
fn no_ends_it_and_the_peer_learns_nothing() {
    let (home, mut terminal, listener, mut child, _) = meet("", "no\n");
    terminal.wait_for("you refused did:key:");
    assert!(!terminal.text.contains("not verified"), "{}", terminal.text);
    assert_eq!(child.wait().unwrap().code(), Some(4));
    let listened = listener.finish(b"").expect(3);
    assert_eq!(listened.events().last().unwrap()["error"]["code"], "peer_alert");
    let known = home.run(&["--json", "peer", "list"]).expect(0).json();
    assert!(known.as_array().unwrap().is_empty());
}

#[test]
fn a_yes_from_before_the_question_confirms_nobody() {
    let (home, mut terminal, listener, mut child, _) = meet("yes\nyes\n", "no\n");
    terminal.wait_for("you refused");
    assert!(terminal.text.contains("typed before the question is dropped"), "{}", terminal.text);
    assert_eq!(child.wait().unwrap().code(), Some(4));
    let _ = listener.finish(b"").expect(3);
    assert!(home.run(&["--json", "peer", "list"]).expect(0).json().as_array().unwrap().is_empty());
}
