//! The conformance runner: cases for implementations behind a shim, and for running endpoints.

mod attempt;
mod caller;
/// Cases, outcomes and the whole run, as the reports hold them.
pub mod case;
mod catalogue;
mod dice;
mod kept;
mod live;
mod logs;
mod matrix;
mod misbehaviour;
mod order;
mod relay;
mod replay;
mod shim;
mod statics;
mod target;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

use caller::Program;
use case::{Case, CaseResult, Introduction, Outcome, Run, Tier};
use catalogue::{Catalogue, Models, Test};
use relay::Relay;
use shim::Shim;
pub(crate) use statics::{fields_after, hello_fields};
use target::Target;

use crate::report;
use crate::report::expected::ExpectedFailures;

/// What to run, over whom.
#[derive(Clone, Debug)]
pub struct Options {
    /// Command lines of shims: words separated by white space, no shell.
    pub shims: Vec<String>,
    /// Running responders: `NAME=URL,DID[,APPLICATION PROTOCOL]`.
    pub targets: Vec<String>,
    /// Programs that initiate: `NAME=COMMAND`, with `{address}` and `{did}` in the command.
    pub initiators: Vec<String>,
    /// Running relays: `NAME=URL,DID`.
    pub relays: Vec<String>,
    /// The tiers; empty means all.
    pub tiers: Vec<Tier>,
    /// Run only cases with one of these in their id or among their requirements; empty means all.
    pub only: Vec<String>,
    /// Repeats the random parts.
    pub seed: u64,
    /// The directory of the vectors.
    pub vectors: PathBuf,
    /// Files of expected failures.
    pub expected: Vec<PathBuf>,
}

/// The value of `format` in `results.json`.
pub const FORMAT: &str = "didshake-conformance-results/1";

/// What nobody can see from outside, and what holds it instead.
const NOT_OBSERVABLE: &str = include_str!("../not-observable.json");

impl Options {
    fn expectations(&self) -> Result<ExpectedFailures, String> {
        let mut expected = ExpectedFailures::default();
        for path in &self.expected {
            let failed = |cause: &dyn std::fmt::Display| format!("{}: {cause}", path.display());
            let text = fs::read_to_string(path).map_err(|cause| failed(&cause))?;
            expected.add(&text).map_err(|cause| failed(&cause))?;
        }
        Ok(expected)
    }

    fn not_observable() -> Result<BTreeMap<String, String>, String> {
        report::coverage::not_observable(NOT_OBSERVABLE).map_err(|cause| format!("not-observable.json: {cause}"))
    }

    fn wants(&self, tier: Tier) -> bool {
        self.tiers.is_empty() || self.tiers.contains(&tier)
    }

    fn selects(&self, case: &Case) -> bool {
        let named = |text: &String| case.id.contains(text.as_str()) || case.requirements.contains(text);
        self.wants(case.tier) && (self.only.is_empty() || self.only.iter().any(named))
    }
}

/// Every case that the options select, without running any: those of endpoints and programs too, whether or not one
/// is given.
///
/// # Errors
/// If the vectors cannot be read, or the model fails.
pub fn list(options: &Options) -> Result<Vec<Case>, String> {
    let cases = Catalogue::load(&options.vectors)?.cases(options)?;
    Ok(cases.into_iter().filter(|case| options.selects(case)).collect())
}

/// Runs the selected cases over every shim, every pair of them, every target and every initiator.
///
/// # Errors
/// If the vectors, the expected failures or `not-observable.json` cannot be read, the model fails, or a shim does not
/// start.
pub fn run(options: &Options) -> Result<Run, String> {
    let (expected, not_observable) = (options.expectations()?, Options::not_observable()?);
    let catalogue = Catalogue::load(&options.vectors)?;
    let (put, cases) = thread::scope(|scope| {
        let cases = scope.spawn(|| catalogue.cases(options));
        (put(options, &catalogue), cases.join().unwrap_or_else(|_| Err("the runner failed".to_owned())))
    });
    let ((implementations, mut results), cases) = (put?, cases?);
    let known: BTreeSet<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    let selected = cases.iter().filter(|case| options.selects(case)).map(|case| case.id.as_str()).collect();
    let stale_expectations = expected.apply(&mut results, &known, &selected);
    let coverage = match Tier::ALL.into_iter().all(|tier| options.wants(tier)) {
        true => report::coverage::coverage(&cases, &not_observable).0,
        false => Vec::new(),
    };
    Ok(Run { format: FORMAT, seed: options.seed, implementations, results, coverage, stale_expectations })
}

