//! `didshake listen`.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use didshake::Did;
use didshake_peer::{Admit, MemoryBurnStore, PeerConnection, ResponderOptions, accept};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::chat::chat;
use crate::cli::Global;
use crate::failure::{Exit, Failure};
use crate::input::Lines;
use crate::meeting::{CHAT, Meeting, connected, runtime};
use crate::output;
use crate::peer_failure::{Role, failure};
use crate::storage;

/// Handshakes at once; who comes after them waits in the queue of the operating system.
const MAX_HANDSHAKES: usize = 32;

const AFTER_HELP: &str = "\
Waits for one peer that may come in, exchanges lines with it, and ends. Peers that are refused learn one alert after a
fixed delay; the cause is told here. Somebody must be let in: nobody is by default.

Examples:
  didshake listen --as bob --allow did:key:z6Mk…
  didshake listen 0.0.0.0:7007 --as bob --allow-known --keep";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Listen {
    /// Where to listen; port 0 takes a free one
    #[arg(value_name = "ADDRESS:PORT", default_value = "127.0.0.1:7007")]
    address: SocketAddr,
    #[command(flatten)]
    meeting: Meeting,
    /// Let this peer in: a DID, or the name of a known peer (repeatable)
    #[arg(long, value_name = "DID_OR_NAME")]
    allow: Vec<String>,
    /// Let every known peer in
    #[arg(long)]
    allow_known: bool,
    /// Let everyone in who proves a DID
    #[arg(long)]
    allow_anyone: bool,
    /// Go on with the next peer after one has left
    #[arg(long, conflicts_with = "once")]
    keep: bool,
    /// End after the first attempt, also a failed one, with its exit code
    #[arg(long)]
    once: bool,
}

pub(crate) fn run(global: &Global, options: &Listen) -> Result<(), Failure> {
    let admit = admit(global, options)?;
    let identity = options.meeting.load(global)?;
    let mut responder = ResponderOptions::new(identity, CHAT, admit);
    responder.surroundings = options.meeting.surroundings()?;
    let runtime = runtime()?;
    let outcome = runtime.block_on(serve(global, options, Arc::new(responder)));
    runtime.shutdown_background();
    outcome
}

fn admit(global: &Global, options: &Listen) -> Result<Admit, Failure> {
    if options.allow_anyone {
        return Ok(Admit::anyone());
    }
    if options.allow.is_empty() && !options.allow_known {
        return Err(Failure::new(Exit::Usage, "nobody_allowed", "nobody would be let in")
            .remedy("say whom: --allow DID_OR_NAME, --allow-known, or --allow-anyone"));
    }
    let peers = storage::known_peers(global)?;
    let mut allowed: HashSet<Did> = HashSet::new();
    for text in &options.allow {
        allowed.insert(storage::did_or_name(text, &peers)?);
    }
    if options.allow_known {
        allowed.extend(peers.iter().map(|peer| peer.did.clone()));
    }
    Ok(Admit::rule(move |claim| allowed.contains(claim.did())))
}

async fn serve(global: &Global, options: &Listen, responder: Arc<ResponderOptions>) -> Result<(), Failure> {
    let listener = TcpListener::bind(options.address).await.map_err(|error| {
        Failure::new(Exit::Network, "network", format!("cannot listen on {}: {error}", options.address))
            .remedy("another port: `didshake listen 127.0.0.1:0 …` takes a free one")
    })?;
    let address = listener.local_addr()?;
    let did = responder.identities.first().map(|identity| identity.did().as_str().to_owned());
    if global.json {
        output::json(&json!({"event": "listening", "address": address.to_string(), "did": did}));
    } else {
        output::note(&format!("Listening on {address} as {}", did.unwrap_or_default()));
    }
    let burned = Arc::new(MemoryBurnStore::default());
    let mut lines = Lines::of_stdin();
    loop {
        let connection = next_peer(global, options, &listener, &responder, &burned).await?;
        if global.json {
            output::json(&connected(&connection));
        } else {
            output::note(&format!("Connected to {}", connection.peer().verification_method()));
        }
        let outcome = chat(connection, &mut lines, global.json).await;
        match outcome {
            Err(failure) if options.keep => failure.report(global.json),
            outcome if !options.keep => return outcome,
            _ => {}
        }
    }
}

/// The first peer that gets in. Others that come at the same time are turned away then.
async fn next_peer(
    global: &Global,
    options: &Listen,
    listener: &TcpListener,
    responder: &Arc<ResponderOptions>,
    burned: &Arc<MemoryBurnStore>,
) -> Result<PeerConnection<TcpStream>, Failure> {
    let mut attempts = JoinSet::new();
    loop {
        tokio::select! {
            incoming = listener.accept(), if attempts.len() < MAX_HANDSHAKES => match incoming {
                Ok((stream, from)) => {
                    let (responder, burned) = (responder.clone(), burned.clone());
                    attempts.spawn(async move { (from, attempt(stream, &responder, &burned).await) });
                }
                // Too many open files, for instance: it passes when attempts end.
                Err(error) => {
                    output::warning(&format!("cannot take a connection: {error}"));
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            Some(ended) = attempts.join_next() => match ended {
                Ok((_, Ok(connection))) => return Ok(connection),
                Ok((from, Err(failure))) if options.once => {
                    tracing::info!(%from, "the only attempt failed");
                    return Err(failure);
                }
                Ok((from, Err(failure))) => refused(global, from, &failure),
                Err(_) => output::warning("an attempt broke off"),
            },
        }
    }
}

async fn attempt(
    stream: TcpStream,
    responder: &ResponderOptions,
    burned: &MemoryBurnStore,
) -> Result<PeerConnection<TcpStream>, Failure> {
    stream.set_nodelay(true)?;
    accept(stream, responder, burned).await.map_err(|error| failure(&error, Role::Responder))
}

fn refused(global: &Global, from: SocketAddr, failure: &Failure) {
    if global.json {
        let (code, message) = (failure.code(), failure.message());
        output::json(&json!({"event": "refused", "from": from.to_string(), "code": code, "message": message}));
    } else {
        output::note(&format!("{from}: {}", failure.message()));
    }
}
