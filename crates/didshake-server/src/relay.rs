//! The relay (spec/relay-1.md): mailboxes of DIDs, deposits of whoever has a token, and circuits. What is kept, or logged about a
//! deposit, does not say whom it came from (R-RLY-5).

mod admission;
mod bodies;
mod circuits;
mod disk;
mod feed;
mod notifications;
mod refusal;
mod session_watch;
mod sockets;
mod wakers;
mod writer;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, PoisonError};

use didshake::relay::MailboxName;
use didshake::{Did, UnixTime};
use didshake_axum::StoreError;
use didshake_did::{Rate, Source, SourceBudget, Wait};
use tokio::sync::watch;

pub(crate) use admission::Admission;
pub(crate) use bodies::{Bodies, Room, Whose};
pub(crate) use circuits::{ANSWER, Circuits, Meter, pump};
pub(crate) use disk::Disk;
pub(crate) use feed::Feed;
pub(crate) use refusal::Refusal;
pub(crate) use session_watch::SessionWatch;
pub(crate) use sockets::{Seat, Sockets};
pub(crate) use wakers::Wakers;
pub(crate) use writer::Writer;

use crate::config::{Config, ConfigError, PostgresUrl};
use crate::metrics::{Metrics, RelayGauges};
use crate::store::{Database, Deposits, MailboxBounds, Mailboxes};

/// Sources whose rates are told apart.
const SOURCES: usize = 65_536;

/// States of deposits of one mailbox, decided or not: what is older is told by nobody any more.
const STATES: u64 = 262_144;

/// What an operator decides.
#[derive(Clone, Debug)]
pub(crate) struct RelayOptions {
    pub(crate) admission: Admission,
    pub(crate) bounds: MailboxBounds,
    pub(crate) rate: Rate,
    /// Sockets, streams and ends of circuits at one time.
    pub(crate) sockets: usize,
    pub(crate) circuit_bytes: u64,
    pub(crate) disk_reserve: u64,
}

impl RelayOptions {
    /// What the configuration says; `None` where the service is no relay.
    pub(crate) fn load(config: &Config) -> Result<Option<Self>, ConfigError> {
        let Some(settings) = &config.relay else { return Ok(None) };
        let bounds = MailboxBounds {
            mailboxes: settings.max_mailboxes,
            waiting: settings.mailbox_waiting,
            bytes: settings.mailbox_bytes,
            states: STATES,
        };
        let admission = Admission::load(&settings.owners, config)?;
        Ok(Some(Self {
            admission,
            bounds,
            rate: settings.rate_deposits,
            sockets: config.max_connections,
            circuit_bytes: settings.circuit_bytes,
            disk_reserve: settings.disk_reserve,
        }))
    }
}

/// The relay of one process.
pub(crate) struct Relay {
    pub(crate) admission: Admission,
    pub(crate) mailboxes: Mailboxes,
    pub(crate) deposits: Deposits,
    pub(crate) writer: Writer,
    pub(crate) wakers: Arc<Wakers>,
    pub(crate) sockets: Arc<Sockets>,
    pub(crate) circuits: Arc<Circuits>,
    pub(crate) disk: Disk,
    pub(crate) metrics: Metrics,
    rates: Mutex<SourceBudget>,
    bodies: Bodies<Source>,
    /// Lists of deposits on their way to owners.
    pub(crate) lists: Bodies<MailboxName>,
    stopping: watch::Sender<bool>,
    is_shared: bool,
}

impl Relay {
    /// Over a database; its writer runs until the relay is dropped.
    pub(crate) fn start(options: RelayOptions, database: &Database, metrics: &Metrics) -> Self {
        let (mailboxes, deposits) = (Mailboxes::new(database.clone(), options.bounds), Deposits::new(database.clone()));
        let wakers = Arc::new(Wakers::default());
        let writer = Writer::start(deposits.clone(), options.bounds, Arc::clone(&wakers), metrics.clone());
        Self {
            admission: options.admission,
            mailboxes,
            deposits,
            writer,
            wakers,
            sockets: Arc::new(Sockets::new(options.sockets)),
            circuits: Arc::new(Circuits::new(options.circuit_bytes)),
            disk: Disk::new(database.file(), options.disk_reserve),
            metrics: metrics.clone(),
            rates: Mutex::new(SourceBudget::new(options.rate, SOURCES)),
            bodies: Bodies::new(),
            lists: Bodies::new(),
            stopping: watch::channel(false).0,
            is_shared: database.is_shared(),
        }
    }

    /// A name for a mailbox; `None` where there is no randomness.
    pub(crate) fn draw_name() -> Option<MailboxName> {
        let mut name = [0; 16];
        getrandom::fill(&mut name).ok()?;
        Some(MailboxName(name))
    }

    /// What waits in a mailbox above a sequence number, as it comes.
    pub(crate) fn feed(&self, mailbox: MailboxName, after: u64) -> Feed {
        Feed::new(self.deposits.clone(), Wakers::listen(&self.wakers, mailbox), after, self.is_shared)
    }

    /// Takes what one request of a depositor costs its source. The address is forgotten with that.
    pub(crate) fn spend(&self, client: Option<IpAddr>, now: UnixTime) -> Result<(), Wait> {
        // A budget is right or too small by one request, whatever panicked elsewhere.
        self.rates.lock().unwrap_or_else(PoisonError::into_inner).spend(source(client), now)
    }

    /// Room in memory for the body of a deposit, as it comes. The address is forgotten with the body.
    pub(crate) fn room_for_body(&self, client: Option<IpAddr>) -> Room<Source> {
        self.bodies.begin(source(client))
    }

    /// Hears other relays on the same database, until it is dropped; for ever, where there are none.
    pub(crate) async fn hear_others(&self, store: Option<&PostgresUrl>) {
        match store {
            Some(url) => notifications::listen(url, &self.wakers).await,
            None => std::future::pending().await,
        }
    }

    /// Has everything end that waits.
    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Waits until the relay stops.
    pub(crate) async fn stopped(&self) {
        let mut stopping = self.stopping.subscribe();
        // It lives as long as the relay, which is borrowed.
        let _ = stopping.wait_for(|stopping| *stopping).await;
    }

    /// What is measured when somebody asks; `None` where the store fails.
    pub(crate) async fn gauges(&self) -> Option<RelayGauges> {
        let waiting = self.mailboxes.sums().await.ok()?;
        Some(RelayGauges { waiting, sockets: self.sockets.count(), circuits: self.circuits.count() })
    }

    /// Whether a mailbox is opened for a DID.
    pub(crate) async fn admits(&self, did: &Did, access: &crate::access::Access) -> Result<bool, StoreError> {
        self.admission.admits(did, access).await
    }
}

fn source(client: Option<IpAddr>) -> Source {
    Source::of(client.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)))
}
