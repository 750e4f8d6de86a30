//! The cache on simulated time, over a source that counts, waits and changes as told.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use didshake::{Algorithm, Did, Fault, Fragment, UnixTime};
use didshake_did::{
    BoxFuture, CacheLimits, CachedResolver, DidDocument, Freshness, Lifetimes, Resolved, Resolver, did_key,
};
use tokio::sync::Semaphore;

use crate::document::{did, good, method};
use crate::keys::public;

#[derive(Clone)]
pub(crate) struct Source(Arc<Inside>);

struct Inside {
    fetches: AtomicUsize,
    running: AtomicUsize,
    most_running: AtomicUsize,
    gate: Semaphore,
    fault: Mutex<Option<Fault>>,
    fragments: Mutex<Vec<&'static str>>,
    max_life: Mutex<Option<u64>>,
    deactivated: AtomicBool,
}

impl Source {
    fn new(open: bool) -> Self {
        let gate = Semaphore::new(if open { 1000 } else { 0 });
        Self(Arc::new(Inside {
            fetches: AtomicUsize::new(0),
            running: AtomicUsize::new(0),
            most_running: AtomicUsize::new(0),
            gate,
            fault: Mutex::new(None),
            fragments: Mutex::new(vec!["key-1"]),
            max_life: Mutex::new(None),
            deactivated: AtomicBool::new(false),
        }))
    }

    pub(crate) fn fetches(&self) -> usize {
        self.0.fetches.load(Ordering::SeqCst)
    }

    pub(crate) fn open(&self, fetches: usize) {
        self.0.gate.add_permits(fetches);
    }

    pub(crate) fn fail(&self, fault: Option<Fault>) {
        *self.0.fault.lock().unwrap() = fault;
    }

    fn document(&self, did: &Did) -> Result<Resolved, Fault> {
        if let Some(fault) = *self.0.fault.lock().unwrap() {
            return Err(fault);
        }
        let mut document = good();
        document["id"] = did.as_str().into();
        let methods: Vec<_> = self.0.fragments.lock().unwrap().iter().map(|name| method(&format!("#{name}"))).collect();
        document["verificationMethod"] = methods.into();
        document["authentication"] = serde_json::json!([]);
        let resolved = Resolved::fetched(DidDocument::parse(document.to_string().as_bytes(), did)?);
        if self.0.deactivated.load(Ordering::SeqCst) {
            return Ok(resolved.deactivated());
        }
        Ok(match *self.0.max_life.lock().unwrap() {
            Some(seconds) => resolved.with_max_life(seconds),
            None => resolved,
        })
    }
}

/// Counts a fetch as running for as long as it is not dropped.
struct Running<'a>(&'a AtomicUsize);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Resolver for Source {
    fn resolve<'a>(&'a self, did: &'a Did) -> BoxFuture<'a, Result<Resolved, Fault>> {
        Box::pin(async move {
            self.0.fetches.fetch_add(1, Ordering::SeqCst);
            let now_running = self.0.running.fetch_add(1, Ordering::SeqCst) + 1;
            let _running = Running(&self.0.running);
            self.0.most_running.fetch_max(now_running, Ordering::SeqCst);
            self.0.gate.acquire().await.unwrap().forget();
            self.document(did)
        })
    }
}

#[derive(Clone)]
pub(crate) struct Time(Arc<AtomicU64>);

impl Time {
    fn new() -> Self {
        Self(Arc::new(AtomicU64::new(1000)))
    }

    pub(crate) fn set(&self, seconds: u64) {
        self.0.store(seconds, Ordering::SeqCst);
    }
}

impl didshake_did::Clock for Time {
    fn now(&self) -> UnixTime {
        UnixTime(self.0.load(Ordering::SeqCst))
    }
}

pub(crate) type Cache = Arc<CachedResolver<Source, Time>>;

pub(crate) fn cache(open: bool, limits: CacheLimits) -> (Cache, Source, Time) {
    let (source, time) = (Source::new(open), Time::new());
    let lifetimes = Lifetimes::default().with_method("webvh", 7);
    (Arc::new(CachedResolver::new(source.clone(), time.clone(), lifetimes, limits)), source, time)
}

fn fragment(name: &str) -> Fragment {
    Fragment::of(&did(), name).unwrap()
}

pub(crate) async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn kept_for_the_life_of_its_method() {
    let (cache, source, time) = cache(true, CacheLimits::default());
    assert_eq!(cache.resolve(&did()).await.unwrap().freshness(), Freshness::Fetched);
    time.set(1299);
    let kept = cache.resolve(&did()).await.unwrap();
    assert_eq!(kept.freshness(), Freshness::Cached { since: UnixTime(1000) });
    assert_eq!(source.fetches(), 1);
    time.set(1300);
    assert_eq!(cache.resolve(&did()).await.unwrap().freshness(), Freshness::Fetched);
    assert_eq!(source.fetches(), 2);
    time.set(100);
    assert_eq!(cache.resolve(&did()).await.unwrap().freshness(), Freshness::Fetched, "a clock set back");

    let short = Did::parse("did:webvh:a:example.com").unwrap();
    time.set(5000);
    cache.resolve(&short).await.unwrap();
    time.set(5007);
    assert_eq!(cache.resolve(&short).await.unwrap().freshness(), Freshness::Fetched);

    cache.forget(&short);
    assert_eq!(cache.resolve(&short).await.unwrap().freshness(), Freshness::Fetched);
    *source.0.max_life.lock().unwrap() = Some(0);
    cache.forget(&did());
    cache.resolve(&did()).await.unwrap();
    assert_eq!(cache.resolve(&did()).await.unwrap().freshness(), Freshness::Fetched, "its source said so");
}

