//! `didshake pipe`: standard input and output through a channel.

use std::cell::Cell;
use std::future::pending;
use std::io::ErrorKind;

use clap::Args;
use didshake::{Error, MAX_CONTENT_BYTES, Misuse};
use didshake_peer::{ChannelError, PeerConnection, ReceiveHalf, SendHalf, Transport};
use indicatif::HumanBytes;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::Notify;

use crate::channel::Channel;
use crate::channel_failure::channel_failure;
use crate::cli::Global;
use crate::failure::{Exit, Failure};
use crate::meeting::{runtime, tell_connected};
use crate::output;
use crate::progress::Waiting;
use crate::target::{Attempt, Target};

const AFTER_HELP: &str = "\
What comes in goes to the peer, and what the peer sends comes out, byte for byte and both ways at once: for files, for
programs, for whatever speaks over standard input and output. The end of the input ends our side; the peer's end is the
end of the output. Exit code 0 says that both came in order: a transfer that was cut is exit code 5, and what came is
not to be used then.

A known peer whose card we have is reached by its NAME, also where neither side can be dialled: first at the card's
endpoints, then through the relay of its mailbox, while it runs `didshake listen --relay`. The relay passes bytes that it cannot
read or change. Exit code 5: it is not there now.

On the other side a command takes the bytes: `didshake listen --exec CMD`, with who we are in its environment.
Nobody is asked anything: --expect says whom we mean, or it is a known peer. Notes, --json events and, on a
terminal, the progress go to standard error.

Examples:
  didshake listen --as bob --allow-known --exec 'cat > backup.tar'
  tar c . | didshake pipe bob.example:7007 --as alice --expect bob
  tar c . | didshake pipe bob --as alice                (a contact, at its endpoints or through its relay)
  didshake pipe unix:/run/bob --as alice --expect bob < question > answer
  didshake pipe --as alice --expect bob --exec 'ssh bob.example didshake listen --stdio --as bob --allow-known --exec CMD'";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Pipe {
    #[command(flatten)]
    target: Target,
}

pub(crate) fn run(global: &Global, options: &Pipe) -> Result<(), Failure> {
    output::events_to_stderr();
    let attempt = options.target.attempt(global, false, false)?;
    let runtime = runtime()?;
    let outcome = runtime.block_on(carry(global, options, attempt));
    runtime.shutdown_background();
    outcome
}

async fn carry(global: &Global, options: &Pipe, attempt: Attempt<'_>) -> Result<(), Failure> {
    let (channel, after) = attempt.meet(None).await?.apart();
    tell_connected(channel.agreed(), global.json, options.target.meeting().verify)?;
    let progress = Progress::new(global.json);
    let outcome = match channel {
        Channel::Stream(connection) => both_ways(*connection, &progress).await,
        Channel::Circuit(connection) => both_ways(*connection, &progress).await,
    };
    progress.waiting.pause();
    after.end().await;
    outcome?;
    if global.json {
        output::json(&json!({"event": "closed", "sent": progress.sent.get(), "received": progress.received.get()}));
    }
    Ok(())
}

/// How far it is.
struct Progress {
    waiting: Waiting,
    sent: Cell<u64>,
    received: Cell<u64>,
}

impl Progress {
    fn new(silent: bool) -> Self {
        Self { waiting: Waiting::on("nothing yet".to_owned(), silent), sent: Cell::new(0), received: Cell::new(0) }
    }

    fn count(&self, counter: &Cell<u64>, bytes: usize) {
        counter.set(counter.get().saturating_add(bytes as u64));
        let (sent, received) = (HumanBytes(self.sent.get()), HumanBytes(self.received.get()));
        self.waiting.at(format!("{sent} sent, {received} received"));
    }
}

/// Until both sides have ended theirs.
async fn both_ways<T: Transport>(connection: PeerConnection<T>, progress: &Progress) -> Result<(), Failure> {
    let (mut send, mut receive) = connection.split();
    let done = Notify::new();
    let sending = async {
        send_input(&mut send, progress).await?;
        done.notify_one();
        Ok(())
    };
    let receiving = async {
        receive_output(&mut receive, progress).await?;
        // After the peer's close only a fault can come, and it counts while we still send.
        tokio::select! {
            biased;
            () = done.notified() => Ok(()),
            ended = receive.ended() => ended.map_err(|error| channel_failure(&error)),
        }
    };
    tokio::try_join!(sending, receiving).map(|_| ())
}

async fn send_input<T: Transport>(send: &mut SendHalf<T>, progress: &Progress) -> Result<(), Failure> {
    let mut input = tokio::io::stdin();
    let mut piece = vec![0; MAX_CONTENT_BYTES];
    loop {
        let count = input.read(&mut piece).await.map_err(|error| {
            let message = format!("cannot read standard input: {error}; the peer was not told an end");
            Failure::new(Exit::Storage, "input_lost", message)
        })?;
        if count == 0 {
            return sent(send.close().await).await;
        }
        sent(send.send(piece.get(..count).unwrap_or_default()).await).await?;
        progress.count(&progress.sent, count);
    }
}

/// Where the channel is over, the receiving side knows why.
async fn sent(sent: Result<(), ChannelError>) -> Result<(), Failure> {
    match sent {
        Err(ChannelError::Protocol(Error::Caller(Misuse::Closed))) => pending().await,
        sent => sent.map_err(|error| channel_failure(&error)),
    }
}

async fn receive_output<T: Transport>(receive: &mut ReceiveHalf<T>, progress: &Progress) -> Result<(), Failure> {
    let mut output = tokio::io::stdout();
    while let Some(content) = receive.recv().await.map_err(|error| channel_failure(&error))? {
        let written = async {
            output.write_all(&content).await?;
            output.flush().await
        };
        written.await.map_err(|error| match error.kind() {
            // Whoever read it has enough.
            ErrorKind::BrokenPipe => Failure::silent(Exit::Done),
            _ => Failure::new(Exit::Storage, "output_lost", format!("cannot write to standard output: {error}")),
        })?;
        progress.count(&progress.received, content.len());
    }
    Ok(())
}
