//! Open loop: each request has a moment at which it is meant to begin, whatever became of those before, and its latency counts
//! from there. So what waits behind a slow one is counted as slow too (no coordinated omission).

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

/// How a load went.
pub(crate) struct Load {
    latencies: Histogram<u64>,
}

impl Load {
    /// In milliseconds; `part` of all, 0 to 1.
    pub(crate) fn at(&self, part: f64) -> f64 {
        self.latencies.value_at_quantile(part) as f64 / 1000.0
    }
}

/// Runs `request` `count` times, `rate` a second, each with its number.
pub(crate) async fn open<F>(what: &str, rate: f64, count: usize, mut request: impl FnMut(usize) -> F) -> Load
where
    F: Future<Output = ()> + Send + 'static,
{
    // Microseconds up to a minute, three digits.
    let latencies = Arc::new(Mutex::new(Histogram::<u64>::new_with_bounds(1, 60_000_000, 3).unwrap()));
    let begin = Instant::now() + Duration::from_millis(10);
    let (mut running, mut told) = (Vec::with_capacity(count), Instant::now());
    for number in 0..count {
        let meant = begin + Duration::from_secs_f64(number as f64 / rate);
        tokio::time::sleep_until(meant.into()).await;
        let (request, recording) = (request(number), latencies.clone());
        running.push(tokio::spawn(async move {
            request.await;
            let took = u64::try_from(meant.elapsed().as_micros()).unwrap();
            recording.lock().unwrap().saturating_record(took.max(1));
        }));
        if told.elapsed() > Duration::from_secs(2) {
            told = Instant::now();
            let p99 = latencies.lock().unwrap().value_at_quantile(0.99) as f64 / 1000.0;
            eprintln!("      {what}: {number} of {count}, p99 so far {p99:.1} ms");
        }
    }
    for request in running {
        request.await.unwrap();
    }
    let latencies = latencies.lock().unwrap().clone();
    Load { latencies }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_waits_behind_a_slow_one_counts_from_when_it_was_meant_to_begin() {
        let load = open("test", 1000.0, 20, |number| {
            if number == 0 {
                std::thread::sleep(Duration::from_millis(300));
            }
            std::future::ready(())
        })
        .await;
        // The first kept the others from being sent: the last of them for 300 ms less its 19 ms.
        assert!(load.at(0.0) >= 250.0, "{} ms", load.at(0.0));
    }
}
