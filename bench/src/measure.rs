//! Interleaved rounds and their medians: both candidates see the same clock, cache and neighbours.

use std::time::Instant;

use anyhow::{Context, Result};

const WARM_UP_ROUNDS: usize = 40;
const ROUNDS: usize = 300;
/// Calls in one round, so that reading the clock weighs nothing.
const CALLS: u32 = 8;

/// Medians of one run, in nanoseconds a call.
pub(crate) struct Run {
    pub(crate) handshake: u128,
    pub(crate) floor: u128,
}

impl Run {
    /// How much longer the handshake takes than its primitives: 1.1 is ten percent.
    pub(crate) fn ratio(&self) -> f64 {
        self.handshake as f64 / self.floor as f64
    }
}

/// Measures both, in turns; which one goes first alternates.
pub(crate) fn run(mut handshake: impl FnMut() -> Result<()>, mut floor: impl FnMut() -> Result<()>) -> Result<Run> {
    for _ in 0..WARM_UP_ROUNDS {
        time(&mut handshake)?;
        time(&mut floor)?;
    }
    let (mut handshakes, mut floors) = (Vec::with_capacity(ROUNDS), Vec::with_capacity(ROUNDS));
    for round in 0..ROUNDS {
        if round % 2 == 0 {
            handshakes.push(time(&mut handshake)?);
            floors.push(time(&mut floor)?);
        } else {
            floors.push(time(&mut floor)?);
            handshakes.push(time(&mut handshake)?);
        }
    }
    Ok(Run { handshake: median(handshakes)?, floor: median(floors)? })
}

fn time(action: &mut impl FnMut() -> Result<()>) -> Result<u128> {
    let start = Instant::now();
    for _ in 0..CALLS {
        action()?;
    }
    Ok(start.elapsed().as_nanos() / u128::from(CALLS))
}

/// The middle one; of an even number the upper of the two.
pub(crate) fn median<T: PartialOrd>(mut values: Vec<T>) -> Result<T> {
    values.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    let middle = values.len() / 2;
    values.into_iter().nth(middle).context("nothing was measured")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_of_the_sorted_values() {
        assert_eq!(median(vec![9, 1, 5]).unwrap(), 5);
        assert_eq!(median(vec![2.5, 0.5]).unwrap(), 2.5);
        assert!(median::<u8>(Vec::new()).is_err());
    }
}
