//! A live channel to who is there: to an endpoint of the peer, or through a relay.

use std::future::pending;
use std::pin::Pin;
use std::time::Duration;

use didshake::card::CardEndpoint;
use didshake::{AlertCode, Did, Fault};
use didshake_peer::mailbox::{Agent, AgentError, CircuitOffer, live};
use didshake_peer::{
    Admit, Expect, HandshakeError, InitiatorOptions, MemoryBurnStore, PeerConnection, ResponderOptions, Surroundings,
    Transport, VerifyWords, Watch,
};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::channel::Channel;
use crate::channel_failure::channel_failure;
use crate::contact::dial;
use crate::meeting::CHAT;

/// Messages that may wait for the channel.
const QUEUE: usize = 64;

/// What comes on the channel.
pub(crate) enum Heard {
    Said(Vec<u8>),
    /// It is over; where it did not end in order, why.
    Ended(Option<String>),
}

/// How something is said on the channel.
pub(crate) enum Says {
    /// As a letter, which the peer answers. Dropped, the channel is closed.
    Letters { _close: oneshot::Sender<()> },
    /// As a line to a program that answers nothing.
    Lines(mpsc::Sender<Vec<u8>>),
}

/// A channel that stands.
pub(crate) struct Live {
    /// What goes out.
    pub(crate) says: Says,
    /// What comes in.
    pub(crate) heard: mpsc::Receiver<Heard>,
    /// Carries both ways until the channel is over, by itself: whoever waits for the store does not hold it up in the middle of
    /// something that has a connection to the store. Dropped, the channel is cut.
    work: JoinSet<()>,
    /// The same on both sides, to be read aloud.
    pub(crate) words: Option<String>,
    /// The verification method that the peer has proved.
    pub(crate) method: String,
    /// Where it goes.
    pub(crate) to: String,
}

impl Live {
    /// Lets what is under way come to its end, and closes the channel, no later than that.
    pub(crate) async fn close(self, agent: &Agent, peer: &Did, at_most: Duration) {
        let Self { says, mut work, heard, .. } = self;
        drop(heard);
        let closing = async {
            if matches!(says, Says::Letters { .. }) {
                // Receipts too. Where the store fails, whoever looks next is told.
                while agent.store().queued(peer, 1).await.is_ok_and(|letters| !letters.is_empty()) {
                    sleep(Duration::from_millis(20)).await;
                }
            }
            drop(says);
            pending::<()>().await;
        };
        tokio::select! {
            _ = timeout(at_most, closing) => {}
            _ = work.join_next() => {}
        }
    }
}

/// Whom we look for, and as whom.
#[derive(Clone)]
pub(crate) struct Search {
    pub(crate) agent: Agent,
    pub(crate) web: didshake_peer::http::WebClientOptions,
    pub(crate) surroundings: Surroundings,
    pub(crate) did: Did,
    pub(crate) endpoints: Vec<CardEndpoint>,
    pub(crate) has_mailbox: bool,
}

impl Search {
    /// Looks for the peer: at its endpoints, then through its relay. A DID with it is one that somebody else claimed.
    pub(crate) async fn seek(self) -> (Option<Live>, Option<Did>) {
        let mut alarm = None;
        for endpoint in &self.endpoints {
            for protocol in [live::PROTOCOL, CHAT] {
                let Some(met) = dial(endpoint, &self.web, &self.options(protocol)).await else { break };
                match met {
                    Ok(channel) => return (Some(self.live(channel, endpoint.as_str())), alarm),
                    Err(error) => {
                        tracing::info!(%endpoint, code = error.code(), "no channel to the endpoint: {error}");
                        let serves_other = serves_other(&error);
                        alarm = alarm.or(error.claimed.filter(|claimed| *claimed != self.did));
                        if !serves_other {
                            break;
                        }
                    }
                }
            }
        }
        let live = if self.has_mailbox { self.call().await } else { None };
        (live, alarm)
    }

    async fn call(&self) -> Option<Live> {
        for protocol in [live::PROTOCOL, CHAT] {
            match self.agent.call(&self.did, &self.options(protocol)).await {
                Ok(connection) => return Some(self.live(connection.into(), "its relay")),
                Err(error) => {
                    tracing::info!(code = error.code(), "no circuit: {error}");
                    if !matches!(&error, AgentError::Handshake(error) if serves_other(error)) {
                        return None;
                    }
                }
            }
        }
        None
    }