#[tokio::test]
async fn failures_are_kept_shortly() {
    let (cache, source, time) = cache(true, CacheLimits::default());
    for fault in [Fault::DidNotFound, Fault::DidResolutionFailed, Fault::DocumentJson] {
        cache.forget(&did());
        let before = source.fetches();
        source.fail(Some(fault));
        time.set(1000);
        assert_eq!(cache.resolve(&did()).await.err(), Some(fault));
        source.fail(None);
        time.set(1009);
        assert_eq!(cache.resolve(&did()).await.err(), Some(fault));
        assert_eq!(source.fetches(), before + 1);
        time.set(1010);
        assert!(cache.resolve(&did()).await.is_ok());
    }
}

#[tokio::test]
async fn keys_pass_through() {
    let (cache, source, _) = cache(true, CacheLimits::default());
    let key = did_key::encode(&public(Algorithm::Ed25519, 1)).unwrap();
    for _ in 0..2 {
        let _ = cache.resolve(&key).await;
        let _ = cache.resolve_method(&key, &Fragment::of(&key, "").unwrap()).await;
    }
    assert_eq!((cache.entries(), source.fetches()), (0, 4));
}

#[tokio::test]
async fn many_callers_share_one_fetch() {
    let (cache, source, _) = cache(false, CacheLimits::default());
    let callers: Vec<_> = (0..100)
        .map(|_| {
            let cache = cache.clone();
            tokio::spawn(async move { cache.resolve(&did()).await.map(|resolved| resolved.freshness()) })
        })
        .collect();
    settle().await;
    assert_eq!(source.fetches(), 1);
    source.0.gate.add_permits(1);
    for caller in callers {
        assert_eq!(caller.await.unwrap(), Ok(Freshness::Fetched));
    }
    assert_eq!((source.fetches(), cache.entries()), (1, 1));
}

#[tokio::test]
async fn another_takes_over_from_one_who_gives_up() {
    let (cache, source, _) = cache(false, CacheLimits::default());
    let spawn = || {
        let cache = cache.clone();
        tokio::spawn(async move { cache.resolve(&did()).await.is_ok() })
    };
    let leader = spawn();
    settle().await;
    let (second, third) = (spawn(), spawn());
    settle().await;
    leader.abort();
    assert!(leader.await.unwrap_err().is_cancelled());
    settle().await;
    assert_eq!(source.fetches(), 2, "one of those who wait began anew");
    source.0.gate.add_permits(1);
    assert!(tokio::time::timeout(Duration::from_secs(10), second).await.unwrap().unwrap());
    assert!(third.await.unwrap());
    assert_eq!((source.fetches(), cache.entries()), (2, 1));
}

#[tokio::test]
async fn nothing_is_left_where_all_gave_up() {
    let (cache, source, _) = cache(false, CacheLimits::default());
    for round in 1..=3 {
        let callers: Vec<_> = (0..3)
            .map(|_| {
                let cache = cache.clone();
                tokio::spawn(async move { cache.resolve(&did()).await.is_ok() })
            })
            .collect();
        settle().await;
        assert_eq!(source.fetches(), round, "an abandoned fetch is not waited for");
        // Those who wait go first, so that nobody takes over.
        callers.iter().rev().for_each(tokio::task::JoinHandle::abort);
        for caller in callers {
            assert!(caller.await.unwrap_err().is_cancelled());
        }
        assert_eq!((cache.entries(), cache.fetches_under_way()), (0, 0));
    }
}

// R-DOC-18
#[tokio::test]
async fn an_absent_method_is_looked_for_once_more() {
    let (cache, source, time) = cache(true, CacheLimits::default());
    let first = cache.resolve_method(&did(), &fragment("key-9")).await.unwrap();
    assert_eq!((first.freshness(), source.fetches()), (Freshness::Fetched, 1), "just fetched: no second time");

    *source.0.fragments.lock().unwrap() = vec!["key-1", "key-2"];
    time.set(1001);
    let found = cache.resolve_method(&did(), &fragment("key-2")).await.unwrap();
    assert!(found.document().has_method(&fragment("key-2")));
    assert_eq!((found.freshness(), source.fetches()), (Freshness::Fetched, 2));

    for name in ["key-3", "key-4", "key-5"] {
        let kept = cache.resolve_method(&did(), &fragment(name)).await.unwrap();
        assert_eq!(kept.freshness(), Freshness::Cached { since: UnixTime(1001) }, "no loop of fetches");
    }
    assert_eq!(source.fetches(), 2);
    // Who names methods that there are not has the owner of a new key wait no longer than that.
    source.0.fragments.lock().unwrap().push("key-6");
    time.set(1003);
    let found = cache.resolve_method(&did(), &fragment("key-6")).await.unwrap();
    assert!(found.document().has_method(&fragment("key-6")));
    assert_eq!(source.fetches(), 3);
    cache.resolve_method(&did(), &fragment("key-1")).await.unwrap();
    assert_eq!(source.fetches(), 3, "present: nothing to look for");
}

