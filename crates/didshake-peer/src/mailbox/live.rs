//! Letters over a live channel: answered once they are durable (`spec/mailbox-1.md`, section 3.4).
//!
//! What we write goes out on the channel, and not to the relay, while the channel stands. Where it is cut before a letter was
//! answered, the letter goes to the recipient's mailbox with the same message id, and whoever has it already takes it once.
//!
//! ```no_run
//! use didshake::Did;
//! use didshake_peer::mailbox::{Agent, live};
//! use didshake_peer::{Expect, InitiatorOptions};
//!
//! # async fn talk(agent: Agent, bob: Did) -> Result<(), Box<dyn std::error::Error>> {
//! let options = InitiatorOptions::new(agent.identity().clone(), live::PROTOCOL, Expect::Did(bob.clone()));
//! let channel = agent.call(&bob, &options).await?;
//! // Meanwhile letters are written and read as ever.
//! agent.exchange(channel, std::future::pending()).await?;
//! # Ok(()) }
//! ```

mod frames;

use std::collections::{HashMap, HashSet};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use didshake::Did;
use didshake::mailbox::{MAX_LETTER_CONTENT_BYTES, MessageId};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use self::frames::Frame;
use super::agent::{Agent, AgentError, Inner};
use super::records::{Arrived, SentLetter, SentState};
use super::store::{Change, StoreError};
use crate::Role;
use crate::connection::PeerConnection;
use crate::streams::{MessageReceiver, MessageSender, Settings, StreamError, Streams};
use crate::transport::Transport;

/// The application protocol of such channels.
pub const PROTOCOL: &[u8] = b"didshake.letters/1";
/// Letters that are on their way to a peer and not answered, at most.
pub const MAX_UNANSWERED: usize = 64;

/// A letter, and what stands before its content.
const LONGEST: u32 = MAX_LETTER_CONTENT_BYTES as u32 + 512;
/// What another process has written goes out this soon.
const LOOK: Duration = Duration::from_secs(1);
/// The end may take so long to leave.
const FAREWELL: Duration = Duration::from_secs(5);

impl Agent {
    /// Carries letters to and from the peer of a channel of [`PROTOCOL`], until `until` comes, or the peer ends the channel.
    /// Ours go out as they are written, and none of them to the relay meanwhile; theirs are taken into the store, whoever the
    /// handshake admitted. Dropping it is a cut: it loses nothing. It is polled all the time, as [`run`](Self::run) is.
    ///
    /// # Errors
    /// [`AgentError::Store`]; [`AgentError::Channel`] where the channel ended other than in order.
    pub async fn exchange<T: Transport>(
        &self,
        connection: PeerConnection<T>,
        until: impl Future<Output = ()>,
    ) -> Result<(), AgentError> {
        let (peer, role) = (connection.peer().did().clone(), connection.role());
        let method = connection.peer().verification_method();
        let settings = Settings { streams: 1, message_bytes: LONGEST, ..Settings::default() };
        let (mut streams, driver) = Streams::over(connection, settings);
        let _hold = Hold::new(self.inner(), &peer);
        let mut driving = pin!(driver.run());
        let opening = async { if role == Role::Initiator { streams.open().await } else { streams.accept().await } };
        let stream = tokio::select! {
            ended = &mut driving => return in_order(ended.map_err(AgentError::from)),
            stream = opening => stream,
        };
        let (mut sender, mut receiver) = match stream {
            Ok(stream) => stream.split(),
            Err(error) => return in_order(Err(error.into())),
        };
        let (answers, to_answer) = mpsc::channel(MAX_UNANSWERED);
        let ended = tokio::select! {
            ended = &mut driving => return in_order(ended.map_err(AgentError::from)),
            ended = self.inner().send_live(&peer, &mut sender, to_answer) => ended,
            ended = self.inner().receive_live((&peer, &method), &mut receiver, answers) => ended,
            () = until => Ok(()),
        };
        let farewell = async {
            let _ = sender.close().await;
            streams.close();
        };
        // What was said last leaves, if the peer takes it; then nothing is left that could be cut.
        let _ = timeout(FAREWELL, async { tokio::join!(farewell, driving) }).await;
        in_order(ended)
    }
}

fn in_order(ended: Result<(), AgentError>) -> Result<(), AgentError> {
    match ended {
        Err(AgentError::Channel(StreamError::Closed)) => Ok(()),
        ended => ended,
    }
}

