//! Channels over Unix sockets, standard input and output, and commands; `pipe`; the words of a channel.

use std::io::{Read, Write, copy};
use std::process::{Child, Stdio};

use didshake_tests::{Home, Listener, finish};
use serde_json::Value;

use crate::terminal::Terminal;

struct Scene {
    home: Home,
    alice: String,
    bob: String,
}

fn scene() -> Scene {
    let home = Home::new();
    let (alice, bob) = (home.identity("alice"), home.identity("bob"));
    Scene { home, alice, bob }
}

impl Scene {
    /// A shell command that has Bob answer over standard input and output.
    fn answer(&self, command: &str) -> String {
        let program = self.home.command(&[]).get_program().to_str().unwrap().to_owned();
        format!("{program} listen --stdio --as bob --allow {} --exec '{command}'", self.alice)
    }

    fn listen(&self, address: &str, command: &str) -> Listener {
        Listener::start_at(&self.home, address, &["--as", "bob", "--allow", &self.alice, "--exec", command])
    }

    /// Arguments of Alice, who means Bob.
    fn means<'a>(&'a self, arguments: &[&'a str]) -> Vec<&'a str> {
        [arguments, &["--as", "alice", "--expect", &self.bob]].concat()
    }
}

fn some_bytes() -> Vec<u8> {
    (0..3_000_000_u32).map(|at| (at * 7 % 251).to_le_bytes()[0]).collect()
}

/// The events that a program wrote to standard error.
fn events(stderr: &str) -> Vec<Value> {
    stderr.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

#[test]
fn a_pipe_carries_bytes_both_ways_and_honours_the_half_close() {
    let scene = scene();
    let listener = scene.listen("127.0.0.1:0", "cat; echo over");
    let bytes = some_bytes();
    let piped = scene.home.run_with(&scene.means(&["pipe", &listener.address, "--json"]), &bytes).expect(0);
    assert!(piped.stdout == [&bytes[..], b"over\n"].concat());
    let events = events(&piped.stderr);
    assert_eq!((&events[0]["event"], &events[0]["peer"]["did"]), (&"connected".into(), &scene.bob.clone().into()));
    assert_eq!(events[1], serde_json::json!({"event": "closed", "sent": 3_000_000, "received": 3_000_005}));
    assert_eq!(events.len(), 2);
}

#[test]
fn a_pipe_that_is_cut_is_no_success() {
    let scene = scene();
    let listener = scene.listen("127.0.0.1:0", "echo part; sleep 1; kill -9 $PPID");
    let cut = scene.home.run(&scene.means(&["pipe", &listener.address])).expect(5);
    assert_eq!(cut.text(), "part\n");
    assert!(cut.stderr.contains("may be cut short"), "{}", cut.stderr);
}

#[test]
fn a_pipe_asks_nobody_and_meets_nobody_else() {
    let scene = scene();
    let listener = scene.listen("127.0.0.1:0", "echo ran >> ran");
    let unknown = scene.home.run(&["pipe", &listener.address, "--as", "alice"]).expect(4);
    assert!(unknown.stderr.contains("--expect"), "{}", unknown.stderr);
    let other = scene.home.run(&["pipe", &listener.address, "--as", "alice", "--expect", &scene.alice]).expect(3);
    assert_eq!(other.text(), "");
    let nowhere = scene.home.run(&scene.means(&["pipe"])).expect(2);
    assert!(nowhere.stderr.contains("unix:PATH"), "{}", nowhere.stderr);
    let failed = scene.home.run(&scene.means(&["pipe", "--json", "unix:nowhere"])).expect(5);
    assert_eq!(events(&failed.stderr)[0]["error"]["code"], "network");
    assert!(!scene.home.path("ran").exists());
}

#[test]
fn a_unix_socket_is_an_address_and_one_that_was_left_over_is_replaced() {
    let scene = scene();
    let address = format!("unix:{}", scene.home.path("bob's socket").display());
    let left_over = scene.listen(&address, "cat");
    assert_eq!(left_over.address, address);
    drop(left_over);
    assert!(scene.home.path("bob's socket").exists(), "it was killed");
    let listener = scene.listen(&address, "cat");
    let bytes = some_bytes();
    let piped = scene.home.run_with(&scene.means(&["pipe", &address]), &bytes).expect(0);
    assert!(piped.stdout == bytes);
    let said = scene.home.run_with(&scene.means(&["connect", &address]), b"hello\n").expect(0);
    assert_eq!(said.text(), "hello\n");
    // Somebody listens there: it is not taken away.
    let _ = scene.home.run(&["listen", &address, "--as", "bob", "--allow-anyone"]).expect(5);
    let again = scene.home.run_with(&scene.means(&["connect", &address]), b"hello\n").expect(0);
    assert_eq!(again.text(), "hello\n");
    drop(listener);
}

#[test]
fn a_command_leads_to_a_peer() {
    let scene = scene();
    let answer = scene.answer("cat; echo over");
    let bytes = some_bytes();
    let piped = scene.home.run_with(&scene.means(&["pipe", "--exec", &answer]), &bytes).expect(0);
    assert!(piped.stdout == [&bytes[..], b"over\n"].concat());
    let said = scene.home.run_with(&scene.means(&["connect", "--exec", &answer]), b"hello\n").expect(0);
    assert_eq!(said.text(), "hello\nover\n");
    // One that fails says so itself.
    let failed = scene.home.run(&scene.means(&["pipe", "--exec", "echo no route >&2; exit 7"])).expect(5);
    assert!(failed.stderr.contains("no route") && failed.stderr.contains("exit status: 7"), "{}", failed.stderr);
    // Nobody is met unnamed.
    let unnamed = scene.home.run(&["connect", "--as", "alice", "--exec", &answer]).expect(4);
    assert!(unnamed.stderr.contains("--expect"), "{}", unnamed.stderr);
}

/// Two programs, the output of each the input of the other.
fn joined(mut one: Child, mut other: Child) -> [(i32, String); 2] {
    let pumps = [
        pump(one.stdout.take().unwrap(), other.stdin.take().unwrap()),
        pump(other.stdout.take().unwrap(), one.stdin.take().unwrap()),
    ];
    let ended = [one, other].map(|mut child| {
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        (child.wait().unwrap().code().unwrap(), stderr)
    });
    for pump in pumps {
        pump.join().unwrap();
    }
    ended
}

fn pump(mut from: impl Read + Send + 'static, mut to: impl Write + Send + 'static) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        let _ = copy(&mut from, &mut to);
    })
}

