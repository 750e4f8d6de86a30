//! The deposits of a mailbox, ascending, as they come.

use std::time::Duration;

use didshake_axum::StoreError;
use didshake_did::{Clock as _, SystemClock};

use super::wakers::Listener;
use crate::store::{Deposits, Waiting};

/// How often the table is asked where another relay may have written to it: a notification can be lost.
const POLL_SHARED: Duration = Duration::from_secs(2);
/// Where only this process writes to it.
const POLL_OWN: Duration = Duration::from_secs(30);

/// Each deposit above a sequence number once, in order.
#[derive(Debug)]
pub(crate) struct Feed {
    deposits: Deposits,
    listener: Listener,
    after: u64,
    poll: Duration,
    /// Nothing was there when the table was last asked.
    is_dry: bool,
}

impl Feed {
    pub(super) fn new(deposits: Deposits, listener: Listener, after: u64, is_shared: bool) -> Self {
        let poll = if is_shared { POLL_SHARED } else { POLL_OWN };
        Self { deposits, listener, after, poll, is_dry: false }
    }

    /// The next ones, at once, where some are there.
    pub(crate) async fn next_now(&mut self, most: usize, bytes: u64) -> Result<Vec<Waiting>, StoreError> {
        let page = self.deposits.page(&self.listener.mailbox, self.after, most, bytes, SystemClock.now()).await?;
        self.is_dry = page.is_empty();
        if let Some(last) = page.last() {
            self.after = last.sequence;
        }
        Ok(page)
    }

    /// The next ones, as soon as there are some. Dropped while it waits, it loses nothing.
    pub(crate) async fn next(&mut self, most: usize, bytes: u64) -> Result<Vec<Waiting>, StoreError> {
        loop {
            if self.is_dry {
                // Too late or for nothing does no harm.
                let _ = tokio::time::timeout(self.poll, self.listener.heard()).await;
            }
            let page = self.next_now(most, bytes).await?;
            if !page.is_empty() {
                return Ok(page);
            }
        }
    }
}