impl Inner {
    /// Says what is under way to the peer, in the order of writing, and answers what it says.
    async fn send_live(
        &self,
        peer: &Did,
        sender: &mut MessageSender,
        mut to_answer: mpsc::Receiver<MessageId>,
    ) -> Result<(), AgentError> {
        let (mut said, mut changes) = (HashSet::new(), self.changes());
        loop {
            let letters = self.under_way(peer).await?;
            said.retain(|number| letters.iter().any(|letter| letter.number == *number));
            for letter in letters {
                if said.insert(letter.number) {
                    sender.send(&Frame::of(&letter.letter)).await?;
                }
            }
            tokio::select! {
                Some(id) = to_answer.recv() => {
                    let mut ids = vec![id];
                    while let Ok(id) = to_answer.try_recv() {
                        ids.push(id);
                    }
                    sender.send(&Frame::taken(&ids)).await?;
                }
                _ = changes.changed() => {}
                () = sleep(LOOK) => {}
            }
        }
    }

    /// Letters that the peer has not answered. Those that wait at a relay are among them, so that no later one is before them.
    async fn under_way(&self, peer: &Did) -> Result<Vec<SentLetter>, AgentError> {
        let store = self.store();
        let most = u32::try_from(MAX_UNANSWERED).unwrap_or(1);
        let mut letters = Vec::new();
        for waiting in store.deposited(peer, 0, most).await? {
            let found = store.sent_after(waiting.number.saturating_sub(1), 1).await?;
            letters.extend(found.into_iter().filter(|letter| letter.number == waiting.number));
        }
        let left = u32::try_from(MAX_UNANSWERED.saturating_sub(letters.len())).unwrap_or(0);
        letters.extend(store.queued(peer, left).await?);
        letters.sort_unstable_by_key(|letter| letter.number);
        Ok(letters)
    }

    async fn receive_live(
        &self,
        (peer, method): (&Did, &str),
        receiver: &mut MessageReceiver,
        answers: mpsc::Sender<MessageId>,
    ) -> Result<(), AgentError> {
        while let Some(message) = receiver.recv().await? {
            match Frame::read(&message).ok_or(AgentError::Letters)? {
                Frame::Letter(letter) => {
                    let (id, now) = (*letter.id(), self.now());
                    if letter.expires() <= now || !self.take_live(Arrived::of(&letter, peer, method.to_owned())).await?
                    {
                        continue;
                    }
                    // A peer that waits for no answers is not waited for.
                    answers.try_send(id).map_err(|_| AgentError::Letters)?;
                }
                Frame::Taken(ids) => self.taken(peer, &ids).await?,
            }
        }
        Ok(())
    }

    /// Whether it is durable: a full inbox takes nothing.
    async fn take_live(&self, letter: Arrived) -> Result<bool, AgentError> {
        match self.store().take(&[letter], self.now()).await {
            Ok(_) => {
                self.changed();
                Ok(true)
            }
            Err(StoreError::Full) => {
                tracing::warn!("the inbox is full: letters wait until some are forgotten");
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The peer has these letters, durably: those that were written to it.
    async fn taken(&self, peer: &Did, ids: &[MessageId]) -> Result<(), AgentError> {
        let mut changes = Vec::new();
        for id in ids {
            let letter = self.store().sent(id).await?;
            let theirs = letter.filter(|letter| letter.letter.recipient == *peer && letter.state.is_under_way());
            changes.extend(theirs.map(|letter| Change::to(letter.number, SentState::Taken)));
        }
        if !changes.is_empty() {
            self.store().note(&changes, self.now()).await?;
            self.changed();
        }
        Ok(())
    }
}

/// To whom letters go over a channel just now, and over how many.
#[derive(Default)]
pub(super) struct Held(Mutex<HashMap<Did, usize>>);

impl Held {
    pub(super) fn contains(&self, did: &Did) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(did)
    }
}

/// Keeps letters from the relay. Dropped, they go there.
struct Hold(Arc<Inner>, Did);

impl Hold {
    fn new(inner: &Arc<Inner>, peer: &Did) -> Self {
        *inner.held().0.lock().unwrap_or_else(PoisonError::into_inner).entry(peer.clone()).or_default() += 1;
        Self(inner.clone(), peer.clone())
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut held = self.0.held().0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.1) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                held.remove(&self.1);
            }
        }
        drop(held);
        self.0.hurry();
    }
}
