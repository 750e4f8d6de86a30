//! What it takes to have the document of a DID: with nothing kept and from the cache, for each method; and how often a host is
//! asked by a thousand who want the same document at the same moment.

mod host;
mod program;
mod subjects;

use std::time::Duration;

use didshake_load::Latencies;
use serde_json::Value;

use crate::Arguments;
use crate::figures::Part;
use program::{Program, WAITERS};
use subjects::{Source, Subject};

const RUNS: usize = 5;
/// Who is wanted by a thousand at one moment.
const WANTED: [&str; 2] = ["web", "webvh_50"];

pub(crate) async fn measure(arguments: &Arguments) -> Value {
    measured(if arguments.full { 400 } else { 40 }).await
}

/// So many of each kind in a run, in turns.
async fn measured(rounds: usize) -> Value {
    let (program, subjects) = Program::new();
    let mut part = Part::new("resolution");
    let mut runs: Vec<Runs> = subjects.iter().map(|_| Runs::default()).collect();
    for _ in 0..RUNS {
        one_run(&program, &subjects, &mut runs, rounds).await;
    }
    for (subject, runs) in subjects.iter().zip(&runs) {
        add_method(&mut part, subject, runs);
    }
    let mut most = 0.0_f64;
    for subject in subjects.iter().filter(|subject| WANTED.contains(&subject.id)) {
        most = most.max(add_waiters(&mut part, &program, subject, rounds.div_ceil(5)).await);
    }
    part.add("fetches_of_1000_waiters", "requests for 1,000 waiters, at most", "requests", &[most], None);
    part.done(&[
        "Cold: a resolver that was made for this one call, composed as a service composes it, so that nothing is kept and the connection and its TLS session are new. Its making is a line of its own: a service does it once. The host is HTTPS on 127.0.0.1, by its address: no name is looked up, and there is no way to go. Its work is on the same processors.",
        "Warm: the same again, by the same resolver. did:key, did:jwk and did:peer carry their document: nothing is kept of them, it is made each time.",
        "Again: by a resolver that has fetched from this host before and keeps no document: the connection is new, its TLS session is resumed.",
        "What was seen of a log is kept in memory, or in a file (as the program does; a service has it in its database).",
        "1,000 waiters: tasks that begin at one moment with a resolver that has nothing yet; their time counts from that moment. What the host counted are requests, whatever for.",
    ])
}

/// Microseconds, a median for each run.
#[derive(Default)]
struct Runs {
    made: Vec<f64>,
    cold: Vec<f64>,
    warm: Vec<f64>,
    again: Vec<f64>,
}

async fn one_run(program: &Program, subjects: &[Subject], runs: &mut [Runs], rounds: usize) {
    let mut all: Vec<[Latencies; 4]> = subjects.iter().map(|_| Default::default()).collect();
    let mut forgetful = Vec::new();
    for subject in subjects {
        let resolver = program.forgetful(subject);
        program.ask(&*resolver, subject).await;
        forgetful.push(resolver);
    }
    for _ in 0..rounds {
        for ((subject, forgetful), [made, cold, warm, again]) in subjects.iter().zip(&forgetful).zip(&mut all) {
            let (resolver, took) = program.resolver(subject);
            made.add(took);
            cold.add(program.ask(&*resolver, subject).await);
            warm.add(program.ask_again(&*resolver, subject).await);
            again.add(program.ask(&**forgetful, subject).await);
        }
    }
    let p50 = |latencies: &Latencies| micros(latencies.percentile(0.5));
    for (runs, [made, cold, warm, again]) in runs.iter_mut().zip(&all) {
        runs.made.push(p50(made));
        runs.cold.push(p50(cold));
        runs.warm.push(p50(warm));
        runs.again.push(p50(again));
    }
}

fn micros(took: Duration) -> f64 {
    took.as_secs_f64() * 1e6
}

