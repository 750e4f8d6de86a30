//! The first meeting, with somebody at a terminal.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a failed step is a failed test")]

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use didshake_tests::{Home, Listener};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// A terminal: what is typed into it, and what appears on it.
struct Terminal {
    typed: File,
    shown: mpsc::Receiver<Vec<u8>>,
    text: String,
}

impl Terminal {
    /// The terminal, and the side for a program.
    fn open() -> (Self, File) {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&controller).unwrap();
        unlockpt(&controller).unwrap();
        let name = ptsname(&controller, Vec::new()).unwrap();
        let program = OpenOptions::new().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        let typed = File::from(controller);
        let mut reader = typed.try_clone().unwrap();
        let (sender, shown) = mpsc::channel();
        std::thread::spawn(move || {
            let mut chunk = [0; 1024];
            while let Ok(count @ 1..) = reader.read(&mut chunk) {
                if sender.send(chunk[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        (Self { typed, shown, text: String::new() }, program)
    }

    fn wait_for(&mut self, text: &str) {
        let start = Instant::now();
        while !self.text.contains(text) {
            assert!(start.elapsed() < Duration::from_secs(30), "no `{text}` in: {}", self.text);
            if let Ok(bytes) = self.shown.recv_timeout(Duration::from_millis(100)) {
                self.text.push_str(&String::from_utf8_lossy(&bytes));
            }
        }
    }

    fn type_line(&mut self, text: &str) {
        self.typed.write_all(text.as_bytes()).unwrap();
    }
}

fn meet(answer: &str) -> (Home, Terminal, Listener, std::process::Child, String) {
    let home = Home::new();
    let (alice, bob) = (home.identity("alice"), home.identity("bob"));
    let listener = Listener::start(&home, &["--as", "bob", "--allow", &alice, "--once"]);
    let (mut terminal, program) = Terminal::open();
    let mut command = home.command(&["connect", &listener.address, "--as", "alice"]);
    command.stdin(program.try_clone().unwrap()).stdout(program.try_clone().unwrap()).stderr(program);
    let child = command.spawn().unwrap();
    // What holds the program's side must go, or the terminal never ends.
    drop(command);
    terminal.wait_for("[yes/no]");
    assert!(terminal.text.contains(&bob) && terminal.text.contains("does not know yet who you are"));
    terminal.type_line(answer);
    (home, terminal, listener, child, bob)
}

#[test]
fn yes_goes_on_and_remembers() {
    let (home, mut terminal, mut listener, mut child, bob) = meet("yes\n");
    terminal.wait_for("Connected to");
    // A peer cannot drive the terminal.
    let mut input = listener.input();
    input.write_all(b"\x1b[2Jhello\n").unwrap();
    terminal.wait_for("\\u{1b}[2Jhello");
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
    let (home, mut terminal, listener, mut child, _) = meet("no\n");
    terminal.wait_for("error:");
    assert_eq!(child.wait().unwrap().code(), Some(4));
    let listened = listener.finish(b"").expect(3);
    assert_eq!(listened.events().last().unwrap()["error"]["code"], "peer_alert");
    let known = home.run(&["--json", "peer", "list"]).expect(0).json();
    assert!(known.as_array().unwrap().is_empty());
}
