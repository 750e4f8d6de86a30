//! The transcript and every key, computed afresh from what one side saw.

use crate::bytes::{Put, Reader};
use crate::check::{Check, Checks, Step};
use crate::primitives::{expand, extract, sha256};
use crate::wire::{Hello, ReplyPrefix};

/// The labels of the key schedule; a misbehaving sender may have others.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Labels {
    pub(crate) protocol: &'static str,
    pub(crate) reply: &'static str,
    pub(crate) finish: &'static str,
    pub(crate) derived: &'static str,
    pub(crate) accept: &'static str,
    pub(crate) i2r: &'static str,
    pub(crate) r2i: &'static str,
    pub(crate) key: &'static str,
    pub(crate) iv: &'static str,
    pub(crate) update: &'static str,
}

impl Default for Labels {
    fn default() -> Self {
        Self {
            protocol: "didshake/1",
            reply: "didshake/1 reply",
            finish: "didshake/1 finish",
            derived: "didshake/1 derived",
            accept: "didshake/1 accept",
            i2r: "didshake/1 i2r",
            r2i: "didshake/1 r2i",
            key: "didshake/1 key",
            iv: "didshake/1 iv",
            update: "didshake/1 update",
        }
    }
}

/// Everything that enters transcript and keys, as one side saw it. Empty until known.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Inputs {
    pub(crate) binding: u8,
    pub(crate) prologue: Vec<u8>,
    pub(crate) hello: Vec<u8>,
    pub(crate) reply_prefix: Vec<u8>,
    pub(crate) reply_identity: Vec<u8>,
    pub(crate) finish_identity: Vec<u8>,
    pub(crate) accept_plain: Vec<u8>,
    pub(crate) dh: Vec<u8>,
    pub(crate) labels: Labels,
}

/// Every hash and key of a handshake.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Keys {
    pub(crate) th0: Vec<u8>,
    pub(crate) th1: Vec<u8>,
    pub(crate) th2: Vec<u8>,
    pub(crate) th3: Vec<u8>,
    pub(crate) th4: Vec<u8>,
    pub(crate) hs: Vec<u8>,
    pub(crate) k_reply: Vec<u8>,
    pub(crate) k_finish: Vec<u8>,
    pub(crate) derived: Vec<u8>,
    pub(crate) ms: Vec<u8>,
    pub(crate) k_accept: Vec<u8>,
    pub(crate) i2r_0: Vec<u8>,
    pub(crate) r2i_0: Vec<u8>,
    pub(crate) exporter: Vec<u8>,
    pub(crate) session_id: Vec<u8>,
    pub(crate) resume: Vec<u8>,
}

/// Computes the whole schedule; what depends on inputs that are not known yet is not used yet.
pub(crate) fn keys(of: &Inputs) -> Step<Keys> {
    let labels = &of.labels;
    let prefixed = |field: &[u8]| -> Step<Vec<u8>> {
        let mut out = Vec::new();
        out.vec16(field)?;
        Ok(out)
    };
    let th0 = sha256(&[labels.protocol.as_bytes(), &[of.binding], &prefixed(&of.prologue)?]);
    let th1 = sha256(&[&th0, &of.hello]);
    let th2 = sha256(&[&th1, &of.reply_prefix]);
    let th3 = sha256(&[&th2, &prefixed(&of.reply_identity)?]);
    let th4 = sha256(&[&th3, &prefixed(&of.finish_identity)?]);
    let hs = extract(&th2, &of.dh);
    let derived = expand(&hs, labels.derived.as_bytes(), 32)?;
    let ms = extract(&th4, &derived);
    let resume = [b"didshake/1 resume".as_slice(), &sha256(&[&th4, &of.accept_plain])].concat();
    Ok(Keys {
        k_reply: expand(&hs, labels.reply.as_bytes(), 32)?,
        k_finish: expand(&hs, labels.finish.as_bytes(), 32)?,
        k_accept: expand(&ms, labels.accept.as_bytes(), 32)?,
        i2r_0: expand(&ms, labels.i2r.as_bytes(), 32)?,
        r2i_0: expand(&ms, labels.r2i.as_bytes(), 32)?,
        exporter: expand(&ms, b"didshake/1 exporter", 32)?,
        session_id: expand(&ms, b"didshake/1 session", 16)?,
        resume: expand(&ms, &resume, 32)?,
        th0,
        th1,
        th2,
        th3,
        th4,
        hs,
        derived,
        ms,
    })
}

