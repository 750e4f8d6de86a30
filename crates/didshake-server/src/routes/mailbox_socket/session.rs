//! What happens on one mailbox socket.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use didshake::relay::{CircuitId, MAX_UNANSWERED, MailboxName, OwnerFrame, RelayFrame};
use didshake_did::{Clock as _, SystemClock};
use tokio::sync::mpsc;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout};

use crate::relay::{Feed, Relay, SessionWatch};
use crate::store::{Answers, BatchJob, Waiting};

const PING: Duration = Duration::from_secs(30);
/// An owner that answers no ping for as long, or takes nothing, is gone.
const SILENCE: Duration = Duration::from_secs(90);
/// How often it is looked what was answered elsewhere, where nothing more may be sent.
const LOOK: Duration = Duration::from_secs(1);
/// Deposits, and bytes of them, that are read ahead.
const AHEAD: usize = 64;
const AHEAD_BYTES: u64 = 262_144;
/// For the close frame.
const FAREWELL: Duration = Duration::from_secs(5);

pub(super) struct SocketSession {
    relay: Arc<Relay>,
    mailbox: MailboxName,
    socket: WebSocket,
    feed: Feed,
    ahead: VecDeque<Waiting>,
    /// Sent here, and not answered as far as this socket knows.
    unanswered: BTreeSet<u64>,
    heard: Instant,
    pings: Interval,
    looks: Interval,
}

/// The code with which a socket is closed; `None`: it is gone.
type End = Option<u16>;

/// What is next.
enum Event {
    Heard(Option<Result<Message, axum::Error>>),
    Read(Result<Vec<Waiting>, didshake_axum::StoreError>),
    Asked(CircuitId),
    Look,
    Ping,
    End(u16),
}

impl SocketSession {
    pub(super) fn new(relay: Arc<Relay>, mailbox: MailboxName, socket: WebSocket, feed: Feed) -> Self {
        let every = |period| {
            let mut turns = interval_at(Instant::now() + period, period);
            turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
            turns
        };
        let (ahead, unanswered, heard) = (VecDeque::new(), BTreeSet::new(), Instant::now());
        Self { relay, mailbox, socket, feed, ahead, unanswered, heard, pings: every(PING), looks: every(LOOK) }
    }

    /// Until either side ends it.
    pub(super) async fn run(mut self, mut offers: mpsc::Receiver<CircuitId>, mut watch: SessionWatch) {
        let end = loop {
            let event = self.next(&mut offers, &mut watch).await;
            if let Err(end) = self.handle(event).await {
                break end;
            }
        };
        if let Some(code) = end {
            let close = Message::Close(Some(CloseFrame { code, reason: "".into() }));
            let _ = timeout(FAREWELL, self.socket.send(close)).await;
        }
    }

    async fn next(&mut self, offers: &mut mpsc::Receiver<CircuitId>, watch: &mut SessionWatch) -> Event {
        let room = MAX_UNANSWERED.saturating_sub(self.unanswered.len());
        let stopped = self.relay.stopped();
        tokio::select! {
            biased;
            () = stopped => Event::End(close_code::AWAY),
            () = watch.over() => Event::End(close_code::POLICY),
            message = self.socket.recv() => Event::Heard(message),
            Some(id) = offers.recv() => Event::Asked(id),
            _ = self.pings.tick() => Event::Ping,
            _ = self.looks.tick(), if room == 0 => Event::Look,
            () = std::future::ready(()), if room > 0 && !self.ahead.is_empty() => Event::Read(Ok(Vec::new())),
            page = self.feed.next(AHEAD, AHEAD_BYTES), if room > 0 && self.ahead.is_empty() => Event::Read(page),
        }
    }

    async fn handle(&mut self, event: Event) -> Result<(), End> {
        match event {
            Event::Heard(message) => self.hear(message).await,
            Event::Read(page) => {
                self.ahead.extend(page.map_err(|_| Some(close_code::ERROR))?);
                let Some(Waiting { sequence, expires, envelope }) = self.ahead.pop_front() else { return Ok(()) };
                let frame = RelayFrame::Deposit { sequence, expires, envelope: &envelope }.encode();
                self.unanswered.insert(sequence);
                self.send(Message::Binary(frame.into())).await
            }
            Event::Asked(id) => self.send(Message::Binary(RelayFrame::Circuit(id).encode().into())).await,
            Event::Look => self.look().await,
            Event::Ping if self.heard.elapsed() > SILENCE => Err(Some(close_code::POLICY)),
            Event::Ping => self.send(Message::Ping(Vec::new().into())).await,
            Event::End(code) => Err(Some(code)),
        }
    }

    async fn hear(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<(), End> {
        self.heard = Instant::now();
        let frame = match message {
            Some(Ok(Message::Binary(bytes))) => OwnerFrame::decode(&bytes).map_err(|_| Some(close_code::POLICY))?,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => return Ok(()),
            // The answer to a close frame is sent by the library.
            Some(Ok(Message::Close(_))) | None => return Err(None),
            Some(Ok(Message::Text(_)) | Err(_)) => return Err(Some(close_code::POLICY)),
        };
        let (answers, sequences) = match frame {
            OwnerFrame::Taken(taken) => (Answers { taken: taken.clone(), refused: Vec::new() }, taken),
            OwnerFrame::Refused(refused) => (Answers { taken: Vec::new(), refused: refused.clone() }, refused),
            OwnerFrame::NoCircuit(id) => {
                // Whoever asked is told by that nobody can answer any more.
                drop(self.relay.circuits.take(&self.mailbox, &id));
                return Ok(());
            }
        };
        let written = self.relay.writer.write(self.mailbox, BatchJob::Answer(answers)).await;
        written.map_err(|_| Some(close_code::ERROR))?;
        for sequence in &sequences {
            self.unanswered.remove(sequence);
        }
        self.send(Message::Binary(RelayFrame::Durable(sequences).encode().into())).await
    }

    /// Forgets what waits no more, answered elsewhere or expired.
    async fn look(&mut self) -> Result<(), End> {
        let shown: Vec<u64> = self.unanswered.iter().copied().collect();
        let waiting = self.relay.deposits.still_waiting(&self.mailbox, &shown, SystemClock.now()).await;
        self.unanswered = waiting.map_err(|_| Some(close_code::ERROR))?.into_iter().collect();
        Ok(())
    }

    /// An owner that takes nothing holds nobody up, also where the relay stops.
    async fn send(&mut self, message: Message) -> Result<(), End> {
        tokio::select! {
            sent = timeout(SILENCE, self.socket.send(message)) => {
                if matches!(sent, Ok(Ok(()))) { Ok(()) } else { Err(None) }
            }
            () = self.relay.stopped() => Err(Some(close_code::AWAY)),
        }
    }
}
