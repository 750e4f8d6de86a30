//! `didshake connect`.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use didshake_peer::{InitiatorOptions, PeerName, connect};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::timeout;
use tracing::Instrument;

use crate::chat::{Manner, chat};
use crate::cli::Global;
use crate::expected::{Expected, Place, Question};
use crate::failure::{Exit, Failure};
use crate::input::Lines;
use crate::meeting::{CHAT, Guard, Meeting, connected, runtime};
use crate::output;
use crate::peer_failure::{Role, failure};
use crate::progress::Waiting;
use crate::storage;
use crate::web_failures::WebFailures;

const DIAL: Duration = Duration::from_secs(10);

const AFTER_HELP: &str = "\
Lines typed here appear on the other side. Ctrl-D ends our side and waits for the other's. Pipes work:
  echo hello | didshake connect 127.0.0.1:7007 --as alice --expect bob
On a terminal each line of the peer begins with `< `. When the peer ends its side, ours stays open until Ctrl-D or the
end of the input; a connection that breaks ends it too (exit code 5).

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
    let address = PeerName::parse(&options.address).ok().filter(|address| is_host_and_port(address.as_str()));
    let address = address.ok_or_else(|| {
        Failure::new(Exit::Usage, "address", format!("`{}` is not HOST:PORT", options.address))
            .remedy("for instance bob.example:7007, 192.0.2.1:7007, or [2001:db8::1]:7007")
    })?;
    let peers = storage::known_peers(global)?;
    let place = Place::of_peer(address);
    let expected = Expected::find(global, &place, options.expect.as_deref(), &peers)?;
    let identity = options.meeting.load(global)?;
    let mut initiator = InitiatorOptions::new(identity, CHAT, expected.rule());
    let (surroundings, failures) = options.meeting.surroundings()?;
    initiator.surroundings = surroundings;
    initiator.recipient = options.recipient;
    let runtime = runtime()?;
    let guard = options.meeting.guard(&initiator.surroundings);
    let outcome = runtime.block_on(meet(global, &place, &expected, initiator, (&guard, &failures)));
    runtime.shutdown_background();
    outcome
}

/// A name or an address, IPv6 in brackets, and a port that can be reached.
fn is_host_and_port(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else {
        return false;
    };
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    let port = digits && port.parse::<u16>().is_ok_and(|port| port > 0);
    let host = match host.strip_prefix('[') {
        Some(_) => text.parse::<std::net::SocketAddrV6>().is_ok(),
        None => !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte)),
    };
    host && port
}

async fn meet(
    global: &Global,
    place: &Place,
    expected: &Expected,
    mut options: InitiatorOptions,
    (guard, failures): (&Guard, &WebFailures),
) -> Result<(), Failure> {
    let address = &place.name;
    let waiting = Arc::new(Waiting::on(format!("meeting {address}"), global.json));
    let stream = dial(address).await?;
    let lines = Arc::new(Mutex::new(Lines::of_stdin()));
    let question = matches!(expected, Expected::Ask).then(|| {
        Arc::new(Question::new(place.clone(), options.surroundings.timeouts.attempt, lines.clone(), waiting.clone()))
    });
    if let Some(question) = &question {
        options.surroundings.policy = Some(question.clone());
    }
    let outcome = connect(stream, &options).instrument(tracing::error_span!("attempt", to = %address)).await;
    waiting.pause();
    let connection = outcome.map_err(|error| {
        let refused = question.as_ref().and_then(|question| question.refusal());
        refused
            .or_else(|| expected.failure(place, &error))
            .unwrap_or_else(|| failure(&error, Role::Initiator, failures))
    })?;
    guard.watch(&connection);
    if let Some(question) = &question {
        question.remember(global)?;
    }
    if global.json {
        output::json(&connected(&connection));
    } else {
        output::note(&format!("Connected to {}", connection.peer().verification_method()));
    }
    let mut lines = lines.lock().await;
    chat(connection, &mut lines, Manner { as_json: global.json, ends_with_peer: false }).await
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
