//! What a cache keeps: outcomes by DID, bounded in number and in bytes. No waiting, no clock.

use std::collections::HashMap;

use didshake::{Did, Fault, UnixTime};

use crate::resolver::{Freshness, Resolved};

// A map slot, a DID and an entry around the document itself.
const ENTRY_BYTES: usize = 256;

pub(crate) struct Store {
    entries: HashMap<Did, Entry>,
    max_entries: usize,
    max_bytes: usize,
    bytes: usize,
    uses: u64,
}

pub(crate) struct Entry {
    outcome: Result<Resolved, Fault>,
    begun: UnixTime,
    stale_at: UnixTime,
    refreshed: Option<UnixTime>,
    weight: usize,
    used: u64,
}

impl Entry {
    pub(crate) fn is_positive(&self) -> bool {
        self.outcome.is_ok()
    }

    /// When its fetch began.
    pub(crate) fn begun(&self) -> UnixTime {
        self.begun
    }

    pub(crate) fn as_cached(&self) -> Result<Resolved, Fault> {
        self.outcome.clone().map(|resolved| resolved.with_freshness(Freshness::Cached { since: self.begun }))
    }

    // A clock that was set back makes everything stale that it puts into the future.
    fn is_fresh(&self, now: UnixTime) -> bool {
        self.begun <= now && now < self.stale_at
    }
}

impl Store {
    pub(crate) fn new(max_entries: usize, max_bytes: usize) -> Self {
        Self { entries: HashMap::new(), max_entries, max_bytes, bytes: 0, uses: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn fresh(&mut self, did: &Did, now: UnixTime) -> Option<&Entry> {
        self.uses += 1;
        let entry = self.entries.get_mut(did).filter(|entry| entry.is_fresh(now))?;
        entry.used = self.uses;
        Some(entry)
    }

    /// Whether a refresh is due at the earliest now; if so, it is taken note of.
    pub(crate) fn begin_refresh(&mut self, did: &Did, now: UnixTime, interval_seconds: u64) -> bool {
        let Some(entry) = self.entries.get_mut(did) else { return true };
        let due = entry.refreshed.is_none_or(|last| now < last || now >= last.plus(interval_seconds));
        if due {
            entry.refreshed = Some(now);
        }
        due
    }

    /// Keeps an outcome for `life_seconds` from `begun` on, in place of an earlier one.
    pub(crate) fn put(&mut self, did: &Did, outcome: Result<Resolved, Fault>, begun: UnixTime, life_seconds: u64) {
        let refreshed = self.remove(did).and_then(|earlier| earlier.refreshed);
        let document = outcome.as_ref().map_or(0, |resolved| resolved.document().weight());
        let weight = ENTRY_BYTES + 2 * did.as_str().len() + document;
        if life_seconds == 0 || self.max_entries == 0 || weight > self.max_bytes {
            return;
        }
        self.make_room(weight, begun);
        self.uses += 1;
        self.bytes += weight;
        let entry = Entry { outcome, begun, stale_at: begun.plus(life_seconds), refreshed, weight, used: self.uses };
        self.entries.insert(did.clone(), entry);
    }

    pub(crate) fn remove(&mut self, did: &Did) -> Option<Entry> {
        let entry = self.entries.remove(did)?;
        self.bytes -= entry.weight;
        Some(entry)
    }

    // The stale go first, then failures (a peer makes those up for nothing), then what was not used for longest.
    fn make_room(&mut self, weight: usize, now: UnixTime) {
        while self.entries.len() >= self.max_entries || self.bytes + weight > self.max_bytes {
            let worth = |entry: &Entry| (entry.is_fresh(now), entry.is_positive(), entry.used);
            let least = self.entries.iter().min_by_key(|(_, entry)| worth(entry)).map(|(did, _)| did.clone());
            let Some(least) = least else { return };
            self.remove(&least);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::DidDocument;

    fn did(n: usize) -> Did {
        Did::parse(&format!("did:web:{n:04}.example")).unwrap()
    }

    fn good(n: usize) -> Result<Resolved, Fault> {
        let text = format!(r#"{{"id":"{}"}}"#, did(n));
        DidDocument::parse(text.as_bytes(), &did(n)).map(Resolved::fetched)
    }

    const NOW: UnixTime = UnixTime(1000);

    #[test]
    fn fresh_from_begun_until_its_life_ends() {
        let mut store = Store::new(10, 1 << 20);
        store.put(&did(1), good(1), NOW, 60);
        for (at, fresh) in [(999, false), (1000, true), (1059, true), (1060, false)] {
            assert_eq!(store.fresh(&did(1), UnixTime(at)).is_some(), fresh, "{at}");
        }
        store.put(&did(1), good(1), NOW, 0);
        assert_eq!((store.len(), store.bytes), (0, 0));
    }

    #[test]
    fn number_of_entries_is_bounded_and_the_least_worthy_goes() {
        let mut store = Store::new(3, 1 << 20);
        store.put(&did(1), good(1), NOW, 60);
        store.put(&did(2), good(2), NOW, 60);
        store.put(&did(3), Err(Fault::DidNotFound), NOW, 60);
        store.put(&did(4), good(4), NOW, 60);
        assert!(store.fresh(&did(3), NOW).is_none(), "a failure goes before a document");
        assert!(store.fresh(&did(1), NOW).is_some());
        store.put(&did(5), good(5), NOW, 60);
        assert!(store.fresh(&did(2), NOW).is_none(), "then what was not used for longest");
        store.put(&did(6), good(6), UnixTime(1060), 60);
        store.put(&did(7), good(7), UnixTime(1060), 60);
        assert!(store.fresh(&did(6), UnixTime(1060)).is_some(), "the stale go first");
        assert_eq!(store.len(), 3);
    }

    #[test]
    fn failures_cannot_push_documents_out() {
        let mut store = Store::new(4, 1 << 20);
        for n in 0..3 {
            store.put(&did(n), good(n), NOW, 60);
        }
        for n in 10..100 {
            store.put(&did(n), Err(Fault::DidNotFound), NOW, 60);
        }
        assert!((0..3).all(|n| store.fresh(&did(n), NOW).is_some()));
        assert_eq!(store.len(), 4);
    }

    #[test]
    fn bytes_are_bounded_and_counted_back() {
        let mut store = Store::new(1000, 2000);
        for n in 0..100 {
            store.put(&did(n), good(n), NOW, 60);
            assert!(store.bytes <= 2000);
            assert_eq!(store.bytes, store.entries.values().map(|entry| entry.weight).sum::<usize>());
        }
        assert!((2..10).contains(&store.len()), "{}", store.len());
        let text = format!(r#"{{"id":"{}","x":"{}"}}"#, did(200), "x".repeat(3000));
        let large = DidDocument::parse(text.as_bytes(), &did(200)).map(Resolved::fetched);
        store.put(&did(200), large, NOW, 60);
        assert!(store.fresh(&did(200), NOW).is_none(), "larger than the whole store");
        assert!(store.len() >= 2);
    }

    #[test]
    fn refreshes_keep_their_distance_across_replacement() {
        let mut store = Store::new(10, 1 << 20);
        store.put(&did(1), good(1), NOW, 600);
        assert!(store.begin_refresh(&did(1), UnixTime(1001), 30));
        store.put(&did(1), good(1), UnixTime(1001), 600);
        assert!(!store.begin_refresh(&did(1), UnixTime(1030), 30));
        assert!(store.begin_refresh(&did(1), UnixTime(1031), 30));
    }
}
