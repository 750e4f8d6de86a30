//! The envelope (section 3): how a sender seals it, and what its recipient checks.

use super::check::{Checks, Halt, Judged, MailboxCheck as Check};
use super::claim::Claim;
use super::file::{Owner, RecipientView, Sender};
use super::hpke::{Hpke, Keys, derive_key_pair};
use super::key::{TOLERANCE, key_id};
use super::letter::{self, CLASSES, LetterForm, LetterSigned, MadeLetter};
use crate::primitives::{TAG, x25519, x25519_public};

/// HPKE's info.
const INFO: &[u8] = b"didshake/1 envelope";
/// Type, version, key id and `enc`.
const HEAD: usize = 50;
/// Type, version and key id.
const ASSOCIATED: usize = 18;
/// The longest life of a letter.
const LIFETIME: u64 = 2_592_000;

/// What decides how a letter is sealed; raw, so that a misbehaving sender can do anything.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sealing {
    pub(crate) kind: u8,
    pub(crate) version: u8,
    pub(crate) key_id: Vec<u8>,
    pub(crate) enc: Vec<u8>,
    pub(crate) dh: Vec<u8>,
    /// The key that the Diffie-Hellman result is of.
    pub(crate) public_key: Vec<u8>,
    pub(crate) hpke: Hpke,
    /// None: what the envelope begins with.
    pub(crate) associated_data: Option<Vec<u8>>,
}

impl Sealing {
    /// What an honest sender does.
    pub(crate) fn of(owner: &Owner, sender: &Sender) -> Judged<Sealing> {
        Self::to(x25519_public(&owner.mailbox_secret.0)?, sender)
    }

    /// The same, to whoever has this key.
    pub(crate) fn to(public_key: Vec<u8>, sender: &Sender) -> Judged<Sealing> {
        let pair = derive_key_pair(&sender.ephemeral_ikm.0)?;
        Ok(Sealing {
            kind: 33,
            version: 1,
            key_id: key_id(&public_key),
            enc: pair.public,
            dh: x25519(&pair.secret, &public_key)?,
            public_key,
            hpke: Hpke::base(INFO),
            associated_data: None,
        })
    }

    fn associated(&self) -> Vec<u8> {
        let start = || [&[self.kind, self.version], self.key_id.as_slice()].concat();
        self.associated_data.clone().unwrap_or_else(start)
    }

    pub(crate) fn keys(&self) -> Judged<Keys> {
        Ok(self.hpke.keys(&self.dh, &self.enc, &self.public_key)?)
    }

    /// The envelope of this text.
    pub(crate) fn seal(&self, plain: &[u8]) -> Judged<Vec<u8>> {
        let sealed = self.hpke.seal(&self.keys()?, &self.associated(), plain)?;
        let head = [[self.kind, self.version].as_slice(), &self.key_id, &self.enc].concat();
        Ok([head, sealed].concat())
    }
}

/// An envelope as it left its sender.
pub(crate) struct MadeEnvelope {
    pub(crate) whole: Vec<u8>,
    pub(crate) sealing: Sealing,
    /// What was sealed, which a misbehaving sender changed after it had written the letter.
    pub(crate) plain: Vec<u8>,
    pub(crate) letter: MadeLetter,
}

/// The checks of section 3.2, in their order. Gives the letter.
pub(crate) fn judge(
    checks: Checks,
    view: &RecipientView,
    owner: &Owner,
    wire: &[u8],
    made: &MadeEnvelope,
) -> Judged<LetterForm> {
    let class = |length: usize| CLASSES.iter().any(|class| length == class + HEAD + TAG);
    checks.need(Check::EnvelopeLength, class(wire.len()))?;
    let wire = if class(wire.len()) { wire } else { &made.whole };
    checks.need(Check::EnvelopeType, wire.first() == Some(&33))?;
    checks.need(Check::EnvelopeVersion, wire.get(1) == Some(&1))?;
    let public_key = x25519_public(&owner.mailbox_secret.0)?;
    checks.need(Check::EnvelopeKey, wire.get(2..ASSOCIATED) == Some(&key_id(&public_key)))?;
    let kept_until = owner.ends.saturating_add(LIFETIME + TOLERANCE);
    checks.need(Check::EnvelopeGrace, view.now < kept_until)?;
    let opened = open(checks, owner, wire, made)?;
    let (form, claim) = read(checks, &opened.plain, made)?;
    checks.need(Check::LetterOrder, form.sent < form.expires)?;
    checks.need(Check::LetterLifetime, form.expires.saturating_sub(form.sent) <= LIFETIME)?;
    checks.need(Check::LetterSent, form.sent.saturating_sub(TOLERANCE) <= view.now)?;
    checks.need(Check::LetterExpired, view.now < form.expires)?;
    let admitted = view.admits.as_ref().is_none_or(|list| list.contains(&claim.did()));
    checks.need(Check::LetterAdmitted, admitted || !claim.is_comparable())?;
    let own = LetterSigned {
        label: INFO.to_vec(),
        recipient: owner.did.as_bytes().to_vec(),
        mailbox_key: public_key,
        enc: opened.enc,
        form: form.clone(),
        by: made.letter.signed.by.clone(),
    };
    let signed = borrow(checks, own, &made.letter.signed).bytes()?;
    claim.verify(checks, view.now, &view.documents, &made.letter.signer, &signed)?;
    Ok(form)
}

