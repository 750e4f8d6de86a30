//! How things ended, told once each to whoever counts and logs.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use didshake::{Did, Origin};
use tokio::time::Instant;

use crate::names::session_name;

/// Is told once of each message of a handshake, each WebSocket attempt, and each request that is signed or had to be. It
/// must be quick: the client waits for it.
///
/// ```
/// use didshake_axum::{Observer, Outcome};
/// struct Print;
/// impl Observer for Print {
///     fn finished(&self, outcome: &Outcome<'_>) {
///         println!("{} {} in {:?}", outcome.doing.name(), outcome.code, outcome.duration);
///     }
/// }
/// ```
pub trait Observer: Send + Sync {
    /// One thing is finished, well or not.
    fn finished(&self, outcome: &Outcome<'_>);
}

/// How one thing ended.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Outcome<'a> {
    /// What was done.
    pub doing: Doing,
    /// The cause: `replied`, `retried`, `accepted`, `proven`; or why not: a code of the specification's registry, or one
    /// for what only a service has (`host`, `rate_limited`, `busy`, `session_store`, `abandoned`, …).
    pub code: &'static str,
    /// The status of the answer; 0 where the client was gone.
    pub status: u16,
    /// The DID: verified where the code is a good one, otherwise **claimed** and no more. Good for a log, never for a label.
    pub did: Option<&'a Did>,
    /// The session.
    pub session_id: Option<&'a [u8; 16]>,
    /// The origin that was asked.
    pub origin: Option<&'a Origin>,
    /// Where it came from, as far as the service knows.
    pub client: Option<IpAddr>,
    /// How long it took: without the delay of `denied`, and without the app's own work.
    pub duration: Duration,
}

impl Outcome<'_> {
    /// Whether it is one of the bad ends.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        !matches!(self.code, REPLIED | RETRIED | ACCEPTED | PROVEN)
    }
}

/// What was done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Doing {
    /// Answering the first request of a handshake, or one that was refused before anyone knew which it was.
    Hello,
    /// Answering the second.
    Finish,
    /// A handshake over a WebSocket, from the opening to Accept.
    WebSocket,
    /// Proving a request of a session.
    Request,
}

impl Doing {
    /// Its name for metrics and logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hello => "hello",
            Self::Finish => "finish",
            Self::WebSocket => "websocket",
            Self::Request => "request",
        }
    }
}

pub(crate) const REPLIED: &str = "replied";
pub(crate) const RETRIED: &str = "retried";
pub(crate) const ACCEPTED: &str = "accepted";
pub(crate) const PROVEN: &str = "proven";
const ABANDONED: &str = "abandoned";

/// Writes outcomes to the log (`tracing`): what a service does that asks for nothing else.
#[derive(Clone, Copy, Debug)]
pub struct LogOutcomes;

impl Observer for LogOutcomes {
    fn finished(&self, outcome: &Outcome<'_>) {
        let Outcome { code, status, client, duration, .. } = *outcome;
        let (doing, did) = (outcome.doing.name(), outcome.did.map(Did::as_str));
        let session = outcome.session_id.map(session_name);
        let (session, micros) = (session.as_deref(), duration.as_micros());
        let client = client.map(tracing::field::display);
        if outcome.is_refusal() {
            tracing::warn!(doing, code, status, did, session, client, micros, "refused");
        } else if outcome.code == ACCEPTED {
            tracing::info!(doing, code, status, did, session, client, micros, "logged in");
        } else {
            tracing::debug!(doing, code, status, did, session, client, micros, "answered");
        }
    }
}

/// What is known of a thing while it is being done. Whatever becomes of it is told exactly once, also where the client
/// hangs up and this value is dropped.
pub(crate) struct Report {
    observer: Arc<dyn Observer>,
    began: Instant,
    told: bool,
    pub(crate) doing: Doing,
    pub(crate) client: Option<IpAddr>,
    pub(crate) did: Option<Did>,
    pub(crate) session_id: Option<[u8; 16]>,
    pub(crate) origin: Option<Origin>,
}

impl Report {
    pub(crate) fn begin(observer: &Arc<dyn Observer>, doing: Doing, client: Option<IpAddr>) -> Self {
        Self {
            observer: Arc::clone(observer),
            began: Instant::now(),
            told: false,
            doing,
            client,
            did: None,
            session_id: None,
            origin: None,
        }
    }

    /// Tells how it ended. A second end is not told.
    pub(crate) fn end(&mut self, code: &'static str, status: u16) {
        if std::mem::replace(&mut self.told, true) {
            return;
        }
        self.observer.finished(&Outcome {
            doing: self.doing,
            code,
            status,
            did: self.did.as_ref(),
            session_id: self.session_id.as_ref(),
            origin: self.origin.as_ref(),
            client: self.client,
            duration: self.began.elapsed(),
        });
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        self.end(ABANDONED, 0);
    }
}
