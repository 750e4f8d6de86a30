//! One task that writes. What comes while it commits waits, and is committed together: one flush to the disk for many.

use std::sync::Arc;

use didshake::relay::{MailboxName, RelayCode};
use didshake_did::{Clock as _, Source, SystemClock};
use tokio::sync::{mpsc, oneshot};

use super::bodies::Room;
use super::wakers::Wakers;
use crate::metrics::Metrics;
use crate::store::{BatchJob, BatchResult, Deposits, MailboxBounds, Placed};

/// Requests that wait to be written.
const QUEUE: usize = 4096;
/// Requests, and bytes, of one transaction: nobody waits long for another's.
const BATCH: usize = 512;
const BATCH_BYTES: usize = 8 << 20;

/// Where requests are handed in. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Writer(mpsc::Sender<Queued>);

#[derive(Debug)]
struct Queued {
    mailbox: MailboxName,
    job: BatchJob,
    /// What it takes of memory, also where whoever asked has gone.
    room: Option<Room<Source>>,
    done: oneshot::Sender<BatchResult>,
}

impl Writer {
    /// Starts the task; it ends with the last clone.
    pub(crate) fn start(deposits: Deposits, bounds: MailboxBounds, wakers: Arc<Wakers>, metrics: Metrics) -> Self {
        let (sender, queue) = mpsc::channel(QUEUE);
        tokio::spawn(Task { deposits, bounds, wakers, metrics, failing: false }.run(queue));
        Self(sender)
    }

    /// Has something done; when this returns, it is durable, or was refused, or nothing of it is kept.
    pub(crate) async fn write(&self, mailbox: MailboxName, job: BatchJob, room: Option<Room<Source>>) -> BatchResult {
        let (done, result) = oneshot::channel();
        let queued = Queued { mailbox, job, room, done };
        self.0.send(queued).await.map_err(|_| RelayCode::Unavailable)?;
        result.await.unwrap_or(Err(RelayCode::Unavailable))
    }
}

struct Task {
    deposits: Deposits,
    bounds: MailboxBounds,
    wakers: Arc<Wakers>,
    metrics: Metrics,
    failing: bool,
}

impl Task {
    async fn run(mut self, mut queue: mpsc::Receiver<Queued>) {
        while let Some(first) = queue.recv().await {
            let mut bytes = size(&first.job);
            let mut batch = vec![first];
            while batch.len() < BATCH && bytes < BATCH_BYTES {
                let Ok(next) = queue.try_recv() else { break };
                bytes = bytes.saturating_add(size(&next.job));
                batch.push(next);
            }
            self.commit(batch).await;
        }
    }

    async fn commit(&mut self, batch: Vec<Queued>) {
        let (mut jobs, mut waiting) = (Vec::with_capacity(batch.len()), Vec::with_capacity(batch.len()));
        for Queued { mailbox, job, room, done } in batch {
            waiting.push((mailbox, room, done));
            jobs.push((mailbox, job));
        }
        let committed = self.deposits.commit(jobs, &self.bounds, SystemClock.now()).await;
        self.metrics.deposits_committed();
        let results = match committed {
            Ok(results) => {
                if std::mem::take(&mut self.failing) {
                    tracing::info!("deposits are kept again");
                }
                results
            }
            Err(error) => {
                // Told once, and so is its end.
                if !std::mem::replace(&mut self.failing, true) {
                    tracing::error!(error = &error as &dyn std::error::Error, "deposits are not kept");
                }
                waiting.iter().map(|_| Err(RelayCode::Unavailable)).collect()
            }
        };
        for ((mailbox, _, done), result) in waiting.into_iter().zip(results) {
            let has_new = matches!(result, Ok(Placed { new: 1.., .. }));
            // Whoever asked may have gone.
            let _ = done.send(result);
            if has_new {
                self.wakers.wake(&mailbox);
            }
        }
    }
}

fn size(job: &BatchJob) -> usize {
    match job {
        BatchJob::Deposit(_, deposits) => deposits.iter().map(|deposit| deposit.envelope.len()).sum(),
        BatchJob::Answer(answers) => answers.len().saturating_mul(64),
    }
}
