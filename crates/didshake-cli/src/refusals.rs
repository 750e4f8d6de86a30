//! Tells who was refused, some of them one by one, and of a flood how many more.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep_until};

use crate::failure::Failure;
use crate::output;
use crate::wire::Caller;

/// So many are told one by one within a second.
const TOLD: u32 = 10;
const SECOND: Duration = Duration::from_secs(1);

pub(crate) struct Refusals {
    as_json: bool,
    since: Instant,
    told: u32,
    more: u32,
}

impl Refusals {
    pub(crate) fn new(as_json: bool) -> Self {
        Self { as_json, since: Instant::now(), told: 0, more: 0 }
    }

    pub(crate) fn tell(&mut self, from: Caller, failure: &Failure) {
        if self.more == 0 && self.since.elapsed() >= SECOND {
            (self.since, self.told) = (Instant::now(), 0);
        }
        if self.told >= TOLD {
            self.more = self.more.saturating_add(1);
            return;
        }
        self.told += 1;
        if self.as_json {
            let (code, message) = (failure.code(), failure.message());
            output::json(&json!({"event": "refused", "from": from.to_string(), "code": code, "message": message}));
        } else {
            output::note(&format!("{from}: {}", failure.message()));
        }
    }

    /// Returns when there are more to count up.
    pub(crate) async fn due(&self) {
        match self.more {
            0 => std::future::pending().await,
            _ => sleep_until(self.since + SECOND).await,
        }
    }

    /// Counts up those that were not told.
    pub(crate) fn sum_up(&mut self) {
        let more = std::mem::take(&mut self.more);
        (self.since, self.told) = (Instant::now(), 0);
        if more == 0 {
            return;
        }
        if self.as_json {
            output::json(&json!({"event": "refused", "more": more}));
        } else {
            output::note(&format!("… and {more} more"));
        }
    }
}