#[tokio::test]
async fn a_refresh_is_shared_and_giving_up_does_not_buy_another() {
    let (cache, source, _) = cache(false, CacheLimits::default());
    source.0.gate.add_permits(1);
    cache.resolve(&did()).await.unwrap();
    let spawn = || {
        let cache = cache.clone();
        tokio::spawn(async move { cache.resolve_method(&did(), &fragment("key-2")).await })
    };
    let callers = [spawn(), spawn()];
    settle().await;
    assert_eq!(source.fetches(), 2);
    for caller in callers.iter().rev() {
        caller.abort();
    }
    settle().await;
    let after = spawn().await.unwrap().unwrap();
    assert!(matches!(after.freshness(), Freshness::Cached { .. }));
    assert_eq!(source.fetches(), 2);
}

#[tokio::test]
async fn all_who_miss_the_method_get_the_refreshed_document() {
    let (cache, source, _) = cache(false, CacheLimits::default());
    source.0.gate.add_permits(1);
    cache.resolve(&did()).await.unwrap();
    *source.0.fragments.lock().unwrap() = vec!["key-2"];
    let callers: Vec<_> = (0..5)
        .map(|_| {
            let cache = cache.clone();
            tokio::spawn(async move { cache.resolve_method(&did(), &fragment("key-2")).await })
        })
        .collect();
    settle().await;
    source.0.gate.add_permits(1);
    for caller in callers {
        assert!(caller.await.unwrap().unwrap().document().has_method(&fragment("key-2")));
    }
    assert_eq!(source.fetches(), 2);
}

#[tokio::test]
async fn a_deactivated_did_is_not_looked_up_again() {
    let (cache, source, _) = cache(true, CacheLimits::default());
    source.0.deactivated.store(true, Ordering::SeqCst);
    cache.resolve(&did()).await.unwrap();
    assert!(cache.resolve_method(&did(), &fragment("key-2")).await.unwrap().is_deactivated());
    assert_eq!(source.fetches(), 1);
}

#[tokio::test]
async fn a_failed_refresh_forgets_only_what_is_gone() {
    let (cache, source, time) = cache(true, CacheLimits::default());
    cache.resolve(&did()).await.unwrap();
    source.fail(Some(Fault::DidResolutionFailed));
    let refresh = cache.resolve_method(&did(), &fragment("key-2")).await;
    assert_eq!(refresh.err(), Some(Fault::DidResolutionFailed));
    assert!(cache.resolve(&did()).await.is_ok(), "the network failed, the document is still good");

    source.fail(Some(Fault::DidNotFound));
    time.set(1040);
    assert_eq!(cache.resolve_method(&did(), &fragment("key-2")).await.err(), Some(Fault::DidNotFound));
    assert_eq!(cache.resolve(&did()).await.err(), Some(Fault::DidNotFound), "it is gone");
}

#[tokio::test]
async fn entries_and_fetches_are_bounded() {
    let limits = CacheLimits { entries: 8, fetches: 4, ..CacheLimits::default() };
    let (cache, source, _) = cache(false, limits);
    let callers: Vec<_> = (0..50)
        .map(|n| {
            let cache = cache.clone();
            let did = Did::parse(&format!("did:web:{n}.example")).unwrap();
            tokio::spawn(async move { cache.resolve(&did).await.is_ok() })
        })
        .collect();
    settle().await;
    assert_eq!((source.fetches(), cache.fetches_under_way()), (4, 50));
    source.0.gate.add_permits(50);
    for caller in callers {
        assert!(caller.await.unwrap());
    }
    assert_eq!(source.0.most_running.load(Ordering::SeqCst), 4);
    assert_eq!((cache.entries(), cache.fetches_under_way()), (8, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn threads_that_come_and_go_leave_nothing_behind() {
    let (cache, source, time) = cache(false, CacheLimits::default());
    let callers: Vec<_> = (0..200_u64)
        .map(|n| {
            let (cache, source, time) = (cache.clone(), source.clone(), time.clone());
            tokio::spawn(async move {
                let did = Did::parse(&format!("did:web:{}.example", n % 5)).unwrap();
                time.set(1000 + n * 400);
                source.0.gate.add_permits(1);
                let wait = Duration::from_micros(n % 7 * 100);
                let _ = tokio::time::timeout(wait, cache.resolve_method(&did, &fragment("key-2"))).await;
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    assert_eq!(cache.fetches_under_way(), 0);
    source.0.gate.add_permits(10);
    assert!(cache.resolve(&did()).await.is_ok());
}
