//! The responder: Hello, then Finish.

use crate::bytes::Put;
use crate::check::{Check, Checks, Step, Stop};
use crate::config::{Config, Identity};
use crate::deviation::{Deviation, Signer, Token};
use crate::identity::{Peer, Verifier};
use crate::initiator::{INITIATOR_LABEL, RECIPIENT, RESPONDER_LABEL, raw, recipient};
use crate::primitives::{group_of, x25519, x25519_public};
use crate::receive::{Incoming, Outgoing};
use crate::schedule::{Inputs, Keys, keys};
use crate::sender::{Sender, Signed};
use crate::wire::{
    self, HELLO_EXTENSIONS, HELLO_LIMIT, Hello, MESSAGE_LIMIT, RawExtension, ReplyPrefix, extension_bytes,
    read_extensions, refuse_unknown, suites_of,
};

/// The state of a responder.
pub(crate) struct Responder<'a> {
    config: &'a Config,
    retried: bool,
    burned: bool,
    identity: usize,
    pub(crate) suite: u16,
    pub(crate) inputs: Inputs,
    pub(crate) keys: Keys,
    pub(crate) peer: Option<Peer>,
}

impl<'a> Responder<'a> {
    pub(crate) fn new(config: &'a Config) -> Self {
        let (inputs, keys) = (Inputs::default(), Keys::default());
        Self { config, retried: false, burned: false, identity: 0, suite: 0, inputs, keys, peer: None }
    }

