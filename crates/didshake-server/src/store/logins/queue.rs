//! Logins that wait to be written. What comes while others are committed is committed together: one flush to the disk for many.

use std::error::Error;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::NewLogin;

/// Logins that wait at most; further ones wait outside.
const QUEUE: usize = 1024;
/// Of one transaction, so that nobody waits long for others.
const BATCH: usize = 128;

/// Where logins are handed in. Clones are the same.
#[derive(Clone, Debug)]
pub(in crate::store) struct LoginWriter(mpsc::Sender<Message>);

/// What whoever writes takes them from.
pub(super) struct Queue(mpsc::Receiver<Message>);

#[derive(Debug)]
enum Message {
    Login(Queued),
    End(oneshot::Sender<()>),
}

#[derive(Debug)]
struct Queued {
    login: Arc<NewLogin>,
    done: oneshot::Sender<bool>,
}

/// Logins of one transaction.
pub(super) struct Batch {
    pub(super) logins: Vec<Arc<NewLogin>>,
    done: Vec<oneshot::Sender<bool>>,
    end: Option<oneshot::Sender<()>>,
}

impl LoginWriter {
    pub(super) fn new() -> (Self, Queue) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        (Self(sender), Queue(receiver))
    }

    /// Burns a handshake and keeps its session, of somebody of whom nothing is known here: `true`, and durable. `false`: it has to be done
    /// alone, since something is known, was burned, or needs room, or since the database refused what came together.
    pub(super) async fn write(&self, login: Arc<NewLogin>) -> bool {
        let (done, written) = oneshot::channel();
        let is_queued = self.0.send(Message::Login(Queued { login, done })).await.is_ok();
        is_queued && written.await.unwrap_or(false)
    }

    /// Ends the connection that logins are written over, once those are written that wait.
    pub(in crate::store) async fn close(&self) {
        let (ended, end) = oneshot::channel();
        if self.0.send(Message::End(ended)).await.is_ok() {
            // It is over in any case.
            let _ = end.await;
        }
    }
}

impl Queue {
    /// The next ones; `None` once nobody can hand in any more.
    pub(super) async fn next(&mut self) -> Option<Batch> {
        let first = self.0.recv().await?;
        Some(self.gather(first))
    }

    /// The same for a thread that may wait.
    pub(super) fn wait_for_next(&mut self) -> Option<Batch> {
        let first = self.0.blocking_recv()?;
        Some(self.gather(first))
    }

    fn gather(&mut self, first: Message) -> Batch {
        let mut batch = Batch { logins: Vec::new(), done: Vec::new(), end: None };
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                // Whoever has gone meanwhile has been told that it failed.
                Message::Login(Queued { done, .. }) if done.is_closed() => {}
                Message::Login(Queued { login, done }) => {
                    batch.logins.push(login);
                    batch.done.push(done);
                }
                Message::End(ended) => {
                    batch.end = Some(ended);
                    break;
                }
            }
            next = if batch.logins.len() < BATCH { self.0.try_recv().ok() } else { None };
        }
        batch
    }
}

impl Batch {
    /// Whether it is the last one.
    pub(super) fn is_last(&self) -> bool {
        self.end.is_some()
    }

    /// Tells everybody what became of theirs, in the order of the logins. Where all of it failed each is tried alone: whatever is wrong with
    /// one login, others do not suffer for it.
    pub(super) fn answer<E: Error + 'static>(self, written: Result<Vec<bool>, E>) {
        let results = written.unwrap_or_else(|error| {
            let error = &error as &(dyn Error + 'static);
            tracing::warn!(
                error,
                logins = self.logins.len(),
                "logins could not be written together, and are tried alone"
            );
            vec![false; self.logins.len()]
        });
        for (done, is_written) in self.done.into_iter().zip(results) {
            // Whoever asked may have gone.
            let _ = done.send(is_written);
        }
        if let Some(ended) = self.end {
            let _ = ended.send(());
        }
    }
}