fn add_method(part: &mut Part, subject: &Subject, runs: &Runs) {
    let Subject { id, what, .. } = subject;
    let kind = if subject.source == Source::Did { "made from the DID" } else { "fetched" };
    let (cold, warm) = (format!("Cold: {kind}"), "Warm");
    part.add(&format!("{id}.cold_us"), &format!("{what}: cold"), "µs", &runs.cold, Some(&cold));
    part.add(&format!("{id}.warm_us"), &format!("{what}: warm"), "µs", &runs.warm, Some(warm));
    if subject.source == Source::Did {
        return;
    }
    let ratios: Vec<f64> = runs.cold.iter().zip(&runs.warm).map(|(cold, warm)| cold / warm).collect();
    part.add(&format!("{id}.cold_ratio"), &format!("{what}: cold / warm"), "ratio", &ratios, None);
    part.add(&format!("{id}.again_us"), &format!("{what}: again"), "µs", &runs.again, Some("Again: fetched"));
    part.add(&format!("{id}.made_us"), &format!("{what}: a resolver is made"), "µs", &runs.made, None);
}

/// The most requests that a thousand waiters came to.
async fn add_waiters(part: &mut Part, program: &Program, subject: &Subject, times: usize) -> f64 {
    let (mut fetches, mut waited, mut quantiles) = (Vec::new(), Vec::new(), [Vec::new(), Vec::new()]);
    let (mut alone, mut ratios) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let (mut latencies, mut single, mut asked, mut aboard) =
            (Latencies::default(), Latencies::default(), 0, WAITERS);
        for _ in 0..times {
            single.add(program.ask(&*program.resolver(subject).0, subject).await);
            let together = program.ask_together(subject).await;
            together.took.iter().for_each(|took| latencies.add(*took));
            asked = asked.max(together.fetches);
            aboard = aboard.min(together.waited);
        }
        fetches.push(asked as f64);
        waited.push(aboard as f64);
        for (runs, part) in quantiles.iter_mut().zip([0.5, 0.99]) {
            runs.push(micros(latencies.percentile(part)));
        }
        alone.push(micros(single.percentile(0.5)));
        ratios.push(micros(latencies.percentile(0.99)) / micros(single.percentile(0.5)));
    }
    let (id, what) = (subject.id, subject.what);
    let title = format!("{what}: until one of 1,000 waiters has it");
    part.add(
        &format!("{id}.waiters_p50_us"),
        &format!("{what}: 1,000 waiters, p50"),
        "µs",
        &quantiles[0],
        Some(&title),
    );
    part.add(
        &format!("{id}.waiters_p99_us"),
        &format!("{what}: 1,000 waiters, p99"),
        "µs",
        &quantiles[1],
        Some(&title),
    );
    part.add(&format!("{id}.alone_us"), &format!("{what}: one alone beside them"), "µs", &alone, Some(&title));
    part.add(&format!("{id}.waiters_ratio"), &format!("{what}: p99 of waiters / alone"), "ratio", &ratios, None);
    part.add(&format!("{id}.waited"), &format!("{what}: at least so many came before it"), "waiters", &waited, None);
    let most = fetches.iter().copied().fold(0.0, f64::max);
    part.add(&format!("{id}.fetches"), &format!("{what}: requests for 1,000 waiters"), "requests", &fetches, None);
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    // A figure of another name would be "not measured" for ever, and no failure.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_thousand_waiters_are_one_request_under_the_name_of_its_limit() {
        let limits = include_str!("../../../../../bench/src/limits.rs");
        let promised: Vec<&str> = limits.split('"').filter(|text| text.starts_with("resolution.")).collect();
        assert_eq!(promised.len(), 1, "{promised:?}");
        let part = measured(1).await;
        let figures = part["figures"].as_array().unwrap();
        let value = |id: &str| figures.iter().find(|figure| figure["id"] == id).map(|figure| figure["value"].clone());
        assert_eq!(value(promised[0]), Some(1.0.into()));
    }
}
