//! The initiator: each state is a struct, and each step consumes it.

use alloc::sync::Arc;
use alloc::vec::Vec;

use rand_core::TryCryptoRng;

use crate::crypto::{self, EphemeralSecret, Signature};
use crate::did::Did;
use crate::document::{Document, UnixTime};
use crate::error::{Error, Fault, Misuse};
use crate::established::{AcceptRefused, Established};
use crate::extension::{Extensions, recipient};
use crate::identity::{Admission, Claim, Identity, LocalIdentity, VerifiedPeer};
use crate::schedule::{HandshakeSecret, MasterSecret, MessageKey};
use crate::suite::{self, Group, Suite};
use crate::transcript::{Context, Transcript, initiator_signs, responder_signs};
use crate::wire::{FINISH, Hello, RETRY, Reply, Retry, Sealed, with_sealed};

/// What an initiator brings to its handshakes.
#[derive(Clone, Debug)]
pub struct InitiatorConfig {
    /// Who we are.
    pub identity: LocalIdentity,
    /// Other DIDs of ours; a peer that claims one is refused like our own reflection.
    pub other_own_dids: Vec<Did>,
    /// Every suite that we accept, in order of preference.
    pub suites: Vec<Suite>,
    /// The group of the first share; one of the suites is of it.
    pub first_group: Group,
    /// What is to be spoken over the channel, exact bytes, 1 to 255.
    pub application_protocol: Vec<u8>,
    /// Whom we mean.
    pub expected: Admission,
    /// Whether Hello carries `recipient`, so that a responder with several DIDs finds the one that is meant. Who
    /// guesses the DID can then test the guess.
    pub recipient: bool,
    /// Extensions of Hello, sent in clear, besides `recipient`.
    pub hello_extensions: Extensions,
    /// Extensions of our Identity.
    pub finish_extensions: Extensions,
}

impl InitiatorConfig {
    /// All suites of this crate, no extensions, no `recipient`.
    #[must_use]
    pub fn new(identity: LocalIdentity, application_protocol: &[u8], expected: Admission) -> Self {
        Self {
            identity,
            other_own_dids: Vec::new(),
            suites: Suite::ALL.to_vec(),
            first_group: Group::X25519,
            application_protocol: application_protocol.to_vec(),
            expected,
            recipient: false,
            hello_extensions: Extensions::default(),
            finish_extensions: Extensions::default(),
        }
    }

    fn check(&self) -> Result<(), Misuse> {
        suite::checked(&self.suites)?;
        if !self.suites.iter().any(|suite| suite.group() == self.first_group) {
            return Err(Misuse::GroupWithoutSuite);
        }
        self.identity.check(&self.finish_extensions)?;
        if self.application_protocol.is_empty() || self.application_protocol.len() > 255 {
            return Err(Misuse::ApplicationProtocolLength);
        }
        if self.recipient && self.expected.exact().is_none() { Err(Misuse::RecipientNeedsDid) } else { Ok(()) }
    }
}

/// Hello was sent; Reply or one Retry is awaited.
pub struct AwaitingReply {
    config: Arc<InitiatorConfig>,
    context: Context,
    group: Group,
    ephemeral: EphemeralSecret,
    th1: Transcript,
    retried: bool,
}

/// What a Reply or a Retry led to.
pub enum ReplyRead {
    /// Send `hello` and go on with `next`.
    Retry {
        /// The second Hello, with a fresh nonce and share.
        hello: Vec<u8>,
        /// The state that awaits its Reply.
        next: AwaitingReply,
    },
    /// The responder claims an identity: resolve it and go on with [`ClaimedResponder::verify`].
    Claimed(ClaimedResponder),
}

impl AwaitingReply {
    /// Starts a handshake: gives the Hello to send and the state that awaits the answer.
    ///
    /// # Errors
    /// [`Misuse`] where the configuration contradicts itself; [`Internal::Randomness`](crate::Internal::Randomness).
    pub fn start(
        config: Arc<InitiatorConfig>,
        context: Context,
        rng: &mut impl TryCryptoRng,
    ) -> Result<(Vec<u8>, Self), Error> {
        config.check()?;
        let group = config.first_group;
        Self::hello(config, context, group, false, rng)
    }

    fn hello(
        config: Arc<InitiatorConfig>,
        context: Context,
        group: Group,
        retried: bool,
        rng: &mut impl TryCryptoRng,
    ) -> Result<(Vec<u8>, Self), Error> {
        let ephemeral = EphemeralSecret::generate(rng)?;
        let nonce = crypto::nonce(rng)?;
        let extensions = match config.expected.exact() {
            Some(did) if config.recipient => config.hello_extensions.with(recipient(&nonce, did))?,
            _ => config.hello_extensions.clone(),
        };
        let hello = Hello {
            suites: config.suites.iter().map(|suite| suite.id()).collect(),
            group: group.id(),
            key_share: ephemeral.public().to_vec(),
            nonce,
            application_protocol: config.application_protocol.clone(),
            extensions,
        };
        let message = hello.encode()?;
        let th1 = Transcript::start(&context)?.with_message(&message);
        Ok((message, Self { config, context, group, ephemeral, th1, retried }))
    }

    /// Reads a Reply or a Retry.
    ///
    /// # Errors
    /// The first [`Fault`] in the order of R-INIT-2, up to admission; [`Internal`](crate::Internal).
    pub fn read(self, message: &[u8], rng: &mut impl TryCryptoRng) -> Result<ReplyRead, Error> {
        if message.first() == Some(&RETRY) { self.retry(message, rng) } else { self.reply(message) }
    }

