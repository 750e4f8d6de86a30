//! `didshake listen`.

mod door;

use std::collections::HashSet;

use clap::Args;
use didshake::Did;
use didshake_did::SigningIdentity;
use didshake_peer::{Admit, MemoryBurnStore, ResponderOptions, accept};
use serde_json::json;

use crate::channel::Channel;
use crate::chat::{Manner, chat};
use crate::circuits::{Circuits, Gate};
use crate::cli::Global;
use crate::failure::{Exit, Failure};
use crate::input::Lines;
use crate::meeting::{CHAT, Meeting, runtime, tell_connected};
use crate::output;
use crate::peer_failure::{Role, failure};
use crate::web_failures::WebFailures;
use crate::wire::{self, Entrance, ListenAt};
use crate::{exec, stderr, storage};
use door::{Door, in_vain};

const AFTER_HELP: &str = "\
Waits for one peer that may come in, exchanges lines with it, and ends. Peers that are refused learn one alert after a
fixed delay; the cause is told here. Somebody must be let in: nobody is by default. A peer that says nothing is dropped
when others come: 8 attempts of one address, 32 of all, are under way at once.

Lines belong to the peer that is connected while they are typed; what is typed while nobody is there, or is not sent
when a peer leaves, is dropped with a note. Input that is no terminal (a pipe, a file) waits for the first peer and goes
to it alone: with --keep, later peers get nothing from us. Ctrl-D ends our side for this peer.

When the peer ends its side, ours stays open until Ctrl-D or the end of the input; with --keep, what is typed already is
sent, our side ends too, and the next peer may come. A connection that breaks ends with a note (exit code 5).
On a terminal each line of the peer begins with `< `.

With --exec a process runs for each peer (`sh -c CMD`), several at once, and goes on until it is ended: what the peer sends is
its input, what it writes is sent. Who the peer has proved to be is in its environment, DIDSHAKE_PEER_DID,
DIDSHAKE_PEER_METHOD and DIDSHAKE_PEER_KEY (hexadecimal); DIDSHAKE_SESSION names the channel. A peer that is gone ends
its process. With --stdio whoever started us leads the peer here, over standard input and output (ssh, a supervisor, an
MCP client): one process runs, and notes and --json events go to standard error.

With --relay peers come through our own mailboxes (`didshake mailbox open`), so that we need no address that can be dialled:
`didshake connect NAME` and `pipe NAME` of those who have our card (`didshake id share`) lead here. Whom --allow admits is
checked as everywhere: the relay passes bytes that it cannot read or change. Letters of known peers that come meanwhile
are kept in the inbox. A relay that goes away is called again; with none at the start the exit code is 5.

Typed at the beginning of a line, /verify shows the words of --verify.

Examples:
  didshake listen --as bob --allow did:key:z6Mk…
  didshake listen 0.0.0.0:7007 --as bob --allow-known --keep
  didshake listen --as bob --allow-known --exec 'echo hello, $DIDSHAKE_PEER_DID'
  didshake listen unix:/run/user/1000/bob --as bob --allow-known --exec 'cat > backup.tar'
  didshake listen --relay --as bob --allow-known --exec 'cat > backup.tar'
  ssh bob.example didshake listen --stdio --as bob --allow-known --exec CMD    (run by `connect --exec` or `pipe --exec`)";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Listen {
    /// Where to listen: ADDRESS:PORT, where port 0 takes a free one, or unix:PATH for a socket of this machine
    #[arg(value_name = "ADDRESS", default_value = "127.0.0.1:7007")]
    address: ListenAt,
    /// The peer is at the other end of our own standard input and output; --exec talks to it, once
    #[arg(long, requires = "exec", conflicts_with = "address")]
    stdio: bool,
    /// Let peers come through the relays of our mailboxes, in place of an address
    #[arg(long, conflicts_with_all = ["address", "stdio"])]
    relay: bool,
    #[command(flatten)]
    meeting: Meeting,
    /// Let this peer in: a DID, or the name of a known peer (repeatable)
    #[arg(long, value_name = "DID_OR_NAME")]
    allow: Vec<String>,
    /// Let every known peer in
    #[arg(long)]
    allow_known: bool,
    /// Let everyone in who proves a DID
    #[arg(long, conflicts_with_all = ["allow", "allow_known"])]
    allow_anyone: bool,
    /// Go on with the next peer after one has left or ended its side
    #[arg(long, conflicts_with = "once")]
    keep: bool,
    /// End after the first attempt, also a failed one, with its exit code
    #[arg(long)]
    once: bool,
    /// Run this for each peer, in place of lines from here
    #[arg(long, value_name = "CMD", conflicts_with_all = ["keep", "once"])]
    exec: Option<String>,
}

