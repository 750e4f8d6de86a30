//! The program, cut off at a place that is chosen: before the n-th of its calls that change a file, by a signal that it
//! cannot catch. A library that is loaded before the C library counts the calls.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::home::Home;

/// What happens before the call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cut {
    /// SIGKILL: nothing after it happens.
    Off,
    /// SIGSTOP: nothing after it happens before [`go_on`].
    Short,
}

impl Home {
    /// Starts the program, to be cut before its n-th call that changes a file; it runs to its end where it has fewer.
    ///
    /// # Panics
    /// Where it does not start.
    #[must_use]
    pub fn spawn_cut(&self, arguments: &[&str], cut: Cut, before_call: usize) -> Child {
        let signal = match cut {
            Cut::Off => "9",
            Cut::Short => "19",
        };
        let mut command = self.command(arguments);
        command.env("LD_PRELOAD", library()).env("CUT_WITH", signal).env("CUT_AT", before_call.to_string());
        command.spawn().expect("the program starts")
    }

    /// The program with a clock that is so many seconds ahead, or behind.
    #[must_use]
    pub fn command_ahead(&self, arguments: &[&str], seconds: i64) -> Command {
        let mut command = self.command(arguments);
        command.env("LD_PRELOAD", library()).env("CLOCK_AHEAD", seconds.to_string());
        command
    }
}

/// Waits until a program stands before its call, or has ended: then this is false.
///
/// # Panics
/// Where it does neither within a minute.
pub fn until_stopped(child: &mut Child) -> bool {
    let (begun, stat) = (Instant::now(), format!("/proc/{}/stat", child.id()));
    while begun.elapsed() < Duration::from_secs(60) {
        if child.try_wait().expect("the program can be waited for").is_some() {
            return false;
        }
        // The state stands behind the name in brackets.
        let state = std::fs::read_to_string(&stat).unwrap_or_default();
        if state.rsplit(')').next().is_some_and(|rest| rest.starts_with(" T")) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    panic!("the program neither stops nor ends")
}

/// Lets a program go on that was stopped.
///
/// # Panics
/// Where there is no `kill`.
pub fn go_on(child: &Child) {
    let status = Command::new("kill").args(["-CONT", &child.id().to_string()]).status().expect("kill runs");
    assert!(status.success(), "the program is gone");
}

fn library() -> &'static Path {
    static LIBRARY: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = LIBRARY.get_or_init(|| {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let (source, path) = (directory.path().join("cut.c"), directory.path().join("cut.so"));
        std::fs::write(&source, include_str!("cut.c")).expect("a file");
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"]).args([&path, &source]);
        assert!(compiler.stdin(Stdio::null()).status().expect("cc runs").success(), "cut.c does not compile");
        (directory, path)
    });
    path
}
