//! `cargo xtask bench`: measures what needs no network, and writes the report of all parts.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand, ValueEnum};
use didshake_bench::figures::{Figure, Part};
use didshake_bench::measure::{Candidate, interleave};
use didshake_bench::{backend, channel, floor, handshake, report};

/// What didshake costs beside its primitives and its peers
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Measure, and print figures as JSON
    Measure {
        /// What
        #[arg(value_enum, required = true)]
        parts: Vec<Measured>,
        /// Turns of each candidate in a run
        #[arg(long, default_value_t = 100)]
        rounds: usize,
    },
    /// Judge figures of any part of the benchmark and write report.json and report.html
    Report {
        /// Files of figures
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Where to
        #[arg(long)]
        into: PathBuf,
        /// Report only: a limit that is not met is no failure
        #[arg(long)]
        no_limits: bool,
        /// What to say of the machine and the moment
        #[arg(long, default_value = "")]
        about: String,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Measured {
    Handshake,
    Channel,
}

fn main() -> Result<ExitCode> {
    match Arguments::parse().task {
        Task::Measure { parts, rounds } => {
            let measured = parts.iter().map(|part| match part {
                Measured::Handshake => of_handshake(rounds),
                Measured::Channel => channel::measure(rounds),
            });
            println!("{}", serde_json::to_string(&measured.collect::<Result<Vec<_>>>()?)?);
            Ok(ExitCode::SUCCESS)
        }
        Task::Report { files, into, no_limits, about } => {
            let mut parts = Vec::new();
            for file in files {
                let text = fs::read(&file).with_context(|| file.display().to_string())?;
                let read: Vec<Part> = serde_json::from_slice(&text).with_context(|| file.display().to_string())?;
                parts.extend(read);
            }
            let all_met = report::write(&parts, &about, &into)?;
            Ok(if all_met || no_limits { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}

const HANDSHAKES: &str = "A handshake, both sides";

fn of_handshake(rounds: usize) -> Result<Part> {
    let mut part = Part::new("handshake", backend::BUILD);
    part.notes.push(format!("Backend: {}. Suite 1, did:key with Ed25519 on both sides.", backend::BACKEND));
    #[cfg(feature = "peers")]
    let with = beside::Peers::new()?;
    let mut peers = handshake::Peers::new(didshake::Suite::X25519_CHACHA20_POLY1305)?;
    let mut primitives = floor::Floor::new()?;
    let mut one_side = floor::Floor::new()?;
    let mut candidates = vec![
        Candidate::new("didshake", || peers.handshake().map(|done| drop(std::hint::black_box(done)))),
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
    let mut peers = handshake::Peers::new(didshake::Suite::X25519_CHACHA20_POLY1305)?;
    let mut runs = vec![Vec::new(); handshake::STEPS.len()];
    for _ in 0..didshake_bench::measure::RUNS {
        let mut turns = vec![Vec::new(); handshake::STEPS.len()];
        for _ in 0..rounds * 4 {
            for (turns, took) in turns.iter_mut().zip(peers.timed()?) {
                turns.push(took.as_nanos() as f64 / 1000.0);
            }
        }
        for (runs, turns) in runs.iter_mut().zip(turns) {
            runs.push(didshake_bench::measure::median(&turns)?);
        }
    }
    for ((number, (side, step)), runs) in handshake::STEPS.iter().enumerate().zip(runs) {
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

const BYTES: &str = "Bytes of a handshake on the wire";

#[cfg(feature = "peers")]
mod beside {
    use std::cell::RefCell;
    use std::hint::black_box;

    use didshake_bench::peers::noise::Noise;
    use didshake_bench::peers::tls::Tls;
    use rustls::CipherSuite;

    use super::{BYTES, Candidate, Figure, Part, Result};

    /// What people use today, ready for handshakes.
    pub(super) struct Peers {
        x509: Tls,
        raw_keys: Tls,
        xx: RefCell<Noise>,
        ik: RefCell<Noise>,
    }

    impl Peers {
        pub(super) fn new() -> Result<Self> {
            let suite = CipherSuite::TLS13_CHACHA20_POLY1305_SHA256;
            Ok(Self {
                x509: Tls::certificates(suite)?,
                raw_keys: Tls::raw_keys(suite)?,
                xx: RefCell::new(Noise::new("Noise_XX_25519_ChaChaPoly_SHA256")?),
                ik: RefCell::new(Noise::new("Noise_IK_25519_ChaChaPoly_SHA256")?),
            })
        }

        pub(super) fn candidates(&self) -> Result<Vec<Candidate<'_>>> {
            let tls = |tls: &Tls| tls.handshake().map(|done| drop(black_box(done)));
            let noise = |noise: &RefCell<Noise>| noise.borrow_mut().handshake().map(|done| drop(black_box(done)));
            Ok(vec![
                Candidate::new("rustls mutual, X.509", move || tls(&self.x509)),
                Candidate::new("rustls mutual, raw public keys", move || tls(&self.raw_keys)),
                Candidate::new("snow XX", move || noise(&self.xx)),
                Candidate::new("snow IK", move || noise(&self.ik)),
            ])
        }

        pub(super) fn wire(&self, part: &mut Part) -> Result<()> {
            let bytes = [
                ("tls_x509", "rustls mutual, X.509", self.x509.handshake()?.wire),
                ("tls_raw_keys", "rustls mutual, raw public keys", self.raw_keys.handshake()?.wire),
                ("snow_xx", "snow XX, no DIDs", self.xx.borrow_mut().handshake()?.wire),
                ("snow_ik", "snow IK, no DIDs", self.ik.borrow_mut().handshake()?.wire),
            ];
            for (id, what, bytes) in bytes {
                part.add(Figure::new(format!("handshake.{id}_bytes"), what, "bytes", vec![bytes as f64])?.bar(BYTES));
            }
            Ok(())
        }
    }
}
