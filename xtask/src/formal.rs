//! `cargo xtask formal`: asks the provers about the models in `spec/formal/`, and about variants with one element removed,
//! which have to fall.

mod attacker;
mod clauses;
mod description;
mod head;
mod proverif;
mod provers;
mod query;
mod stands_for;
mod term;
mod variant;
mod verdict;
mod verifpal;

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use self::query::Query;
use crate::process::{root, target_dir};

#[derive(Args, Default)]
pub(crate) struct Options {
    /// Ask these queries only: every one whose name contains NAME
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Name the queries and stop
    #[arg(long)]
    list: bool,
    /// Ask ProVerif, which has to be installed, and no other tool
    #[arg(long)]
    proverif: bool,
}

pub(crate) fn check() -> Result<()> {
    run(&Options::default())
}

pub(crate) fn run(options: &Options) -> Result<()> {
    stands_for::check()?;
    let wanted = |query: &Query| options.only.is_empty() || options.only.iter().any(|part| query.name.contains(part));
    let queries: Vec<Query> = queries(options)?.into_iter().filter(wanted).collect();
    ensure!(!queries.is_empty(), "no query has such a name: `cargo xtask formal --list` names them");
    if options.list {
        queries.iter().for_each(|query| println!("{}", query.name));
        return Ok(());
    }
    let failed = ask(&queries)?;
    if failed > 0 {
        bail!("{failed} of {} queries failed; what the tools were given and said is in target/formal", queries.len());
    }
    eprintln!("    {} queries, each answered as expected", queries.len());
    Ok(())
}

fn queries(options: &Options) -> Result<Vec<Query>> {
    if options.proverif {
        return proverif::queries();
    }
    // The longest ones first, so that no core waits for the other at the end.
    let mut queries = verifpal::queries(&read(verifpal::MODEL)?)?;
    queries.extend(provers::queries(&read(provers::MODEL)?)?);
    Ok(queries)
}

fn read(path: &str) -> Result<String> {
    fs::read_to_string(root().join(path)).with_context(|| format!("cannot read {path}"))
}

/// Asks every query, as many at a time as there are cores; returns how many were not answered as expected.
fn ask(queries: &[Query]) -> Result<usize> {
    let folder = target_dir().join("formal");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let (next, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        while let Some(query) = queries.get(next.fetch_add(1, Ordering::Relaxed)) {
            if !query.run(&folder) {
                failed.fetch_add(1, Ordering::Relaxed);
            }
        }
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| (0..cores).for_each(|_| drop(scope.spawn(work))));
    Ok(failed.into_inner())
}
