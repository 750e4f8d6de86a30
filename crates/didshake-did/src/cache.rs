//! Documents that are kept for a while: bounded, fetched by one caller for all who wait.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use didshake::{Did, Fault, Fragment, UnixTime};
use tokio::sync::{OnceCell, Semaphore};

use crate::clock::Clock;
use crate::resolver::{BoxFuture, Freshness, Resolved, Resolver, carries_document};
use crate::store::{Entry, Store};

/// How long what is kept stays good, in seconds.
///
/// ```
/// use didshake_did::Lifetimes;
/// let lifetimes = Lifetimes::default().with_method("webvh", 3600);
/// assert_eq!(lifetimes.of("webvh"), 3600);
/// assert_eq!(lifetimes.of("web"), lifetimes.document_seconds);
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lifetimes {
    /// For the documents of a method that has no life of its own; 300.
    pub document_seconds: u64,
    /// For the news that there is no document, or none that can be read; 10.
    pub negative_seconds: u64,
    /// Between two fetches of one DID that a named but absent method causes; 2. Anybody can name one, and have the owner of
    /// the DID, who has a new key, wait for as long.
    pub refresh_seconds: u64,
    by_method: HashMap<String, u64>,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self { document_seconds: 300, negative_seconds: 10, refresh_seconds: 2, by_method: HashMap::new() }
    }
}

impl Lifetimes {
    /// The same with a life for the documents of one method, named as in a DID: `web`.
    #[must_use]
    pub fn with_method(mut self, method: &str, seconds: u64) -> Self {
        self.by_method.insert(method.to_owned(), seconds);
        self
    }

    /// The life of the documents of a method, in seconds.
    #[must_use]
    pub fn of(&self, method: &str) -> u64 {
        self.by_method.get(method).copied().unwrap_or(self.document_seconds)
    }
}

/// How much a cache keeps and does at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CacheLimits {
    /// Entries, documents and failures together; 1,024.
    pub entries: usize,
    /// Memory of all entries, in bytes, about; 16 MiB.
    pub bytes: usize,
    /// Fetches at one time; further ones wait for their turn. 32; 0 counts as 1.
    pub fetches: usize,
}

impl Default for CacheLimits {
    fn default() -> Self {
        Self { entries: 1024, bytes: 16 << 20, fetches: 32 }
    }
}

/// Keeps what another resolver gives. Callers who want the same DID at the same time share one fetch; where the one who
/// fetches gives up, another who waits takes over. did:key, did:jwk and did:peer pass through: there is nothing to fetch.
///
/// It sets no time limit: the inner resolver does, because one that never answers holds a turn for good.
///
/// ```
/// use didshake::{Did, UnixTime};
/// use didshake_did::{CacheLimits, CachedResolver, Lifetimes, Resolver, StaticDocuments};
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut documents = StaticDocuments::new();
/// let did = documents.add(br#"{"id": "did:web:example.com"}"#)?;
/// let now = || UnixTime(1_767_225_600);
/// let resolver = CachedResolver::new(documents, now, Lifetimes::default(), CacheLimits::default());
/// assert!(resolver.resolve(&did).await.is_ok());
/// # Ok::<(), didshake::Fault>(())
/// # }).unwrap();
/// ```
pub struct CachedResolver<R, C> {
    inner: R,
    clock: C,
    lifetimes: Lifetimes,
    turns: Semaphore,
    state: Mutex<State>,
}

struct State {
    store: Store,
    flights: HashMap<Did, Flight>,
}

/// A fetch under way: whoever waits holds a clone; the first to poll does the work.
type Flight = Arc<OnceCell<Fetched>>;

#[derive(Clone)]
struct Fetched {
    outcome: Result<Resolved, Fault>,
    begun: UnixTime,
}

impl<R: Resolver, C: Clock> CachedResolver<R, C> {
    /// Keeps what `inner` gives, on the time of `clock`.
    #[must_use]
    pub fn new(inner: R, clock: C, lifetimes: Lifetimes, limits: CacheLimits) -> Self {
        let store = Store::new(limits.entries, limits.bytes);
        let turns = Semaphore::new(limits.fetches.clamp(1, Semaphore::MAX_PERMITS));
        Self { inner, clock, lifetimes, turns, state: Mutex::new(State { store, flights: HashMap::new() }) }
    }

    /// Forgets what is kept about a DID, so that the next caller fetches it.
    pub fn forget(&self, did: &Did) {
        self.state().store.remove(did);
    }