    /// Takes the call of this peer; anybody else's comes to nothing.
    pub(crate) async fn answer(self, offer: CircuitOffer) -> Option<Live> {
        let mut options =
            ResponderOptions::new(self.agent.identity().clone(), live::PROTOCOL, Admit::only(self.did.clone()));
        options.application_protocols.push(CHAT.to_vec());
        options.surroundings = self.surroundings.clone();
        match self.agent.answer(&offer, &options, &MemoryBurnStore::default()).await {
            Ok(connection) => Some(self.live(connection.into(), "our relay")),
            Err(error) => {
                tracing::info!(code = error.code(), "a circuit came to nothing: {error}");
                None
            }
        }
    }

    fn options(&self, protocol: &[u8]) -> InitiatorOptions {
        let expect = Expect::Did(self.did.clone());
        let mut options = InitiatorOptions::new(self.agent.identity().clone(), protocol, expect);
        options.surroundings = self.surroundings.clone();
        options
    }

    fn live(&self, channel: Channel, to: &str) -> Live {
        match channel {
            Channel::Stream(connection) => self.live_over(*connection, to),
            Channel::Circuit(connection) => self.live_over(*connection, to),
        }
    }

    fn live_over<T: Transport + 'static>(&self, connection: PeerConnection<T>, to: &str) -> Live {
        let agreed = connection.agreed().clone();
        let words = VerifyWords::of(&agreed.exporter).ok().map(|words| words.words().join(" "));
        let method = agreed.peer.verification_method();
        let vigil = connection.vigil(&self.surroundings, Watch::default());
        let (telling, heard) = mpsc::channel(QUEUE);
        let (says, carrying) = if agreed.application_protocol == live::PROTOCOL {
            letters(self.agent.clone(), connection, telling)
        } else {
            lines(connection, telling)
        };
        let mut work = JoinSet::new();
        // Transports of every kind carry it, also such as stay on one thread.
        work.spawn_local(async move {
            let watching = async {
                vigil.keep().await;
                pending::<()>().await;
            };
            tokio::select! {
                () = carrying => {}
                () = watching => {}
            }
        });
        Live { says, heard, work, words, method, to: to.to_owned() }
    }
}

type Carrying = (Says, Pin<Box<dyn Future<Output = ()>>>);

fn letters<T: Transport + 'static>(
    agent: Agent,
    connection: PeerConnection<T>,
    telling: mpsc::Sender<Heard>,
) -> Carrying {
    let (close, closed) = oneshot::channel();
    let carrying = async move {
        // Closed by being dropped.
        let ended = agent.exchange(connection, async { drop(closed.await) }).await;
        let _ = telling.send(Heard::Ended(ended.err().map(|error| error.to_string()))).await;
    };
    (Says::Letters { _close: close }, Box::pin(carrying))
}

fn lines<T: Transport + 'static>(connection: PeerConnection<T>, telling: mpsc::Sender<Heard>) -> Carrying {
    let (mut send, mut receive) = connection.split();
    let (say, mut outgoing) = mpsc::channel::<Vec<u8>>(QUEUE);
    let carrying = async move {
        let sending = async {
            while let Some(content) = outgoing.recv().await {
                if send.send(&content).await.is_err() {
                    // What came of it, the receiving side hears.
                    pending::<()>().await;
                }
            }
            let _ = send.close().await;
        };
        let receiving = async {
            let ended = loop {
                match receive.recv().await {
                    Ok(Some(content)) => {
                        if telling.send(Heard::Said(content)).await.is_err() {
                            return;
                        }
                    }
                    Ok(None) => break None,
                    Err(error) => break Some(channel_failure(&error).message().to_owned()),
                }
            };
            let _ = telling.send(Heard::Ended(ended)).await;
        };
        tokio::select! {
            () = sending => {}
            () = receiving => {}
        }
    };
    (Says::Lines(say), Box::pin(carrying))
}

/// A program that talks, but not in letters.
fn serves_other(error: &HandshakeError) -> bool {
    error.fault() == Some(Fault::PeerAlert(AlertCode::UnknownApplicationProtocol))
}
