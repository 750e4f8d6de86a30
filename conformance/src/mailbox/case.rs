//! Mailbox keys and envelopes that are taken, before they are made and judged.

use super::check::{Checks, Halt, Judged};
use super::envelope::{self, MadeEnvelope, Sealing};
use super::file::{FORMAT, Intermediates, MailboxVector, Owner, RecipientView, Sender, SenderView};
use super::key::{self, KeyForm, KeySigned, MadeKey};
use super::letter::{self, LetterForm, LetterSigned};
use crate::config::Hex;
use crate::vector::Kind;

/// A letter that arrives.
#[derive(Clone)]
pub(crate) struct Positive {
    pub(crate) id: &'static str,
    pub(crate) about: &'static str,
    pub(crate) requirements: Vec<&'static str>,
    pub(crate) owner: Owner,
    pub(crate) sender: Sender,
    pub(crate) sender_view: SenderView,
    pub(crate) recipient_view: RecipientView,
}

impl Positive {
    /// The mailbox key of an honest owner.
    pub(crate) fn key(&self) -> Judged<MadeKey> {
        let form = KeyForm::of(&self.owner)?;
        key::make(&form, KeySigned::of(&self.owner, form.clone()))
    }

    /// An envelope, with what a misbehaving sender changes on the way.
    pub(crate) fn envelope(&self, misbehave: &Misbehaviour<'_>) -> Judged<MadeEnvelope> {
        let mut sealing = Sealing::of(&self.owner, &self.sender)?;
        (misbehave.sealing)(&mut sealing);
        let mut form = LetterForm::of(&self.sender)?;
        (misbehave.letter)(&mut form);
        let mut signed = LetterSigned::of(&self.sender, &self.owner, &sealing.enc, form.clone())?;
        (misbehave.signed)(&mut signed);
        let letter = letter::make(&form, signed)?;
        let mut plain = letter.whole.clone();
        (misbehave.plain)(&mut plain);
        Ok(MadeEnvelope { whole: sealing.seal(&plain)?, sealing, plain, letter })
    }

    /// Plays it and gives the vector.
    pub(crate) fn vector(&self) -> Judged<MailboxVector> {
        let key = self.key()?;
        key::judge(Checks::all(), &self.sender_view, &key.whole, &key)?;
        let made = self.envelope(&Misbehaviour::none())?;
        let letter = envelope::judge(Checks::all(), &self.recipient_view, &self.owner, &made.whole, &made)?;
        if letter != LetterForm::of(&self.sender)? {
            return Err(Halt::Broken("another letter arrives than was sent"));
        }
        let keys = made.sealing.keys()?;
        Ok(MailboxVector {
            format: FORMAT.to_owned(),
            id: self.id.to_owned(),
            kind: Kind::Positive,
            area: "mailbox".to_owned(),
            about: self.about.to_owned(),
            requirements: self.requirements.iter().map(|id| (*id).to_owned()).collect(),
            base: None,
            mutation: None,
            fails: None,
            owner: self.owner.clone(),
            sender: Some(self.sender.clone()),
            sender_view: self.sender_view.clone(),
            recipient_view: Some(self.recipient_view.clone()),
            intermediates: Some(Intermediates {
                mailbox_key_signed: Hex(key.signed.bytes()?),
                key_id: Hex(made.sealing.key_id.clone()),
                enc: Hex(made.sealing.enc.clone()),
                shared_secret: Hex(keys.shared_secret),
                key: Hex(keys.key),
                base_nonce: Hex(keys.base_nonce),
                letter: Hex(made.plain),
                letter_signed: Hex(made.letter.signed.bytes()?),
            }),
            mailbox_key: Hex(key.whole),
            envelope: Some(Hex(made.whole)),
        })
    }
}

/// What a sender changes while it makes an envelope.
pub(crate) struct Misbehaviour<'a> {
    pub(crate) sealing: &'a dyn Fn(&mut Sealing),
    pub(crate) letter: &'a dyn Fn(&mut LetterForm),
    pub(crate) signed: &'a dyn Fn(&mut LetterSigned),
    pub(crate) plain: &'a dyn Fn(&mut Vec<u8>),
}

impl Misbehaviour<'_> {
    pub(crate) fn none() -> Self {
        Self { sealing: &|_| (), letter: &|_| (), signed: &|_| (), plain: &|_| () }
    }
}