fn read(checks: Checks, plain: &[u8], made: &MadeEnvelope) -> Judged<(LetterForm, Claim)> {
    let any_class = checks.off(Check::EnvelopeLength);
    match letter::decode(checks, plain, any_class) {
        Err(Halt::Refused(check)) if check == Check::LetterTruncated.into() && checks.off(Check::LetterTruncated) => {
            letter::decode(checks, &made.letter.whole, any_class)
        }
        other => other,
    }
}

/// What comes out of an envelope.
struct Opened {
    enc: Vec<u8>,
    plain: Vec<u8>,
}

/// Step 3, with the one thing of the sender's whose check is off.
fn open(checks: Checks, owner: &Owner, wire: &[u8], made: &MadeEnvelope) -> Judged<Opened> {
    let sender = &made.sealing;
    let off = |check: Check| checks.off(check);
    let mut enc = wire.get(ASSOCIATED..HEAD).unwrap_or_default().to_vec();
    if off(Check::SealEnc) {
        enc.clone_from(&sender.enc);
    }
    let mut dh = x25519(&owner.mailbox_secret.0, &enc)?;
    checks.need(Check::DhNotZero, dh.iter().any(|byte| *byte != 0))?;
    let mut public_key = x25519_public(&owner.mailbox_secret.0)?;
    let mut hpke = Hpke::base(INFO);
    let mut data = wire.get(..ASSOCIATED).unwrap_or_default().to_vec();
    if off(Check::SealKey) {
        dh.clone_from(&sender.dh);
        public_key.clone_from(&sender.public_key);
    } else if off(Check::SealMode) {
        hpke.mode = sender.hpke.mode;
    } else if off(Check::SealKem) {
        hpke.kem = sender.hpke.kem;
    } else if off(Check::SealKdf) {
        hpke.kdf = sender.hpke.kdf;
    } else if off(Check::SealAead) {
        hpke.aead = sender.hpke.aead;
    } else if off(Check::SealInfo) {
        hpke.info.clone_from(&sender.hpke.info);
    } else if off(Check::SealSequence) {
        hpke.sequence = sender.hpke.sequence;
    } else if off(Check::SealData) {
        data = sender.associated();
    }
    let keys = hpke.keys(&dh, &enc, &public_key)?;
    let opened = hpke.open(&keys, &data, wire.get(HEAD..).unwrap_or_default())?;
    checks.need(Check::SealTag, opened.genuine)?;
    let plain = if opened.genuine { opened.plain } else { made.plain.clone() };
    Ok(Opened { enc, plain })
}

/// What has to be signed, with the one part of the sender's whose check is off.
fn borrow(checks: Checks, mut own: LetterSigned, sender: &LetterSigned) -> LetterSigned {
    let off = |check: Check| checks.off(check);
    let (form, real) = (&mut own.form, &sender.form);
    if off(Check::SignedLabel) {
        own.label.clone_from(&sender.label);
    } else if off(Check::SignedDid) {
        form.did.clone_from(&real.did);
    } else if off(Check::SignedFragment) {
        form.fragment.clone_from(&real.fragment);
    } else if off(Check::SignedAlgorithm) {
        form.algorithm = real.algorithm;
    } else if off(Check::SignedRecipient) {
        own.recipient.clone_from(&sender.recipient);
    } else if off(Check::SignedKey) {
        own.mailbox_key.clone_from(&sender.mailbox_key);
    } else if off(Check::SignedEnc) {
        own.enc.clone_from(&sender.enc);
    } else if off(Check::SignedId) {
        form.message_id.clone_from(&real.message_id);
    } else if off(Check::SignedSent) {
        form.sent = real.sent;
    } else if off(Check::SignedExpires) {
        form.expires = real.expires;
    } else if off(Check::SignedContentType) {
        form.content_type.clone_from(&real.content_type);
    } else if off(Check::SignedLength) {
        form.length = real.length;
    } else if off(Check::SignedContent) {
        form.content.clone_from(&real.content);
    }
    own
}
