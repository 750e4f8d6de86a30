//! What both roles do with every message before they look inside.

use crate::bytes::Reader;
use crate::check::{Check, Checks, Step};
use crate::primitives::{self, TAG};
use crate::registry::KNOWN_ALERTS;
use crate::sender::Sender;
use crate::wire::ALERT;

/// A message on its way.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    pub(crate) name: &'static str,
    pub(crate) wire: Vec<u8>,
    pub(crate) sender: Sender,
}

/// One message as the tested role gets it: the bytes, what the sender had, the checks that are on.
#[derive(Clone, Copy)]
pub(crate) struct Incoming<'a> {
    pub(crate) wire: &'a [u8],
    pub(crate) sender: &'a Sender,
    pub(crate) checks: Checks,
}

impl<'a> Incoming<'a> {
    pub(crate) fn reader(&self) -> Reader<'a> {
        Reader::new(self.wire, &self.sender.whole, self.checks, Check::MessageTruncated)
    }

    /// The type of the message among those waited for (the first is the default), or None for an ignored alert.
    pub(crate) fn kind(&self, limit: usize, waited_for: &[u8]) -> Step<Option<u8>> {
        self.checks.need(Check::MessageLength, self.wire.len() <= limit)?;
        let kind = self.reader().u8()?;
        if kind == ALERT {
            self.alert()?;
            return Ok(None);
        }
        let known = waited_for.contains(&kind);
        self.checks.need(Check::MessageType, known)?;
        Ok(if known { Some(kind) } else { waited_for.first().copied() })
    }

    fn alert(&self) -> Step<()> {
        let [_, code] = self.wire else { return self.checks.need(Check::AlertForm, false) };
        if !KNOWN_ALERTS.contains(code) {
            return self.checks.need(Check::AlertKnown, false);
        }
        self.checks.need(Check::PeerAlert, false)
    }

    /// The message up to `end`, completed from the sender's whole message if it was cut before.
    pub(crate) fn prefix(&self, end: usize) -> Vec<u8> {
        self.wire.get(..end).or(self.sender.whole.get(..end)).unwrap_or(self.wire).to_vec()
    }

    /// Opens the sealed part of a handshake message.
    pub(crate) fn open(&self, suite: u16, key: &[u8], th: &[u8], sealed: &[u8]) -> Step<Vec<u8>> {
        let checks = self.checks;
        checks.need(Check::SealedLength, sealed.len() >= TAG)?;
        let sealed = if sealed.len() < TAG { &self.sender.sealed } else { sealed };
        let data = if checks.on(Check::SealedAssociatedData) { th } else { &self.sender.associated_data };
        let nonce = if checks.on(Check::SealedNonce) { &vec![0; 12] } else { &self.sender.nonce };
        let opened = primitives::open(suite, key, nonce, data, sealed)?;
        checks.need(Check::SealedTag, opened.genuine)?;
        Ok(opened.plain)
    }
}
