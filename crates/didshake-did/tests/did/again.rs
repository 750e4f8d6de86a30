//! Looking again at what was seen before: never at something older than asked for.

use didshake::{Fault, UnixTime};
use didshake_did::{CacheLimits, Freshness, MethodRegistry, Resolver, StaticDocuments};
use std::sync::Arc;

use crate::cache::{cache, settle};
use crate::document::{did, good};

// R-CONT-2
#[tokio::test]
async fn nothing_older_than_asked_for_comes_from_the_cache() {
    let (cache, source, time) = cache(true, CacheLimits::default());
    cache.resolve(&did()).await.unwrap();
    time.set(1100);
    let freshness = async |oldest| cache.resolve_since(&did(), UnixTime(oldest)).await.unwrap().freshness();
    assert_eq!(freshness(1000).await, Freshness::Cached { since: UnixTime(1000) });
    assert_eq!(source.fetches(), 1);
    assert_eq!(freshness(1001).await, Freshness::Fetched);
    // What was fetched for that is kept for everybody.
    assert_eq!(freshness(1100).await, Freshness::Cached { since: UnixTime(1100) });
    assert_eq!(cache.resolve(&did()).await.unwrap().freshness(), Freshness::Cached { since: UnixTime(1100) });
    assert_eq!(source.fetches(), 2);
}

// R-CONT-2
#[tokio::test]
async fn a_failure_is_no_older_either_and_takes_nothing_that_is_still_good() {
    let (cache, source, time) = cache(true, CacheLimits::default());
    cache.resolve(&did()).await.unwrap();
    source.fail(Some(Fault::DidResolutionFailed));
    time.set(1100);
    assert_eq!(cache.resolve_since(&did(), UnixTime(1050)).await.err(), Some(Fault::DidResolutionFailed));
    assert!(cache.resolve(&did()).await.is_ok(), "a handshake may still use it");
    source.fail(Some(Fault::DidNotFound));
    assert_eq!(cache.resolve_since(&did(), UnixTime(1050)).await.err(), Some(Fault::DidNotFound));
    assert_eq!(cache.resolve(&did()).await.err(), Some(Fault::DidNotFound), "an answer counts for everybody");
}

// R-CONT-2
#[tokio::test]
async fn a_fetch_that_began_too_early_is_not_taken_for_a_later_one() {
    let (cache, source, time) = cache(false, CacheLimits::default());
    let early = tokio::spawn({
        let cache = Arc::clone(&cache);
        async move { cache.resolve(&did()).await.map(drop) }
    });
    settle().await;
    time.set(1005);
    let late: Vec<_> = (0..10)
        .map(|_| {
            let cache = Arc::clone(&cache);
            tokio::spawn(async move { cache.resolve_since(&did(), UnixTime(1005)).await.map(drop) })
        })
        .collect();
    settle().await;
    assert_eq!(source.fetches(), 1);
    source.open(2);
    early.await.unwrap().unwrap();
    for caller in late {
        caller.await.unwrap().unwrap();
    }
    assert_eq!(source.fetches(), 2, "one more, for all ten");
}

#[tokio::test]
async fn whoever_stands_before_a_cache_passes_the_age_on() {
    let (cache, source, time) = cache(true, CacheLimits::default());
    let registry = MethodRegistry::offline().with("web", cache);
    let mut documents = StaticDocuments::new().otherwise(Arc::new(registry));
    let before: Arc<dyn Resolver> = Arc::new(documents.clone());
    before.resolve(&did()).await.unwrap();
    time.set(1100);
    before.resolve_since(&did(), UnixTime(1050)).await.unwrap();
    assert_eq!(source.fetches(), 2);
    documents.add(good().to_string().as_bytes()).unwrap();
    documents.resolve_since(&did(), UnixTime(1100)).await.unwrap();
    assert_eq!(source.fetches(), 2, "what is given is asked for nowhere");
}
