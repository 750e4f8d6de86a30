//! What is told of many measurements.

use std::time::Duration;

use serde_json::{Value, json};

/// How long things took, each by itself.
#[derive(Clone, Debug, Default)]
pub struct Latencies(Vec<Duration>);

impl Latencies {
    /// One more.
    pub fn add(&mut self, took: Duration) {
        self.0.push(took);
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The smallest of them that `part` of all, 0 to 1, do not exceed: 0.5 is the median.
    ///
    /// # Panics
    /// Where nothing was measured.
    #[must_use]
    pub fn percentile(&self, part: f64) -> Duration {
        let mut all = self.0.clone();
        all.sort_unstable();
        let rank = (all.len() as f64 * part).ceil() as usize;
        all[rank.clamp(1, all.len()) - 1]
    }

    /// The percentiles that are reported, in milliseconds.
    #[must_use]
    pub fn told(&self) -> Value {
        let at = |part| (self.percentile(part).as_secs_f64() * 1e6).round() / 1e3;
        json!({"count": self.count(), "p50_ms": at(0.5), "p90_ms": at(0.9), "p99_ms": at(0.99), "max_ms": at(1.0)})
    }
}

/// The middle one; of an even number the upper of the two.
///
/// # Panics
/// Where nothing was measured.
#[must_use]
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// What a process has in memory, in bytes, by the kernel's count.
///
/// # Panics
/// Where there is no such process.
#[must_use]
pub fn resident(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a count of memory");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_measurement_that_so_many_do_not_exceed() {
        let mut latencies = Latencies::default();
        (1..=200).rev().for_each(|number| latencies.add(Duration::from_millis(number)));
        let at = |part| latencies.percentile(part).as_millis();
        assert_eq!((at(0.0), at(0.5), at(0.9), at(0.99), at(1.0)), (1, 100, 180, 198, 200));
        assert_eq!(latencies.told()["p99_ms"], 198.0);
        assert_eq!(median([9.0, 1.0, 5.0]).to_bits(), 5.0_f64.to_bits());
    }

    #[test]
    fn memory_that_is_used_counts() {
        let before = resident(std::process::id());
        let used = vec![1_u8; 64 << 20];
        assert!(resident(std::process::id()) >= before + (60 << 20));
        assert_eq!(used.last(), Some(&1));
    }
}
