//! Bodies of deposits that are in memory: how much of it they may take, together and from one source.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use didshake_did::Source;

/// Bytes of all bodies.
const ALL: usize = 64 << 20;
/// Bytes of the bodies of one source: four of the longest.
const OF_ONE: usize = 16 << 20;

/// What all bodies take. Nothing of it outlives them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bodies(Arc<Mutex<Taken>>);

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    of: HashMap<Source, usize>,
}

/// What one body takes, until it is dropped.
#[derive(Debug)]
pub(crate) struct Room {
    bodies: Bodies,
    source: Source,
    bytes: usize,
}

impl Bodies {
    /// For a body of which nothing has come yet: whoever promises much and sends nothing takes nothing.
    pub(crate) fn begin(&self, source: Source) -> Room {
        Room { bodies: self.clone(), source, bytes: 0 }
    }

    // Whoever panicked elsewhere left no half of a number.
    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Room {
    /// Takes room for bytes that have come; `false` where there is none.
    pub(crate) fn take(&mut self, bytes: usize) -> bool {
        let mut taken = self.bodies.taken();
        let of_one = taken.of.get(&self.source).copied().unwrap_or_default();
        if taken.all.saturating_add(bytes) > ALL || of_one.saturating_add(bytes) > OF_ONE {
            return false;
        }
        taken.all = taken.all.saturating_add(bytes);
        taken.of.insert(self.source, of_one.saturating_add(bytes));
        self.bytes = self.bytes.saturating_add(bytes);
        true
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut taken = self.bodies.taken();
        taken.all = taken.all.saturating_sub(self.bytes);
        let left = taken.of.get(&self.source).copied().unwrap_or_default().saturating_sub(self.bytes);
        if left == 0 {
            taken.of.remove(&self.source);
        } else {
            taken.of.insert(self.source, left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // R-RLY-4
    #[test]
    fn one_source_leaves_room_for_others_and_nothing_is_kept() {
        let bodies = Bodies::default();
        let source = |at: u8| Source::of([192, 0, 2, at].into());
        let mut rooms: Vec<Room> = (1..=5).map(|at| bodies.begin(source(at))).collect();
        assert!(rooms[0].take(OF_ONE) && !rooms[0].take(1), "of one");
        let mut again = bodies.begin(source(1));
        assert!(!again.take(1), "of the same");
        assert!(rooms[1..4].iter_mut().all(|room| room.take(OF_ONE)));
        assert!(!rooms[4].take(1), "of all");
        rooms.remove(0);
        assert!(rooms[3].take(OF_ONE) && !again.take(1));
        drop((rooms, again));
        let taken = bodies.taken();
        assert!(taken.all == 0 && taken.of.is_empty());
    }
}
