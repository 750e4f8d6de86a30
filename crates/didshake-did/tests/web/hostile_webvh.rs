//! What a host can do with the log of a did:webvh. Each test is a row of `spec/resolution.md`, which names it;
//! [`crate::table`] compares. What can stand in a log is in `vectors/webvh`.

use std::sync::Arc;

use didshake::{Did, Document, Fault, Fragment, UnixTime};
use didshake_did::web::{WebFailure, WebvhFailure, WebvhResolver};
use didshake_did::webvh::{
    Change, HistoryUnavailable, LogFault, LogHead, LogHistory, LogHistoryFile, MemoryLogHistory, next_entry,
};
use didshake_did::{BoxFuture, CacheLimits, CachedResolver, Lifetimes, Resolver, SystemClock};

use crate::attack::{options, response};
use crate::log_host::{Host, LOG, NOW, Owner, PROOFS, host, key, proofs, witnessed, witnessed_did};
use crate::server::{Conduct, Server};

macro_rules! attacks {
    ($($(#[$meta:meta])* async fn $name:ident() $body:block)*) => {
        $(
            $(#[$meta])*
            async fn $name() $body
        )*
        pub(crate) const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

attacks! {
    // R-WEBVH-10
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn an_older_log() {
        let (host, mut owner) = host().await;
        let (old, did) = (owner.log.clone(), owner.did());
        host.serves(&owner.update(&Change::default()).log).resolver.fetch(&did).await.unwrap();
        assert_eq!(host.serves(&old).fails(&did).await, ("rolled_back", Fault::DidResolutionFailed));
        // The refusal changed nothing: the newer log is still good.
        host.serves(&owner.log).resolver.fetch(&did).await.unwrap();
    }

    // R-WEBVH-10
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn an_older_log_after_a_restart() {
        let (directory, reserved) = (tempfile::tempdir().unwrap(), Server::reserve().await);
        let mut owner = Owner::begin(reserved.port(), Change::default());
        let (path, old, did) = (directory.path().join("data").join("seen"), owner.log.clone(), owner.did());
        let mut host = Host::of(reserved, Arc::new(LogHistoryFile::at(&path)));
        host.serves(&owner.update(&Change::default()).log).resolver.fetch(&did).await.unwrap();
        let options = options().allow_local(format!("127.0.0.1:{}", host.server.port).parse().unwrap());
        host.resolver = WebvhResolver::new(&options, Arc::new(LogHistoryFile::at(&path)), || NOW).unwrap();
        assert_eq!(host.serves(&old).fails(&did).await, ("rolled_back", Fault::DidResolutionFailed));
    }

    // R-WEBVH-10
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn another_history_of_the_same_length() {
        let (host, mut owner) = host().await;
        let (did, before) = (owner.did(), owner.log.clone());
        host.serves(&owner.update(&Change::default()).log).resolver.fetch(&did).await.unwrap();
        let mut other = Owner { place: owner.place.clone(), log: before, version: 7 };
        assert_eq!(host.serves(&other.update(&Change::default()).log).fails(&did).await, ("forked", Fault::DidResolutionFailed));
        // Nor is it made good by going on.
        assert_eq!(host.serves(&other.update(&Change::default()).log).fails(&did).await, ("forked", Fault::DidResolutionFailed));
    }

    // R-WEBVH-10
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn two_histories_to_many_at_once() {
        let (host, owner) = host().await;
        let did = owner.did();
        let fork = |version| {
            let mut fork = Owner { place: owner.place.clone(), log: owner.log.clone(), version };
            fork.update(&Change::default());
            response("Content-Type: text/jsonl\r\n", fork.log.as_bytes())
        };
        let forks = [fork(10), fork(20)];
        let mut outcomes = Vec::new();
        for round in 0..20 {
            host.files.put(LOG, Conduct::Answer(forks[round % 2].clone()));
            let resolver = host.resolver.clone();
            let did = did.clone();
            outcomes.push(tokio::spawn(async move { resolver.fetch(&did).await.map(|log| log.versions().last().cloned()) }));
            tokio::task::yield_now().await;
        }
        let mut taken = std::collections::BTreeSet::new();
        for outcome in outcomes {
            match outcome.await.unwrap() {
                Ok(head) => drop(taken.insert(head)),
                Err(failure) => assert_eq!(failure.code(), "forked"),
            }
        }
        assert_eq!(taken.len(), 1, "{taken:?}");
    }

    // R-WEBVH-2
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_log_that_ends_within_an_entry() {
        let (host, mut owner) = host().await;
        let did = owner.did();
        owner.update(&Change::default());
        let cut = &owner.log[..owner.log.len() - 100];
        assert_eq!(host.serves(cut).fails(&did).await, ("truncated", Fault::DidResolutionFailed));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_log_that_breaks_off() {
        let (host, owner) = host().await;
        let whole = response("Content-Type: text/jsonl\r\n", owner.log.as_bytes());
        host.files.put(LOG, Conduct::Drop(whole[..whole.len() - 50].to_vec()));
        assert_eq!(host.fails(&owner.did()).await, ("body", Fault::DidResolutionFailed));
    }

    // R-WEBVH-2
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_bad_entry_behind_good_ones() {
        let (host, mut owner) = host().await;
        let did = owner.did();
        let good = owner.update(&Change::default()).log.clone();
        let bad = good.replace("\"authentication\":[\"#k\"]", "\"authentication\":[\"#x\"]");
        let mixed = format!("{}\n{}\n", good.lines().next().unwrap(), bad.lines().nth(1).unwrap());
        assert_eq!(host.serves(&mixed).fails(&did).await, ("entry_hash", Fault::DidResolutionFailed));
    }

    // R-WEBVH-1, R-WEBVH-11
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_log_of_another_did() {
        let (host, owner) = host().await;
        let other = Owner::begin(host.server.port, Change { ttl_seconds: Some(1), ..Change::default() });
        assert_eq!(host.serves(&other.log).fails(&owner.did()).await, ("other_scid", Fault::DidResolutionFailed));
    }

    // R-WEBVH-11
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_log_that_was_copied_to_another_place() {
        let (host, owner) = host().await;
        host.serves(&owner.log);
        host.files.put("/copied/did.jsonl", Conduct::Answer(response("", owner.log.as_bytes())));
        let copied = Did::parse(&owner.did().as_str().replace(":agents", ":copied")).unwrap();
        assert_eq!(host.fails(&copied).await, ("other_did", Fault::DidResolutionFailed));
    }

    // R-WEBVH-11
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_log_that_moved_away() {
        let reserved = Server::reserve().await;
        let mut owner = Owner::begin(reserved.port(), Change { portable: Some(true), ..Change::default() });
        let (old, host) = (owner.did(), Host::of(reserved, Arc::new(MemoryLogHistory::default())));
        let log = owner.read();
        owner.place = "new.example".to_owned();
        let moved = owner.document(log.scid()).replacen('{', &format!("{{\"alsoKnownAs\":[\"{old}\"],"), 1);
        owner.log += &(next_entry(&log, Some(moved.as_bytes()), &Change::default(), &key(1), NOW).unwrap() + "\n");
        host.serves(&owner.log);
        assert_eq!(host.resolver.resolve(&old).await.err(), Some(Fault::DidResolutionFailed));
        assert_eq!(host.resolver.fetch(&old).await.unwrap().resolved(&old).unwrap_err().fault, LogFault::Moved);
    }

    // R-WEBVH-12
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_deactivated_did() {
        let (host, mut owner) = host().await;
        let did = owner.did();
        host.serves(&owner.update(&Change { deactivated: true, ..Change::default() }).log);
        let resolved = host.resolver.resolve(&did).await.unwrap();
        assert!(resolved.is_deactivated());
        let key = resolved.authentication_key(&did, &Fragment::of(&did, "k").unwrap(), NOW);
        assert_eq!(key.err(), Some(Fault::DidDeactivated));
    }

    // R-WEBVH-13
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_gigabyte_of_log() {
        let (host, owner) = host().await;
        let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
        host.files.put(LOG, Conduct::Flood(head, [b"10000\r\n".as_slice(), &[b' '; 65536], b"\r\n"].concat()));
        assert_eq!(host.fails(&owner.did()).await, ("too_long", Fault::DocumentLimits));
        assert!(host.server.sent() < 64 << 20);
    }

    // R-WEBVH-13
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn ten_thousand_entries() {
        let (host, owner) = host().await;
        assert_eq!(host.serves(&"{}\n".repeat(10_000)).fails(&owner.did()).await, ("too_many_entries", Fault::DocumentLimits));
        assert_eq!(host.serves(&"{}\n".repeat(1024)).fails(&owner.did()).await, ("shape", Fault::DidResolutionFailed));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_log_behind_a_redirect() {
        let (host, owner) = host().await;
        host.files.put(LOG, Conduct::Answer(b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/did.jsonl\r\n\r\n".to_vec()));
        assert_eq!(host.fails(&owner.did()).await, ("redirect", Fault::DidResolutionFailed));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn no_log_at_all() {
        let (host, owner) = host().await;
        assert_eq!(host.fails(&owner.did()).await, ("not_found", Fault::DidNotFound));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_log_byte_by_byte() {
        let (host, owner) = host().await;
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n".to_vec();
        host.files.put(LOG, Conduct::Drip(head, b" ".to_vec(), std::time::Duration::from_millis(50)));
        assert_eq!(host.fails(&owner.did()).await, ("deadline", Fault::DidResolutionFailed));
    }

    // R-WEBVH-1
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn an_scid_that_is_no_hash() {
        let (host, owner) = host().await;
        let scid = owner.read().scid().to_owned();
        let did = Did::parse(&owner.did().as_str().replace(&scid, "QmNoHash")).unwrap();
        assert_eq!(host.serves(&owner.log).fails(&did).await, ("scid_form", Fault::DidResolutionFailed));
        assert_eq!(host.server.connections(), 0);
    }

    // R-WEBVH-9
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn witness_proofs_that_are_not_there() {
        let (host, owner) = witnessed().await;
        assert_eq!(host.serves(&owner.log).fails(&witnessed_did(&owner)).await, ("witness_missing", Fault::DidResolutionFailed));
        assert_eq!(host.server.connections(), 2);
    }

    // R-WEBVH-9
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn witness_proofs_of_another_log() {
        let (host, owner) = witnessed().await;
        let (_, other) = witnessed().await;
        host.files.put(PROOFS, Conduct::Answer(response("", proofs(&other, &[50, 51]).as_bytes())));
        assert_eq!(host.serves(&owner.log).fails(&witnessed_did(&owner)).await, ("witness_missing", Fault::DidResolutionFailed));
        host.files.put(PROOFS, Conduct::Answer(response("", proofs(&owner, &[50, 51]).as_bytes())));
        host.resolver.fetch(&witnessed_did(&owner)).await.unwrap();
    }

    // R-WEBVH-9
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn one_witness_of_two() {
        let (host, owner) = witnessed().await;
        host.files.put(PROOFS, Conduct::Answer(response("", proofs(&owner, &[50, 50, 9]).as_bytes())));
        assert_eq!(host.serves(&owner.log).fails(&witnessed_did(&owner)).await, ("witness_threshold", Fault::DidResolutionFailed));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn witness_proofs_that_never_come() {
        let (host, owner) = witnessed().await;
        host.files.put(PROOFS, Conduct::Stall(Vec::new()));
        assert_eq!(host.serves(&owner.log).fails(&witnessed_did(&owner)).await, ("deadline", Fault::DidResolutionFailed));
    }

    // R-WEBVH-13
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_gigabyte_of_witness_proofs() {
        let (host, owner) = witnessed().await;
        host.files.put(PROOFS, Conduct::Flood(b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b' '; 65536]));
        assert_eq!(host.serves(&owner.log).fails(&witnessed_did(&owner)).await, ("witness_too_long", Fault::DocumentLimits));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn witness_proofs_behind_an_error() {
        let (host, owner) = witnessed().await;
        host.files.put(PROOFS, Conduct::Answer(b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n".to_vec()));
        assert_eq!(host.serves(&owner.log).fails(&witnessed_did(&owner)).await, ("witness_fetch", Fault::DidResolutionFailed));
    }

    // R-WEBVH-10
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_was_seen_cannot_be_looked_up() {
        let reserved = Server::reserve().await;
        let owner = Owner::begin(reserved.port(), Change::default());
        let host = Host::of(reserved, Arc::new(Broken));
        assert_eq!(host.serves(&owner.log).fails(&owner.did()).await, ("history", Fault::DidResolutionFailed));
    }
}

/// A database that is gone.
struct Broken;

impl LogHistory for Broken {
    fn seen<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<LogHead>, HistoryUnavailable>> {
        Box::pin(async { Err(HistoryUnavailable::because(std::io::Error::other("gone"))) })
    }

    fn advance<'a>(
        &'a self,
        _: &'a str,
        _: Option<&'a LogHead>,
        _: &'a LogHead,
        _: UnixTime,
    ) -> BoxFuture<'a, Result<bool, HistoryUnavailable>> {
        Box::pin(async { Ok(true) })
    }

    fn used<'a>(&'a self, _: &'a str, _: UnixTime) -> BoxFuture<'a, Result<(), HistoryUnavailable>> {
        Box::pin(async { Ok(()) })
    }
}

#[tokio::test]
async fn the_witness_proofs_are_fetched_only_where_they_are_needed() {
    let (host, owner) = host().await;
    host.serves(&owner.log).resolver.fetch(&owner.did()).await.unwrap();
    let requests = host.server.requests();
    assert_eq!(requests.len(), 1);
    assert!(requests[0].starts_with("GET /agents/did.jsonl HTTP/1.1"), "{}", requests[0]);
}

// R-WEBVH-12
#[tokio::test]
async fn a_cache_keeps_a_document_no_longer_than_its_owner_asks() {
    let reserved = Server::reserve().await;
    let owner = Owner::begin(reserved.port(), Change { ttl_seconds: Some(0), ..Change::default() });
    let (did, host) = (owner.did(), Host::of(reserved, Arc::new(MemoryLogHistory::default())));
    host.serves(&owner.log);
    let cached = CachedResolver::new(host.resolver, SystemClock, Lifetimes::default(), CacheLimits::default());
    let resolved = cached.resolve(&did).await.unwrap();
    assert_eq!(resolved.max_life_seconds(), Some(0));
}

#[test]
fn only_a_history_that_was_gone_back_on_is_alarming() {
    let alarming = |fault: LogFault| WebvhFailure::Log(fault.into()).is_alarming();
    assert!(alarming(LogFault::RolledBack) && alarming(LogFault::Forked));
    assert!(!LogFault::ALL.iter().any(|fault| alarming(*fault) && !["rolled_back", "forked"].contains(&fault.code())));
    assert!(!WebvhFailure::Fetch(WebFailure::NotFound).is_alarming());
}
