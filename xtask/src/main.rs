//! `cargo xtask …`: the one entry for every chore of this repository.

mod archive;
mod bench;
mod bundle;
mod conformance;
mod deny;
mod dist;
mod endure;
mod formal;
mod fuzz;
mod house;
mod layers;
mod lock;
mod mutants;
mod no_std;
mod packages;
mod process;
mod proxies;
mod python;
mod setup;
mod spec;
mod step;
mod test;
mod vectors;
mod web;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::step::Step;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Every chore of the didshake repository")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Install what the tests need beyond Rust and a C compiler; quick when nothing is missing
    Setup,
    /// Run everything that a change must pass
    Test(test::Options),
    /// Check the checked-in vectors against the model
    Vectors(vectors::Options),
    /// Write target/didshake-vectors-1.tar.gz: the specification and the vectors, byte for byte reproducible
    VectorsBundle,
    /// Check that every requirement of the specification is held by a vector or a test
    Spec(spec::Options),
    /// Ask the provers about the formal models
    Formal(formal::Options),
    /// Link the protocol into a C program without Rust's standard library, and run it
    NoStd,
    /// Fuzz the parsers
    Fuzz(fuzz::Options),
    /// Measure handshake and channel beside their primitives and peers, resolution, and logins at a service; target/bench/report.html. Or the relay beside NATS core
    Bench(bench::Options),
    /// Send a hundred thousand messages through a relay while it, the recipient and the senders are killed at random: none may
    /// be lost, handed over twice, or out of order
    Endure(endure::Options),
    /// Write target/dist: a stripped program with its manual, completions, service files, and checksums
    Dist,
    /// Check crates: bans, licences, sources
    Deny,
    /// Bring every lockfile up to date after a change of dependencies
    Lock,
    /// Test the TypeScript peer, in Node and in Chromium
    Web,
    /// Put the three implementations and the programs to every tier of the conformance runner; the report is
    /// target/conformance/report.html
    Conformance(conformance::Options),
    /// Change the protocol's code in some hundred ways and see that a test fails each time, or that
    /// crates/survivors.json says why none can; half an hour or more
    Mutants(mutants::Options),
    /// Try the recipes for Traefik and Envoy with those proxies, which PyPI has: some 90 MB
    Proxies,
    /// Check the house rules that no other tool checks
    House,
}

fn main() -> ExitCode {
    let step = match Arguments::parse().chore {
        Chore::Setup => Step::new("setup", "cargo xtask setup", setup::run),
        Chore::Test(options) => return test::run(&options),
        Chore::Vectors(options) => Step::new("vectors", "cargo xtask vectors", move || vectors::run(&options)),
        Chore::VectorsBundle => Step::new("vectors-bundle", "cargo xtask vectors-bundle", bundle::run),
        Chore::Spec(options) => Step::new("spec", "cargo xtask spec", move || spec::run(&options)),
        Chore::Formal(options) => Step::new("formal", "cargo xtask formal", move || formal::run(&options)),
        Chore::NoStd => Step::new("no-std", "cargo xtask no-std", no_std::run),
        Chore::Fuzz(options) => Step::new("fuzz", "cargo xtask fuzz", move || fuzz::run(&options)),
        Chore::Bench(options) => Step::new("bench", "cargo xtask bench", move || bench::run(&options)),
        Chore::Endure(options) => Step::new("endure", "cargo xtask endure", move || endure::run(&options)),
        Chore::Dist => Step::new("dist", "cargo xtask dist", dist::run),
        Chore::Deny => Step::new("deny", "cargo xtask deny", deny::run),
        Chore::Lock => Step::new("lock", "cargo xtask lock", lock::run),
        Chore::Web => Step::new("web", "cargo xtask web", web::check),
        Chore::Conformance(options) => {
            Step::new("conformance", "cargo xtask conformance", move || conformance::run(&options))
        }
        Chore::Mutants(options) => Step::new("mutants", "cargo xtask mutants", move || mutants::run(&options)),
        Chore::Proxies => Step::new("proxies", "cargo xtask proxies", proxies::run),
        Chore::House => Step::new("house", "cargo xtask house", house::run),
    };
    match step.run() {
        Some(_) => ExitCode::SUCCESS,
        None => ExitCode::FAILURE,
    }
}
