//! A live channel beside the letters: to an endpoint of the peer, or through a relay.

use std::pin::Pin;
use std::time::Duration;

use didshake::Did;
use didshake::card::{CardEndpoint, Reach};
use didshake_peer::mailbox::{Agent, CircuitOffer};
use didshake_peer::{
    Admit, ChannelError, Expect, InitiatorOptions, MemoryBurnStore, PeerConnection, ResponderOptions, Surroundings,
    Transport, VerifyWords, Watch, connect,
};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::meeting::CHAT;
use crate::wire::tend;

/// An endpoint that does not answer the TCP connection within this is not there.
const DIAL: Duration = Duration::from_secs(5);
/// Messages that may wait for the channel.
const QUEUE: usize = 64;

/// What comes on the channel.
pub(crate) enum Heard {
    Said(Vec<u8>),
    /// It is over; where it did not end in order, why.
    Ended(Option<ChannelError>),
}

/// A channel that stands.
pub(crate) struct Live {
    /// What goes out.
    pub(crate) say: mpsc::Sender<Vec<u8>>,
    /// What comes in; to be polled together with `work`.
    pub(crate) heard: mpsc::Receiver<Heard>,
    /// Carries both ways until the channel is over.
    pub(crate) work: Pin<Box<dyn Future<Output = ()>>>,
    /// The same on both sides, to be read aloud.
    pub(crate) words: Option<String>,
    /// The verification method that the peer has proved.
    pub(crate) method: String,
    /// Where it goes.
    pub(crate) to: String,
}

/// Looks for the peer: at its endpoints, then through its relay. `alarm` is a DID that somebody else claimed.
pub(crate) async fn seek(
    agent: Agent,
    surroundings: Surroundings,
    did: Did,
    endpoints: Vec<CardEndpoint>,
    has_mailbox: bool,
) -> (Option<Live>, Option<Did>) {
    let mut options = InitiatorOptions::new(agent.identity().clone(), CHAT, Expect::Did(did.clone()));
    options.surroundings = surroundings.clone();
    let mut alarm = None;
    for endpoint in &endpoints {
        let Reach::Stream { host, port } = endpoint.reach() else { continue };
        let Ok(Ok(stream)) = timeout(DIAL, TcpStream::connect(format!("{host}:{port}"))).await else { continue };
        // One that is gone already shows later.
        let _ = tend(&stream);
        match connect(stream, &options).await {
            Ok(connection) => return (Some(live(connection, &surroundings, endpoint.as_str())), alarm),
            Err(error) => {
                tracing::info!(%endpoint, code = error.code(), "no channel to the endpoint: {error}");
                alarm = alarm.or(error.claimed.filter(|claimed| *claimed != did));
            }
        }
    }
    if has_mailbox {
        match agent.call(&did, &options).await {
            Ok(connection) => return (Some(live(connection, &surroundings, "its relay")), alarm),
            Err(error) => tracing::info!(code = error.code(), "no circuit: {error}"),
        }
    }
    (None, alarm)
}

/// Takes the call of this peer; anybody else's comes to nothing.
pub(crate) async fn answer(agent: Agent, surroundings: Surroundings, did: Did, offer: CircuitOffer) -> Option<Live> {
    let mut options = ResponderOptions::new(agent.identity().clone(), CHAT, Admit::only(did));
    options.surroundings = surroundings.clone();
    match agent.answer(&offer, &options, &MemoryBurnStore::default()).await {
        Ok(connection) => Some(live(connection, &surroundings, "our relay")),
        Err(error) => {
            tracing::info!(code = error.code(), "a circuit came to nothing: {error}");
            None
        }
    }
}

fn live<T: Transport + 'static>(connection: PeerConnection<T>, surroundings: &Surroundings, to: &str) -> Live {
    let agreed = connection.agreed().clone();
    let words = VerifyWords::of(&agreed.exporter).ok().map(|words| words.words().join(" "));
    let method = agreed.peer.verification_method();
    let vigil = connection.vigil(surroundings, Watch::default());
    let (mut send, mut receive) = connection.split();
    let (say, mut outgoing) = mpsc::channel::<Vec<u8>>(QUEUE);
    let (telling, heard) = mpsc::channel(QUEUE);
    let work = async move {
        let sending = async {
            while let Some(content) = outgoing.recv().await {
                if send.send(&content).await.is_err() {
                    // What came of it, the receiving side hears.
                    std::future::pending::<()>().await;
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
                    Err(error) => break Some(error),
                }
            };
            let _ = telling.send(Heard::Ended(ended)).await;
        };
        let watching = async {
            vigil.keep().await;
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = sending => {}
            () = receiving => {}
            () = watching => {}
        }
    };
    Live { say, heard, work: Box::pin(work), words, method, to: to.to_owned() }
}