    fn own(&self) -> Step<&'a Identity> {
        self.config.responder.identities.get(self.identity).ok_or(Stop::Broken("no such identity"))
    }

    /// Reads Hello; gives Reply or Retry, or nothing after an ignored alert.
    pub(crate) fn read_hello(&mut self, message: Incoming<'_>, next: &Deviation) -> Step<Option<Outgoing>> {
        let (checks, sender) = (message.checks, message.sender);
        if message.kind(HELLO_LIMIT, &[wire::HELLO])?.is_none() {
            return Ok(None);
        }
        let (hello, extensions) = decode_hello(message)?;
        self.suite = self.choose(checks, &hello, sender)?;
        refuse_unknown(&extensions, &[RECIPIENT], checks, HELLO_EXTENSIONS.unknown_critical)?;
        let accepted = self.config.responder.suites.contains(&self.suite);
        checks.need(Check::CommonSuite, accepted)?;
        self.suite = self.suite.max(1);
        let protocol = if hello.protocol.is_empty() { &sender.protocol } else { &hello.protocol };
        let served = &self.config.responder.application_protocols;
        checks.need(Check::ProtocolServed, served.iter().any(|name| name.as_bytes() == protocol))?;
        self.identity = self.meant(checks, &hello, &extensions)?;
        if let Deviation::Retry(suite) = next {
            return retry(*suite, &Deviation::None).map(Some);
        }
        if group_of(self.suite) != Some(hello.group) {
            checks.need(Check::SecondHello, !self.retried)?;
            self.retried = true;
            return retry(self.suite, next).map(Some);
        }
        checks.need(Check::ShareLength, hello.share.len() == 32)?;
        let share = if hello.share.len() == 32 { &hello.share } else { &sender.share };
        let dh = x25519(&self.config.responder.ephemeral_secret.0, share)?;
        checks.need(Check::DhNotZero, dh.iter().any(|byte| *byte != 0))?;
        self.inputs = Inputs {
            binding: self.config.binding,
            prologue: self.config.prologue.0.clone(),
            hello: message.prefix(message.wire.len()),
            dh,
            ..Inputs::default()
        };
        self.reply(share, next).map(Some)
    }

    /// The suite list's own checks, then the first accepted suite that is offered (suite 1 if there is none).
    fn choose(&self, checks: Checks, hello: &Hello, sender: &Sender) -> Step<u16> {
        let listed = suites_of(&hello.suites);
        let offered = if listed.is_empty() { sender.suites.clone() } else { listed };
        let twice = offered.iter().enumerate().any(|(i, suite)| offered.iter().skip(i + 1).any(|other| other == suite));
        checks.need(Check::SuiteListDuplicate, !twice)?;
        let groups: Vec<_> = offered.iter().map(|suite| group_of(*suite)).collect();
        let possible = groups.iter().any(|group| group.is_none() || *group == Some(hello.group));
        checks.need(Check::SuiteListGroup, possible)?;
        let accepted = &self.config.responder.suites;
        Ok(accepted.iter().copied().find(|suite| offered.contains(suite)).unwrap_or_else(|| self.fallback()))
    }

    /// What the model takes when no suite is common and that check is off: a suite that it does not accept.
    fn fallback(&self) -> u16 {
        if self.config.responder.suites.contains(&1) { 0 } else { 1 }
    }

    fn meant(&self, checks: Checks, hello: &Hello, extensions: &[RawExtension]) -> Step<usize> {
        let default = self.config.responder.default_identity;
        let Some(wanted) = extensions.iter().find(|extension| extension.id == RECIPIENT && extension.body.len() == 16)
        else {
            return Ok(default);
        };
        let mut identities = self.config.responder.identities.iter();
        let found = identities.position(|own| recipient(&hello.nonce, &own.did) == wanted.body);
        checks.need(Check::RecipientMatch, found.is_some())?;
        Ok(found.unwrap_or(default))
    }

    fn reply(&mut self, initiator_share: &[u8], deviation: &Deviation) -> Step<Outgoing> {
        let config = &self.config.responder;
        let real_share = x25519_public(&config.ephemeral_secret.0)?;
        let mut prefix = ReplyPrefix {
            kind: wire::REPLY,
            suite: self.suite,
            share: real_share.clone(),
            nonce: config.nonce.0.clone(),
        };
        let mut sender = Sender { share: real_share.clone(), ..Sender::default() };
        deviation.reply(&mut prefix);
        self.suite = prefix.suite;
        if prefix.share.len() == 32 && prefix.share != real_share {
            self.inputs.dh = self.initiator_result(initiator_share, &prefix.share)?;
        }
        self.inputs.reply_prefix = prefix.encode()?;
        let mut seen = self.inputs.clone();
        deviation.inputs(&mut seen);
        let early = keys(&seen)?;
        let expected = Signed { label: RESPONDER_LABEL.to_vec(), th: early.th2.clone(), ..Signed::default() };
        let signer = Signer::of(self.own()?)?;
        let plain = deviation.identity(signer, expected, &raw(&config.reply_extensions), &mut sender)?;
        let sealed = deviation.seal(self.suite, &early.k_reply, &early.th2, &plain, &mut sender)?;
        self.inputs.reply_identity = plain;
        sender.inputs = seen;
        let mut out = self.inputs.reply_prefix.clone();
        out.vec16(&sealed)?;
        let wire = deviation.send(out, &mut sender);
        Ok(Outgoing { name: "reply", wire, sender })
    }

    /// The DH result that the initiator will get from a share that is not ours: found with its secret. Where another
    /// program is the initiator nobody has that, and a low-order share gives zero with any.
    fn initiator_result(&self, initiator_share: &[u8], sent: &[u8]) -> Step<Vec<u8>> {
        for secret in &self.config.initiator.ephemeral_secrets {
            if x25519_public(&secret.0)? == initiator_share {
                return x25519(&secret.0, sent);
            }
        }
        x25519(&self.config.responder.ephemeral_secret.0, sent)
    }

    /// Reads Finish; gives Accept, or nothing after an ignored alert.
    pub(crate) fn read_finish(
        &mut self,
        message: Incoming<'_>,
        token: Token,
        next: &Deviation,
    ) -> Step<Option<Outgoing>> {
        let (checks, sender) = (message.checks, message.sender);
        if message.kind(MESSAGE_LIMIT, &[wire::FINISH])?.is_none() {
            return Ok(None);
        }
        let mut reader = message.reader();
        reader.u8()?;
        let sealed = reader.vec16()?;
        checks.need(Check::TrailingBytes, reader.at_end())?;
        waiting_state(checks, token)?;
        let inputs = self.inputs.clone().borrow(checks, &sender.inputs)?;
        let early = keys(&inputs)?;
        let plain = message.open(self.suite, &early.k_finish, &early.th3, &sealed)?;
        let own = self.own()?;
        let config = &self.config.responder;
        let verifier = Verifier {
            config: self.config,
            checks,
            own_dids: config.identities.iter().map(|identity| identity.did.as_str()).collect(),
            admission: &config.admit,
            policy: &config.policy,
            sender,
        };
        let peer = Some((own.did.clone().into_bytes(), own.fragment.clone().into_bytes()));
        let expected = Signed { label: INITIATOR_LABEL.to_vec(), th: early.th3, peer, ..Signed::default() };
        self.peer = Some(verifier.verify(&plain, expected)?);
        checks.need(Check::FinishOnce, !self.burned)?;
        self.burned = true;
        self.inputs.finish_identity = plain;
        self.accept(next).map(Some)
    }

    fn accept(&mut self, deviation: &Deviation) -> Step<Outgoing> {
        let config = &self.config.responder;
        let mut sender = Sender::default();
        let mut plain = config.lifetime.to_be_bytes().to_vec();
        plain.vec16(&extension_bytes(&raw(&config.accept_extensions))?)?;
        sender.plain.clone_from(&plain);
        deviation.plain(&mut plain);
        let mut seen = self.inputs.clone();
        deviation.inputs(&mut seen);
        let late = keys(&seen)?;
        let sealed = deviation.seal(self.suite, &late.k_accept, &late.th4, &plain, &mut sender)?;
        self.inputs.accept_plain = plain;
        sender.inputs = seen;
        self.keys = keys(&self.inputs)?;
        let mut out = vec![wire::ACCEPT];
        out.vec16(&sealed)?;
        let wire = deviation.send(out, &mut sender);
        Ok(Outgoing { name: "accept", wire, sender })
    }
}

