//! Mailbox keys and envelopes: those of a positive are made anew and compared byte for byte, and every one goes through the
//! checks of whoever reads it.

use std::fmt::Write as _;

use didshake::mailbox::{
    ClaimedLetter, ClaimedMailboxKey, Letter, MailboxFault, MailboxKey, MailboxSecret, OwnMailboxKey, UnsignedEnvelope,
    VerifiedLetter,
};
use didshake::{Admission, Algorithm, Did, Error, Fault, Fragment, LocalIdentity, SigningKey, UnixTime};

use crate::config::{Holder, secret};
use crate::documents::Documents;
use crate::format::{Hex, VectorKind};
use crate::mailbox_format::{Fails, Intermediates, MailboxVector, Owner, RecipientView, Sender, SenderView, Step};
use crate::outcome::{Failure, same};
use crate::rng::FixedRng;

const FORMAT: &str = "didshake-mailbox-vectors/1";
const KEY: &str = "mailbox_key";
const ENVELOPE: &str = "envelope";

impl MailboxVector {
    /// Runs it through the real crate.
    ///
    /// # Errors
    /// The first [`Failure`].
    pub fn verify(&self) -> Result<(), Failure> {
        if self.format != FORMAT {
            return Err(Failure::format(format!("the format is not {FORMAT}")));
        }
        match (self.kind, &self.sender, &self.intermediates, &self.fails) {
            (VectorKind::Positive, Some(sender), Some(intermediates), None) => self.positive(sender, intermediates),
            (VectorKind::Negative, None, None, Some(fails)) => self.negative(fails),
            _ => Err(Failure::format("the members are not those of its kind")),
        }
    }

    fn positive(&self, sender: &Sender, intermediates: &Intermediates) -> Result<(), Failure> {
        let made = self.make(sender)?;
        same("mailbox_key_signed", &intermediates.mailbox_key_signed.0, &made.key_signed)?;
        same(KEY, &self.mailbox_key.0, &made.key)?;
        same("letter_signed", &intermediates.letter_signed.0, &made.letter_signed)?;
        let head = made.envelope.get(2..50).unwrap_or_default();
        same("key_id and enc", &[&intermediates.key_id.0[..], &intermediates.enc.0].concat(), head)?;
        same(ENVELOPE, &self.envelope()?.0, &made.envelope)?;
        let taken = self.take()?.map_err(|fault| refused(ENVELOPE, fault))?;
        same("content", &sender.content.0, taken.letter().content())?;
        same("message_id", &sender.message_id.0, taken.letter().id())
    }

    fn negative(&self, fails: &Fails) -> Result<(), Failure> {
        let (at, fault) = match fails.step {
            Step::MailboxKey => (KEY, self.mailbox_key()?.err()),
            Step::Letter => {
                self.mailbox_key()?.map_err(|fault| refused(KEY, fault))?;
                (ENVELOPE, self.take()?.err())
            }
        };
        match fault {
            Some(fault) if fault.code() == fails.error => Ok(()),
            Some(fault) => Err(Failure::Differs {
                what: "the error".into(),
                expected: fails.error.clone(),
                found: fault.code().into(),
            }),
            None => Err(Failure::Accepted { at: at.to_owned(), error: fails.error.clone() }),
        }
    }

    fn envelope(&self) -> Result<&Hex, Failure> {
        self.envelope.as_ref().ok_or_else(|| Failure::format("no envelope"))
    }

    /// As the sender reads it.
    fn mailbox_key(&self) -> Result<Result<MailboxKey, MailboxFault>, Failure> {
        read_key(&self.sender_view, &self.mailbox_key.0)
    }

    /// As the recipient reads it.
    fn take(&self) -> Result<Result<VerifiedLetter, MailboxFault>, Failure> {
        let view = self.recipient_view.as_ref().ok_or_else(|| Failure::format("no recipient"))?;
        read_letter(view, &self.owner, &self.envelope()?.0)
    }

    /// What owner and sender of a positive make.
    fn make(&self, from: &Sender) -> Result<Made, Failure> {
        let (key_signed, key) = make_key(&self.owner)?;
        let to = self.mailbox_key()?.map_err(|fault| refused(KEY, fault))?;
        let failed = |error| Failure::refused(ENVELOPE, error);
        let (letter_signed, envelope) = make_envelope(from, &to)?.map_err(failed)?;
        Ok(Made { key_signed, key, letter_signed, envelope })
    }
}

/// A mailbox key, as a sender reads it.
pub(crate) fn read_key(view: &SenderView, bytes: &[u8]) -> Result<Result<MailboxKey, MailboxFault>, Failure> {
    let now = UnixTime(view.now);
    let means = Did::parse(&view.means).map_err(|fault| Failure::refused("sender_view", fault))?;
    let documents = Documents::of(&view.documents)?;
    let read = ClaimedMailboxKey::read(bytes, &Admission::only(means), now);
    Ok(read.and_then(|claimed| {
        let document = documents.resolve(&claimed.claim())?;
        claimed.verify(&document, now)
    }))
}

