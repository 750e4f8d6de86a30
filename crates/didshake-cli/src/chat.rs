//! Lines over a channel, both ways.

use std::convert::Infallible;
use std::future::pending;
use std::io::ErrorKind;
use std::pin::pin;
use std::time::Duration;

use didshake::{Error, Misuse};
use didshake_peer::{ChannelError, PeerConnection, ReceiveHalf, SendHalf, Transport, VerifyWords};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::channel::Channel;
use crate::channel_failure::channel_failure;
use crate::failure::Failure;
use crate::input::Lines;
use crate::meeting::{tell_words, words};
use crate::output;

/// Input that is there already has come after so long; only that is sent to a peer that has closed.
const QUIET: Duration = Duration::from_millis(200);
/// A peer that has closed takes each of the last lines within this.
const LAST_LINE: Duration = Duration::from_secs(10);
/// Telling the peer that we go may take this long.
const FAREWELL: Duration = Duration::from_secs(1);

/// Typed on a terminal, it is for us and not for the peer.
const VERIFY: &[u8] = b"/verify";

/// What is told, and how.
#[derive(Clone, Copy)]
pub(crate) struct Manner {
    pub(crate) as_json: bool,
    /// Whether the peer's close ends our side too.
    pub(crate) ends_with_peer: bool,
}

/// What is told of the peer.
struct Peer {
    did: String,
    words: VerifyWords,
}

/// Carries lines until both sides have ended theirs.
pub(crate) async fn chat(channel: Channel, lines: &mut Lines, manner: Manner) -> Result<(), Failure> {
    match channel {
        Channel::Stream(connection) => chat_over(*connection, lines, manner).await,
        Channel::Circuit(connection) => chat_over(*connection, lines, manner).await,
    }
}

async fn chat_over<T: Transport>(
    connection: PeerConnection<T>,
    lines: &mut Lines,
    manner: Manner,
) -> Result<(), Failure> {
    let peer = Peer { did: connection.peer().did().as_str().to_owned(), words: words(connection.agreed())? };
    let (mut send, mut receive) = connection.split();
    let outcome = converse(&mut send, &mut receive, lines, &peer, manner).await;
    if outcome.is_err() {
        // Where the channel still stands (our own output was lost), the peer is not left with a truncation.
        let _ = timeout(FAREWELL, send.close()).await;
    }
    outcome?;
    if manner.as_json {
        output::json(&json!({"event": "closed"}));
    }
    output::check()
}

async fn converse<T: Transport>(
    send: &mut SendHalf<T>,
    receive: &mut ReceiveHalf<T>,
    lines: &mut Lines,
    peer: &Peer,
    manner: Manner,
) -> Result<(), Failure> {
    let (close, closed) = watch::channel(false);
    let mut sending = pin!(async {
        match forward(lines, send, closed, &peer.words).await {
            // The channel is over: the receiving side knows why.
            Err(ChannelError::Protocol(Error::Caller(Misuse::Closed))) => pending().await,
            sent => sent.map_err(|error| channel_failure(&error)),
        }
    });
    let mut sent = false;
    {
        let mut showing = pin!(show(receive, &peer.did, manner.as_json));
        loop {
            tokio::select! {
                shown = &mut showing => break shown?,
                ended = &mut sending, if !sent => {
                    ended?;
                    sent = true;
                }
            }
        }
    }
    if sent {
        return Ok(());
    }
    close.send_replace(manner.ends_with_peer);
    if !manner.as_json {
        output::note(match manner.ends_with_peer {
            true => "(the peer has ended its side, and so do we)",
            false => "(the peer has ended its side; Ctrl-D ends ours)",
        });
    }
    tokio::select! {
        biased;
        ended = &mut sending => ended,
        fault = watch_closed(receive) => fault.map(|never| match never {}),
    }
}

/// After the peer's close only a fault can come: a reset, or a record that must not be there.
async fn watch_closed<T: Transport>(receive: &mut ReceiveHalf<T>) -> Result<Infallible, Failure> {
    match receive.ended().await {
        Ok(()) => pending().await,
        Err(error) => Err(channel_failure(&error)),
    }
}

/// Sends lines to the end of the input; after `closed` only those that are there.
async fn forward<T: Transport>(
    lines: &mut Lines,
    send: &mut SendHalf<T>,
    closed: watch::Receiver<bool>,
    words: &VerifyWords,
) -> Result<(), ChannelError> {
    loop {
        let line = tokio::select! {
            biased;
            line = lines.next() => line,
            () = after(&closed, QUIET) => None,
        };
        let Some(line) = line else {
            break;
        };
        if lines.are_typed() && line.trim_ascii_end() == VERIFY {
            tell_words(words);
            continue;
        }
        within(send.send(&line), &closed).await?;
    }
    within(send.close(), &closed).await
}

/// Once the peer has closed, it may hold us up for so long at most.
async fn within(
    sending: impl Future<Output = Result<(), ChannelError>>,
    closed: &watch::Receiver<bool>,
) -> Result<(), ChannelError> {
    tokio::select! {
        biased;
        sent = sending => sent,
        () = after(closed, LAST_LINE) => Err(ChannelError::Network(ErrorKind::TimedOut.into())),
    }
}

/// Waits for the close, and then for a time.
async fn after(closed: &watch::Receiver<bool>, time: Duration) {
    match closed.clone().wait_for(|closed| *closed).await {
        Ok(_) => {}
        Err(_) => pending().await,
    }
    sleep(time).await;
}

async fn show<T: Transport>(receive: &mut ReceiveHalf<T>, peer: &str, as_json: bool) -> Result<(), Failure> {
    while let Some(content) = receive.recv().await.map_err(|error| channel_failure(&error))? {
        match std::str::from_utf8(&content) {
            _ if !as_json => output::peer_bytes(&content),
            Ok(text) => output::json(&json!({"event": "message", "from": peer, "text": text})),
            Err(_) => output::json(&json!({"event": "message", "from": peer, "hex": hex::encode(&content)})),
        }
        output::check()?;
    }
    Ok(())
}
