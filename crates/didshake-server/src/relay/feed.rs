//! The deposits of a mailbox, ascending, as they come.

use std::time::Duration;

use didshake_axum::StoreError;
use didshake_did::{Clock as _, SystemClock};
use tokio::time::{Instant, timeout_at};

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
    /// When the table is to be asked though nobody was heard, where it had nothing; `None`: at once.
    again: Option<Instant>,
}

impl Feed {
    pub(super) fn new(deposits: Deposits, listener: Listener, after: u64, is_shared: bool) -> Self {
        let poll = if is_shared { POLL_SHARED } else { POLL_OWN };
        Self { deposits, listener, after, poll, again: None }
    }

    /// The next ones, at once, where some are there.
    pub(crate) async fn next_now(&mut self, most: usize, bytes: u64) -> Result<Vec<Waiting>, StoreError> {
        let page = self.deposits.page(&self.listener.mailbox, self.after, most, bytes, SystemClock.now()).await?;
        self.again = page.is_empty().then(|| Instant::now() + self.poll);
        if let Some(last) = page.last() {
            self.after = last.sequence;
        }
        Ok(page)
    }

    /// The next ones, as soon as there are some. Dropped while it waits, it loses nothing.
    pub(crate) async fn next(&mut self, most: usize, bytes: u64) -> Result<Vec<Waiting>, StoreError> {
        loop {
            if let Some(again) = self.again {
                // For nothing does no harm.
                let _ = timeout_at(again, self.listener.heard()).await;
                // Dropped while it asks, it asks anew: what was heard is not heard twice.
                self.again = None;
            }
            let page = self.next_now(most, bytes).await?;
            if !page.is_empty() {
                return Ok(page);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use didshake::relay::{DepositName, MailboxName, TokenHash};
    use didshake::{Did, UnixTime};

    use super::super::wakers::Wakers;
    use super::*;
    use crate::store::{BatchJob, Database, MailboxBounds, Mailboxes, NewDeposit, TokenLimits};

    const BOUNDS: MailboxBounds = MailboxBounds { mailboxes: 10, waiting: 10, bytes: 1 << 20, states: 100 };
    const MAILBOX: MailboxName = MailboxName([1; 16]);
    const TOKEN: TokenHash = TokenHash([7; 32]);

    // R-RLY-1, R-RLY-2
    #[tokio::test]
    async fn what_was_heard_is_asked_for_also_where_the_question_was_dropped() {
        let directory = tempfile::tempdir().unwrap();
        let database = Database::open(&directory.path().join("db")).await.unwrap();
        let (mailboxes, deposits) = (Mailboxes::new(database.clone(), BOUNDS), Deposits::new(database));
        let now = SystemClock.now();
        mailboxes.open(&Did::parse("did:web:bob.example").unwrap(), MAILBOX, now).await.unwrap();
        mailboxes.let_in(&MAILBOX, &TOKEN, &TokenLimits::default()).await.unwrap();
        let wakers = Arc::new(Wakers::default());
        let mut feed = Feed::new(deposits.clone(), Wakers::listen(&wakers, MAILBOX), 0, false);
        assert!(feed.next_now(10, 1000).await.unwrap().is_empty());

        let envelope = vec![33; 100];
        let deposit = NewDeposit { name: DepositName::of(&envelope), expires: UnixTime(now.0 + 1000), envelope };
        deposits.commit(vec![(MAILBOX, BatchJob::Deposit(TOKEN, vec![deposit]))], &BOUNDS, now).await.unwrap();
        wakers.wake(&MAILBOX);
        // It is polled once, hears, asks the database, and is dropped before that has answered.
        tokio::select! { biased; _ = feed.next(10, 1000) => panic!("at once"), () = std::future::ready(()) => {} }
        let page = tokio::time::timeout(POLL_OWN / 2, feed.next(10, 1000)).await.expect("it asks anew").unwrap();
        assert_eq!(page.len(), 1);
    }
}
