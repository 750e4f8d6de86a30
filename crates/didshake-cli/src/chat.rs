//! Lines over a channel, both ways.

use didshake::{Error, Fault, Misuse};
use didshake_peer::{ChannelError, PeerConnection, ReceiveHalf, SendHalf};
use serde_json::json;
use tokio::net::TcpStream;

use crate::failure::{Exit, Failure};
use crate::input::Lines;
use crate::output;

/// Carries lines until both sides have ended theirs.
pub(crate) async fn chat(
    connection: PeerConnection<TcpStream>,
    lines: &mut Lines,
    as_json: bool,
) -> Result<(), Failure> {
    let peer = connection.peer().did().as_str().to_owned();
    let (mut send, mut receive) = connection.split();
    let sending = async {
        match forward(lines, &mut send).await {
            // The channel is over: the receiving side knows why.
            Err(ChannelError::Protocol(Error::Caller(Misuse::Closed))) => std::future::pending().await,
            sent => sent.map_err(|error| failure(&error)),
        }
    };
    tokio::try_join!(sending, show(&mut receive, &peer, as_json))?;
    if as_json {
        output::json(&json!({"event": "closed"}));
    }
    Ok(())
}

async fn forward(lines: &mut Lines, send: &mut SendHalf<TcpStream>) -> Result<(), ChannelError> {
    while let Some(line) = lines.next().await {
        send.send(&line).await?;
    }
    send.close().await
}

async fn show(receive: &mut ReceiveHalf<TcpStream>, peer: &str, as_json: bool) -> Result<(), Failure> {
    while let Some(content) = receive.recv().await.map_err(|error| failure(&error))? {
        if !as_json {
            output::peer_bytes(&content)?;
            continue;
        }
        match std::str::from_utf8(&content) {
            Ok(text) => output::json(&json!({"event": "message", "from": peer, "text": text})),
            Err(_) => output::json(&json!({"event": "message", "from": peer, "hex": hex::encode(&content)})),
        }
    }
    if !as_json {
        output::note("(the peer has ended its side; Ctrl-D ends ours)");
    }
    Ok(())
}

fn failure(error: &ChannelError) -> Failure {
    match error {
        ChannelError::Protocol(Error::Peer(Fault::PeerAlert(alert))) => {
            let message =
                format!("the peer ended the channel with the alert `{}`; its log has the cause", alert.name());
            Failure::new(Exit::Network, error.code(), message)
        }
        error if error.is_truncation() => {
            let message = format!("the connection ended without a close: what came may be cut short ({error})");
            Failure::new(Exit::Network, error.code(), message)
        }
        error => Failure::new(Exit::NotAuthenticated, error.code(), format!("the channel was ended: {error}")),
    }
}
