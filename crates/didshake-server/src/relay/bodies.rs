//! What is in memory on its way in or out, deposits of sources and lists for owners: how much it may be, together and of one.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes of all bodies.
const ALL: usize = 64 << 20;
/// Bytes of the bodies of one: four of the longest that come.
const OF_ONE: usize = 16 << 20;

/// Whose bodies are told apart.
pub(crate) trait Whose: Copy + Eq + Hash + Send + 'static {}

impl<T: Copy + Eq + Hash + Send + 'static> Whose for T {}

/// What all bodies take. Nothing of it outlives them.
#[derive(Debug)]
pub(crate) struct Bodies<K: Whose>(Arc<Mutex<Taken<K>>>);

#[derive(Debug)]
struct Taken<K> {
    all: usize,
    of: HashMap<K, usize>,
}

/// What one body takes, until it is dropped.
#[derive(Debug)]
pub(crate) struct Room<K: Whose> {
    bodies: Bodies<K>,
    whose: K,
    bytes: usize,
}

impl<K: Whose> Bodies<K> {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Taken { all: 0, of: HashMap::new() })))
    }

    /// For a body of which nothing is here yet: whoever promises much and sends nothing takes nothing.
    pub(crate) fn begin(&self, whose: K) -> Room<K> {
        Room { bodies: Self(Arc::clone(&self.0)), whose, bytes: 0 }
    }

    // Whoever panicked elsewhere left no half of a number.
    fn taken(&self) -> MutexGuard<'_, Taken<K>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Whose> Room<K> {
    /// Takes room for bytes that are here; `false` where there is none.
    pub(crate) fn take(&mut self, bytes: usize) -> bool {
        let mut taken = self.bodies.taken();
        let of_one = taken.of.get(&self.whose).copied().unwrap_or_default();
        if taken.all.saturating_add(bytes) > ALL || of_one.saturating_add(bytes) > OF_ONE {
            return false;
        }
        taken.all = taken.all.saturating_add(bytes);
        taken.of.insert(self.whose, of_one.saturating_add(bytes));
        self.bytes = self.bytes.saturating_add(bytes);
        true
    }
}

impl<K: Whose> Drop for Room<K> {
    fn drop(&mut self) {
        let mut taken = self.bodies.taken();
        taken.all = taken.all.saturating_sub(self.bytes);
        let left = taken.of.get(&self.whose).copied().unwrap_or_default().saturating_sub(self.bytes);
        if left == 0 {
            taken.of.remove(&self.whose);
        } else {
            taken.of.insert(self.whose, left);
        }
    }
}

#[cfg(test)]
mod tests {
    use didshake_did::Source;

    use super::*;

    // R-RLY-4
    #[test]
    fn one_source_leaves_room_for_others_and_nothing_is_kept() {
        let bodies = Bodies::new();
        let source = |at: u8| Source::of([192, 0, 2, at].into());
        let mut rooms: Vec<Room<Source>> = (1..=5).map(|at| bodies.begin(source(at))).collect();
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
