//! The responder: each state is a struct, and each step consumes it. Between Reply and Finish it may keep nothing at
//! all (see [`crate::WaitingKeys`]).

mod accept;

use alloc::sync::Arc;
use alloc::vec::Vec;

use rand_core::TryCryptoRng;

use crate::crypto::{self, EphemeralSecret, Signature};
use crate::did::Did;
use crate::document::{Document, UnixTime};
use crate::error::{Error, Fault, Misuse};
use crate::extension::{Extensions, RECIPIENT, recipient_body};
use crate::identity::{Admission, Claim, Identity, LocalIdentity};
use crate::schedule::{HandshakeSecret, MessageKey};
use crate::suite::{self, Suite};
use crate::transcript::{Binding, Context, Transcript, initiator_signs, responder_signs};
use crate::wire::{Hello, Reply, Retry, Sealed, with_sealed};

pub use accept::{Burn, PreparedAccept, VerifiedInitiator};

/// Seconds between Reply and Finish after which the responder has forgotten the handshake.
pub const WAITING_SECONDS: u64 = 60;

/// What a responder brings to its handshakes.
#[derive(Clone, Debug)]
pub struct ResponderConfig {
    /// Who we are: one or more identities.
    pub identities: Vec<LocalIdentity>,
    /// The position of the identity that answers a Hello without `recipient`.
    pub default_identity: usize,
    /// Other DIDs of ours; a peer that claims one is refused like our own reflection.
    pub other_own_dids: Vec<Did>,
    /// Every suite that we accept, in our fixed order of preference.
    pub suites: Vec<Suite>,
    /// Suites that we know besides [`Suite::ALL`] and those accepted.
    pub known_suites: Vec<Suite>,
    /// The application protocols that we serve, exact bytes, 1 to 255 each.
    pub application_protocols: Vec<Vec<u8>>,
    /// Whom we may meet.
    pub admission: Admission,
    /// Extensions of our Identity.
    pub reply_extensions: Extensions,
}

impl ResponderConfig {
    /// One identity, all suites of this crate, one application protocol, no extensions.
    #[must_use]
    pub fn new(identity: LocalIdentity, application_protocol: &[u8], admission: Admission) -> Self {
        Self {
            identities: alloc::vec![identity],
            default_identity: 0,
            other_own_dids: Vec::new(),
            suites: Suite::ALL.to_vec(),
            known_suites: Vec::new(),
            application_protocols: alloc::vec![application_protocol.to_vec()],
            admission,
            reply_extensions: Extensions::default(),
        }
    }

    fn check(&self) -> Result<(), Misuse> {
        suite::checked(&self.suites)?;
        if self.identities.get(self.default_identity).is_none() {
            return Err(Misuse::NoIdentity);
        }
        self.identities.iter().try_for_each(|identity| identity.check(&self.reply_extensions))?;
        if self.application_protocols.is_empty() {
            return Err(Misuse::NoApplicationProtocol);
        }
        let length_ok = |protocol: &Vec<u8>| !protocol.is_empty() && protocol.len() <= 255;
        if self.application_protocols.iter().all(length_ok) { Ok(()) } else { Err(Misuse::ApplicationProtocolLength) }
    }

    fn own_dids(&self) -> impl Iterator<Item = &Did> {
        self.identities.iter().map(|identity| &identity.did).chain(&self.other_own_dids)
    }

    fn knows(&self, id: u16) -> Option<Suite> {
        Suite::ALL.iter().chain(&self.suites).chain(&self.known_suites).copied().find(|suite| suite.id() == id)
    }
}

/// Nothing was received yet.
pub struct AwaitingHello {
    config: Arc<ResponderConfig>,
    context: Context,
    retried: bool,
}

/// What a Hello led to.
pub enum HelloRead {
    /// Send `retry`; on a stream `next` awaits the second Hello. HTTP forgets and starts afresh.
    Retry {
        /// The Retry message.
        retry: Vec<u8>,
        /// The state that awaits a Hello with another share.
        next: AwaitingHello,
    },
    /// Sign, and send the Reply.
    Unsigned(UnsignedReply),
}

impl AwaitingHello {
    /// A responder for one attempt.
    ///
    /// # Errors
    /// [`Misuse`] where the configuration contradicts itself.
    pub fn new(config: Arc<ResponderConfig>, context: Context) -> Result<Self, Error> {
        config.check()?;
        Ok(Self { config, context, retried: false })
    }

    /// Reads a Hello. The waiting state's time counts from `now`.
    ///
    /// # Errors
    /// The first [`Fault`] in the order of R-RESP-1; [`Internal::Randomness`](crate::Internal::Randomness).
    pub fn read(self, message: &[u8], now: UnixTime, rng: &mut impl TryCryptoRng) -> Result<HelloRead, Error> {
        let hello = Hello::decode(message)?;
        let (suite, identity) = self.choose(&hello)?;
        if suite.group().id() != hello.group {
            // HTTP keeps no count (R-RETRY-7), even where its driver holds on to this state.
            if self.retried && self.context.binding() != Binding::Http {
                return Err(Fault::SecondHelloNeedsRetry.into());
            }
            let retry = Retry { suite: suite.id() }.encode();
            return Ok(HelloRead::Retry { retry, next: Self { retried: true, ..self } });
        }
        let ephemeral = EphemeralSecret::generate(rng)?;
        let nonce = crypto::nonce(rng)?;
        let dh = ephemeral.diffie_hellman(&hello.key_share).ok_or(Fault::ShareInvalid)?;
        let clear = Reply::encode_clear(suite.id(), ephemeral.public(), &nonce)?;
        let th2 = Transcript::start(&self.context)?.with_message(message).with_message(&clear);
        let hs = HandshakeSecret::extract(th2, &dh);
        let input = responder_signs(th2, &identity.statement(&self.config.reply_extensions))?;
        Ok(HelloRead::Unsigned(UnsignedReply {
            config: self.config,
            context: self.context,
            suite,
            identity,
            application_protocol: hello.application_protocol,
            hs,
            th2,
            clear,
            input,
            expires: now.plus(WAITING_SECONDS),
        }))
    }

