//! Whom `connect` and `login` mean: what was said, what is pinned, or what somebody at the terminal confirms.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use didshake::{Did, Origin, VerifiedPeer};
use didshake_did::{BoxFuture, Clock, Resolver, SystemClock};
use didshake_peer::{Expect, HandshakeError, KnownPeer, KnownPeers, PeerName, PeerPolicy, Surroundings};
use tokio::sync::Mutex as AsyncMutex;

use crate::cli::Global;
use crate::failure::{Exit, Failure};
use crate::input::Lines;
use crate::linked::{self, Link, Linkages};
use crate::output;
use crate::passphrase::can_ask;
use crate::peer_log;
use crate::progress::Waiting;
use crate::storage::{self, did_or_name};
use crate::web_access::WebAccess;

/// Where somebody is met, under the name by which it is pinned.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) name: PeerName,
    /// What is met there: `peer` or `service`.
    word: &'static str,
}

impl Place {
    /// A peer at HOST:PORT.
    pub(crate) fn of_peer(name: PeerName) -> Self {
        Self { name, word: "peer" }
    }

    /// A web service, by the authority of its origin.
    pub(crate) fn of_service(origin: &Origin) -> Result<Self, Failure> {
        let name = PeerName::parse(origin.authority());
        let name = name.map_err(|fault| Failure::new(Exit::Usage, "url", format!("{origin}: {fault}")))?;
        Ok(Self { name, word: "service" })
    }
}

/// Whom is meant, and why.
pub(crate) enum Expected {
    /// `--expect` said it.
    Said(Did),
    /// The place is pinned.
    Pinned(KnownPeer),
    /// Nobody knows: ask between Reply and Finish.
    Ask,
}

impl Expected {
    /// What is said wins, and overwrites no pin; then the pin; then whoever sits there. A script never asks.
    pub(crate) fn find(
        global: &Global,
        place: &Place,
        said: Option<&str>,
        peers: &KnownPeers,
    ) -> Result<Self, Failure> {
        let name = &place.name;
        let pinned = peers.find(name);
        if let Some(said) = said {
            let did = did_or_name(said, peers)?;
            if let Some(pin) = pinned.filter(|pin| pin.did != did) {
                output::warning(&format!(
                    "{name} is known as {}; --expect says otherwise, and the entry stays",
                    pin.did
                ));
            }
            return Ok(Self::Said(did));
        }
        if let Some(pin) = pinned {
            return Ok(Self::Pinned(pin.clone()));
        }
        if can_ask(global) {
            return Ok(Self::Ask);
        }
        Err(Failure::new(
            Exit::Policy,
            "unknown_peer",
            format!("{name} is not a known {}, and nobody can be asked here", place.word),
        )
        .remedy(format!("say whom you mean with --expect DID, or add it once: `didshake peer add {name} DID`")))
    }

    pub(crate) fn rule(&self) -> Expect {
        match self {
            Self::Said(did) => Expect::Did(did.clone()),
            Self::Pinned(pin) => Expect::Did(pin.did.clone()),
            Self::Ask => Expect::rule(|_| true),
        }
    }

    /// Whoever is pinned and is another one now is told loudly.
    pub(crate) fn failure(&self, place: &Place, error: &HandshakeError) -> Option<Failure> {
        let (meant, claimed) = match (self, &error.claimed) {
            (Self::Pinned(pin), Some(claimed)) if *claimed != pin.did => (pin, claimed),
            _ => return None,
        };
        if error.fault() != Some(didshake::Fault::NotAdmitted) {
            return None;
        }
        let Place { name, word } = place;
        let since = meant.added.as_ref().map(|day| format!(" (added {day})")).unwrap_or_default();
        let message = format!(
            "THE {} AT {name} HAS CHANGED\n  known as:     {}{since}\n  claims to be: {claimed} (not verified)\n\
             Someone may be in the way, or the {word} has a new DID. Nothing was sent that shows who you are.",
            word.to_ascii_uppercase(),
            meant.did
        );
        let remedy = format!(
            "ask its owner by another way; if the new DID is right: `didshake peer remove {name}`, then \
             `didshake peer add {name} {claimed}`"
        );
        Some(Failure::new(Exit::NotAuthenticated, "peer_changed", message).remedy(remedy))
    }
}

