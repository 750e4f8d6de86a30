//! The programs that are tested: the service, a listener, a relay, and the command that connects. They end with this value.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::process::target_dir;

/// Address and DID of what listens.
pub(super) struct Where {
    pub(super) service: (String, String),
    pub(super) listener: (String, String),
    pub(super) relay: (String, String),
}

pub(super) struct Programs {
    home: PathBuf,
    children: Vec<Child>,
    pub(super) places: Where,
}

impl Programs {
    /// Starts them on free ports of 127.0.0.1, with a home that was not there before.
    pub(super) fn start(home: &Path) -> Result<Self> {
        if home.exists() {
            fs::remove_dir_all(home)?;
        }
        fs::create_dir_all(home)?;
        for name in ["alice", "bob"] {
            let status = program(home, &["id", "new", name]).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
            ensure!(status.success(), "`didshake id new` ended with {status}");
        }
        let data = home.join("service").display().to_string();
        // A thousand handshakes from one address are the point here.
        let serve = ["--json", "serve", "--data", &data, "--listen", "127.0.0.1:0", "--rate-handshakes", "100000/min"];
        let listen = ["listen", "--json", "--keep", "--allow-anyone", "--as", "bob", "127.0.0.1:0"];
        let kept = home.join("relay").display().to_string();
        let relay = ["--json", "relay", "--data", &kept, "--listen", "127.0.0.1:0"];
        let (mut children, mut places) = (Vec::new(), Vec::new());
        for arguments in [&serve[..], &listen[..], &relay[..]] {
            let (child, place) = listening(program(home, arguments))?;
            children.push(child);
            places.push(place);
        }
        let [service, listener, relay]: [_; 3] = places.try_into().map_err(|_| anyhow::anyhow!("three programs"))?;
        Ok(Self { home: home.to_owned(), children, places: Where { service, listener, relay } })
    }

    /// The command that connects, for the runner's `--initiator`.
    pub(super) fn connect(&self) -> String {
        let identities = self.home.join(".local/share/didshake/identities");
        let known = self.home.join("known_peers");
        format!(
            "{} --identities {} --known-peers {} --batch connect {{address}} --as alice --expect {{did}}",
            binary().display(),
            identities.display(),
            known.display()
        )
    }
}

impl Drop for Programs {
    fn drop(&mut self) {
        for child in &mut self.children {
            // Both fail only if it has ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn binary() -> PathBuf {
    target_dir().join("release/didshake")
}

fn program(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.args(arguments).env_clear().env("HOME", home).current_dir(home).stdin(Stdio::null());
    command
}

/// Starts it and reads where it listens; whatever else it says is read and dropped, so that it never waits for us.
fn listening(mut command: Command) -> Result<(Child, (String, String))> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().context("cannot start `didshake`")?;
    let mut output = BufReader::new(child.stdout.take().context("a program without output")?);
    let mut line = String::new();
    output.read_line(&mut line)?;
    thread::spawn(move || output.lines().map_while(Result::ok).for_each(drop));
    let event: Value = serde_json::from_str(&line).with_context(|| format!("`didshake` said `{}`", line.trim()))?;
    let text = |name: &str| event.get(name).and_then(Value::as_str).map(str::to_owned);
    let (address, did) = (text("address"), text("did"));
    Ok((child, address.zip(did).with_context(|| format!("`didshake` does not listen: {}", line.trim()))?))
}
