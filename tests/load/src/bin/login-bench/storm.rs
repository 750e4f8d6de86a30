//! Hellos that never finish: what they do to memory, and to those who mean it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use didshake::http::HelloSent;
use didshake::{Admission, Algorithm, Did, Endpoint, Fragment, InitiatorConfig, LocalIdentity};
use didshake_load::resident;
use didshake_tests::{Client, Home, Service};
use getrandom::SysRng;
use serde_json::Value;

use crate::figures::Part;
use crate::{SETTINGS, http, load};

const HELLOS: usize = 100_000;
const HELLOS_A_SECOND: f64 = 1500.0;
/// The database has 2 MiB of cache for each of its connections.
const LOGINS_BEFORE: usize = 8000;
const HONEST_A_SECOND: f64 = 50.0;

pub(crate) async fn measure() -> Value {
    let mut part = Part::new("storm");
    let home = Home::new();
    let file = home.write("serve.toml", SETTINGS);
    let service = Service::start(&home, &["--config", file.to_str().unwrap()]);
    let first = Client::new([1; 32], b"");
    let seconds = HELLOS as f64 / HELLOS_A_SECOND;
    // Once what a busy service needs for anybody is there: connections, the caches of the database, the allocator's share.
    http::as_many_as_possible(&service, &first, LOGINS_BEFORE).await;
    storm(&service, &first, HELLOS / 20).await;
    let (calm, _) = http::at_rate(&service, &first, HONEST_A_SECOND, seconds / 3.0).await;
    let before = resident(service.process());
    let (turned_away, (honest, busy)) =
        tokio::join!(storm(&service, &first, HELLOS), http::at_rate(&service, &first, HONEST_A_SECOND, seconds));
    let after = resident(service.process());
    let megabytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let latency = "p99 of honest logins";
    let before_ms = part.add("p99_before_ms", "p99 of honest logins before", "ms", &[calm.at(0.99)], Some(latency));
    let during_ms =
        part.add("p99_during_ms", "p99 of honest logins during the storm", "ms", &[honest.at(0.99)], Some(latency));
    part.add("p99_ratio", "p99 during / before", "ratio", &[during_ms / before_ms], None);
    part.add("busy", "honest logins told to come again", "logins", &[busy as f64], None);
    part.add("turned_away", "Hellos told to come again", "Hellos", &[turned_away as f64], None);
    part.add("memory_before_mib", "resident before", "MiB", &[megabytes(before)], Some("Resident memory"));
    part.add("memory_after_mib", "resident after 100,000 Hellos", "MiB", &[megabytes(after)], Some("Resident memory"));
    part.add("memory_ratio", "resident after / before", "ratio", &[after as f64 / before as f64], None);
    part.done(&["100,000 Hellos, 1,500 a second, none finished, while 50 honest logins a second go on; one run. Whoever is told that the service is busy comes again after 100 ms, and the time counts from the first attempt."])
}

/// One Hello many times: a responder cannot know it, and its making costs the load nothing. How many were answered with 503.
async fn storm(service: &Service, client: &Client, count: usize) -> u64 {
    let fragment = Fragment::of(&client.did, "").unwrap();
    let identity = LocalIdentity { did: client.did.clone(), fragment, algorithm: Algorithm::Ed25519 };
    let meant = Admission::only(Did::parse(&service.did).unwrap());
    let config = Arc::new(InitiatorConfig::new(identity, b"didshake.login/1", meant));
    let endpoint = Endpoint::parse(&service.url("/didshake")).unwrap();
    let (hello, _) = HelloSent::start(config, &endpoint, &mut SysRng).unwrap();
    let shared = Arc::new((client.another(http::seed()), hello, AtomicU64::new(0)));
    load::open("Hellos", HELLOS_A_SECOND, count, |_| {
        let shared = shared.clone();
        async move {
            let (client, hello, turned_away) = &*shared;
            let status = client.post(hello).await.unwrap().status;
            assert!(status == 200 || status == 503, "{status}");
            turned_away.fetch_add(u64::from(status == 503), Ordering::Relaxed);
        }
    })
    .await;
    shared.2.load(Ordering::Relaxed)
}
