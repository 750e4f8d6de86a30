//! A listener that goes on: whom its input belongs to, and who can hold it up.

use std::io::Write;
use std::net::TcpStream;
use std::process::Child;

use crate::terminal::Terminal;
use didshake_tests::{Home, Listener, finish};

/// Alice and Bob in one home, their DIDs.
fn two() -> (Home, String, String) {
    let home = Home::new();
    let (alice, bob) = (home.identity("alice"), home.identity("bob"));
    (home, alice, bob)
}

fn on_terminal(home: &Home, arguments: &[&str]) -> (Terminal, Child, String) {
    let (mut terminal, program) = Terminal::open();
    let mut command = home.command(&[&["listen", "127.0.0.1:0", "--as", "bob"], arguments].concat());
    command.stdin(program.try_clone().unwrap()).stdout(program.try_clone().unwrap()).stderr(program);
    let child = command.spawn().unwrap();
    drop(command);
    terminal.wait_for(" as did:key:");
    let address = terminal.text.split_once("Listening on ").unwrap().1.split_once(" as").unwrap().0.to_owned();
    (terminal, child, address)
}

#[test]
fn what_is_typed_for_one_peer_goes_to_no_other() {
    let (home, alice, bob) = two();
    let (mut terminal, mut listening, address) = on_terminal(&home, &["--allow", &alice, "--keep"]);
    terminal.type_line("for nobody\n");
    terminal.wait_for("nobody was connected");
    let connect = || home.spawn(&["connect", &address, "--as", "alice", "--expect", &bob]);

    let mut first = connect();
    let mut input = first.stdin.take().unwrap();
    terminal.wait_for("Connected to");
    terminal.type_line("for the first\n\u{4}");
    input.write_all(b"Connected to somebody else\n").unwrap();
    terminal.wait_for("< Connected to somebody else");
    drop(input);
    assert_eq!(finish(first, b"").expect(0).text(), "for the first\n");

    terminal.text.clear();
    terminal.type_line("too late\n");
    // Typed for the first, or for nobody: that depends on how fast its connection ends.
    terminal.wait_for(" is dropped");
    // Ctrl-D ended our side for the first peer only.
    let mut second = connect();
    let input = second.stdin.take().unwrap();
    terminal.wait_for("Connected to");
    terminal.type_line("for the second\n");
    std::thread::sleep(std::time::Duration::from_millis(300));
    drop(input);
    assert_eq!(finish(second, b"").expect(0).text(), "for the second\n");
    listening.kill().unwrap();
    listening.wait().unwrap();
}

#[test]
fn piped_input_goes_to_the_first_peer_alone() {
    let (home, alice, bob) = two();
    let mut listener = Listener::start(&home, &["--as", "bob", "--allow", &alice, "--keep"]);
    let mut input = listener.input();
    input.write_all(b"for the first\n").unwrap();
    let connect = || home.run(&["connect", &listener.address, "--as", "alice", "--expect", &bob]).expect(0).text();
    assert_eq!(connect(), "for the first\n");
    // Its reader is gone by now.
    let _ = input.write_all(b"for whom?\n");
    assert_eq!(connect(), "");
}

#[test]
fn a_peer_that_ends_its_side_does_not_hold_the_listener() {
    let (home, alice, bob) = two();
    // Bob's input stays open all the time.
    let listener = Listener::start(&home, &["--as", "bob", "--allow", &alice, "--keep"]);
    for _ in 0..3 {
        let _ = home.run_with(&["connect", &listener.address, "--as", "alice", "--expect", &bob], b"hi\n").expect(0);
    }
}

#[test]
fn silent_connections_shut_nobody_out() {
    let (home, alice, bob) = two();
    let listener = Listener::start(&home, &["--as", "bob", "--allow", &alice]);
    let silent: Vec<TcpStream> = (0..40).map(|_| TcpStream::connect(&listener.address).unwrap()).collect();
    let address = listener.address.clone();
    let listening = std::thread::spawn(move || listener.finish(b""));
    let connect = ["connect", &address, "--as", "alice", "--expect", &bob, "--timeout", "4"];
    let _ = home.run(&connect).expect(0);
    let events = listening.join().unwrap().expect(0).events();
    assert!(events.iter().any(|event| event["code"] == "crowded_out"), "{events:?}");
    drop(silent);
}

#[test]
fn an_unread_log_and_a_flood_stop_nobody() {
    let (home, alice, bob) = two();
    let listener = Listener::start(&home, &["-vv", "--as", "bob", "--allow", &alice]);
    // More log than a pipe holds.
    for _ in 0..600 {
        drop(TcpStream::connect(&listener.address).unwrap());
        // No faster than the system's queue takes them.
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    std::thread::sleep(std::time::Duration::from_millis(300));
    let connecting = home.spawn(&["connect", &listener.address, "--as", "alice", "--expect", &bob, "--timeout", "10"]);
    std::thread::sleep(std::time::Duration::from_secs(2));
    let listening = std::thread::spawn(move || listener.finish(b"answer\n"));
    assert_eq!(finish(connecting, b"").expect(0).text(), "answer\n");
    let events = listening.join().unwrap().expect(0).events();
    let refused: Vec<_> = events.iter().filter(|event| event["event"] == "refused").collect();
    let more: u64 = refused.iter().filter_map(|event| event["more"].as_u64()).sum();
    assert!(more > 300 && refused.len() < 100, "{more} and {}", refused.len());
}

#[test]
fn the_log_names_whom_it_is_about_and_each_member_once() {
    let (home, alice, bob) = two();
    let log = ["-vv", "--log-format", "json"];
    let listener = Listener::start(&home, &[&log[..], &["--as", "bob", "--allow", &alice]].concat());
    let connect = ["connect", &listener.address, "--as", "alice", "--expect", &bob];
    let connecting = home.spawn(&[&log[..], &connect].concat());
    let listening = std::thread::spawn(move || listener.finish(b""));
    let connected = finish(connecting, b"").expect(0).stderr;
    let listened = listening.join().unwrap().expect(0).stderr;
    for (text, member) in [(connected, "to"), (listened, "from")] {
        let lines: Vec<&str> = text.lines().filter(|line| line.contains("\"kind\":\"Hello\"")).collect();
        assert_eq!(lines.len(), 1, "{text}");
        let event: serde_json::Value = serde_json::from_str(lines[0]).unwrap();
        assert!(event["span"][member].as_str().unwrap().starts_with("127.0.0.1:"), "{event}");
        for line in text.lines() {
            assert!(line.matches("\"message\":").count() < 2, "{line}");
        }
    }
}
