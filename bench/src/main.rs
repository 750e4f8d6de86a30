//! `cargo xtask bench`: our handshake, both sides in memory, as a ratio to the sum of its primitives measured in the same
//! run. A table goes to standard error, JSON to standard output; it fails when the median ratio is over the limit.

mod floor;
mod handshake;
mod measure;

use anyhow::{Result, bail};
use serde_json::json;

use crate::floor::Floor;
use crate::handshake::Peers;
use crate::measure::{Run, median};

const RUNS: usize = 5;
/// What the code around the primitives may cost: 15 percent of them.
const MAX_RATIO: f64 = 1.15;

fn main() -> Result<()> {
    let mut peers = Peers::new()?;
    let floor = Floor::new();
    let mut round = 0_u8;
    let mut runs = Vec::with_capacity(RUNS);
    eprintln!("run  handshake µs  primitives µs  ratio");
    for number in 1..=RUNS {
        let primitives = || {
            round = round.wrapping_add(1);
            floor.run(round)
        };
        let run = measure::run(|| peers.handshake(), primitives)?;
        eprintln!("{number:>3}  {:>12.1}  {:>13.1}  {:>5.3}", micros(run.handshake), micros(run.floor), run.ratio());
        runs.push(run);
    }
    report(&runs)
}

fn report(runs: &[Run]) -> Result<()> {
    let ratio = median(runs.iter().map(Run::ratio).collect())?;
    eprintln!("median ratio {ratio:.3}, at most {MAX_RATIO}");
    let each = |run: &Run| json!({"handshake_us": micros(run.handshake), "primitives_us": micros(run.floor), "ratio": run.ratio()});
    let runs: Vec<_> = runs.iter().map(each).collect();
    println!(
        "{}",
        json!({"benchmark": "handshake/did:key Ed25519/suite 1", "runs": runs, "median_ratio": ratio, "limit": MAX_RATIO})
    );
    if ratio > MAX_RATIO {
        bail!("a handshake takes {ratio:.3} times its primitives, at most {MAX_RATIO}");
    }
    Ok(())
}

fn micros(nanoseconds: u128) -> f64 {
    nanoseconds as f64 / 1000.0
}
