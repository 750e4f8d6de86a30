//! What an attempt brings along.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use didshake::{Admission, Claim, Context, Did, Extensions, InitiatorConfig, ResponderConfig, Suite, VerifiedPeer};
use didshake_did::{BoxFuture, Clock, MethodRegistry, Resolver, SigningIdentity, SystemClock};

use crate::agreed::KeepAgreed;
use crate::attempt::Claimed;
use crate::observer::Observer;

/// Whom an initiator means. There is no default: who means anybody says so with a rule.
#[derive(Clone)]
pub enum Expect {
    /// Exactly this DID.
    Did(Did),
    /// Whoever the rule lets in. It sees a claim that nobody has verified, and must be cheap.
    Rule(Rule),
}

/// A rule over claims.
type Rule = Arc<dyn Fn(&Claim) -> bool + Send + Sync>;

impl Expect {
    /// Whoever the rule lets in.
    pub fn rule(rule: impl Fn(&Claim) -> bool + Send + Sync + 'static) -> Self {
        Self::Rule(Arc::new(rule))
    }

    fn admits(&self, claim: &Claim) -> bool {
        match self {
            Self::Did(did) => did == claim.did(),
            Self::Rule(rule) => rule(claim),
        }
    }

    /// The protocol's admission, which notes the claim for the error and the log.
    fn admission(&self, claimed: &Claimed) -> Admission {
        let (expect, claimed) = (self.clone(), claimed.clone());
        Admission::policy(move |claim| {
            claimed.note(claim);
            expect.admits(claim)
        })
    }
}

impl fmt::Debug for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Did(did) => write!(f, "Did({did})"),
            Self::Rule(_) => f.write_str("Rule(…)"),
        }
    }
}

/// Whom a responder may meet.
#[derive(Clone, Debug)]
pub struct Admit(Expect);

impl Admit {
    /// Exactly this DID.
    #[must_use]
    pub fn only(did: Did) -> Self {
        Self(Expect::Did(did))
    }

    /// Whoever the rule lets in. It sees a claim that nobody has verified, and must be cheap: rate limits go here.
    pub fn rule(rule: impl Fn(&Claim) -> bool + Send + Sync + 'static) -> Self {
        Self(Expect::rule(rule))
    }

    /// Whoever both let in; `rule` is asked last, so that it may count.
    #[must_use]
    pub fn and(self, rule: impl Fn(&Claim) -> bool + Send + Sync + 'static) -> Self {
        Self::rule(move |claim| self.0.admits(claim) && rule(claim))
    }

    /// Whether it lets this claim in.
    #[cfg(feature = "mailbox")]
    pub(crate) fn admits(&self, claim: &Claim) -> bool {
        self.0.admits(claim)
    }

    /// Everyone who proves a DID that can be resolved.
    #[must_use]
    pub fn anyone() -> Self {
        Self::rule(|_| true)
    }
}

/// The application's word over a peer whose signature was verified (check 7 of R-CHECK).
pub trait PeerPolicy: Send + Sync {
    /// Whether the handshake may go on. An initiator has not shown its identity yet. The attempt's time runs on.
    fn allows<'a>(&'a self, peer: &'a VerifiedPeer) -> BoxFuture<'a, bool>;
}

impl<F: Fn(&VerifiedPeer) -> bool + Send + Sync> PeerPolicy for F {
    fn allows<'a>(&'a self, peer: &'a VerifiedPeer) -> BoxFuture<'a, bool> {
        Box::pin(async move { self(peer) })
    }
}

/// How long things may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timeouts {
    /// The whole attempt (R-LIMIT-2).
    pub attempt: Duration,
    /// Until a responder has the first Hello.
    pub hello: Duration,
    /// Until any other message has come, or one has gone out.
    pub message: Duration,
    /// A resolution.
    pub resolve: Duration,
    /// A signature of our own.
    pub sign: Duration,
    /// `denied` leaves no earlier than this after the message that it answers came (R-CHECK-8).
    pub denied_delay: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            attempt: Duration::from_secs(60),
            hello: Duration::from_secs(10),
            message: Duration::from_secs(60),
            resolve: Duration::from_secs(15),
            sign: Duration::from_secs(30),
            denied_delay: Duration::from_millis(100),
        }
    }
}

/// What both sides need besides an identity.
#[derive(Clone)]
pub struct Surroundings {
    /// Binding and prologue; a stream without prologue unless both sides agreed on one (R-BIND-2).
    pub context: Context,
    /// Gives the documents of peers.
    pub resolver: Arc<dyn Resolver>,
    /// The application's word over a verified peer; without one admission alone decides.
    pub policy: Option<Arc<dyn PeerPolicy>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// Who is told of each step.
    pub observer: Option<Arc<dyn Observer>>,
}