/// The vectors, read once, for whoever runs often.
pub struct Session(Catalogue);

impl Session {
    /// Reads the vectors below a directory.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn load(vectors: &Path) -> Result<Self, String> {
        Catalogue::load(vectors).map(Self)
    }

    /// The results of a run, without what they cover.
    ///
    /// # Errors
    /// If the model fails, or a shim does not start.
    pub fn results(&self, options: &Options) -> Result<Vec<CaseResult>, String> {
        put(options, &self.0).map(|(_, results)| results)
    }
}

/// Puts the selected cases to everybody.
fn put(options: &Options, catalogue: &Catalogue) -> Result<(Vec<Introduction>, Vec<CaseResult>), String> {
    let mut shims = options.shims.iter().map(|command| Shim::start(command)).collect::<Result<Vec<_>, _>>()?;
    let implementations = shims.iter().map(|shim| shim.about.clone()).collect();
    let mut results = side_by_side(options, catalogue, &mut shims)?;
    results.extend(pairs(options, &mut shims)?);
    Ok((implementations, results))
}

/// All tiers but the matrix over everybody at once. Every thread makes its own tests: what a negative does wrong is a closure.
fn side_by_side(options: &Options, catalogue: &Catalogue, shims: &mut [Shim]) -> Result<Vec<CaseResult>, String> {
    let (targets, programs, relays) = (targets(options)?, programs(options)?, relays(options)?);
    thread::scope(|scope| {
        let mut threads = Vec::new();
        threads.extend(shims.iter_mut().map(|shim| scope.spawn(move || one(options, catalogue, shim))));
        threads.extend(targets.iter().map(|target| scope.spawn(move || one_target(options, target))));
        threads.extend(programs.iter().map(|program| scope.spawn(move || one_program(options, program))));
        threads.extend(relays.iter().map(|relay| scope.spawn(move || Ok(one_relay(options, relay)))));
        let joined = threads.into_iter().map(|thread| thread.join().map_err(|_| "the runner failed".to_owned())?);
        Ok(joined.collect::<Result<Vec<_>, String>>()?.into_iter().flatten().collect())
    })
}

/// Tiers 1 to 3 over one shim.
fn one(options: &Options, catalogue: &Catalogue, shim: &mut Shim) -> Result<Vec<CaseResult>, String> {
    let models = Models::new(options)?;
    let tests = catalogue.tests(&models, options)?;
    let chosen: Vec<&Test<'_>> = tests.iter().filter(|test| options.selects(test.case())).collect();
    let mut progress = Progress::new(shim.about.name.clone(), chosen.len());
    let mut results = Vec::new();
    for test in chosen {
        progress.step();
        shim.begin();
        let start = Instant::now();
        let outcome = with_log(test.run(shim), shim);
        results.push(result(test.case().clone(), shim.about.name.clone(), outcome, start));
    }
    progress.end();
    Ok(results)
}

fn targets(options: &Options) -> Result<Vec<Target>, String> {
    options.targets.iter().map(|text| Target::parse(text)).collect()
}

fn programs(options: &Options) -> Result<Vec<Program>, String> {
    options.initiators.iter().map(|text| Program::parse(text)).collect()
}

fn relays(options: &Options) -> Result<Vec<Relay>, String> {
    options.relays.iter().map(|text| Relay::parse(text)).collect()
}

