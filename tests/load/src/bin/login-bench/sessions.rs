//! Logins beside so many stored sessions.

use didshake_tests::Client;
use serde_json::Value;

use crate::figures::Part;
use crate::http::cpu_of;
use crate::stored::{Store, Stored};
use crate::{Arguments, http};

/// How many, and what they are called; the last is what a service may have less what the logins make.
const SIZES: [(u64, &str); 3] = [(1000, "1k"), (1_000_000, "1m"), (9_900_000, "10m")];
const RUNS: usize = 5;
const LOGINS_A_SECOND: f64 = 100.0;

#[derive(Default)]
struct Runs {
    p50: Vec<f64>,
    p99: Vec<f64>,
    cpu: Vec<f64>,
}

pub(crate) async fn measure(arguments: &Arguments) -> Value {
    let mut part = Part::new("sessions");
    let first = Client::new([1; 32], b"");
    for store in Store::BOTH {
        one_store(&mut part, store, arguments, &first).await;
    }
    part.done(&[
        "Services with a database each run at the same time and are logged in to in turns, 100 logins a second, open loop.",
        "10m: 9,900,000, so that the logins fit into the largest bound that may be configured, 10,000,000.",
    ])
}

async fn one_store(part: &mut Part, store: Store, arguments: &Arguments, first: &Client) {
    let sizes = if arguments.full { &SIZES[..] } else { &SIZES[..2] };
    let mut services = Vec::new();
    for (count, _) in sizes {
        services.push(Stored::new(store, *count).await);
    }
    let seconds = if arguments.full { 10.0 } else { 2.0 };
    let mut runs: Vec<Runs> = sizes.iter().map(|_| Runs::default()).collect();
    for stored in &services {
        http::at_rate(&stored.service, first, LOGINS_A_SECOND, 1.0).await;
    }
    for _ in 0..RUNS {
        for (stored, runs) in services.iter().zip(&mut runs) {
            let load = async { http::at_rate(&stored.service, first, LOGINS_A_SECOND, seconds).await.0 };
            let (micros, load) = cpu_of(stored.service.process(), LOGINS_A_SECOND * seconds, load).await;
            runs.cpu.push(micros);
            runs.p50.push(load.at(0.5));
            runs.p99.push(load.at(0.99));
        }
    }
    let name = store.name();
    for (((_, size), runs), stored) in sizes.iter().zip(&runs).zip(&services) {
        let mut add = |id: &str, what: &str, unit: &str, runs: &[f64], plot: &str| {
            let title = format!("{plot}, {name}");
            part.add(
                &format!("{name}.{id}_{size}"),
                &format!("{name}, {size} sessions: {what}"),
                unit,
                runs,
                Some(&title),
            );
        };
        add("p50", "a login, p50", "ms", &runs.p50, "A login beside stored sessions");
        add("p99", "a login, p99", "ms", &runs.p99, "A login beside stored sessions");
        add("cpu", "server CPU of a login", "µs", &runs.cpu, "Server CPU of a login beside stored sessions");
        add("start", "from start until it listens", "s", &[stored.started.as_secs_f64()], "Start of a service");
    }
    for ((_, size), larger) in sizes.iter().zip(&runs).skip(1) {
        for (id, what, larger, smallest) in
            [("p50", "p50", &larger.p50, &runs[0].p50), ("cpu", "server CPU", &larger.cpu, &runs[0].cpu)]
        {
            let ratios: Vec<f64> = larger.iter().zip(smallest).map(|(larger, smallest)| larger / smallest).collect();
            let what = format!("{name}: {what} of a login, {size} / 1k sessions");
            part.add(&format!("{name}.{id}_ratio_{size}"), &what, "ratio", &ratios, None);
        }
    }
}