/// A letter, as its recipient reads it.
pub(crate) fn read_letter(
    view: &RecipientView,
    owner: &Owner,
    envelope: &[u8],
) -> Result<Result<VerifiedLetter, MailboxFault>, Failure> {
    let now = UnixTime(view.now);
    let documents = Documents::of(&view.documents)?;
    let admits = view.admits.clone();
    let admission = Admission::policy(move |claim| {
        admits.as_ref().is_none_or(|admits| admits.iter().any(|did| did == claim.did().as_str()))
    });
    let did = Did::parse(&owner.did).map_err(|fault| Failure::refused("owner", fault))?;
    let own = OwnMailboxKey::new(mailbox_secret(owner)?, did, UnixTime(owner.ends));
    let opened = ClaimedLetter::open(envelope, &[own], &admission, now);
    Ok(opened.and_then(|claimed| {
        let document = documents.resolve(&claimed.claim())?;
        claimed.verify(&document, now)
    }))
}

/// What was signed, and what it became.
type Signed = (Vec<u8>, Vec<u8>);

/// What an owner signs, and the mailbox key.
pub(crate) fn make_key(owner: &Owner) -> Result<Signed, Failure> {
    let (begins, ends) = (UnixTime(owner.begins), UnixTime(owner.ends));
    let who = holder(&owner.did, &owner.fragment, owner.algorithm, &owner.signing_key)?;
    let unsigned = mailbox_secret(owner)?.offer(&who.identity, begins, ends);
    let unsigned = unsigned.map_err(|error| Failure::refused(KEY, error))?;
    let signed = unsigned.signature_input();
    let key = unsigned.sign(who.key.sign(&signed)?);
    Ok((signed, key))
}

/// What a sender signs, and the envelope; or why nothing is sealed to this key.
pub(crate) fn make_envelope(from: &Sender, to: &MailboxKey) -> Result<Result<Signed, Error>, Failure> {
    let who = holder(&from.did, &from.fragment, from.algorithm, &from.signing_key)?;
    let id = from.message_id.0.as_slice().try_into().map_err(|_| Failure::format("an id is not 16 bytes"))?;
    let (sent, expires) = (UnixTime(from.sent), UnixTime(from.expires));
    let letter = Letter::new(id, sent, expires, &from.content_type, from.content.0.clone());
    let letter = letter.map_err(|misuse| Failure::refused(ENVELOPE, misuse))?;
    let mut rng = FixedRng::of(&from.ephemeral_ikm.0);
    let unsigned = match UnsignedEnvelope::begin(to, &who.identity, letter, &mut rng) {
        Ok(unsigned) => unsigned,
        Err(error) => return Ok(Err(error)),
    };
    let signed = unsigned.signature_input().to_vec();
    Ok(unsigned.sign(who.key.sign(&signed)?).map(|envelope| (signed, envelope)))
}

struct Made {
    key_signed: Vec<u8>,
    key: Vec<u8>,
    letter_signed: Vec<u8>,
    envelope: Vec<u8>,
}

/// The example as markdown.
///
/// # Errors
/// [`Failure`] where the vector is no positive, or cannot be made.
pub(crate) fn markdown(vector: &MailboxVector) -> Result<String, Failure> {
    Ok(format!("`{}`: {}.\n\n```\n{}```\n", vector.id, vector.about, values(vector)?))
}

/// The same for a terminal.
///
/// # Errors
/// As for [`markdown`].
pub(crate) fn text(vector: &MailboxVector) -> Result<String, Failure> {
    Ok(format!("{}: {}\n\n{}", vector.id, vector.about, values(vector)?))
}

fn values(vector: &MailboxVector) -> Result<String, Failure> {
    let sender = vector.sender.as_ref().ok_or_else(|| Failure::format("a negative has no worked example"))?;
    let made = vector.make(sender)?;
    let mut out = String::new();
    for (name, value) in [
        ("mailbox key, signed", &made.key_signed),
        ("mailbox key", &made.key),
        ("letter, signed", &made.letter_signed),
        ("envelope", &made.envelope),
    ] {
        let _ = writeln!(out, "{name} ({} bytes)\n{}", value.len(), hex::encode(value));
    }
    Ok(out)
}

pub(crate) fn holder(did: &str, fragment: &str, algorithm: u8, key: &Hex) -> Result<Holder, Failure> {
    let refused = |fault: Fault| Failure::refused("identity", fault);
    let did = Did::parse(did).map_err(refused)?;
    let fragment = Fragment::of(&did, fragment).map_err(refused)?;
    let algorithm = Algorithm::from_byte(algorithm).ok_or(Fault::UnknownAlgorithm).map_err(refused)?;
    let key = SigningKey::from_secret(algorithm, &secret(key)?).map_err(refused)?;
    Ok(Holder { identity: LocalIdentity { did, fragment, algorithm }, key })
}

fn mailbox_secret(owner: &Owner) -> Result<MailboxSecret, Failure> {
    secret(&owner.mailbox_secret).map(MailboxSecret::from_secret)
}

fn refused(at: &str, fault: MailboxFault) -> Failure {
    Failure::Refused { at: at.to_owned(), error: format!("{} ({fault})", fault.code()) }
}
