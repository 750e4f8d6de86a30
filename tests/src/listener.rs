//! `didshake listen` in the background.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdin};
use std::time::Duration;

use serde_json::Value;

use crate::home::Home;
use crate::program::{Output, finish};

/// A listening program; stopped when dropped.
pub struct Listener {
    child: Option<Child>,
    first_line: String,
    /// Where it listens.
    pub address: String,
}

impl Listener {
    /// Starts `listen --json` on a free port of this machine and waits until it listens.
    ///
    /// # Panics
    /// Where it does not come to that.
    #[must_use]
    pub fn start(home: &Home, arguments: &[&str]) -> Self {
        Self::start_at(home, "127.0.0.1:0", arguments)
    }

    /// The same at another address.
    ///
    /// # Panics
    /// Where it does not come to that.
    #[must_use]
    pub fn start_at(home: &Home, address: &str, arguments: &[&str]) -> Self {
        let all = [&["--json", "listen", address], arguments].concat();
        let mut child = home.spawn(&all);
        let (sender, receiver) = std::sync::mpsc::channel();
        let mut stdout = BufReader::with_capacity(1, child.stdout.take().unwrap());
        std::thread::spawn(move || {
            let mut line = String::new();
            let _ = stdout.read_line(&mut line);
            let _ = sender.send((line, stdout.into_inner()));
        });
        let (first_line, stdout) = receiver.recv_timeout(Duration::from_secs(30)).expect("it says where it listens");
        child.stdout = Some(stdout);
        let event: Value = serde_json::from_str(&first_line).unwrap_or_else(|_| {
            let mut stderr = String::new();
            let _ = child.stderr.take().unwrap().read_to_string(&mut stderr);
            panic!("it does not listen: {first_line}{stderr}")
        });
        let address = event.get("address").and_then(Value::as_str).expect("an address").to_owned();
        Self { child: Some(child), first_line, address }
    }

    /// Its standard input, to write to and to close.
    ///
    /// # Panics
    /// Where it was taken before.
    #[must_use]
    pub fn input(&mut self) -> ChildStdin {
        self.child.as_mut().unwrap().stdin.take().unwrap()
    }

    /// Gives it its input and waits for its end.
    ///
    /// # Panics
    /// Where it does not end.
    #[must_use]
    pub fn finish(mut self, input: &[u8]) -> Output {
        let mut output = finish(self.child.take().unwrap(), input);
        output.stdout = [self.first_line.as_bytes(), &output.stdout].concat();
        output
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
