//! The loops of an agent that runs.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use didshake::{Did, Origin};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use super::connections::{Connection, Running};
use super::receive::Ended;
use super::{Agent, AgentError, Delivery, Inner};
use crate::mailbox::records::OwnMailbox;
use crate::mailbox::store::StoreError;

/// The first wait after something failed; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest such wait.
const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// The first wait before a relay is asked what became of a letter; each further one is half as long again.
const FIRST_ASK: Duration = Duration::from_secs(2);
const LONGEST_ASK: Duration = Duration::from_secs(120);
/// A socket that was open for so long was a good one: the next one is opened soon.
const GOOD: Duration = Duration::from_secs(5);
/// Keys, tokens, and what is over, are looked after this often.
const TEND: Duration = Duration::from_secs(3600);
/// Mailboxes that another process has opened are found this soon.
const LOOK: Duration = Duration::from_secs(60);

impl Agent {
    /// Delivers and receives until it is dropped: letters go out as they are written, come in as they are deposited, mailbox
    /// keys are renewed. Relays that cannot be reached are tried again, less and less often, up to every 5 minutes.
    ///
    /// Spawn it, or poll it all the time: while it stands still it may have a connection to the store that others wait for.
    /// Dropping it at any point loses nothing. Whether the mailboxes are connected, [`connections`](Self::connections) tells.
    ///
    /// # Errors
    /// Only ends where the store fails for good.
    pub async fn run(&self) -> Result<std::convert::Infallible, AgentError> {
        let _running = Running(&self.inner);
        let mut tasks = JoinSet::new();
        let inner = self.inner.clone();
        tasks.spawn(async move { inner.keep_delivering().await });
        let mut wait = FIRST_WAIT;
        let mut watched: HashMap<Origin, tokio::task::AbortHandle> = HashMap::new();
        loop {
            let mailboxes = match self.inner.store.mailboxes().await {
                Ok(mailboxes) => mailboxes,
                Err(error) => {
                    is_passing(error)?;
                    sleep(next_wait(&mut wait)).await;
                    continue;
                }
            };
            wait = FIRST_WAIT;
            let there: HashSet<&Origin> = mailboxes.iter().map(|mailbox| &mailbox.origin).collect();
            watched.retain(|origin, task| {
                let stays = there.contains(origin);
                if !stays {
                    task.abort();
                    self.inner.is_no_mailbox(origin);
                }
                stays
            });
            for mailbox in mailboxes {
                let inner = self.inner.clone();
                watched
                    .entry(mailbox.origin.clone())
                    .or_insert_with(|| tasks.spawn(async move { inner.keep_receiving(mailbox).await }));
            }
            tokio::select! {
                () = self.inner.mailboxes.notified() => {}
                () = sleep(LOOK) => {}
                Some(ended) = tasks.join_next() => match ended {
                    Ok(ended) => ended?,
                    Err(ended) if ended.is_panic() => std::panic::resume_unwind(ended.into_panic()),
                    Err(_) => {}
                },
            }
        }
    }
}

impl Inner {
    async fn keep_receiving(self: Arc<Self>, mailbox: OwnMailbox) -> Result<(), AgentError> {
        let mut wait = FIRST_WAIT;
        self.is_connected(&mailbox.origin, Connection::Connecting);
        loop {
            let mut opened = None;
            let connected = async {
                let mailbox = self.tend(mailbox.clone()).await?;
                let calls = self.takes_calls();
                let socket = self.owner(&mailbox).socket(0, calls).await?;
                opened = Some(Instant::now());
                self.is_connected(&mailbox.origin, Connection::Open { calls });
                self.receive(&mailbox, socket, calls).await
            };
            // Once in a while from the beginning: keys are renewed on the way.
            let ended = match tokio::time::timeout(TEND, connected).await {
                Err(_) | Ok(Ok(Ended::Calls)) => {
                    self.is_connected(&mailbox.origin, Connection::Connecting);
                    continue;
                }
                Ok(Ok(Ended::Socket)) => Ok(()),
                Ok(Err(error)) => Err(error),
            };
            self.lost(&mailbox.origin, ended)?;
            if opened.is_some_and(|opened| opened.elapsed() > GOOD) {
                wait = FIRST_WAIT;
            }
            sleep(next_wait(&mut wait)).await;
        }
    }

    /// Tells that a mailbox is not connected, and goes on unless the store fails for good.
    fn lost(&self, relay: &Origin, ended: Result<(), AgentError>) -> Result<(), AgentError> {
        let error = match ended {
            Ok(()) => None,
            Err(AgentError::Store(error)) => Some(is_passing(error)?),
            Err(error) => {
                tracing::warn!(code = error.code(), %relay, "the mailbox is not connected: {error}");
                Some(error)
            }
        };
        self.is_connected(relay, Connection::Lost(error.map(Arc::new)));
        Ok(())
    }

    async fn keep_delivering(self: Arc<Self>) -> Result<(), AgentError> {
        let mut wait = FIRST_WAIT;
        loop {
            let begun = Instant::now();
            match self.deliver_on().await {
                Ok(never) => match never {},
                Err(AgentError::Store(error)) => drop(is_passing(error)?),
                Err(error) => return Err(error),
            }
            if begun.elapsed() > GOOD {
                wait = FIRST_WAIT;
            }
            sleep(next_wait(&mut wait)).await;
        }
    }

