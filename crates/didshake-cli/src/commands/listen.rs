//! `didshake listen`.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::Args;
use didshake::Did;
use didshake_did::{Clock, Rate, ResolutionBudget, Source, SystemClock};
use didshake_peer::{Admit, MemoryBurnStore, PeerConnection, ResponderOptions, accept};
use serde_json::json;
use tokio::task::JoinSet;
use tracing::Instrument;

use crate::attempts::Attempts;
use crate::chat::{Manner, chat};
use crate::cli::Global;
use crate::failure::{Exit, Failure};
use crate::input::Lines;
use crate::meeting::{CHAT, Guard, Meeting, runtime, tell_connected};
use crate::output;
use crate::peer_failure::{Role, failure};
use crate::refusals::Refusals;
use crate::web_failures::WebFailures;
use crate::wire::{self, Caller, Entrance, ListenAt, Wire};
use crate::{exec, stderr, storage};

/// Processes of peers that run at once.
const MAX_PROCESSES: usize = 64;
/// Addresses, and hosts, that the budget of resolutions tells apart.
const MAX_SOURCES: usize = 10_000;

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

Typed at the beginning of a line, /verify shows the words of --verify.

Examples:
  didshake listen --as bob --allow did:key:z6Mk…
  didshake listen 0.0.0.0:7007 --as bob --allow-known --keep
  didshake listen --as bob --allow-known --exec 'echo hello, $DIDSHAKE_PEER_DID'
  didshake listen unix:/run/user/1000/bob --as bob --allow-known --exec 'cat > backup.tar'
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
    let mut responder = ResponderOptions::new(identity, CHAT, admit);
    let (surroundings, failures) = options.meeting.surroundings()?;
    responder.surroundings = surroundings;
    let runtime = runtime()?;
    let outcome = match &options.exec {
        Some(command) if options.stdio => {
            output::events_to_stderr();
            runtime.block_on(answer_stdio(global, options, command, &responder, &failures))
        }
        _ => runtime.block_on(serve(global, options, Arc::new(responder), failures)),
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
    let connection = connection.map_err(|error| failure(&error, Role::Responder, failures))?;
    options.meeting.guard(&responder.surroundings).watch(&connection);
    exec::run(connection, command, global.json, options.meeting.verify).await
}

async fn serve(
    global: &Global,
    options: &Listen,
    responder: Arc<ResponderOptions>,
    failures: WebFailures,
) -> Result<(), Failure> {
    let entrance = Entrance::open(&options.address).await.map_err(|error| {
        Failure::new(Exit::Network, "network", format!("cannot listen on {}: {error}", options.address))
            .remedy("another one: `didshake listen 127.0.0.1:0 …` takes a free port")
    })?;
    let address = entrance.at()?;
    let did = responder.identities.first().map(|identity| identity.did().as_str().to_owned());
    stderr::never_wait();
    if global.json {
        output::json(&json!({"event": "listening", "address": address.to_string(), "did": did}));
    } else {
        output::note(&format!("Listening on {address} as {}", did.unwrap_or_default()));
    }
    let door = Door {
        entrance,
        guard: options.meeting.guard(&responder.surroundings),
        responder,
        failures,
        budget: Arc::new(Mutex::new(ResolutionBudget::new(Rate::default(), Rate::default(), MAX_SOURCES))),
        burned: Arc::default(),
        as_json: global.json,
        verify: options.meeting.verify,
        once: options.once,
    };
    match &options.exec {
        Some(command) => door.run_for_each(command).await,
        None => talk(global, options, &door).await,
    }
}

