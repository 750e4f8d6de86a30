//! Where peers come in, one after the other or each to a process.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use didshake::Did;
use didshake_did::{Clock, Rate, ResolutionBudget, Source, SystemClock};
use didshake_peer::mailbox::AgentError;
use didshake_peer::{HandshakeError, MemoryBurnStore, ResponderOptions, accept};
use tokio::task::JoinSet;
use tracing::Instrument;

use crate::agent::of_agent;
use crate::attempts::Attempts;
use crate::channel::Channel;
use crate::circuits::{Gate, Knock};
use crate::cli::Global;
use crate::failure::{Exit, Failure};
use crate::input::Lines;
use crate::meeting::Guard;
use crate::peer_failure::{Role, failure};
use crate::refusals::Refusals;
use crate::web_failures::WebFailures;
use crate::wire::Caller;
use crate::{exec, output, peer_log};

/// Processes of peers that run at once, and of one peer.
const MAX_PROCESSES: usize = 64;
const MAX_OF_PEER: usize = 32;
/// Addresses, and hosts, that the budget of resolutions tells apart.
const MAX_SOURCES: usize = 10_000;

/// Where peers come in.
pub(super) struct Door {
    pub(super) gate: Gate,
    pub(super) guard: Guard,
    pub(super) responder: ResponderOptions,
    pub(super) failures: WebFailures,
    pub(super) budget: Arc<Mutex<ResolutionBudget>>,
    pub(super) burned: Arc<MemoryBurnStore>,
    pub(super) global: Global,
    pub(super) verify: bool,
    pub(super) once: bool,
}

/// How often one source makes us resolve.
pub(super) fn budget() -> Arc<Mutex<ResolutionBudget>> {
    Arc::new(Mutex::new(ResolutionBudget::new(Rate::default(), Rate::default(), MAX_SOURCES)))
}

/// What was typed for nobody.
pub(super) fn in_vain(lines: usize) {
    if lines > 0 {
        output::note("(nobody was connected: what was typed is dropped)");
    }
}

impl Door {
    /// The first peer that gets in. Others that come at the same time are turned away then.
    pub(super) async fn next_peer(&self, lines: &mut Lines) -> Result<Channel, Failure> {
        let mut attempts = Attempts::new();
        let mut refusals = Refusals::new(self.global.json);
        loop {
            tokio::select! {
                knock = self.gate.next() => {
                    let (knock, from) = knock?;
                    attempts.start(from, self.attempt(knock, from));
                }
                Some((from, outcome)) = attempts.next() => match outcome.unwrap_or_else(|| Err(crowded_out())) {
                    Ok(channel) => {
                        let resolver = &*self.responder.surroundings.resolver;
                        peer_log::met_known(&self.global, &channel.agreed().peer, resolver).await;
                        refusals.sum_up();
                        return Ok(channel);
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
    pub(super) async fn run_for_each(&self, command: &str) -> Result<(), Failure> {
        let (mut attempts, mut refusals) = (Attempts::new(), Refusals::new(self.global.json));
        let (mut running, mut of_peers) = (JoinSet::new(), HashMap::<Did, usize>::new());
        let mut end = pin!(exec::asked_to_end());
        loop {
            tokio::select! {
                () = &mut end => return Ok(()),
                knock = self.gate.next() => {
                    let (knock, from) = knock?;
                    attempts.start(from, self.attempt(knock, from));
                }
                Some((from, outcome)) = attempts.next() => match outcome.unwrap_or_else(|| Err(crowded_out())) {
                    Ok(_) if running.len() >= MAX_PROCESSES => refusals.tell(from, &too_many(MAX_PROCESSES)),
                    Ok(channel) => {
                        let did = channel.agreed().peer.did().clone();
                        let of_peer = of_peers.entry(did.clone()).or_default();
                        if *of_peer >= MAX_OF_PEER {
                            refusals.tell(from, &too_many(MAX_OF_PEER).after(did.as_str()));
                            continue;
                        }
                        *of_peer += 1;
                        let (global, peer) = (self.global.clone(), channel.agreed().peer.clone());
                        let resolver = self.responder.surroundings.resolver.clone();
                        // Nobody waits for it: others are at the door.
                        drop(tokio::spawn(async move { peer_log::met_known(&global, &peer, &*resolver).await }));
                        let (command, as_json, verify) = (command.to_owned(), self.global.json, self.verify);
                        running.spawn(async move { (did, exec::run(channel, &command, as_json, verify).await) });
                    }
                    Err(failure) => refusals.tell(from, &failure),
                },
                Some(Ok((did, ended))) = running.join_next() => {
                    if let Some(of_peer) = of_peers.get_mut(&did) {
                        *of_peer = of_peer.saturating_sub(1);
                    }
                    of_peers.retain(|_, of_peer| *of_peer > 0);
                    if let Err(failure) = ended {
                        failure.report(self.global.json);
                    }
                }
                () = refusals.due() => refusals.sum_up(),
            }
            output::check()?;
        }
    }

    fn attempt(&self, knock: Knock, from: Caller) -> impl Future<Output = Result<Channel, Failure>> + Send + use<> {
        let (burned, failures, budget) = (self.burned.clone(), self.failures.clone(), self.budget.clone());
        let guard = self.guard.clone();
        let mut responder = self.responder.clone();
        responder.admit = responder.admit.and(move |claim| may_resolve(&budget, from, claim.did()));
        let attempt = async move {
            let refused = |error: &HandshakeError| failure(error, Role::Responder, &failures);
            let channel = match knock {
                Knock::Wire(wire) => {
                    Channel::from(accept(wire, &responder, &*burned).await.map_err(|error| refused(&error))?)
                }
                Knock::Circuit(agent, offer) => {
                    let answered = agent.answer(&offer, &responder, &*burned).await;
                    Channel::from(answered.map_err(|error| match &error {
                        AgentError::Handshake(error) => refused(error),
                        error => of_agent(error, &failures),
                    })?)
                }
            };
            guard.watch(&channel);
            Ok(channel)
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

fn too_many(most: usize) -> Failure {
    Failure::new(Exit::Network, "busy", format!("{most} processes run already: the peer was turned away"))
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