    /// How many entries are kept, stale ones included.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.state().store.len()
    }

    /// How many DIDs are being fetched or wait for their turn.
    #[must_use]
    pub fn fetches_under_way(&self) -> usize {
        self.state().flights.len()
    }

    // Nothing panics under the lock; were it poisoned, the state behind it is still whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn cached_or_fetched(&self, did: &Did) -> Result<Resolved, Fault> {
        let now = self.clock.now();
        let seat = {
            let mut state = self.state();
            if let Some(entry) = state.store.fresh(did, now) {
                return entry.as_cached();
            }
            self.board(&mut state, did)
        };
        self.fetch(seat).await.outcome
    }

    /// A flight that was under way may have begun too early; the next one has not.
    async fn fetched_since(&self, did: &Did, oldest: UnixTime) -> Result<Resolved, Fault> {
        let mut fetched = self.since(did, oldest).await;
        if fetched.begun < oldest {
            fetched = self.since(did, oldest).await;
        }
        fetched.outcome
    }

    async fn since(&self, did: &Did, oldest: UnixTime) -> Fetched {
        let now = self.clock.now();
        let seat = {
            let mut state = self.state();
            if let Some(entry) = state.store.fresh(did, now).filter(|entry| entry.begun() >= oldest) {
                return Fetched { outcome: entry.as_cached(), begun: entry.begun() };
            }
            self.board(&mut state, did)
        };
        self.fetch(seat).await
    }

    async fn method_or_fetched(&self, did: &Did, fragment: &Fragment) -> Result<Resolved, Fault> {
        let found = self.cached_or_fetched(did).await?;
        let cached = matches!(found.freshness(), Freshness::Cached { .. });
        if !cached || found.is_deactivated() || found.document().has_method(fragment) {
            return Ok(found);
        }
        let now = self.clock.now();
        let seat = {
            let mut state = self.state();
            let under_way = state.flights.contains_key(did);
            if !under_way && !state.store.begin_refresh(did, now, self.lifetimes.refresh_seconds) {
                return Ok(found);
            }
            self.board(&mut state, did)
        };
        self.fetch(seat).await.outcome
    }

    fn board<'a>(&'a self, state: &mut State, did: &'a Did) -> Seat<'a> {
        let flight = Arc::clone(state.flights.entry(did.clone()).or_default());
        Seat { state: &self.state, did, flight: Some(flight) }
    }

    /// Fetches, or waits for the one who does, and keeps the outcome.
    async fn fetch(&self, seat: Seat<'_>) -> Fetched {
        let Some(flight) = &seat.flight else {
            return Fetched { outcome: Err(Fault::DidResolutionFailed), begun: self.clock.now() };
        };
        let fetched = flight.get_or_init(|| self.fetch_in_turn(seat.did)).await;
        let mut state = self.state();
        if state.is_listed(seat.did, flight) {
            state.flights.remove(seat.did);
            self.keep(&mut state.store, seat.did, fetched);
        }
        drop(state);
        fetched.clone()
    }

    async fn fetch_in_turn(&self, did: &Did) -> Fetched {
        // The semaphore is never closed, so that a turn always comes.
        let _turn = self.turns.acquire().await;
        let begun = self.clock.now();
        Fetched { outcome: self.inner.resolve(did).await, begun }
    }

    fn keep(&self, store: &mut Store, did: &Did, fetched: &Fetched) {
        let life = match &fetched.outcome {
            Ok(resolved) => {
                let longest = resolved.max_life_seconds().unwrap_or(u64::MAX);
                self.lifetimes.of(did.method()).min(longest)
            }
            // A network that fails for a moment is no reason to forget a document that is still good.
            Err(Fault::DidResolutionFailed) if store.fresh(did, fetched.begun).is_some_and(Entry::is_positive) => {
                return;
            }
            Err(_) => self.lifetimes.negative_seconds,
        };
        store.put(did, fetched.outcome.clone(), fetched.begun, life);
    }
}

impl State {
    fn is_listed(&self, did: &Did, flight: &Flight) -> bool {
        self.flights.get(did).is_some_and(|listed| Arc::ptr_eq(listed, flight))
    }
}

/// A place on a flight. The last one to leave a flight that never landed takes it off the board.
struct Seat<'a> {
    state: &'a Mutex<State>,
    did: &'a Did,
    flight: Option<Flight>,
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(flight) = self.flight.take() else { return };
        // Clones are made and dropped under this lock only, so that two means the board's and ours.
        if Arc::strong_count(&flight) == 2 && state.is_listed(self.did, &flight) {
            state.flights.remove(self.did);
        }
        drop(flight);
    }
}

impl<R: Resolver, C: Clock> Resolver for CachedResolver<R, C> {
    fn resolve<'a>(&'a self, did: &'a Did) -> BoxFuture<'a, Result<Resolved, Fault>> {
        if carries_document(did) {
            return self.inner.resolve(did);
        }
        Box::pin(self.cached_or_fetched(did))
    }

    fn resolve_method<'a>(&'a self, did: &'a Did, fragment: &'a Fragment) -> BoxFuture<'a, Result<Resolved, Fault>> {
        if carries_document(did) {
            return self.inner.resolve(did);
        }
        Box::pin(self.method_or_fetched(did, fragment))
    }

    fn resolve_since<'a>(&'a self, did: &'a Did, oldest: UnixTime) -> BoxFuture<'a, Result<Resolved, Fault>> {
        if carries_document(did) {
            return self.inner.resolve(did);
        }
        Box::pin(self.fetched_since(did, oldest))
    }
}

impl<R, C> fmt::Debug for CachedResolver<R, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedResolver").field("lifetimes", &self.lifetimes).finish_non_exhaustive()
    }
}