#[test]
fn both_ends_can_be_standard_input_and_output() {
    let scene = scene();
    let asks = "echo \"I am asked by $DIDSHAKE_PEER_DID\"; read answer; echo \"$answer\" > answer";
    let alice = scene.home.spawn(&scene.means(&["connect", "--stdio", "--run", asks, "--json"]));
    let answers = "read question; echo \"$DIDSHAKE_PEER_DID says: $question\"";
    let bob = scene.home.spawn(&["listen", "--stdio", "--as", "bob", "--allow", &scene.alice, "--exec", answers]);
    let [alice, bob] = joined(alice, bob);
    assert_eq!((alice.0, bob.0), (0, 0), "{} {}", alice.1, bob.1);
    let answer = std::fs::read_to_string(scene.home.path("answer")).unwrap();
    assert_eq!(answer, format!("{} says: I am asked by {}\n", scene.alice, scene.bob));
    assert_eq!(events(&alice.1)[0]["event"], "connected");
    // Who may not come in gets no process.
    let alice = scene.home.spawn(&scene.means(&["connect", "--stdio", "--run", "true"]));
    let bob = scene.home.spawn(&["listen", "--stdio", "--as", "bob", "--allow", &scene.bob, "--exec", "echo > ran"]);
    let [alice, bob] = joined(alice, bob);
    assert_eq!((alice.0, bob.0), (3, 4), "{} {}", alice.1, bob.1);
    assert!(!scene.home.path("ran").exists());
}

#[test]
fn both_ends_show_the_same_words() {
    let scene = scene();
    let mut listener = Listener::start(&scene.home, &["--as", "bob", "--allow", &scene.alice, "--verify"]);
    drop(listener.input());
    let connect = scene.means(&["--json", "connect", &listener.address, "--verify"]);
    let connected = scene.home.run(&connect).expect(0).events();
    let listened = listener.finish(b"").expect(0).events();
    let words = &connected[0]["verifyWords"];
    assert_eq!(words.as_array().unwrap().len(), 5);
    assert_eq!(words, &listened[1]["verifyWords"]);
}

#[test]
fn the_words_are_shown_to_whoever_types_for_them_and_not_sent() {
    let scene = scene();
    let listener = Listener::start(&scene.home, &["--as", "bob", "--allow", &scene.alice, "--verify"]);
    let (mut terminal, program) = Terminal::open();
    let mut command = scene.home.command(&scene.means(&["connect", &listener.address]));
    command.stdin(program.try_clone().unwrap()).stdout(Stdio::piped()).stderr(program);
    let child = command.spawn().unwrap();
    drop(command);
    terminal.wait_for("Connected to");
    assert!(!terminal.text.contains("words"));
    terminal.type_line("/verify\n");
    terminal.wait_for("sits between");
    terminal.type_line("hello\n\u{4}");
    let listened = listener.finish(b"").expect(0).events();
    let words: Vec<&str> =
        listened[1]["verifyWords"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    assert!(terminal.text.contains(&words.join(" ")), "{}", terminal.text);
    let messages: Vec<_> = listened.iter().filter(|event| event["event"] == "message").collect();
    assert_eq!((messages.len(), &messages[0]["text"]), (1, &"hello\n".into()));
    let _ = finish(child, b"").expect(0);
}
