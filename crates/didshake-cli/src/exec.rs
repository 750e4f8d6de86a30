//! `listen --exec`: a process for each peer that comes in, connected to it by standard input and output.

mod group;

use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use didshake_peer::{ChannelError, PeerConnection, ReceiveHalf, SendHalf, Transport};
use futures_util::FutureExt as _;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::channel::Channel;
use crate::channel_failure::channel_failure;
use crate::failure::{Exit, Failure};
use crate::meeting::tell_connected;
use crate::output;
use group::Group;

pub(crate) use group::asked_to_end;

/// What a process says is sent on in pieces of at most so many bytes.
const PIECE: usize = 16 * 1024;
/// A peer ends its side within this after the process has ended, or is read no further.
const LINGER: Duration = Duration::from_secs(2);
/// A process that has ended its output, or whose peer is gone, ends within this, or is killed.
const END: Duration = Duration::from_secs(5);

/// Runs the command for a peer to its end.
pub(crate) async fn run(channel: Channel, command: &str, as_json: bool, verify: bool) -> Result<(), Failure> {
    match channel {
        Channel::Stream(connection) => run_over(*connection, command, as_json, verify).await,
        Channel::Circuit(connection) => run_over(*connection, command, as_json, verify).await,
    }
}

async fn run_over<T: Transport>(
    connection: PeerConnection<T>,
    command: &str,
    as_json: bool,
    verify: bool,
) -> Result<(), Failure> {
    let did = connection.peer().did().as_str().to_owned();
    let mut child = start(&connection, command)?;
    let mut group = Group::of(&child);
    tell_connected(connection.agreed(), as_json, verify)?;
    let carried = match child.stdin.take().zip(child.stdout.take()) {
        Some((stdin, stdout)) => carry(connection, stdin, stdout).await,
        None => Ok(()),
    };
    let status = match timeout(END, child.wait()).await {
        Ok(status) => status?,
        Err(_) => {
            group.kill();
            child.kill().await?;
            child.wait().await?
        }
    };
    group.has_ended();
    tell_end(&did, status, as_json);
    carried.map_err(|error| channel_failure(&error).after(&did))
}

/// The peer's identity is in the environment: what it says of itself in its messages proves nothing.
fn start<T: Transport>(connection: &PeerConnection<T>, command: &str) -> Result<Child, Failure> {
    let peer = connection.peer();
    let mut shell = Command::new("sh");
    let child = Group::of_its_own(&mut shell)
        .args(["-c", command])
        .env("DIDSHAKE_PEER_DID", peer.did().as_str())
        .env("DIDSHAKE_PEER_METHOD", peer.verification_method())
        .env("DIDSHAKE_PEER_KEY", hex::encode(peer.key().as_bytes()))
        .env("DIDSHAKE_SESSION", hex::encode(connection.agreed().session_id))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn();
    child.map_err(|error| {
        Failure::new(Exit::Check, "exec", format!("cannot run `sh -c` for {}: {error}", peer.did()))
            .remedy("is there a shell in the PATH?")
    })
}

/// Carries bytes until the process has ended its output and the peer its own, or is given no more time, or the channel is cut.
async fn carry<T: Transport>(
    connection: PeerConnection<T>,
    stdin: ChildStdin,
    stdout: ChildStdout,
) -> Result<(), ChannelError> {
    let (mut send, mut receive) = connection.split();
    let closed = Notify::new();
    let mut hearing = pin!(hear(&mut receive, stdin, &closed).fuse());
    tokio::select! {
        told = tell(&mut send, stdout) => told?,
        Err(cut) = &mut hearing => return Err(cut),
    }
    // What is under way to us is read first: a connection that is dropped before is reset, and what the process said is lost.
    let rest = async {
        tokio::select! {
            _ = hearing => {}
            () = closed.notified() => {}
        }
    };
    let _ = timeout(LINGER, rest).await;
    Ok(())
}

async fn tell<T: Transport>(send: &mut SendHalf<T>, mut stdout: ChildStdout) -> Result<(), ChannelError> {
    let mut piece = vec![0; PIECE];
    loop {
        match stdout.read(&mut piece).await {
            Ok(0) | Err(_) => return send.close().await,
            Ok(count) => send.send(piece.get(..count).unwrap_or_default()).await?,
        }
    }
}

/// To the peer's end, which is the end of the process's input; what a process reads no more is dropped.
async fn hear<T: Transport>(
    receive: &mut ReceiveHalf<T>,
    stdin: ChildStdin,
    closed: &Notify,
) -> Result<(), ChannelError> {
    let mut stdin = Some(stdin);
    while let Some(content) = receive.recv().await? {
        let Some(open) = &mut stdin else { continue };
        if open.write_all(&content).await.is_err() {
            stdin = None;
        }
    }
    drop(stdin);
    closed.notify_one();
    // After the peer's close only a fault can come.
    receive.ended().await
}

fn tell_end(did: &str, status: ExitStatus, as_json: bool) {
    if as_json {
        output::json(&json!({"event": "ended", "did": did, "status": status.code()}));
    } else {
        output::note(&format!("The process for {did} has ended: {status}"));
    }
}
