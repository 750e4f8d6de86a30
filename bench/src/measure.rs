//! Interleaved rounds and their medians: all candidates see the same clock, cache and neighbours.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// Runs whose medians are told; the issue asks for five.
pub const RUNS: usize = 5;
/// So long one turn of a candidate takes, about: reading the clock weighs nothing.
const TURN: Duration = Duration::from_micros(400);
const WARM_UP: Duration = Duration::from_millis(30);
const MAX_CALLS: u32 = 4096;

/// Something that is measured against others.
pub struct Candidate<'a> {
    name: String,
    prepare: Box<dyn FnMut(u32) -> Result<()> + 'a>,
    action: Box<dyn FnMut() -> Result<()> + 'a>,
}

/// What one candidate took: nanoseconds a call, a median for each run.
#[derive(Clone, Debug)]
pub struct Taken {
    /// The candidate's.
    pub name: String,
    /// One for each run.
    pub runs: Vec<f64>,
}

impl<'a> Candidate<'a> {
    /// An action that needs nothing before it.
    pub fn new(name: impl Into<String>, action: impl FnMut() -> Result<()> + 'a) -> Self {
        Self::prepared(name, |_| Ok(()), action)
    }

    /// An action for which something is made ready before, outside of what is timed: told for how many calls.
    pub fn prepared(
        name: impl Into<String>,
        prepare: impl FnMut(u32) -> Result<()> + 'a,
        action: impl FnMut() -> Result<()> + 'a,
    ) -> Self {
        Self { name: name.into(), prepare: Box::new(prepare), action: Box::new(action) }
    }

    /// Nanoseconds a call of so many.
    pub(crate) fn turn(&mut self, calls: u32) -> Result<f64> {
        (self.prepare)(calls)?;
        let start = Instant::now();
        for _ in 0..calls {
            (self.action)()?;
        }
        Ok(start.elapsed().as_nanos() as f64 / f64::from(calls))
    }

    /// Runs warm and finds out how many calls make a turn.
    fn warm(&mut self) -> Result<u32> {
        let (start, mut calls) = (Instant::now(), 1);
        loop {
            let each = self.turn(calls).with_context(|| self.name.clone())?;
            calls = ((TURN.as_nanos() as f64 / each.max(1.0)) as u32).clamp(1, MAX_CALLS);
            if start.elapsed() > WARM_UP {
                return Ok(calls);
            }
        }
    }
}

/// Measures all of them, in turns, `rounds` times in each of [`RUNS`] runs; who goes first changes with each round.
///
/// # Errors
/// The first of a candidate's; it fails too where there is no candidate or no round.
pub fn interleave(rounds: usize, candidates: &mut [Candidate<'_>]) -> Result<Vec<Taken>> {
    let calls = candidates.iter_mut().map(Candidate::warm).collect::<Result<Vec<u32>>>()?;
    let mut taken: Vec<_> =
        candidates.iter().map(|candidate| Taken { name: candidate.name.clone(), runs: Vec::new() }).collect();
    for _ in 0..RUNS {
        let mut turns = vec![Vec::with_capacity(rounds); candidates.len()];
        for round in 0..rounds {
            let count = candidates.len();
            for position in 0..count {
                let at = (position + round) % count.max(1);
                if let (Some(candidate), Some(calls), Some(turns)) =
                    (candidates.get_mut(at), calls.get(at), turns.get_mut(at))
                {
                    turns.push(candidate.turn(*calls)?);
                }
            }
        }
        for (taken, turns) in taken.iter_mut().zip(turns) {
            taken.runs.push(median(&turns)?);
        }
    }
    Ok(taken)
}

/// How many times as long each run of `one` took as the same run of `other`.
#[must_use]
pub fn ratios(one: &Taken, other: &Taken) -> Vec<f64> {
    one.runs.iter().zip(&other.runs).map(|(one, other)| one / other).collect()
}

/// The middle one; of an even number the upper of the two.
///
/// # Errors
/// Where there is none.
pub fn median(values: &[f64]) -> Result<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().context("nothing was measured")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_of_the_sorted_values() {
        assert_eq!(median(&[9.0, 1.0, 5.0]).unwrap().to_bits(), 5.0_f64.to_bits());
        assert_eq!(median(&[2.5, 0.5]).unwrap().to_bits(), 2.5_f64.to_bits());
        assert!(median(&[]).is_err());
    }

    #[test]
    fn what_is_made_ready_is_not_timed_and_is_enough_for_each_call() {
        const LONG: Duration = Duration::from_millis(30);
        let ready = std::cell::Cell::new(0_u32);
        let prepare = |calls| {
            std::thread::sleep(LONG);
            ready.set(calls);
            Ok(())
        };
        let action = || {
            ready.set(ready.get().checked_sub(1).context("not ready")?);
            Ok(())
        };
        let taken = interleave(3, &mut [Candidate::prepared("count", prepare, action)]).unwrap();
        assert_eq!(taken[0].runs.len(), RUNS);
        // Were it timed, one call would make a turn, and none could take less.
        assert!(taken[0].runs.iter().any(|each| *each < LONG.as_nanos() as f64), "{taken:?}");
        assert_eq!(ready.get(), 0);
    }

    #[test]
    fn a_ratio_is_of_the_same_run() {
        let taken = |runs: &[f64]| Taken { name: String::new(), runs: runs.to_vec() };
        assert_eq!(ratios(&taken(&[2.0, 9.0]), &taken(&[1.0, 3.0])), [2.0, 3.0]);
        assert!(interleave(1, &mut [Candidate::new("fails", || anyhow::bail!("so"))]).is_err());
    }
}