    fn retry(self, message: &[u8], rng: &mut impl TryCryptoRng) -> Result<ReplyRead, Error> {
        let retry = Retry::decode(message)?;
        if self.retried {
            return Err(Fault::SecondRetry.into());
        }
        let suite = self.offered(retry.suite).ok_or(Fault::RetrySuiteNotOffered)?;
        if suite.group() == self.group {
            return Err(Fault::RetrySameGroup.into());
        }
        let (hello, next) = Self::hello(self.config, self.context, suite.group(), true, rng)?;
        Ok(ReplyRead::Retry { hello, next })
    }

    fn reply(self, message: &[u8]) -> Result<ReplyRead, Error> {
        let reply = Reply::decode(message)?;
        let suite = self.offered(reply.suite).ok_or(Fault::ReplySuiteNotOffered)?;
        if suite.group() != self.group {
            return Err(Fault::ReplySuiteWrongGroup.into());
        }
        let dh = self.ephemeral.diffie_hellman(reply.key_share).ok_or(Fault::ShareInvalid)?;
        let th2 = self.th1.with_message(reply.clear);
        let hs = HandshakeSecret::extract(th2, &dh);
        let plain = MessageKey::new(suite, &hs.reply_key()?)?.open(th2, reply.sealed)?;
        let own = core::iter::once(&self.config.identity.did).chain(&self.config.other_own_dids);
        let identity = Identity::admitted(&plain, own, &self.config.expected)?;
        let th3 = th2.with_identity(&plain)?;
        Ok(ReplyRead::Claimed(ClaimedResponder { config: self.config, suite, hs, th2, th3, identity }))
    }

    fn offered(&self, id: u16) -> Option<Suite> {
        self.config.suites.iter().copied().find(|suite| suite.id() == id)
    }
}

/// The responder claims an admitted identity; its document is awaited.
pub struct ClaimedResponder {
    config: Arc<InitiatorConfig>,
    suite: Suite,
    hs: HandshakeSecret,
    th2: Transcript,
    th3: Transcript,
    identity: Identity,
}

impl ClaimedResponder {
    /// What is to be resolved.
    #[must_use]
    pub fn claim(&self) -> Claim {
        self.identity.claim()
    }

    /// Verifies the responder against its resolved document.
    ///
    /// # Errors
    /// The [`Fault`] of the document, the key or the signature.
    pub fn verify(self, document: &dyn Document, now: UnixTime) -> Result<UnsignedFinish, Error> {
        let input = responder_signs(self.th2, &self.identity.statement())?;
        let responder = self.identity.verify(&input, document, now)?;
        let own = self.config.identity.statement(&self.config.finish_extensions);
        let input = initiator_signs(self.th3, &own, responder.did(), responder.fragment())?;
        Ok(UnsignedFinish { config: self.config, suite: self.suite, hs: self.hs, th3: self.th3, responder, input })
    }
}

/// The responder is verified; our signature is awaited. An application that does not want it says [`UnsignedFinish::refuse`].
pub struct UnsignedFinish {
    config: Arc<InitiatorConfig>,
    suite: Suite,
    hs: HandshakeSecret,
    th3: Transcript,
    responder: VerifiedPeer,
    input: Vec<u8>,
}

impl UnsignedFinish {
    /// The verified responder. It does not know who we are yet, and there is no channel before Accept.
    #[must_use]
    pub fn responder(&self) -> &VerifiedPeer {
        &self.responder
    }

    /// The bytes that our identity's key has to sign.
    #[must_use]
    pub fn signature_input(&self) -> &[u8] {
        &self.input
    }

    /// The application's policy, or its user, refuses the responder: it learns `denied` and not who we are.
    #[must_use]
    pub fn refuse(self) -> Error {
        Fault::PolicyRefused.into()
    }

    /// Gives the Finish to send. Where it must be sent again, the same bytes are sent.
    ///
    /// # Errors
    /// [`Misuse::TooLong`] where our DID and extensions do not fit a message.
    pub fn sign(self, signature: Signature) -> Result<(Vec<u8>, AwaitingAccept), Error> {
        let plain = self.config.identity.signed(self.config.finish_extensions.clone(), signature).encode()?;
        let sealed = MessageKey::new(self.suite, &self.hs.finish_key()?)?.seal(self.th3, &plain)?;
        let message = with_sealed(alloc::vec![FINISH], &sealed)?;
        let th4 = self.th3.with_identity(&plain)?;
        let master = self.hs.master(th4)?;
        let next = AwaitingAccept { config: self.config, suite: self.suite, master, th4, responder: self.responder };
        Ok((message, next))
    }
}

/// Finish was sent. Only Accept tells that the responder agrees on who we are.
pub struct AwaitingAccept {
    config: Arc<InitiatorConfig>,
    suite: Suite,
    master: MasterSecret,
    th4: Transcript,
    responder: VerifiedPeer,
}

impl AwaitingAccept {
    /// Reads Accept and gives the channel.
    ///
    /// # Errors
    /// [`AcceptRefused`], with the record that carries the alert where Accept opened and is malformed.
    pub fn read(self, message: &[u8]) -> Result<Established, AcceptRefused> {
        let plain = self.open(message)?;
        let (identity, protocol) = (self.config.identity.clone(), self.config.application_protocol.clone());
        Established::after_accept(self.suite, &self.master, &plain, self.responder, identity, protocol)
    }

    fn open(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let Sealed(sealed) = Sealed::decode_accept(message)?;
        Ok(MessageKey::new(self.suite, &self.master.accept_key()?)?.open(self.th4, sealed)?)
    }
}
