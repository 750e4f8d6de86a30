//! A dudect-style check (Reparaz, Balasch, Verbauwhede 2017): comparing secrets takes as long whether they differ in
//! the first byte, the last, or nowhere. The same measurement must catch a comparison that stops early.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failing test panics"
)]

use std::hint::black_box;
use std::time::Instant;

use didshake::Secret;

const SAMPLES: usize = 20_000;
const BATCH: usize = 32;
/// dudect's own bound: beyond it a leak is certain.
const LEAKS: f64 = 10.0;
const RUNS: usize = 7;

fn stops_early(a: &[u8; 32], b: &[u8; 32]) -> bool {
    for (a, b) in a.iter().zip(b) {
        if black_box(a) != black_box(b) {
            return false;
        }
    }
    true
}

/// Welch's t between the two classes, the slowest tenth left out (interrupts).
fn t_statistic(mut compare: impl FnMut(&[u8; 32])) -> f64 {
    let mut classes = [[1; 32], [1; 32]];
    classes[0][0] = 0;
    let mut times = [Vec::with_capacity(SAMPLES), Vec::with_capacity(SAMPLES)];
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    while times[0].len() + times[1].len() < SAMPLES {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let class = (state >> 63) as usize;
        let started = Instant::now();
        for _ in 0..BATCH {
            compare(black_box(&classes[class]));
        }
        times[class].push(started.elapsed().as_nanos() as f64);
    }
    let moments = times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times.truncate(times.len() * 9 / 10);
        let count = times.len() as f64;
        let mean = times.iter().sum::<f64>() / count;
        let variance = times.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (count - 1.0);
        (mean, variance / count)
    });
    let [(mean_a, error_a), (mean_b, error_b)] = moments;
    ((mean_a - mean_b) / (error_a + error_b).sqrt()).abs()
}

/// The median of several runs: a machine that does something else at the time spoils one, not most.
fn median_t(mut compare: impl FnMut(&[u8; 32])) -> f64 {
    let mut runs: Vec<f64> = (0..RUNS).map(|_| t_statistic(&mut compare)).collect();
    runs.sort_by(f64::total_cmp);
    runs[RUNS / 2]
}

// R-SEC-4
#[test]
fn comparing_secrets_does_not_tell_where_they_differ() {
    let secret = Secret::new([1; 32]);
    let leaky = median_t(|other| {
        black_box(stops_early(secret.expose(), other));
    });
    assert!(leaky > LEAKS, "the measurement does not see an early exit (t = {leaky:.1})");
    let ours = median_t(|other| {
        black_box(secret == Secret::new(*other));
    });
    assert!(ours < LEAKS, "t = {ours:.1}");
}