/// Exchanges lines with one peer after the other.
async fn talk(global: &Global, options: &Listen, door: &Door) -> Result<(), Failure> {
    let mut lines = Lines::of_stdin();
    let manner = Manner { as_json: global.json, ends_with_peer: options.keep };
    loop {
        let connection = door.next_peer(&mut lines).await?;
        in_vain(lines.drop_typed().await);
        tell_connected(&connection, global.json, options.meeting.verify)?;
        let outcome = chat(connection, &mut lines, manner).await;
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

/// What was typed for nobody.
fn in_vain(lines: usize) {
    if lines > 0 {
        output::note("(nobody was connected: what was typed is dropped)");
    }
}

/// Where peers come in.
struct Door {
    entrance: Entrance,
    guard: Guard,
    responder: Arc<ResponderOptions>,
    failures: WebFailures,
    budget: Arc<Mutex<ResolutionBudget>>,
    burned: Arc<MemoryBurnStore>,
    as_json: bool,
    verify: bool,
    once: bool,
}

impl Door {
    /// The first peer that gets in. Others that come at the same time are turned away then.
    async fn next_peer(&self, lines: &mut Lines) -> Result<PeerConnection<Wire>, Failure> {
        let mut attempts = Attempts::new();
        let mut refusals = Refusals::new(self.as_json);
        loop {
            tokio::select! {
                incoming = self.entrance.accept() => match incoming {
                    Ok((wire, from)) => attempts.start(from, self.attempt(wire, from)),
                    Err(error) => cannot_take(&error).await,
                },
                Some((from, outcome)) = attempts.next() => match outcome.unwrap_or_else(|| Err(crowded_out())) {
                    Ok(connection) => {
                        refusals.sum_up();
                        return Ok(connection);
                    }
                    Err(failure) if self.once => return Err(failure),
                    Err(failure) => refusals.tell(from, &failure),
                },
                () = refusals.due() => refusals.sum_up(),
                () = lines.drop_next() => in_vain(1),
            }
            output::check()?;
        }
    }

    /// A process for each peer, until this one is ended.
    async fn run_for_each(&self, command: &str) -> Result<(), Failure> {
        let (mut attempts, mut refusals) = (Attempts::new(), Refusals::new(self.as_json));
        let mut running = JoinSet::new();
        loop {
            tokio::select! {
                incoming = self.entrance.accept() => match incoming {
                    Ok((wire, from)) => attempts.start(from, self.attempt(wire, from)),
                    Err(error) => cannot_take(&error).await,
                },
                Some((from, outcome)) = attempts.next() => match outcome.unwrap_or_else(|| Err(crowded_out())) {
                    Ok(_) if running.len() >= MAX_PROCESSES => refusals.tell(from, &too_many()),
                    Ok(connection) => {
                        let (command, as_json, verify) = (command.to_owned(), self.as_json, self.verify);
                        running.spawn(async move { exec::run(connection, &command, as_json, verify).await });
                    }
                    Err(failure) => refusals.tell(from, &failure),
                },
                Some(Ok(Err(failure))) = running.join_next() => failure.report(self.as_json),
                () = refusals.due() => refusals.sum_up(),
            }
            output::check()?;
        }
    }

    fn attempt(
        &self,
        wire: Wire,
        from: Caller,
    ) -> impl Future<Output = Result<PeerConnection<Wire>, Failure>> + Send + use<> {
        let (burned, failures, budget) = (self.burned.clone(), self.failures.clone(), self.budget.clone());
        let guard = self.guard.clone();
        let mut responder = (*self.responder).clone();
        responder.admit = responder.admit.and(move |claim| may_resolve(&budget, from, claim.did()));
        let attempt = async move {
            let accepted = accept(wire, &responder, &*burned).await;
            let connection = accepted.map_err(|error| failure(&error, Role::Responder, &failures))?;
            guard.watch(&connection);
            Ok(connection)
        };
        // Of the level of errors, so that whatever is logged says whom it is about.
        attempt.instrument(tracing::error_span!("attempt", %from))
    }
}

/// Takes what one resolution costs the peer's address and the host that would be asked (R-CHECK-3).
fn may_resolve(budget: &Mutex<ResolutionBudget>, from: Caller, did: &Did) -> bool {
    let mut budget = budget.lock().unwrap_or_else(PoisonError::into_inner);
    let spent = budget.spend(Source::of(from.ip()), did, SystemClock.now());
    spent.inspect_err(|spent| tracing::debug!(%did, "not resolved: {spent}")).is_ok()
}

/// Too many open files, for instance: it passes when attempts end.
async fn cannot_take(error: &std::io::Error) {
    output::warning(&format!("cannot take a connection: {error}"));
    tokio::time::sleep(Duration::from_millis(100)).await;
}

fn too_many() -> Failure {
    Failure::new(Exit::Network, "busy", format!("{MAX_PROCESSES} processes run already: the peer was turned away"))
}

fn crowded_out() -> Failure {
    Failure::new(Exit::Network, "crowded_out", "the attempt was dropped: newer ones took its place")
}

#[cfg(test)]
mod tests {
    use super::*;

    // R-CHECK-3
    #[test]
    fn an_address_makes_us_resolve_only_so_often() {
        let rate = Rate { burst: 2, per_minute: 1 };
        let budget = Mutex::new(ResolutionBudget::new(rate, Rate::default(), MAX_SOURCES));
        let [one, two] = [1, 2].map(|last| Caller::Address(([192, 0, 2, last], 1).into()));
        let web = |host: u8| Did::parse(&format!("did:web:host{host}.example")).unwrap();
        assert!(may_resolve(&budget, one, &web(1)) && may_resolve(&budget, one, &web(2)));
        assert!(!may_resolve(&budget, one, &web(3)));
        assert!(may_resolve(&budget, two, &web(3)));
        let key = Did::parse("did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK").unwrap();
        assert!(may_resolve(&budget, one, &key));
    }
}
