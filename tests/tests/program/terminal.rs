//! A terminal for a program, and somebody at it.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// A terminal: what is typed into it, and what appears on it.
pub(crate) struct Terminal {
    typed: File,
    shown: mpsc::Receiver<Vec<u8>>,
    pub(crate) text: String,
}

impl Terminal {
    /// The terminal, and the side for a program.
    pub(crate) fn open() -> (Self, File) {
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

    pub(crate) fn wait_for(&mut self, text: &str) {
        let start = Instant::now();
        while !self.text.contains(text) {
            assert!(start.elapsed() < Duration::from_secs(30), "no `{text}` in: {}", self.text);
            if let Ok(bytes) = self.shown.recv_timeout(Duration::from_millis(100)) {
                self.text.push_str(&String::from_utf8_lossy(&bytes));
            }
        }
    }

    pub(crate) fn type_line(&mut self, text: &str) {
        self.typed.write_all(text.as_bytes()).unwrap();
    }
}
