//! The initiator: Hello, then Retry or Reply, then Accept.

use crate::bytes::Reader;
use crate::check::{Check, Checks, Step, Stop};
use crate::config::{Config, Extension};
use crate::deviation::{Deviation, Signer};
use crate::identity::{Peer, Verifier};
use crate::primitives::{group_of, sha256, x25519, x25519_public};
use crate::receive::{Incoming, Outgoing};
use crate::schedule::{Inputs, Keys, keys};
use crate::sender::{Sender, Signed};
use crate::wire::{
    self, ACCEPT_EXTENSIONS, Hello, MESSAGE_LIMIT, RawExtension, ReplyPrefix, extension_bytes, read_extensions,
    refuse_unknown, suite_bytes,
};

/// Hello's extension `recipient`.
pub(crate) const RECIPIENT: u16 = 1;
/// What the responder's signature starts with.
pub(crate) const RESPONDER_LABEL: &[u8] = b"didshake/1 responder";
/// What the initiator's signature starts with.
pub(crate) const INITIATOR_LABEL: &[u8] = b"didshake/1 initiator";

/// The value of `recipient` for a DID.
pub(crate) fn recipient(nonce: &[u8], did: &str) -> Vec<u8> {
    sha256(&[b"didshake/1 recipient", nonce, did.as_bytes()]).into_iter().take(16).collect()
}

/// Extensions of the configuration as they go on the wire.
pub(crate) fn raw(extensions: &[Extension]) -> Vec<RawExtension> {
    extensions.iter().map(RawExtension::from).collect()
}

/// The state of an initiator.
pub(crate) struct Initiator<'a> {
    config: &'a Config,
    attempt: usize,
    group: u16,
    pub(crate) suite: u16,
    pub(crate) inputs: Inputs,
    pub(crate) keys: Keys,
    pub(crate) peer: Option<Peer>,
}

impl<'a> Initiator<'a> {
    pub(crate) fn new(config: &'a Config) -> Self {
        let group = config.initiator.first_group;
        let (inputs, keys) = (Inputs::default(), Keys::default());
        Self { config, attempt: 0, group, suite: 0, inputs, keys, peer: None }
    }

