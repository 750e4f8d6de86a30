//! What the peers say to each other, and what each of them saw.

use std::time::Duration;

use didshake_peer::{
    ChannelError, HandshakeError, InitiatorOptions, PeerConnection, ResponderOptions, Timeouts, Transport,
};
use tokio::time::timeout;

use crate::peers::options;

/// How long anything may take: long for two busy cores, short for a test that waits for it some hundred times.
pub(crate) const LIMIT: Duration = Duration::from_secs(4);

/// What each of them says, in order; the responder's last message comes after the initiator's close.
pub(crate) const INITIATOR_SAYS: [&[u8]; 3] = [b"a question", &[b'q'; 70], b""];
pub(crate) const RESPONDER_SAYS: [&[u8]; 2] = [b"an answer", b"the last word"];

pub(crate) fn impatient() -> (InitiatorOptions, ResponderOptions) {
    let (mut initiator, mut responder) = options();
    let timeouts = Timeouts {
        attempt: LIMIT + LIMIT / 4,
        hello: LIMIT,
        message: LIMIT,
        resolve: LIMIT,
        sign: LIMIT,
        denied_delay: Duration::from_millis(5),
    };
    (initiator.surroundings.timeouts, responder.surroundings.timeouts) = (timeouts, timeouts);
    (initiator, responder)
}

/// What a peer saw.
#[derive(Debug, Default)]
pub(crate) struct Saw {
    /// Whether it has had a channel.
    pub(crate) agreed: bool,
    /// What it gave to the application.
    pub(crate) received: Vec<Vec<u8>>,
    /// Why it ended; `None`: the conversation is whole, and both have closed.
    pub(crate) end: Option<End>,
}

/// Why a conversation ended.
#[derive(Debug)]
pub(crate) enum End {
    /// Before the handshake, for the WebSocket's sake.
    NoWebSocket,
    Handshake(HandshakeError),
    Channel(ChannelError),
    /// The application waited for as long as it wanted to.
    Elapsed,
}

impl From<ChannelError> for End {
    fn from(error: ChannelError) -> Self {
        Self::Channel(error)
    }
}

impl Saw {
    pub(crate) fn code(&self) -> Option<&'static str> {
        self.end.as_ref().map(|end| match end {
            End::NoWebSocket => "no_websocket",
            End::Handshake(error) => error.code(),
            End::Channel(error) => error.code(),
            End::Elapsed => "elapsed",
        })
    }

    pub(crate) fn without_channel(end: End) -> Self {
        Self { end: Some(end), ..Self::default() }
    }
}

async fn in_time<T>(doing: impl Future<Output = Result<T, ChannelError>>) -> Result<T, End> {
    Ok(timeout(LIMIT, doing).await.map_err(|_| End::Elapsed)??)
}

/// The peer's next message, or `false` where it has closed.
async fn hear<S: Transport>(connection: &mut PeerConnection<S>, saw: &mut Saw) -> Result<bool, End> {
    let message = in_time(connection.recv()).await?;
    let more = message.is_some();
    saw.received.extend(message);
    Ok(more)
}

pub(crate) async fn initiator<S: Transport>(connected: Result<PeerConnection<S>, HandshakeError>) -> Saw {
    match connected {
        Ok(mut connection) => {
            let mut saw = Saw { agreed: true, ..Saw::default() };
            saw.end = initiate(&mut connection, &mut saw).await.err();
            saw
        }
        Err(error) => Saw::without_channel(End::Handshake(error)),
    }
}

async fn initiate<S: Transport>(connection: &mut PeerConnection<S>, saw: &mut Saw) -> Result<(), End> {
    let [first, rest @ ..] = INITIATOR_SAYS;
    in_time(connection.send(first)).await?;
    hear(connection, saw).await?;
    for message in rest {
        in_time(connection.send(message)).await?;
    }
    in_time(connection.close()).await?;
    while hear(connection, saw).await? {}
    Ok(())
}

pub(crate) async fn responder<S: Transport>(accepted: Result<PeerConnection<S>, HandshakeError>) -> Saw {
    match accepted {
        Ok(mut connection) => {
            let mut saw = Saw { agreed: true, ..Saw::default() };
            saw.end = respond(&mut connection, &mut saw).await.err();
            saw
        }
        Err(error) => Saw::without_channel(End::Handshake(error)),
    }
}

async fn respond<S: Transport>(connection: &mut PeerConnection<S>, saw: &mut Saw) -> Result<(), End> {
    let [answer, last] = RESPONDER_SAYS;
    hear(connection, saw).await?;
    in_time(connection.send(answer)).await?;
    while hear(connection, saw).await? {}
    in_time(connection.send(last)).await?;
    in_time(connection.close()).await
}