/// Asks, once the responder is verified and before it learns who we are.
pub(crate) struct Question {
    place: Place,
    until: Instant,
    lines: Arc<AsyncMutex<Lines>>,
    waiting: Arc<Waiting>,
    linkages: (Linkages, Arc<dyn Resolver>),
    answer: Mutex<Option<(Did, bool)>>,
}

impl Question {
    /// A question that must be answered before the attempt in these surroundings, which begins now, is over.
    pub(crate) fn of(
        place: &Place,
        surroundings: &Surroundings,
        web: &WebAccess,
        (lines, waiting): (Arc<AsyncMutex<Lines>>, Arc<Waiting>),
    ) -> Result<Arc<Self>, Failure> {
        let until = Instant::now() + surroundings.timeouts.attempt;
        let linkages = (Linkages::new(web)?, surroundings.resolver.clone());
        Ok(Arc::new(Self { place: place.clone(), until, lines, waiting, linkages, answer: Mutex::new(None) }))
    }

    fn answer(&self) -> Option<(Did, bool)> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn confirmed(&self) -> Option<Did> {
        self.answer().and_then(|(did, yes)| yes.then_some(did))
    }

    /// Remembers the DID that was confirmed, now that the handshake has come about.
    pub(crate) async fn remember(&self, global: &Global) -> Result<(), Failure> {
        let Some(did) = self.confirmed() else { return Ok(()) };
        let name = &self.place.name;
        let file = storage::known_peers_file(global)?;
        let added = file.change(|peers| peers.add(name.clone(), did.clone(), SystemClock.now()));
        match added.map_err(|error| storage::known_peers_failure(&error))? {
            Ok(()) => peer_log::pinned(global, name.as_str(), &did).await,
            Err(known) => output::warning(&format!("{name} was added as {} meanwhile: the entry stays", known.did)),
        }
        Ok(())
    }

    /// The failure that the user wanted.
    pub(crate) fn refusal(&self) -> Option<Failure> {
        let (did, _) = self.answer().filter(|(_, yes)| !yes)?;
        let message = format!("you refused {did} at {}: it did not learn who you are", self.place.name);
        Some(Failure::new(Exit::Policy, "refused_by_user", message))
    }

    fn show(&self, peer: &VerifiedPeer, links: &[Link]) -> std::io::Result<()> {
        self.waiting.pause();
        let mut out = anstream::stderr().lock();
        let Place { name, word } = &self.place;
        writeln!(out, "{name} is not a known {word}. Whoever answers there has proved to be")?;
        writeln!(out, "\n    {}\n", peer.did())?;
        writeln!(out, "  verification method  {}", peer.verification_method())?;
        writeln!(
            out,
            "  key                  {} {}",
            peer.key().algorithm().name(),
            hex::encode(peer.key().as_bytes())
        )?;
        write!(out, "{}", linked::lines(links))?;
        writeln!(out, "\nIt does not know yet who you are. Compare the DID with what its owner told you.")?;
        let seconds = self.until.saturating_duration_since(Instant::now()).as_secs();
        write!(out, "Go on, and remember it as {name}? [yes/no] (within {seconds} s) ")?;
        out.flush()
    }
}

impl PeerPolicy for Question {
    fn allows<'a>(&'a self, peer: &'a VerifiedPeer) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let (linkages, resolver) = &self.linkages;
            let links = linkages.of(peer.did(), &**resolver).await;
            let mut lines = self.lines.lock().await;
            // What was typed before is no answer: nobody had seen the DID.
            if lines.drop_typed().await > 0 {
                output::note("(what was typed before the question is dropped)");
            }
            if self.show(peer, &links).is_err() {
                return false;
            }
            let answer = lines.next().await.unwrap_or_default();
            let yes = matches!(answer.trim_ascii().to_ascii_lowercase().as_slice(), b"yes" | b"y");
            *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = Some((peer.did().clone(), yes));
            yes
        })
    }
}