    fn choose(&self, hello: &Hello) -> Result<(Suite, LocalIdentity), Fault> {
        let config = &self.config;
        let offered = &hello.suites;
        if offered.iter().enumerate().any(|(at, suite)| offered.iter().take(at).any(|earlier| earlier == suite)) {
            return Err(Fault::SuiteListDuplicate);
        }
        let of_group = |id: &u16| config.knows(*id).is_none_or(|suite| suite.group().id() == hello.group);
        if !offered.iter().any(of_group) {
            return Err(Fault::SuiteListWithoutGroup);
        }
        if hello.extensions.has_unknown_critical(&[RECIPIENT]) {
            return Err(Fault::UnknownCriticalExtension);
        }
        let suite = config.suites.iter().find(|suite| offered.contains(&suite.id())).ok_or(Fault::NoCommonSuite)?;
        if !config.application_protocols.contains(&hello.application_protocol) {
            return Err(Fault::UnknownApplicationProtocol);
        }
        let identity = match hello.extensions.find(RECIPIENT) {
            None => config.identities.get(config.default_identity),
            Some(meant) => {
                config.identities.iter().find(|identity| recipient_body(&hello.nonce, &identity.did)[..] == meant.body)
            }
        };
        Ok((*suite, identity.cloned().ok_or(Fault::UnknownRecipient)?))
    }
}

/// Hello was read; our signature is awaited.
pub struct UnsignedReply {
    config: Arc<ResponderConfig>,
    context: Context,
    suite: Suite,
    identity: LocalIdentity,
    application_protocol: Vec<u8>,
    hs: HandshakeSecret,
    th2: Transcript,
    clear: Vec<u8>,
    input: Vec<u8>,
    expires: UnixTime,
}

impl UnsignedReply {
    /// Which of our identities has to sign.
    #[must_use]
    pub fn identity(&self) -> &LocalIdentity {
        &self.identity
    }

    /// The bytes that its key has to sign.
    #[must_use]
    pub fn signature_input(&self) -> &[u8] {
        &self.input
    }

    /// Gives the Reply to send and the state that awaits Finish.
    ///
    /// # Errors
    /// [`Misuse::TooLong`] where our DID and extensions do not fit a message.
    pub fn sign(self, signature: Signature) -> Result<(Vec<u8>, WaitingResponder), Error> {
        let plain = self.identity.signed(self.config.reply_extensions.clone(), signature).encode()?;
        let sealed = MessageKey::new(self.suite, &self.hs.reply_key()?)?.seal(self.th2, &plain)?;
        let message = with_sealed(self.clear, &sealed)?;
        let next = WaitingResponder {
            config: self.config,
            context: self.context,
            suite: self.suite,
            identity: self.identity,
            application_protocol: self.application_protocol,
            hs: self.hs,
            th3: self.th2.with_identity(&plain)?,
            expires: self.expires,
        };
        Ok((message, next))
    }
}

/// Reply was sent; Finish is awaited, for [`WAITING_SECONDS`]. This state can be sealed and handed to the initiator; where
/// a Finish can come again, as over HTTP, it always is: a bad Finish uses up this value, never the token.
pub struct WaitingResponder {
    pub(crate) config: Arc<ResponderConfig>,
    pub(crate) context: Context,
    pub(crate) suite: Suite,
    pub(crate) identity: LocalIdentity,
    pub(crate) application_protocol: Vec<u8>,
    pub(crate) hs: HandshakeSecret,
    pub(crate) th3: Transcript,
    pub(crate) expires: UnixTime,
}

impl WaitingResponder {
    /// Reads a Finish.
    ///
    /// # Errors
    /// The first [`Fault`] in the order of R-RESP-7, up to admission.
    pub fn read(self, message: &[u8], now: UnixTime) -> Result<ClaimedInitiator, Error> {
        let Sealed(sealed) = Sealed::decode_finish(message)?;
        if now >= self.expires {
            return Err(Fault::WaitingStateExpired.into());
        }
        let plain = MessageKey::new(self.suite, &self.hs.finish_key()?)?.open(self.th3, sealed)?;
        let identity = Identity::admitted(&plain, self.config.own_dids(), &self.config.admission)?;
        let th4 = self.th3.with_identity(&plain)?;
        Ok(ClaimedInitiator { waiting: self, th4, identity })
    }
}

/// The initiator claims an admitted identity; its document is awaited.
pub struct ClaimedInitiator {
    waiting: WaitingResponder,
    th4: Transcript,
    identity: Identity,
}

impl ClaimedInitiator {
    /// What is to be resolved.
    #[must_use]
    pub fn claim(&self) -> Claim {
        self.identity.claim()
    }

    /// Verifies the initiator against its resolved document.
    ///
    /// # Errors
    /// The [`Fault`] of the document, the key or the signature.
    pub fn verify(self, document: &dyn Document, now: UnixTime) -> Result<VerifiedInitiator, Error> {
        let own = &self.waiting.identity;
        let input = initiator_signs(self.waiting.th3, &self.identity.statement(), &own.did, &own.fragment)?;
        let initiator = self.identity.verify(&input, document, now)?;
        Ok(VerifiedInitiator { waiting: self.waiting, th4: self.th4, initiator })
    }
}