/// Tier 5 over one running relay.
fn one_relay(options: &Options, relay: &Relay) -> Vec<CaseResult> {
    let tests = relay::tests();
    let tests = tests.iter().map(|(case, trial)| (case, move || relay.run(case, *trial, options.seed)));
    each(options, &relay.name, tests.collect())
}

/// Tier 3 over one running responder.
fn one_target(options: &Options, target: &Target) -> Result<Vec<CaseResult>, String> {
    let models = Models::new(options)?;
    let tests = target.tests(&models, options.seed);
    let tests = tests.iter().map(|test| (test.case(), move || target.run(test, options.seed)));
    Ok(each(options, &target.name, tests.collect()))
}

/// Tier 3 over a program that is started for each case.
fn one_program(options: &Options, program: &Program) -> Result<Vec<CaseResult>, String> {
    let models = Models::new(options)?;
    let tests = caller::tests(&models, options.seed);
    let tests = tests.iter().map(|live| (&live.case, move || program.run(live)));
    Ok(each(options, &program.name, tests.collect()))
}

/// Runs the selected ones of these.
fn each(options: &Options, name: &str, tests: Vec<(&Case, impl Fn() -> Outcome)>) -> Vec<CaseResult> {
    let chosen: Vec<_> = tests.into_iter().filter(|(case, _)| options.selects(case)).collect();
    let mut progress = Progress::new(name.to_owned(), chosen.len());
    let mut results = Vec::new();
    for (case, test) in chosen {
        progress.step();
        let start = Instant::now();
        results.push(result(case.clone(), name.to_owned(), test(), start));
    }
    progress.end();
    results
}

fn pairs(options: &Options, shims: &mut [Shim]) -> Result<Vec<CaseResult>, String> {
    if !options.wants(Tier::Matrix) {
        return Ok(Vec::new());
    }
    let models = Models::new(options)?;
    let pairings: Vec<_> =
        models.positives.iter().filter_map(|positive| matrix::case(positive, options.seed)).collect();
    let chosen: Vec<_> = pairings.iter().filter(|pairing| options.selects(&pairing.case)).collect();
    let mut responders: Vec<Shim> = shims.iter().map(Shim::again).collect();
    let mut results = Vec::new();
    for initiator in shims {
        for responder in &mut responders {
            let name = format!("{}→{}", initiator.about.name, responder.about.name);
            let mut progress = Progress::new(name.clone(), chosen.len());
            for pairing in &chosen {
                progress.step();
                initiator.begin();
                responder.begin();
                let start = Instant::now();
                let outcome = with_log(with_log(pairing.run(initiator, responder), initiator), responder);
                results.push(result(pairing.case.clone(), name.clone(), outcome, start));
            }
            progress.end();
        }
    }
    Ok(results)
}

fn result(case: Case, implementation: String, outcome: Outcome, start: Instant) -> CaseResult {
    let microseconds = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
    CaseResult { case, implementation, outcome, expected_failure: None, microseconds }
}

/// A failure with what was asked and answered.
fn with_log(outcome: Outcome, shim: &Shim) -> Outcome {
    match outcome {
        Outcome::Failed(mut failure) => {
            failure.log.extend(shim.log());
            Outcome::Failed(failure)
        }
        other => other,
    }
}

/// A line on a terminal's standard error that is written over while it runs.
struct Progress {
    name: String,
    total: usize,
    done: usize,
    shown: Option<Instant>,
}

impl Progress {
    fn new(name: String, total: usize) -> Self {
        Self { name, total, done: 0, shown: std::io::stderr().is_terminal().then(Instant::now) }
    }

    fn step(&mut self) {
        self.done += 1;
        if let Some(shown) = self.shown.as_mut().filter(|shown| shown.elapsed().as_millis() > 200) {
            *shown = Instant::now();
            eprint!("\r\x1b[K{}: {} of {}", self.name, self.done, self.total);
        }
    }

    fn end(&self) {
        if self.shown.is_some() {
            eprint!("\r\x1b[K");
        }
    }
}