pub(crate) fn run(global: &Global, options: &Listen) -> Result<(), Failure> {
    let admit = admit(global, options)?;
    let identity = options.meeting.load(global)?;
    let mut responder = ResponderOptions::new(identity.clone(), CHAT, admit);
    let (surroundings, failures) = options.meeting.surroundings()?;
    responder.surroundings = surroundings;
    let runtime = runtime()?;
    let outcome = match &options.exec {
        Some(command) if options.stdio => {
            output::events_to_stderr();
            runtime.block_on(answer_stdio(global, options, command, &responder, &failures))
        }
        _ => runtime.block_on(serve(global, options, (identity, responder), failures)),
    };
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

/// The one peer at the other end of standard input and output.
async fn answer_stdio(
    global: &Global,
    options: &Listen,
    command: &str,
    responder: &ResponderOptions,
    failures: &WebFailures,
) -> Result<(), Failure> {
    let burned = MemoryBurnStore::default();
    let connection = accept(wire::of_stdio(), responder, &burned).await;
    let channel = Channel::from(connection.map_err(|error| failure(&error, Role::Responder, failures))?);
    options.meeting.guard(&responder.surroundings).watch(&channel);
    exec::run(channel, command, global.json, options.meeting.verify).await
}

async fn serve(
    global: &Global,
    options: &Listen,
    (identity, responder): (SigningIdentity, ResponderOptions),
    failures: WebFailures,
) -> Result<(), Failure> {
    let did = identity.did().as_str().to_owned();
    let gate = if options.relay {
        let post = options.meeting.post(global, identity, responder.surroundings.clone(), failures.clone()).await?;
        Gate::Relay(Circuits::open(post).await?)
    } else {
        Gate::Here(entrance(&options.address).await?)
    };
    let address = gate.at()?;
    stderr::never_wait();
    if global.json {
        output::json(&json!({"event": "listening", "address": address, "did": did}));
    } else {
        output::note(&format!("Listening on {address} as {did}"));
    }
    let guard = options.meeting.guard(&responder.surroundings);
    let door = Door {
        gate,
        guard,
        responder,
        failures,
        budget: door::budget(),
        burned: Default::default(),
        global: global.clone(),
        verify: options.meeting.verify,
        once: options.once,
    };
    match &options.exec {
        Some(command) => door.run_for_each(command).await,
        None => talk(global, options, &door).await,
    }
}

async fn entrance(at: &ListenAt) -> Result<Entrance, Failure> {
    Entrance::open(at).await.map_err(|error| {
        Failure::new(Exit::Network, "network", format!("cannot listen on {at}: {error}"))
            .remedy("another one: `didshake listen 127.0.0.1:0 …` takes a free port")
    })
}

/// Exchanges lines with one peer after the other.
async fn talk(global: &Global, options: &Listen, door: &Door) -> Result<(), Failure> {
    let mut lines = Lines::of_stdin();
    let manner = Manner { as_json: global.json, ends_with_peer: options.keep };
    loop {
        let channel = door.next_peer(&mut lines).await?;
        in_vain(lines.drop_typed().await);
        tell_connected(channel.agreed(), global.json, options.meeting.verify)?;
        let outcome = chat(channel, &mut lines, manner).await;
        output::check()?;
        if !options.keep {
            return outcome;
        }
        if let Err(failure) = outcome {
            failure.report(global.json);
        }
        if lines.end_for_peer().await {
            output::note("(what was not sent to this peer is dropped: no other gets it)");
        }
    }
}
