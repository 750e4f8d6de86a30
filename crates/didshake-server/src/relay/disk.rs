//! Room on the disk of the database that deposits leave to everything else: owners log in, answer and so make room, also where
//! depositors have filled what is theirs.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long what was seen counts.
const LOOK: Duration = Duration::from_secs(1);

/// The disk, where the database is a file here.
#[derive(Debug)]
pub(crate) struct Disk {
    file: Option<PathBuf>,
    reserve: u64,
    seen: Mutex<Seen>,
}

#[derive(Debug)]
struct Seen {
    until: Option<Instant>,
    has_room: bool,
}

impl Disk {
    /// That of a file, of which so many bytes are to be left free.
    pub(crate) fn new(file: Option<&Path>, reserve: u64) -> Self {
        let seen = Mutex::new(Seen { until: None, has_room: true });
        Self { file: file.map(Path::to_owned), reserve, seen }
    }

    /// Whether a deposit may take some of it. That there is none is told once, and so is its end.
    pub(crate) fn has_room(&self) -> bool {
        let Some(file) = &self.file else { return true };
        let now = Instant::now();
        // What was seen is one of two, whatever panicked elsewhere.
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.until.is_none_or(|until| until <= now) {
            // What cannot be looked at, the database says itself.
            let has_room = free(file).is_none_or(|free| free >= self.reserve);
            match (seen.has_room, has_room) {
                (true, false) => {
                    tracing::error!(reserve = self.reserve, "the disk is nearly full: nothing is deposited")
                }
                (false, true) => tracing::info!("there is room on the disk again: deposits are taken"),
                _ => {}
            }
            *seen = Seen { until: Some(now + LOOK), has_room };
        }
        seen.has_room
    }
}

#[cfg(unix)]
fn free(file: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(file).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
fn free(_: &Path) -> Option<u64> {
    None
}
