//! Resolvers as a service composes them, and what they are asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use didshake::Document;
use didshake_did::web::{WebOptions, WebResolver, WebvhResolver};
use didshake_did::webvh::{LogHistory, LogHistoryFile, MemoryLogHistory};
use didshake_did::{
    CacheLimits, CachedResolver, Clock, Freshness, Lifetimes, MethodRegistry, Resolved, Resolver, StaticDocuments,
    SystemClock,
};
use didshake_tests::Home;
use tokio::sync::watch;

use super::host::Host;
use super::subjects::{self, Source, Subject};

pub(crate) const WAITERS: usize = 1000;
/// Of the cache, in a row: reading the clock weighs nothing.
const CALLS: u32 = 256;

pub(crate) struct Program {
    options: WebOptions,
    host: Host,
    home: Home,
    /// Of resolvers that were made: each has a history of its own.
    made: AtomicU64,
}

/// How it went for those who asked at one moment.
pub(crate) struct Together {
    /// From that moment until each of them had the document.
    pub(crate) took: Vec<Duration>,
    /// Requests that the host counted.
    pub(crate) fetches: u64,
    /// How many were there before the document was: the others had it from the cache.
    pub(crate) waited: usize,
}

impl Program {
    /// With a host of its own, whose root of trust it knows beside those of the system.
    pub(crate) fn new() -> (Self, Vec<Subject>) {
        let home = Home::new();
        let _ = home.run(&["certs", "--out", "certs", "127.0.0.1"]).expect(0);
        let file = |name: &str| std::fs::read(home.path("certs").join(name)).unwrap();
        let host = Host::start(file("server.pem"), file("server.key"));
        let local = format!("https://127.0.0.1:{}", host.port).parse().unwrap();
        // A busy machine is no failure.
        let options = WebOptions::default()
            .with_deadline(Duration::from_secs(60))
            .allow_local(local)
            .with_roots(&file("root.pem"))
            .unwrap();
        let subjects = subjects::all(&host);
        (Self { options, host, home, made: AtomicU64::new(0) }, subjects)
    }

    /// One that has nothing yet, and how long its making took.
    pub(crate) fn resolver(&self, subject: &Subject) -> (Arc<dyn Resolver>, Duration) {
        let begun = Instant::now();
        let resolver = self.composed(subject, Lifetimes::default());
        (resolver, begun.elapsed())
    }

    /// One that keeps no document, but its clients.
    pub(crate) fn forgetful(&self, subject: &Subject) -> Arc<dyn Resolver> {
        let none = Lifetimes::default().with_method(subject.did.method(), 0);
        self.composed(subject, none)
    }

    /// As `didshake-server` does it, with the one method that is asked for, as `didshake-cli` makes it ready.
    fn composed(&self, subject: &Subject, lifetimes: Lifetimes) -> Arc<dyn Resolver> {
        let registry = MethodRegistry::offline();
        let registry = match subject.did.method() {
            "web" => registry.with("web", Arc::new(kept(WebResolver::new(&self.options).unwrap(), lifetimes))),
            "webvh" => {
                let webvh = WebvhResolver::new(&self.options, self.history(subject.source), SystemClock).unwrap();
                registry.with("webvh", Arc::new(kept(webvh, lifetimes)))
            }
            _ => registry,
        };
        Arc::new(StaticDocuments::new().otherwise(Arc::new(registry)))
    }

    fn history(&self, source: Source) -> Arc<dyn LogHistory> {
        if source != Source::HostAndFile {
            return Arc::new(MemoryLogHistory::default());
        }
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        Arc::new(LogHistoryFile::at(self.home.path(format!("seen/{number}"))))
    }

    /// As a handshake asks. It is not kept yet, so that the host has to be asked, if there is one.
    pub(crate) async fn ask(&self, resolver: &dyn Resolver, subject: &Subject) -> Duration {
        let (before, begun) = (self.host.asked(), Instant::now());
        let resolved = resolver.resolve_method(&subject.did, &subject.fragment).await.unwrap();
        let took = begun.elapsed();
        check(&resolved, subject);
        assert_eq!(resolved.freshness(), Freshness::Fetched, "{}", subject.did);
        assert_eq!(self.host.asked() - before, u64::from(subject.source != Source::Did), "{}", subject.did);
        took
    }

    /// Of a resolver that was asked before; each of many in a row.
    pub(crate) async fn ask_again(&self, resolver: &dyn Resolver, subject: &Subject) -> Duration {
        let (before, begun) = (self.host.asked(), Instant::now());
        let mut last = None;
        for _ in 0..CALLS {
            last = Some(resolver.resolve_method(&subject.did, &subject.fragment).await.unwrap());
        }
        let took = begun.elapsed() / CALLS;
        let last = last.unwrap();
        check(&last, subject);
        let is_kept = matches!(last.freshness(), Freshness::Cached { .. });
        assert_eq!(is_kept, subject.source != Source::Did, "{}", subject.did);
        assert_eq!(self.host.asked(), before, "{}", subject.did);
        took
    }

    /// By a thousand, at one moment.
    pub(crate) async fn ask_together(&self, subject: &Subject) -> Together {
        let (resolver, _) = self.resolver(subject);
        let (begin, begun) = watch::channel(None);
        let waiting: Vec<_> =
            (0..WAITERS).map(|_| tokio::spawn(wait(resolver.clone(), subject.clone(), begun.clone()))).collect();
        // Until all of them wait for the moment.
        tokio::time::sleep(Duration::from_millis(20)).await;
        let before = self.host.asked();
        begin.send(Some(Instant::now())).unwrap();
        let (mut took, mut waited) = (Vec::with_capacity(WAITERS), 0);
        for waiter in waiting {
            let (each, resolved) = waiter.await.unwrap();
            check(&resolved, subject);
            took.push(each);
            waited += usize::from(resolved.freshness() == Freshness::Fetched);
        }
        Together { took, fetches: self.host.asked() - before, waited }
    }
}

fn kept<R: Resolver>(inner: R, lifetimes: Lifetimes) -> CachedResolver<R, SystemClock> {
    // As many fetches as a service has at one time.
    let limits = CacheLimits { fetches: 64, ..CacheLimits::default() };
    CachedResolver::new(inner, SystemClock, lifetimes, limits)
}

async fn wait(
    resolver: Arc<dyn Resolver>,
    subject: Subject,
    mut moment: watch::Receiver<Option<Instant>>,
) -> (Duration, Resolved) {
    let begun = moment.wait_for(Option::is_some).await.unwrap().unwrap();
    let resolved = resolver.resolve_method(&subject.did, &subject.fragment).await.unwrap();
    (begun.elapsed(), resolved)
}

/// It is the document that was meant.
fn check(resolved: &Resolved, subject: &Subject) {
    let key = resolved.authentication_key(&subject.did, &subject.fragment, SystemClock.now()).unwrap();
    assert_eq!(key, subject.key, "{}", subject.did);
}
