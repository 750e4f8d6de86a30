//! Two who write to each other, and the relay between them.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use didshake_tests::{Home, Service};
use serde_json::Value;

/// Alice and Bob with mailboxes at one relay, each with a card of the other.
pub(crate) struct World {
    pub(crate) relay: Service,
    pub(crate) alice: Home,
    pub(crate) bob: Home,
    pub(crate) dids: [String; 2],
    _relays: Home,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::of(&[], &[])
    }

    /// The same with identities that are made with these options.
    pub(crate) fn of(alices: &[&str], bobs: &[&str]) -> Self {
        let relays = Home::new();
        let config = relays.write("relay.toml", "mailboxes = [\"anyone\"]\n");
        let relay = Service::start(&relays, &["--config", config.to_str().unwrap()]);
        let (alice, bob) = (Home::new(), Home::new());
        let made = |home: &Home, name: &str, more: &[&str]| {
            home.run(&[&["id", "new", name], more].concat()).expect(0).text().trim().to_owned()
        };
        let dids = [made(&alice, "alice", alices), made(&bob, "bob", bobs)];
        let world = Self { relay, alice, bob, dids, _relays: relays };
        for home in [&world.alice, &world.bob] {
            drop(home.run(&["mailbox", "open", &world.relay.origin, "--expect", &world.relay.did]).expect(0));
        }
        world.introduce();
        world
    }

    /// Gives each a new card of the other.
    pub(crate) fn introduce(&self) {
        for (from, to, from_name, to_name) in
            [(&self.alice, &self.bob, "alice", "bob"), (&self.bob, &self.alice, "bob", "alice")]
        {
            let card = from.run(&["id", "share", "--for", to_name]).expect(0).stdout;
            drop(to.run_with(&["peer", "add", "-", "--name", from_name], &card).expect(0));
        }
    }
}

/// A program that goes on, and the JSON lines that it prints.
pub(crate) struct Going {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<Value>,
}

impl Going {
    pub(crate) fn start(home: &Home, arguments: &[&str]) -> Self {
        let mut child = home.spawn(arguments);
        let (sender, lines) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let _ = sender.send(serde_json::from_str(&line).unwrap());
            }
        });
        let input = child.stdin.take();
        Self { child, input, lines }
    }

    pub(crate) fn next(&self) -> Value {
        self.lines.recv_timeout(Duration::from_secs(60)).unwrap()
    }

    /// The next line for which this holds.
    pub(crate) fn find(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut others = Vec::new();
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(60) {
            let Ok(line) = self.lines.recv_timeout(Duration::from_secs(60)) else { break };
            if wanted(&line) {
                return line;
            }
            others.push(line);
        }
        panic!("not among {others:?}")
    }

    pub(crate) fn type_line(&mut self, text: &str) {
        writeln!(self.input.as_mut().unwrap(), "{text}").unwrap();
    }

    /// Stops it where it is: whoever sent it something hears nothing of it.
    pub(crate) fn stop(&self) {
        let stopped = Command::new("kill").args(["-STOP", &self.child.id().to_string()]).status().unwrap();
        assert!(stopped.success());
    }

    /// Ends its input, and gives its exit code.
    pub(crate) fn end(mut self) -> i32 {
        drop(self.input.take());
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            assert!(start.elapsed() < Duration::from_secs(60), "it does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