/// `export(label, context, L)`.
pub(crate) fn export(keys: &Keys, label: &[u8], context: &[u8], length: u16) -> Step<Vec<u8>> {
    let mut info = b"didshake/1 export".to_vec();
    info.u16(length);
    info.vec8(label)?;
    info.vec16(context)?;
    expand(&keys.exporter, &info, usize::from(length))
}

impl Inputs {
    /// Takes over from the sender the one element whose check is off.
    pub(crate) fn borrow(mut self, checks: Checks, sender: &Inputs) -> Step<Inputs> {
        let off = |check| !checks.on(check);
        if off(Check::TranscriptBinding) {
            self.binding = sender.binding;
        }
        if off(Check::TranscriptPrologue) {
            self.prologue.clone_from(&sender.prologue);
        }
        if off(Check::TranscriptReplyIdentity) {
            self.reply_identity.clone_from(&sender.reply_identity);
        }
        if off(Check::TranscriptFinishIdentity) {
            self.finish_identity.clone_from(&sender.finish_identity);
        }
        if off(Check::TranscriptHelloShare) || off(Check::TranscriptReplyShare) {
            self.dh.clone_from(&sender.dh);
        }
        self.borrow_hello(checks, &sender.hello)?;
        self.borrow_reply(checks, &sender.reply_prefix)?;
        self.labels.borrow(checks, &sender.labels);
        Ok(self)
    }

    fn borrow_hello(&mut self, checks: Checks, sender: &[u8]) -> Step<()> {
        let elements = [
            Check::TranscriptSuites,
            Check::TranscriptProtocol,
            Check::TranscriptHelloNonce,
            Check::TranscriptHelloShare,
            Check::TranscriptHelloExtensions,
        ];
        let Some(off) = elements.into_iter().find(|check| !checks.on(*check)) else { return Ok(()) };
        let (mut own, sender) = (Hello::split(&self.hello)?, Hello::split(sender)?);
        match off {
            Check::TranscriptSuites => own.suites = sender.suites,
            Check::TranscriptProtocol => own.protocol = sender.protocol,
            Check::TranscriptHelloNonce => own.nonce = sender.nonce,
            Check::TranscriptHelloShare => own.share = sender.share,
            _ => own.extensions = sender.extensions,
        }
        self.hello = own.encode()?;
        Ok(())
    }

    fn borrow_reply(&mut self, checks: Checks, sender: &[u8]) -> Step<()> {
        let elements = [Check::TranscriptReplyNonce, Check::TranscriptReplyShare, Check::TranscriptReplySuite];
        let Some(off) = elements.into_iter().find(|check| !checks.on(*check)) else { return Ok(()) };
        let split = |bytes| ReplyPrefix::read(&mut Reader::new(bytes, &[], Checks::all(), Check::MessageTruncated));
        let (mut own, sender) = (split(&self.reply_prefix)?, split(sender)?);
        match off {
            Check::TranscriptReplyNonce => own.nonce = sender.nonce,
            Check::TranscriptReplyShare => own.share = sender.share,
            _ => own.suite = sender.suite,
        }
        self.reply_prefix = own.encode()?;
        Ok(())
    }
}

impl Labels {
    /// Takes over from the sender the one label whose check is off.
    pub(crate) fn borrow(&mut self, checks: Checks, sender: &Labels) {
        let pairs = [
            (Check::TranscriptLabel, &mut self.protocol, sender.protocol),
            (Check::LabelReply, &mut self.reply, sender.reply),
            (Check::LabelFinish, &mut self.finish, sender.finish),
            (Check::LabelDerived, &mut self.derived, sender.derived),
            (Check::LabelAccept, &mut self.accept, sender.accept),
            (Check::LabelDirection, &mut self.i2r, sender.i2r),
            (Check::LabelDirection, &mut self.r2i, sender.r2i),
            (Check::LabelKey, &mut self.key, sender.key),
            (Check::LabelIv, &mut self.iv, sender.iv),
            (Check::LabelUpdate, &mut self.update, sender.update),
        ];
        for (check, own, sender) in pairs {
            if !checks.on(check) {
                *own = sender;
            }
        }
    }
}
