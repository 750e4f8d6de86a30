//! The audit log: who came in, who was refused and why, and what was administered, as JSON lines in a file of the data
//! directory. Now and then a line signs everything before it, so that whoever has the file and knows the service's DID can
//! tell that nothing was changed or taken out.
//!
//! Each instance has a log of its own: a chain over all of them would have logins wait for each other. What comes after the
//! last signature is not signed yet, and whoever has the service's key can sign anything.

mod file;
mod verify;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use didshake_axum::{Doing, Observer, Outcome, session_name};
use didshake_did::{Clock as _, SystemClock};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use crate::identity::Present;
use crate::metrics::Metrics;
use crate::store::StorageError;
use file::AuditFile;
pub use verify::{AuditError, AuditFault, AuditReport, CheckpointKey, verify_audit};

/// Entries that wait to be written at most.
const QUEUE: usize = 10_000;
/// Entries that are written at once.
const TOGETHER: usize = 256;
/// How long an entry waits for a signature.
const PERIOD: Duration = Duration::from_secs(10);

/// Takes entries. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Audit {
    entries: mpsc::Sender<Value>,
    lost: Arc<AtomicU64>,
}

impl Audit {
    /// Notes what has happened; `details` is an object. It never waits: what does not fit is counted, and the count is noted.
    pub(crate) fn note(&self, event: &'static str, mut details: Value) {
        if let Some(members) = details.as_object_mut() {
            members.insert("event".into(), event.into());
            members.insert("time".into(), SystemClock.now().0.into());
        }
        if self.entries.try_send(details).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Writes entries, and signs them.
pub(crate) struct AuditWriter {
    file: AuditFile,
    identity: Present,
    entries: mpsc::Receiver<Value>,
    lost: Arc<AtomicU64>,
    failing: bool,
}

impl AuditWriter {
    /// Opens the log in a directory, and goes on where it ended.
    pub(crate) fn open(directory: &Path, identity: Present) -> Result<(Audit, Self), StorageError> {
        let file = AuditFile::open(directory)?;
        let (sender, entries) = mpsc::channel(QUEUE);
        let lost = Arc::new(AtomicU64::new(0));
        let audit = Audit { entries: sender, lost: Arc::clone(&lost) };
        Ok((audit, Self { file, identity, entries, lost, failing: false }))
    }

    /// Writes until it is told to end; then what is there is written and signed.
    pub(crate) async fn run(mut self, mut end: oneshot::Receiver<()>) {
        let mut turns = tokio::time::interval_at(tokio::time::Instant::now() + PERIOD, PERIOD);
        turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut waiting = Vec::new();
        loop {
            tokio::select! {
                count = self.entries.recv_many(&mut waiting, TOGETHER) => match count {
                    0 => break,
                    _ => self.write(&mut waiting),
                },
                _ = turns.tick() => self.sign().await,
                _ = &mut end => break,
            }
        }
        self.entries.close();
        while self.entries.recv_many(&mut waiting, TOGETHER).await > 0 {
            self.write(&mut waiting);
        }
        self.sign().await;
    }

    fn write(&mut self, entries: &mut Vec<Value>) {
        let written = self.file.append_all(entries);
        if written.is_err() {
            self.lost.fetch_add(entries.len() as u64, Ordering::Relaxed);
        }
        entries.clear();
        self.tell(written.map_err(WriteError::Io));
    }

    /// Signs what is not signed yet.
    async fn sign(&mut self) {
        let lost = self.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let noted = self.file.append(&json!({"event": "lost", "time": SystemClock.now().0, "count": lost}));
            if noted.is_err() {
                self.lost.fetch_add(lost, Ordering::Relaxed);
            }
            self.tell(noted.map_err(WriteError::Io));
        }
        if self.file.is_signed() {
            return;
        }
        let signed = self.file.checkpoint(&self.identity.now(), SystemClock.now()).await;
        self.tell(signed);
    }

    /// A failure is told once, and so is its end; nobody is kept out by it.
    fn tell(&mut self, outcome: Result<(), WriteError>) {
        match outcome {
            Ok(()) if std::mem::take(&mut self.failing) => tracing::info!("the audit log is written again"),
            Ok(()) => {}
            Err(error) => {
                if !std::mem::replace(&mut self.failing, true) {
                    tracing::error!(error = &error as &dyn std::error::Error, "the audit log is not written");
                }
            }
        }
    }
}

/// Why a line is not written.
#[derive(Debug, thiserror::Error)]
enum WriteError {
    #[error("the file cannot be written")]
    Io(#[from] std::io::Error),
    #[error("the service's key signs nothing")]
    Signer(#[from] didshake_did::SignerError),
}

/// Counts, logs, and keeps for the audit how handshakes ended.
pub(crate) struct Observed {
    pub(crate) metrics: Metrics,
    pub(crate) audit: Audit,
}

impl Observer for Observed {
    fn finished(&self, outcome: &Outcome<'_>) {
        self.metrics.finished(outcome);
        if !matches!(outcome.doing, Doing::Finish | Doing::WebSocket) {
            return;
        }
        let details = json!({
            "did": outcome.did.map(didshake::Did::as_str),
            "session": outcome.session_id.map(session_name),
            "origin": outcome.origin.map(didshake::Origin::as_str),
            "client": outcome.client.map(|client| client.to_string()),
            "cause": outcome.code,
        });
        // Of a refusal the DID is claimed, and no more.
        self.audit.note(if outcome.is_refusal() { "refused" } else { "login" }, details);
    }
}