impl Default for Surroundings {
    /// did:key and did:jwk, the system's clock, no prologue, no policy of the application.
    fn default() -> Self {
        Self {
            context: Context::stream(),
            resolver: Arc::new(MethodRegistry::offline()),
            policy: None,
            clock: Arc::new(SystemClock),
            timeouts: Timeouts::default(),
            observer: None,
        }
    }
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { context, timeouts, .. } = self;
        f.debug_struct("Surroundings").field("context", context).field("timeouts", timeouts).finish_non_exhaustive()
    }
}

/// What an initiator brings.
#[derive(Clone, Debug)]
pub struct InitiatorOptions {
    /// Who we are.
    pub identity: SigningIdentity,
    /// Whom we mean.
    pub expect: Expect,
    /// Other DIDs of ours; a peer that claims one is refused like our own reflection.
    pub other_own_dids: Vec<Did>,
    /// What is to be spoken, exact bytes, 1 to 255.
    pub application_protocol: Vec<u8>,
    /// Every suite that we accept, in order of preference.
    pub suites: Vec<Suite>,
    /// Whether Hello says, blinded, which DID is meant; needs [`Expect::Did`], and who guesses the DID can test the
    /// guess. An error then cannot tell whom the peer claimed to be.
    pub recipient: bool,
    /// Everything else.
    pub surroundings: Surroundings,
}

impl InitiatorOptions {
    /// All suites, no other DIDs of ours, the default surroundings.
    #[must_use]
    pub fn new(identity: SigningIdentity, application_protocol: &[u8], expect: Expect) -> Self {
        Self {
            identity,
            expect,
            other_own_dids: Vec::new(),
            application_protocol: application_protocol.to_vec(),
            suites: Suite::ALL.to_vec(),
            recipient: false,
            surroundings: Surroundings::default(),
        }
    }

    pub(crate) fn config(&self, claimed: &Claimed) -> InitiatorConfig {
        let expected = match &self.expect {
            Expect::Did(did) if self.recipient => Admission::only(did.clone()),
            expect => expect.admission(claimed),
        };
        InitiatorConfig {
            other_own_dids: self.other_own_dids.clone(),
            suites: self.suites.clone(),
            recipient: self.recipient,
            ..InitiatorConfig::new(self.identity.local(), &self.application_protocol, expected)
        }
    }
}

/// What a responder brings.
#[derive(Clone)]
pub struct ResponderOptions {
    /// Who we are; the first answers a Hello that does not say whom it means.
    pub identities: Vec<SigningIdentity>,
    /// Whom we may meet.
    pub admit: Admit,
    /// Other DIDs of ours; a peer that claims one is refused like our own reflection.
    pub other_own_dids: Vec<Did>,
    /// What we serve, exact bytes, 1 to 255 each.
    pub application_protocols: Vec<Vec<u8>>,
    /// Every suite that we accept, in our order of preference.
    pub suites: Vec<Suite>,
    /// Seconds for which something may outlive the connection; 0: nothing does.
    pub lifetime: u32,
    /// Who keeps what was agreed on, before Accept leaves; without one nothing is kept.
    pub keep: Option<Arc<dyn KeepAgreed>>,
    /// Everything else.
    pub surroundings: Surroundings,
}

impl ResponderOptions {
    /// One identity, one application protocol, all suites, nothing outlives the connection, the default surroundings.
    #[must_use]
    pub fn new(identity: SigningIdentity, application_protocol: &[u8], admit: Admit) -> Self {
        Self {
            identities: vec![identity],
            admit,
            other_own_dids: Vec::new(),
            application_protocols: vec![application_protocol.to_vec()],
            suites: Suite::ALL.to_vec(),
            lifetime: 0,
            keep: None,
            surroundings: Surroundings::default(),
        }
    }

    pub(crate) fn config(&self, claimed: &Claimed) -> ResponderConfig {
        ResponderConfig {
            identities: self.identities.iter().map(SigningIdentity::local).collect(),
            default_identity: 0,
            other_own_dids: self.other_own_dids.clone(),
            suites: self.suites.clone(),
            known_suites: Vec::new(),
            application_protocols: self.application_protocols.clone(),
            admission: self.admit.0.admission(claimed),
            reply_extensions: Extensions::default(),
        }
    }
}

impl fmt::Debug for ResponderOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponderOptions")
            .field("identities", &self.identities)
            .field("admit", &self.admit)
            .field("lifetime", &self.lifetime)
            .field("surroundings", &self.surroundings)
            .finish_non_exhaustive()
    }
}
