//! Receiving: once, by asking; or for as long as it runs, on a socket.

use std::collections::HashSet;
use std::time::Duration;

use didshake::Did;
use tokio::time::{Instant, sleep_until};

use super::opening::Shown;
use super::{Agent, AgentError, Inner};
use crate::mailbox::circuit::CircuitOffer;
use crate::mailbox::records::OwnMailbox;
use crate::mailbox::relay::{MailboxSocket, RelayOwner, SocketEvent};

/// Deposits that are looked at together, and are durable together.
const BATCH: usize = 64;
/// Letters whose sender's document cannot be fetched now are looked at again after this.
const AGAIN: Duration = Duration::from_secs(30);
/// A relay shows 256 deposits that were not answered: where so many wait, what is behind them is asked for.
const MOST_WAITING: usize = 192;
/// Requests of one pass over what waits: a relay that never comes to an end has a next pass.
const MOST_ASKED: usize = 1024;

/// How receiving on a socket ended in order.
pub(super) enum Ended {
    /// The relay has ended it, or shows nothing more there.
    Socket,
    /// The application takes calls now, or takes none any more: that is said with another socket.
    Calls,
}

impl Agent {
    /// Takes what waits in all our mailboxes; where nothing does, waits for it up to `wait_seconds` (0 to 20) at each. How many
    /// deposits were taken.
    ///
    /// # Errors
    /// [`AgentError::Store`]; [`AgentError::Relay`] of the first relay that failed, after all were asked.
    pub async fn fetch(&self, wait_seconds: u8) -> Result<u64, AgentError> {
        let (mut taken, mut failed) = (0_u64, None);
        for mailbox in self.inner.store.mailboxes().await? {
            let fetched = async {
                let mailbox = self.inner.tend(mailbox).await?;
                self.inner.fetch_from(&self.inner.owner(&mailbox), wait_seconds.min(20)).await
            };
            match fetched.await {
                Ok(some) => taken = taken.saturating_add(some),
                Err(error @ AgentError::Store(_)) => return Err(error),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(taken), Err)
    }
}

impl Inner {
    /// Goes through everything that waits, once; up to 65,536 deposits.
    pub(super) async fn fetch_from(&self, owner: &RelayOwner, wait_seconds: u8) -> Result<u64, AgentError> {
        let (mut after, mut taken) = (0, 0_u64);
        let mut waiting = HashSet::new();
        for _ in 0..MOST_ASKED {
            let wait = if after == 0 { wait_seconds } else { 0 };
            let deposits = owner.deposits(after, BATCH as u16, wait).await?;
            let Some(last) = deposits.last() else { return Ok(taken) };
            after = last.sequence;
            let shown = deposits.into_iter().map(|one| Shown { sequence: one.sequence, envelope: one.envelope });
            let answers = self.take(shown.collect(), &mut waiting).await?;
            owner.answer(&answers.taken, &answers.refused).await?;
            taken = taken.saturating_add(answers.taken.len() as u64);
        }
        Ok(taken)
    }

    /// Receives on a socket until it ends. There is no cursor that outlives it: what was answered is shown no more, and what
    /// was not is to be shown again, whatever number it has.
    pub(super) async fn receive(
        &self,
        mailbox: &OwnMailbox,
        mut socket: MailboxSocket,
        calls: bool,
    ) -> Result<Ended, AgentError> {
        tracing::debug!(relay = %mailbox.origin, "the mailbox socket is open");
        let mut later = Later::default();
        loop {
            if later.shown.len() >= MOST_WAITING {
                // The relay shows nothing more here. Whoever cannot be resolved does not hold up the others.
                drop(socket);
                return self.fetch_from(&self.owner(mailbox), 0).await.map(|_| Ended::Socket);
            }
            let shown = tokio::select! {
                event = socket.next() => match event? {
                    None => return Ok(Ended::Socket),
                    Some(event) => self.gather(event, mailbox, &mut socket).await?,
                },
                () = later.due() => later.again(),
                () = self.takes_calls_unlike(calls) => return Ok(Ended::Calls),
            };
            let answers = self.take(shown, &mut later.senders).await?;
            socket.answer(&answers.taken, &answers.refused).await?;
            later.put(answers.later);
        }
    }

    /// What came, and whatever has come by now.
    async fn gather(
        &self,
        first: SocketEvent,
        mailbox: &OwnMailbox,
        socket: &mut MailboxSocket,
    ) -> Result<Vec<Shown>, AgentError> {
        let (mut shown, mut next) = (Vec::new(), Some(first));
        while let Some(event) = next {
            match event {
                SocketEvent::Deposit { sequence, envelope, .. } => shown.push(Shown { sequence, envelope }),
                SocketEvent::Circuit(id) => {
                    let (origin, url) = (mailbox.origin.clone(), mailbox.url.clone());
                    if !self.offer(CircuitOffer { origin, url, id }) {
                        socket.decline(id).await?;
                    }
                }
                SocketEvent::Durable(_) => {}
            }
            next = if shown.len() < BATCH { socket.ready()? } else { None };
        }
        Ok(shown)
    }

    /// Whether the application may take it.
    fn offer(&self, offer: CircuitOffer) -> bool {
        self.offers.borrow().as_ref().is_some_and(|application| application.try_send(offer).is_ok())
    }

    /// Whether there is an application that takes calls.
    pub(super) fn takes_calls(&self) -> bool {
        self.offers.borrow().as_ref().is_some_and(|application| !application.is_closed())
    }

    /// Until that is no longer so.
    async fn takes_calls_unlike(&self, calls: bool) {
        let mut offers = self.offers.subscribe();
        while self.takes_calls() == calls {
            let application = offers.borrow_and_update().clone().filter(|_| calls);
            let closed = async {
                match application {
                    Some(application) => application.closed().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = offers.changed() => {}
                () = closed => {}
            }
        }
    }
}

/// Deposits that are looked at again: their senders' documents could not be fetched.
#[derive(Default)]
struct Later {
    shown: Vec<Shown>,
    senders: HashSet<Did>,
    at: Option<Instant>,
}

impl Later {
    fn put(&mut self, shown: Vec<Shown>) {
        if !shown.is_empty() {
            self.at.get_or_insert(Instant::now() + AGAIN);
            self.shown.extend(shown);
        }
    }

    async fn due(&self) {
        match self.at {
            Some(at) => sleep_until(at).await,
            None => std::future::pending().await,
        }
    }

    /// All of them, in the order in which they came.
    fn again(&mut self) -> Vec<Shown> {
        self.at = None;
        self.senders.clear();
        std::mem::take(&mut self.shown)
    }
}
