//! What a handshake costs, as figures.

use std::hint::black_box;

use anyhow::Result;
use didshake::Suite;

use super::{Peers, STEPS};
use crate::backend::{BACKEND, BUILD};
use crate::figures::{Figure, Part};
use crate::floor::Floor;
use crate::measure::{Candidate, RUNS, interleave, median};

const HANDSHAKES: &str = "A handshake, both sides";

/// The whole handshake beside its primitives and its peers; then by step, and in bytes.
///
/// # Errors
/// Where a handshake fails.
pub fn measure(rounds: usize) -> Result<Part> {
    let mut part = Part::new("handshake", BUILD);
    part.notes.push(format!("Backend: {}. Suite 1, did:key with Ed25519 on both sides.", BACKEND));
    #[cfg(feature = "peers")]
    let with = super::beside::Peers::new()?;
    let mut peers = Peers::new(Suite::X25519_CHACHA20_POLY1305)?;
    let mut primitives = Floor::new()?;
    let mut one_side = Floor::new()?;
    let mut candidates = vec![
        Candidate::new("didshake", || peers.handshake().map(|done| drop(black_box(done)))),
        Candidate::new("sum of the primitives", || primitives.both_sides()),
        Candidate::new("primitives of one side", || one_side.one_side()),
    ];
    #[cfg(feature = "peers")]
    candidates.extend(with.candidates()?);
    let taken = interleave(rounds, &mut candidates)?;
    drop(candidates);
    for (id, taken) in IDS.iter().zip(&taken) {
        part.add_time(&format!("{id}_us"), taken, HANDSHAKES)?;
    }
    if let [ours, floor, _one_side, peers @ ..] = taken.as_slice() {
        part.add_ratio("floor_ratio", ours, floor)?;
        for (id, peer) in IDS.iter().skip(3).zip(peers) {
            part.add_ratio(&format!("{id}_ratio"), ours, peer)?;
        }
    }
    split(&mut part, rounds)?;
    #[cfg(feature = "peers")]
    with.wire(&mut part)?;
    Ok(part)
}

/// Of the candidates, in their order.
const IDS: [&str; 7] = ["didshake", "floor", "floor_one_side", "tls_x509", "tls_raw_keys", "snow_xx", "snow_ik"];

/// By side and message, and what goes over the wire.
fn split(part: &mut Part, rounds: usize) -> Result<()> {
    let mut peers = Peers::new(Suite::X25519_CHACHA20_POLY1305)?;
    let mut runs = vec![Vec::new(); STEPS.len()];
    for _ in 0..RUNS {
        let mut turns = vec![Vec::new(); STEPS.len()];
        for _ in 0..rounds * 4 {
            for (turns, took) in turns.iter_mut().zip(peers.timed()?) {
                turns.push(took.as_nanos() as f64 / 1000.0);
            }
        }
        for (runs, turns) in runs.iter_mut().zip(turns) {
            runs.push(median(&turns)?);
        }
    }
    for ((number, (side, step)), runs) in STEPS.iter().enumerate().zip(runs) {
        let figure = Figure::new(format!("handshake.step_{number}_us"), format!("{side}: {step}"), "µs", runs)?;
        part.add(figure.bar("Where the time of a handshake goes"));
    }
    let wire = peers.handshake()?.wire;
    for (message, bytes) in ["Hello", "Reply", "Finish", "Accept"].iter().zip(wire) {
        let id = format!("handshake.{}_bytes", message.to_lowercase());
        part.add(Figure::new(id, format!("{message} on the wire"), "bytes", vec![bytes as f64])?);
    }
    let all = wire.iter().sum::<usize>() as f64;
    part.add(Figure::new("handshake.didshake_bytes", "didshake", "bytes", vec![all])?.bar(BYTES));
    Ok(())
}

pub(super) const BYTES: &str = "Bytes of a handshake on the wire";