    /// Until the store fails.
    async fn deliver_on(self: &Arc<Self>) -> Result<std::convert::Infallible, AgentError> {
        let (mut rounds, mut retry_at) = (Rounds::default(), Instant::now() + TEND);
        loop {
            if Instant::now() >= retry_at {
                retry_at = Instant::now() + TEND;
                self.store.retry_blocked().await?;
            }
            if self.store.sweep_outbox(self.now()).await? > 0 {
                self.changed();
            }
            self.store.sweep_seen(self.now()).await?;
            let next = rounds.begin(self, self.store.recipients().await?);
            tokio::select! {
                () = self.work.notified() => rounds.hurry(),
                () = sleep_until(next) => {}
                Some(Ok((recipient, asked, delivery))) = rounds.running.join_next() => {
                    let delivery = delivery?;
                    if delivery.deposited > 0 || delivery.heard > 0 {
                        self.changed();
                    }
                    rounds.end(&recipient, asked, &delivery);
                }
            }
        }
    }
}

/// Passes over the outbox, one recipient each.
#[derive(Default)]
struct Rounds {
    paces: HashMap<Did, Pace>,
    running: JoinSet<(Did, bool, Result<Delivery, AgentError>)>,
}

impl Rounds {
    /// Begins what is due; when something will be next.
    fn begin(&mut self, inner: &Arc<Inner>, recipients: Vec<Did>) -> Instant {
        self.paces.retain(|did, pace| pace.is_busy || recipients.contains(did));
        let now = Instant::now();
        let mut next = now + LOOK;
        for recipient in recipients {
            let pace = self.paces.entry(recipient.clone()).or_insert_with(|| Pace::new(now));
            if pace.is_busy {
                continue;
            }
            if pace.not_before > now {
                next = next.min(pace.not_before);
                continue;
            }
            (pace.is_busy, pace.hurries) = (true, false);
            let (inner, ask) = (inner.clone(), pace.ask_at <= now);
            self.running.spawn(async move {
                let delivery = inner.deliver_to(&recipient, ask).await;
                (recipient, ask, delivery)
            });
        }
        next
    }

    /// Something new was written: it goes at once to whom nothing failed.
    fn hurry(&mut self) {
        for pace in self.paces.values_mut().filter(|pace| pace.failures == 0) {
            (pace.hurries, pace.not_before) = (true, Instant::now());
        }
    }

    fn end(&mut self, recipient: &Did, asked: bool, delivery: &Delivery) {
        if let Some(pace) = self.paces.get_mut(recipient) {
            pace.end(delivery, asked);
        }
    }
}

/// When somebody's letters are looked after next.
struct Pace {
    is_busy: bool,
    /// Something was written while it was busy.
    hurries: bool,
    failures: u32,
    not_before: Instant,
    ask_at: Instant,
    ask_wait: Duration,
}

impl Pace {
    fn new(now: Instant) -> Self {
        Self { is_busy: false, hurries: false, failures: 0, not_before: now, ask_at: now, ask_wait: FIRST_ASK }
    }

    fn end(&mut self, delivery: &Delivery, asked: bool) {
        let now = Instant::now();
        self.is_busy = false;
        if delivery.trouble.is_empty() {
            self.failures = 0;
            if delivery.deposited > 0 || delivery.heard > 0 {
                self.ask_wait = FIRST_ASK;
            } else if asked {
                self.ask_wait = (self.ask_wait * 3 / 2).min(LONGEST_ASK);
            }
            self.ask_at = now + self.ask_wait;
            self.not_before = if self.hurries { now } else { self.ask_at };
        } else {
            // A pass may be long: where the relay took something, it has only just gone.
            if delivery.deposited > 0 || delivery.heard > 0 {
                self.failures = 0;
            }
            let wait = FIRST_WAIT.saturating_mul(1 << self.failures.min(10)).min(LONGEST_WAIT);
            self.failures = self.failures.saturating_add(1);
            self.not_before = now + delivery.retry_after.unwrap_or_default().max(jittered(wait)).min(LONGEST_WAIT);
            self.ask_at = self.not_before;
        }
    }
}

/// What to wait now; the next wait is twice as long.
fn next_wait(wait: &mut Duration) -> Duration {
    let now = jittered(*wait);
    *wait = (*wait * 2).min(LONGEST_WAIT);
    now
}

/// What ends by itself, or when letters are forgotten.
fn is_passing(error: StoreError) -> Result<AgentError, AgentError> {
    match error {
        StoreError::Full => {
            tracing::warn!("the inbox is full: letters wait at the relay until some are forgotten");
            Ok(error.into())
        }
        // A lock of another process, a full disk: nothing is lost meanwhile.
        StoreError::Failed(_) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "the store failed: it is tried again");
            Ok(error.into())
        }
        error => Err(error.into()),
    }
}

/// Between a half and the whole, so that agents that lost one relay do not come back together.
fn jittered(wait: Duration) -> Duration {
    use rand_core::TryRng as _;
    let draw = getrandom::SysRng.try_next_u32().unwrap_or(u32::MAX);
    wait / 2 + (wait / 2).mul_f64(f64::from(draw) / f64::from(u32::MAX))
}