    fn secret(&self) -> Step<&'a [u8]> {
        let secret = self.config.initiator.ephemeral_secrets.get(self.attempt);
        secret.map(|secret| secret.0.as_slice()).ok_or(Stop::Broken("no ephemeral secret for this Hello"))
    }

    pub(crate) fn hello(&mut self, deviation: &Deviation) -> Step<Outgoing> {
        let own = &self.config.initiator;
        let nonce = own.nonces.get(self.attempt).ok_or(Stop::Broken("no nonce for this Hello"))?.0.clone();
        let mut extensions = raw(&own.hello_extensions);
        if own.recipient {
            let crate::config::Admission::Did { did } = &own.expect else {
                return Err(Stop::Broken("recipient without an expected DID"));
            };
            extensions.push(RawExtension { id: RECIPIENT, critical: 1, body: recipient(&nonce, did) });
            extensions.sort_by_key(|extension| extension.id);
        }
        let mut hello = Hello {
            kind: wire::HELLO,
            version: 1,
            suites: suite_bytes(&own.suites),
            group: self.group,
            share: x25519_public(self.secret()?)?,
            nonce,
            protocol: own.application_protocol.clone().into_bytes(),
            extensions: extension_bytes(&extensions)?,
        };
        let mut sender = Sender {
            suites: own.suites.clone(),
            protocol: hello.protocol.clone(),
            share: hello.share.clone(),
            ..Sender::default()
        };
        deviation.hello(&mut hello);
        let bytes = hello.encode()?;
        self.inputs = Inputs {
            binding: self.config.binding,
            prologue: self.config.prologue.0.clone(),
            hello: bytes.clone(),
            ..Inputs::default()
        };
        let name = if self.attempt == 0 { "hello" } else { "hello2" };
        let wire = deviation.send(bytes, &mut sender);
        Ok(Outgoing { name, wire, sender })
    }

    /// Reads what answers Hello; gives Finish, a second Hello, or nothing after an ignored alert.
    pub(crate) fn read_answer(&mut self, message: Incoming<'_>, next: &Deviation) -> Step<Option<Outgoing>> {
        match message.kind(MESSAGE_LIMIT, &[wire::REPLY, wire::RETRY])? {
            None => Ok(None),
            Some(wire::RETRY) => self.read_retry(message, next),
            Some(_) => {
                self.read_reply(message)?;
                self.finish(next).map(Some)
            }
        }
    }

    fn read_retry(&mut self, message: Incoming<'_>, next: &Deviation) -> Step<Option<Outgoing>> {
        let checks = message.checks;
        let mut reader = message.reader();
        reader.u8()?;
        let suite = reader.u16()?;
        checks.need(Check::TrailingBytes, reader.at_end())?;
        checks.need(Check::RetryOnce, self.attempt == 0)?;
        checks.need(Check::RetryOffered, self.config.initiator.suites.contains(&suite))?;
        checks.need(Check::RetryGroup, group_of(suite) != Some(self.group))?;
        self.group = group_of(suite).unwrap_or(self.group);
        self.attempt += 1;
        if self.config.initiator.nonces.get(self.attempt).is_none() {
            return Ok(None);
        }
        self.hello(next).map(Some)
    }

    fn read_reply(&mut self, message: Incoming<'_>) -> Step<()> {
        let (checks, sender) = (message.checks, message.sender);
        let mut reader: Reader<'_> = message.reader();
        let prefix = ReplyPrefix::read(&mut reader)?;
        let end = reader.at();
        let sealed = reader.vec16()?;
        checks.need(Check::TrailingBytes, reader.at_end())?;
        checks.need(Check::ReplySuiteOffered, self.config.initiator.suites.contains(&prefix.suite))?;
        checks.need(Check::ReplySuiteGroup, group_of(prefix.suite) == Some(self.group))?;
        checks.need(Check::ShareLength, prefix.share.len() == 32)?;
        let share = if prefix.share.len() == 32 { &prefix.share } else { &sender.share };
        let dh = x25519(self.secret()?, share)?;
        checks.need(Check::DhNotZero, dh.iter().any(|byte| *byte != 0))?;
        self.inputs.dh = dh;
        self.inputs.reply_prefix = message.prefix(end);
        let inputs = self.inputs.clone().borrow(checks, &sender.inputs)?;
        let early = keys(&inputs)?;
        self.suite = if checks.on(Check::TranscriptReplySuite) { prefix.suite } else { sender.suite };
        let plain = message.open(self.suite, &early.k_reply, &early.th2, &sealed)?;
        let own = &self.config.initiator;
        let verifier = Verifier {
            config: self.config,
            checks,
            own_dids: vec![&own.identity.did],
            admission: &own.expect,
            policy: &own.policy,
            sender,
        };
        let expected = Signed { label: RESPONDER_LABEL.to_vec(), th: early.th2, ..Signed::default() };
        self.peer = Some(verifier.verify(&plain, expected)?);
        self.inputs.reply_identity = plain;
        Ok(())
    }

    fn finish(&mut self, deviation: &Deviation) -> Step<Outgoing> {
        let own = &self.config.initiator;
        let peer = self.peer.clone().ok_or(Stop::Broken("Finish without a verified responder"))?;
        let mut seen = self.inputs.clone();
        deviation.inputs(&mut seen);
        let early = keys(&seen)?;
        let mut sender = Sender::default();
        let expected = Signed {
            label: INITIATOR_LABEL.to_vec(),
            th: early.th3.clone(),
            peer: Some((peer.did, peer.fragment)),
            ..Signed::default()
        };
        let signer = Signer::of(&own.identity)?;
        let plain = deviation.identity(signer, expected, &raw(&own.finish_extensions), &mut sender)?;
        let sealed = deviation.seal(self.suite, &early.k_finish, &early.th3, &plain, &mut sender)?;
        self.inputs.finish_identity = plain;
        sender.inputs = seen;
        self.keys = keys(&self.inputs)?;
        let mut out = vec![wire::FINISH];
        crate::bytes::Put::vec16(&mut out, &sealed)?;
        let wire = deviation.send(out, &mut sender);
        Ok(Outgoing { name: "finish", wire, sender })
    }

    /// Reads Accept; the channel stands afterwards.
    pub(crate) fn read_accept(&mut self, message: Incoming<'_>) -> Step<()> {
        let (checks, sender) = (message.checks, message.sender);
        if message.kind(MESSAGE_LIMIT, &[wire::ACCEPT])?.is_none() {
            return Ok(());
        }
        let mut reader = message.reader();
        reader.u8()?;
        let sealed = reader.vec16()?;
        checks.need(Check::TrailingBytes, reader.at_end())?;
        let seen = keys(&self.inputs.clone().borrow(checks, &sender.inputs)?)?;
        let plain = message.open(self.suite, &seen.k_accept, &seen.th4, &sealed)?;
        read_accept_plain(checks, &plain, &sender.plain)?;
        self.inputs.accept_plain = plain;
        self.keys = keys(&self.inputs)?;
        Ok(())
    }
}

fn read_accept_plain(checks: Checks, plain: &[u8], whole: &[u8]) -> Step<()> {
    let mut reader = Reader::new(plain, whole, checks, Check::AcceptTruncated);
    reader.number(4)?;
    let extensions = reader.vec16()?;
    let list = read_extensions(&extensions, checks, ACCEPT_EXTENSIONS)?;
    checks.need(Check::AcceptTrailing, reader.at_end())?;
    refuse_unknown(&list, &[], checks, ACCEPT_EXTENSIONS.unknown_critical)
}
