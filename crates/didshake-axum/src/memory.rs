//! Sessions in the memory of this process, for apps without a database.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use didshake::request::RequestKey;
use didshake::{Did, Secret, UnixTime};
use didshake_did::BoxFuture;

use crate::store::{SessionRecord, SessionStore, StoreError, Use};

/// How many sessions a [`MemorySessionStore`] keeps unless told otherwise.
pub const DEFAULT_SESSIONS: usize = 10_000;

// Nonces that one session may have burned at a time, which is two minutes' worth; and how many there may be for each
// session that the store has room for.
const NONCES_OF_A_SESSION: usize = 20_000;
const NONCES_FOR_EACH: usize = 50;

/// Keeps sessions in memory: right for one instance. A restart ends all of them, and their clients log in again.
///
/// It is bounded: where it is full of live sessions it refuses new ones ([`StoreError::Full`]) rather than forget one.
///
/// ```
/// use didshake_axum::{MemorySessionStore, SessionStore};
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let store = MemorySessionStore::with_capacity(100);
/// assert!(store.find(&[0; 16]).await?.is_none());
/// # Ok::<(), didshake_axum::StoreError>(())
/// # }).unwrap();
/// ```
pub struct MemorySessionStore {
    capacity: usize,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    sessions: HashMap<[u8; 16], Entry>,
    nonces: usize,
    swept: Option<UnixTime>,
}

struct Entry {
    record: SessionRecord,
    nonces: HashMap<[u8; 16], UnixTime>,
}

impl MemorySessionStore {
    /// A store for at most `capacity` live sessions.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { capacity, kept: Mutex::default() }
    }

    /// How many sessions are kept, those included that are over and were not swept yet.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.kept().sessions.len()
    }

    // Nothing panics under the lock; were it poisoned, no burned nonce is missing behind it.
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemorySessionStore {
    fn default() -> Self {
        Self::with_capacity(DEFAULT_SESSIONS)
    }
}

impl SessionStore for MemorySessionStore {
    fn create(&self, record: SessionRecord) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let mut kept = self.kept();
            kept.sweep(record.session.parts().accepted);
            if kept.sessions.len() >= self.capacity {
                return Err(StoreError::Full);
            }
            kept.sessions.insert(*record.session.id(), Entry { record, nonces: HashMap::new() });
            Ok(())
        })
    }

    fn find<'a>(&'a self, id: &'a [u8; 16]) -> BoxFuture<'a, Result<Option<SessionRecord>, StoreError>> {
        Box::pin(async move { Ok(self.kept().sessions.get(id).map(|entry| copy(&entry.record))) })
    }

    fn use_once<'a>(
        &'a self,
        id: &'a [u8; 16],
        nonce: &'a [u8; 16],
        until: UnixTime,
        now: UnixTime,
    ) -> BoxFuture<'a, Result<Use, StoreError>> {
        Box::pin(async move {
            let mut kept = self.kept();
            kept.sweep(now);
            let has_room = kept.nonces < self.capacity.saturating_mul(NONCES_FOR_EACH).max(NONCES_OF_A_SESSION);
            let Some(entry) = kept.sessions.get_mut(id) else { return Ok(Use::Over) };
            if entry.nonces.contains_key(nonce) {
                return Ok(Use::Replayed);
            }
            if !entry.record.session.is_live(now) {
                return Ok(Use::Over);
            }
            if !has_room || entry.nonces.len() >= NONCES_OF_A_SESSION {
                return Err(StoreError::Full);
            }
            entry.nonces.insert(*nonce, until);
            entry.record.last_used = Some(now);
            // It is live: that was asked for above.
            let _ = entry.record.session.use_at(now);
            kept.nonces = kept.nonces.saturating_add(1);
            Ok(Use::First)
        })
    }

    fn of<'a>(&'a self, did: &'a Did, now: UnixTime) -> BoxFuture<'a, Result<Vec<SessionRecord>, StoreError>> {
        Box::pin(async move {
            let kept = self.kept();
            let records = kept.sessions.values().map(|entry| &entry.record);
            let theirs = records.filter(|record| record.session.did() == did && record.session.is_live(now));
            let mut found: Vec<SessionRecord> = theirs.map(copy).collect();
            let made = |record: &SessionRecord| (record.session.parts().accepted, *record.session.id());
            found.sort_unstable_by_key(|record| std::cmp::Reverse(made(record)));
            Ok(found)
        })
    }

    fn end<'a>(&'a self, id: &'a [u8; 16]) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move {
            let mut kept = self.kept();
            let ended = kept.sessions.remove(id);
            let nonces = ended.as_ref().map_or(0, |entry| entry.nonces.len());
            kept.nonces = kept.nonces.saturating_sub(nonces);
            Ok(ended.is_some())
        })
    }
}

impl Kept {
    /// Forgets sessions that are over, with their keys, and nonces that no request can use any more. Once a second at
    /// most: a flood must not buy a walk over all of them.
    fn sweep(&mut self, now: UnixTime) {
        if self.swept.replace(now) == Some(now) {
            return;
        }
        self.sessions.retain(|_, entry| entry.record.session.is_live(now));
        for entry in self.sessions.values_mut() {
            entry.nonces.retain(|_, until| *until > now);
        }
        self.nonces = self.sessions.values().map(|entry| entry.nonces.len()).sum();
    }
}

fn copy(record: &SessionRecord) -> SessionRecord {
    let SessionRecord { session, origin, request_key, client, last_used } = record;
    SessionRecord {
        session: session.clone(),
        origin: origin.clone(),
        request_key: RequestKey::from_secret(Secret::new(*request_key.secret().expose())),
        client: *client,
        last_used: *last_used,
    }
}

impl fmt::Debug for MemorySessionStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemorySessionStore").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}