fn retry(suite: u16, deviation: &Deviation) -> Step<Outgoing> {
    let mut sender = Sender::default();
    let mut out = vec![wire::RETRY];
    out.u16(suite);
    let wire = deviation.send(out, &mut sender);
    Ok(Outgoing { name: "retry", wire, sender })
}

pub(crate) fn decode_hello(message: Incoming<'_>) -> Step<(Hello, Vec<RawExtension>)> {
    let checks = message.checks;
    let mut reader = message.reader();
    let (kind, version) = (reader.u8()?, reader.u8()?);
    checks.need(Check::Version, version == 1)?;
    let suites = reader.vec8()?;
    checks.need(Check::SuiteListForm, !suites.is_empty() && suites.len() % 2 == 0)?;
    let (group, share, nonce) = (reader.u16()?, reader.vec16()?, reader.take(32)?);
    let protocol = reader.vec8()?;
    checks.need(Check::ProtocolEmpty, !protocol.is_empty())?;
    let extensions = reader.vec16()?;
    let list = read_extensions(&extensions, checks, HELLO_EXTENSIONS)?;
    let recipient_ok = list.iter().all(|extension| extension.id != RECIPIENT || extension.body.len() == 16);
    checks.need(Check::RecipientLength, recipient_ok)?;
    checks.need(Check::TrailingBytes, reader.at_end())?;
    Ok((Hello { kind, version, suites, group, share, nonce, protocol, extensions }, list))
}

fn waiting_state(checks: Checks, token: Token) -> Step<()> {
    checks.need(Check::WaitingPresent, token != Token::Missing)?;
    checks.need(Check::WaitingSeal, !matches!(token, Token::Altered | Token::Truncated | Token::OtherKey))?;
    checks.need(Check::WaitingEndpoint, token != Token::OtherEndpoint)?;
    checks.need(Check::WaitingExpiry, token != Token::Expired)
}
