//! What happens on one mailbox socket.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use didshake::relay::{CircuitId, MAX_ANSWERS, MAX_UNANSWERED, OwnerFrame, RelayFrame};
use didshake_did::{BoxFuture, Clock as _, SystemClock};
use tokio::sync::mpsc;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout};

use crate::relay::{Feed, Relay, Seat, SessionWatch};
use crate::store::{Answers, BatchJob, BatchResult, Waiting};

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
    seat: Seat,
    socket: WebSocket,
    feed: Feed,
    ahead: VecDeque<Waiting>,
    /// Sent here, and not answered as far as this socket knows.
    unanswered: BTreeSet<u64>,
    /// What the owner said while something else of it was written.
    said: Answers,
    writing: Option<Writing>,
    heard: Instant,
    pings: Interval,
    looks: Interval,
}

/// Answers that are not durable yet.
struct Writing {
    sequences: Vec<u64>,
    done: BoxFuture<'static, BatchResult>,
}

/// The code with which a socket is closed; `None`: it is gone.
type End = Option<u16>;

/// What is next.
enum Event {
    Heard(Option<Result<Message, axum::Error>>),
    Read(Result<Vec<Waiting>, didshake_axum::StoreError>),
    Written(BatchResult),
    Asked(CircuitId),
    Look,
    Ping,
    End(u16),
}

impl SocketSession {
    pub(super) fn new(relay: Arc<Relay>, seat: Seat, socket: WebSocket, feed: Feed) -> Self {
        let every = |period| {
            let mut turns = interval_at(Instant::now() + period, period);
            turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
            turns
        };
        let (ahead, unanswered, said) = (VecDeque::new(), BTreeSet::new(), Answers::default());
        let (heard, pings, looks) = (Instant::now(), every(PING), every(LOOK));
        Self { relay, seat, socket, feed, ahead, unanswered, said, writing: None, heard, pings, looks }
    }

    /// Until either side ends it.
    pub(super) async fn run(mut self, mut offers: mpsc::Receiver<CircuitId>, mut watch: SessionWatch) {
        let end = loop {
            let event = self.next(&mut offers, &mut watch).await;
            if let Err(end) = self.handle(event).await {
                break end;
            }
            self.write();
        };
        // Dropped, so that nothing more is announced here.
        drop(offers);
        self.relay.circuits.ended(&self.seat.mailbox, self.seat.id);
        if let Some(code) = end {
            let close = Message::Close(Some(CloseFrame { code, reason: "".into() }));
            let _ = timeout(FAREWELL, self.socket.send(close)).await;
        }
    }

    async fn next(&mut self, offers: &mut mpsc::Receiver<CircuitId>, watch: &mut SessionWatch) -> Event {
        let room = MAX_UNANSWERED.saturating_sub(self.unanswered.len());
        let stopped = self.relay.stopped();
        // Whoever says more than is written in time is not heard for as long.
        let hears = self.said.len() < MAX_ANSWERS;
        tokio::select! {
            biased;
            () = stopped => Event::End(close_code::AWAY),
            () = watch.over() => Event::End(close_code::POLICY),
            result = written(&mut self.writing) => Event::Written(result),
            message = self.socket.recv(), if hears => Event::Heard(message),
            Some(id) = offers.recv() => Event::Asked(id),
            _ = self.pings.tick() => Event::Ping,
            _ = self.looks.tick(), if room == 0 => Event::Look,
            () = std::future::ready(()), if room > 0 && !self.ahead.is_empty() => Event::Read(Ok(Vec::new())),
            page = self.feed.next(AHEAD, AHEAD_BYTES), if room > 0 && self.ahead.is_empty() => Event::Read(page),
        }
    }

    async fn handle(&mut self, event: Event) -> Result<(), End> {
        match event {
            Event::Heard(message) => self.hear(message),
            Event::Written(result) => self.confirm(&result).await,
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

    fn hear(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<(), End> {
        self.heard = Instant::now();
        let frame = match message {
            Some(Ok(Message::Binary(bytes))) => OwnerFrame::decode(&bytes).map_err(|_| Some(close_code::POLICY))?,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => return Ok(()),
            // The answer to a close frame is sent by the library.
            Some(Ok(Message::Close(_))) | None => return Err(None),
            Some(Ok(Message::Text(_)) | Err(_)) => return Err(Some(close_code::POLICY)),
        };
        match frame {
            OwnerFrame::Taken(taken) => self.said.taken.extend(taken),
            OwnerFrame::Refused(refused) => self.said.refused.extend(refused),
            OwnerFrame::NoCircuit(id) => self.relay.circuits.refuse(&self.seat.mailbox, &id, self.seat.id),
        }
        Ok(())
    }

    /// Has written what was said, all of it together, where nothing is being written.
    fn write(&mut self) {
        if self.writing.is_some() || self.said.len() == 0 {
            return;
        }
        let answers = std::mem::take(&mut self.said);
        let sequences = answers.taken.iter().chain(&answers.refused).copied().collect();
        let (writer, mailbox) = (self.relay.writer.clone(), self.seat.mailbox);
        let done = Box::pin(async move { writer.write(mailbox, BatchJob::Answer(answers), None).await });
        self.writing = Some(Writing { sequences, done });
    }

    /// Says which answers are durable.
    async fn confirm(&mut self, result: &BatchResult) -> Result<(), End> {
        let Some(Writing { sequences, .. }) = self.writing.take() else { return Ok(()) };
        if result.is_err() {
            return Err(Some(close_code::ERROR));
        }
        for some in sequences.chunks(MAX_ANSWERS) {
            some.iter().for_each(|sequence| {
                self.unanswered.remove(sequence);
            });
            self.send(Message::Binary(RelayFrame::Durable(some.to_vec()).encode().into())).await?;
        }
        Ok(())
    }

    /// Forgets what waits no more, answered elsewhere or expired.
    async fn look(&mut self) -> Result<(), End> {
        let shown: Vec<u64> = self.unanswered.iter().copied().collect();
        let waiting = self.relay.deposits.still_waiting(&self.seat.mailbox, &shown, SystemClock.now()).await;
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

/// Waits until what is being written is; for ever, where nothing is.
async fn written(writing: &mut Option<Writing>) -> BatchResult {
    match writing {
        Some(writing) => (&mut writing.done).await,
        None => std::future::pending().await,
    }
}
