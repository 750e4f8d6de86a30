//! `didshake serve`, or `didshake relay`, in the background.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::home::{Home, Place};

/// A cold start of a debug build, on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

/// A running service; stopped when dropped.
pub struct Service {
    running: Option<Running>,
    place: Place,
    arguments: Vec<String>,
    /// Where it listens, `127.0.0.1:PORT`.
    pub address: String,
    /// The first of its origins.
    pub origin: String,
    /// Its DID.
    pub did: String,
    /// What it said when it began to listen.
    pub listening: Value,
}

struct Running {
    child: Child,
    events: Receiver<Value>,
    log: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
}

impl Service {
    /// Starts `serve --json` with its data in `home`, on a free port unless the arguments say `--listen`, and waits until
    /// it listens.
    ///
    /// # Panics
    /// Where it does not come to that.
    #[must_use]
    pub fn start(home: &Home, arguments: &[&str]) -> Self {
        Self::start_as("serve", home, arguments)
    }

    /// The same of `relay`.
    ///
    /// # Panics
    /// Where it does not come to that.
    #[must_use]
    pub fn start_relay(home: &Home, arguments: &[&str]) -> Self {
        Self::start_as("relay", home, arguments)
    }

    fn start_as(command: &str, home: &Home, arguments: &[&str]) -> Self {
        let data = home.path("service");
        let mut all: Vec<String> = ["--json", command, "--data", data.to_str().unwrap()].map(str::to_owned).to_vec();
        all.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        if !arguments.contains(&"--listen") {
            all.extend(["--listen", "127.0.0.1:0"].map(str::to_owned));
        }
        let (running, listening) = run(&home.place(), &all);
        let text = |pointer: &str| listening.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (address, origin, did) = (text("/address"), text("/origins/0"), text("/did"));
        assert!(!address.is_empty() && !origin.is_empty() && !did.is_empty(), "{listening}");
        // Another start listens at the same place, so that the origin stays.
        let at = all.iter().position(|argument| argument == "--listen").unwrap();
        all[at + 1].clone_from(&address);
        Self { running: Some(running), place: home.place(), arguments: all, address, origin, did, listening }
    }

    /// A URL on its first origin.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// What it has logged so far.
    ///
    /// # Panics
    /// Where it does not run.
    #[must_use]
    pub fn log(&self) -> String {
        self.running.as_ref().unwrap().log.lock().unwrap().clone()
    }

    /// The next event that it tells.
    ///
    /// # Panics
    /// Where none comes.
    #[must_use]
    pub fn event(&self) -> Value {
        self.running.as_ref().unwrap().events.recv_timeout(LIMIT).expect("an event")
    }

    /// The number of its process.
    ///
    /// # Panics
    /// Where it does not run.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.running.as_ref().unwrap().child.id()
    }

    /// Kills it at once, as a power cut would.
    ///
    /// # Panics
    /// Where it does not run.
    pub fn kill(&mut self) {
        let mut running = self.running.take().unwrap();
        running.child.kill().unwrap();
        running.child.wait().unwrap();
    }

    /// Asks it to end in order (SIGTERM) and gives its exit code.
    ///
    /// # Panics
    /// Where it does not end.
    pub fn stop(&mut self) -> i32 {
        let mut running = self.running.take().unwrap();
        let kill = format!("kill -TERM {}", running.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        let start = Instant::now();
        let status = loop {
            if let Some(status) = running.child.try_wait().unwrap() {
                break status;
            }
            if start.elapsed() > LIMIT {
                let _ = running.child.kill();
                panic!("the service did not end: {}", running.log.lock().unwrap());
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        running.readers.drain(..).for_each(|reader| drop(reader.join()));
        status.code().unwrap_or(-1)
    }

    /// Starts it again, at the same place and with the same data, after [`kill`](Self::kill) or [`stop`](Self::stop).
    ///
    /// # Panics
    /// Where it does not come to listening.
    pub fn restart(&mut self) {
        assert!(self.running.is_none(), "it runs already");
        let (running, listening) = run(&self.place, &self.arguments);
        (self.running, self.listening) = (Some(running), listening);
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(mut running) = self.running.take() {
            let _ = running.child.kill();
            let _ = running.child.wait();
            if std::thread::panicking() {
                eprintln!("the service's log:\n{}", running.log.lock().unwrap());
            }
        }
    }
}

fn run(place: &Place, arguments: &[String]) -> (Running, Value) {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut child = place.command(&arguments).spawn().expect("the program starts");
    drop(child.stdin.take());
    let (stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let (sender, events) = channel();
    // Both are read to their end: a program whose output nobody reads would stop.
    let telling = std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            let _ = sender.send(serde_json::from_str(&line).unwrap_or(Value::String(line)));
        }
    });
    let log = Arc::new(Mutex::new(String::new()));
    let kept = Arc::clone(&log);
    let logging = std::thread::spawn(move || {
        let mut chunk = [0; 4096];
        while let Ok(count @ 1..) = stderr.read(&mut chunk) {
            kept.lock().unwrap().push_str(&String::from_utf8_lossy(&chunk[..count]));
        }
    });
    let running = Running { child, events, log, readers: vec![telling, logging] };
    let first = running.events.recv_timeout(LIMIT);
    match first {
        Ok(event) if event.get("event").is_some_and(|name| name == "listening") => (running, event),
        told => {
            let mut child = running.child;
            let _ = child.kill();
            let _ = child.wait();
            running.readers.into_iter().for_each(|reader| drop(reader.join()));
            panic!("it does not listen: {told:?}\n{}", running.log.lock().unwrap())
        }
    }
}
