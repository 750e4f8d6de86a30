//! `didshake connect`.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use didshake_did::{Clock, SystemClock};
use didshake_peer::{InitiatorOptions, PeerName, connect};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::chat::chat;
use crate::cli::Global;
use crate::expected::{Expected, Question};
use crate::failure::{Exit, Failure};
use crate::input::Lines;
use crate::meeting::{CHAT, Meeting, connected, runtime};
use crate::output;
use crate::peer_failure::{Role, failure};
use crate::progress::Waiting;
use crate::storage;

const DIAL: Duration = Duration::from_secs(10);

const AFTER_HELP: &str = "\
Lines typed here appear on the other side. Ctrl-D ends our side and waits for the other's. Pipes work:
  echo hello | didshake connect 127.0.0.1:7007 --as alice --expect bob

Whom we meet is never left open: --expect says it, or the address is a known peer, or (on a terminal) you are
asked after the peer has proved its DID and before it learns yours. A script is refused instead: exit code 4.";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Connect {
    /// Where the peer listens
    #[arg(value_name = "HOST:PORT")]
    address: String,
    #[command(flatten)]
    meeting: Meeting,
    /// Whom we mean: a DID, or the name of a known peer
    #[arg(long, value_name = "DID_OR_NAME")]
    expect: Option<String>,
    /// Tell the peer, blinded, which of its DIDs we mean (needed if it has several)
    #[arg(long)]
    recipient: bool,
}

pub(crate) fn run(global: &Global, options: &Connect) -> Result<(), Failure> {
    let address = PeerName::parse(&options.address).ok().filter(|address| address.as_str().contains(':'));
    let address = address
        .ok_or_else(|| Failure::new(Exit::Usage, "address", format!("`{}` is not HOST:PORT", options.address)))?;
    let peers = storage::known_peers(global)?;
    let expected = Expected::find(global, &address, options.expect.as_deref(), &peers)?;
    let identity = options.meeting.load(global)?;
    let mut initiator = InitiatorOptions::new(identity, CHAT, expected.rule());
    initiator.surroundings = options.meeting.surroundings()?;
    initiator.recipient = options.recipient;
    let runtime = runtime()?;
    let outcome = runtime.block_on(meet(global, &address, &expected, initiator));
    runtime.shutdown_background();
    outcome
}

async fn meet(
    global: &Global,
    address: &PeerName,
    expected: &Expected,
    mut options: InitiatorOptions,
) -> Result<(), Failure> {
    let waiting = Arc::new(Waiting::on(format!("meeting {address}"), global.json));
    let stream = dial(address).await?;
    let lines = Arc::new(Mutex::new(Lines::of_stdin()));
    let question = matches!(expected, Expected::Ask)
        .then(|| Arc::new(Question::new(address.clone(), lines.clone(), waiting.clone())));
    if let Some(question) = &question {
        options.surroundings.policy = Some(question.clone());
    }
    let connection = connect(stream, &options)
        .await
        .map_err(|error| expected.failure(address, &error).unwrap_or_else(|| failure(&error, Role::Initiator)))?;
    waiting.pause();
    if let Some(did) = question.and_then(|question| question.confirmed()) {
        let file = storage::known_peers_file(global)?;
        let added = file.change(|peers| peers.add(address.clone(), did, SystemClock.now()));
        added.map_err(|error| storage::known_peers_failure(&error))?.unwrap_or_else(|known| {
            output::warning(&format!("{address} was added as {} meanwhile: the entry stays", known.did));
        });
    }
    if global.json {
        output::json(&connected(&connection));
    } else {
        output::note(&format!("Connected to {}", connection.peer().verification_method()));
    }
    let mut lines = lines.lock().await;
    chat(connection, &mut lines, global.json).await
}

async fn dial(address: &PeerName) -> Result<TcpStream, Failure> {
    let unreachable = |cause: String| {
        Failure::new(Exit::Network, "network", format!("cannot connect to {address}: {cause}"))
            .remedy("is the peer listening there? `didshake listen` says its address")
    };
    let stream = timeout(DIAL, TcpStream::connect(address.as_str())).await;
    let stream = stream.map_err(|_| unreachable(format!("no answer within {} s", DIAL.as_secs())))?;
    let stream = stream.map_err(|error| unreachable(error.to_string()))?;
    // Records are small, and each is a message of its own.
    stream.set_nodelay(true)?;
    Ok(stream)
}
