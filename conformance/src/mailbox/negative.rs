//! Mailbox keys and envelopes that are refused, and the proof of the single fault.

use super::case::{Misbehaviour, Positive};
use super::check::{Checks, Halt, Judged, Named};
use super::envelope::{self, Sealing};
use super::file::{FORMAT, MailboxFails, MailboxVector, RecipientView, SenderView, Stage};
use super::key::{self, KeyForm, KeySigned};
use super::letter::{LetterForm, LetterSigned};
use crate::config::Hex;
use crate::deviation::Edit;
use crate::vector::{Kind, Mutation};

/// Where the fault of a negative lies.
pub(crate) enum Fault {
    /// In what the owner writes and signs.
    Key(Edit<KeyForm>),
    /// In what the owner signs, or with which key, while it sends a good form.
    KeySigned(Edit<KeySigned>),
    /// In what arrives of a good mailbox key.
    KeySent(Edit<Vec<u8>>),
    /// In the owner's DID, which is the one that is meant.
    KeyDid(String),
    /// In the sender's clock, documents, or whom it means.
    SenderView(Edit<SenderView>),
    /// In how the sender seals.
    Sealing(Edit<Sealing>),
    /// In what the sender writes and signs.
    Letter(Edit<LetterForm>),
    /// In what the sender signs, or with which key, while it sends a good letter.
    LetterSigned(Edit<LetterSigned>),
    /// In the padded letter after it was signed.
    Plain(Edit<Vec<u8>>),
    /// In what arrives of a good envelope.
    Sent(Edit<Vec<u8>>),
    /// In the recipient's clock, documents, or of whom it takes letters.
    RecipientView(Edit<RecipientView>),
}

impl Fault {
    fn step(&self) -> Stage {
        match self {
            Fault::Key(_) | Fault::KeySigned(_) | Fault::KeySent(_) | Fault::KeyDid(_) | Fault::SenderView(_) => {
                Stage::MailboxKey
            }
            _ => Stage::Letter,
        }
    }

    fn at(&self) -> &'static str {
        match self {
            Fault::Key(_) | Fault::KeyDid(_) | Fault::KeySent(_) => "mailbox_key",
            Fault::KeySigned(_) => "mailbox_key_signed",
            Fault::SenderView(_) => "sender_view",
            Fault::Sealing(_) => "sealing",
            Fault::Letter(_) | Fault::Plain(_) => "letter",
            Fault::LetterSigned(_) => "letter_signed",
            Fault::Sent(_) => "envelope",
            Fault::RecipientView(_) => "recipient_view",
        }
    }

    fn stage(&self) -> &'static str {
        match self {
            Fault::KeySent(_) | Fault::Plain(_) | Fault::Sent(_) => "after_signing",
            _ => "before_signing",
        }
    }
}

/// A mailbox key or an envelope that is refused.
pub(crate) struct Negative {
    pub(crate) id: &'static str,
    pub(crate) base: &'static str,
    check: Named,
    change: String,
    fault: Fault,
}

impl Negative {
    fn new(id: &'static str, check: impl Into<Named>, change: &str, fault: Fault) -> Self {
        Self { id, base: "m-ed25519", check: check.into(), change: change.to_owned(), fault }
    }

    /// The owner writes and signs another mailbox key.
    pub(crate) fn key(
        id: &'static str,
        check: impl Into<Named>,
        change: &str,
        edit: impl Fn(&mut KeyForm) + 'static,
    ) -> Self {
        Self::new(id, check, change, Fault::Key(Box::new(edit)))
    }

    /// The owner signs something else than it sends.
    pub(crate) fn key_signed(
        id: &'static str,
        check: impl Into<Named>,
        change: &str,
        edit: impl Fn(&mut KeySigned) + 'static,
    ) -> Self {
        Self::new(id, check, change, Fault::KeySigned(Box::new(edit)))
    }

    /// Something else arrives than the owner sent.
    pub(crate) fn key_sent(
        id: &'static str,
        check: impl Into<Named>,
        change: &str,
        edit: impl Fn(&mut Vec<u8>) + 'static,
    ) -> Self {
        Self::new(id, check, change, Fault::KeySent(Box::new(edit)))
    }

    /// The owner has this DID, and the sender means it.
    pub(crate) fn key_did(id: &'static str, check: impl Into<Named>, change: &str, did: String) -> Self {
        Self::new(id, check, change, Fault::KeyDid(did))
    }

    /// The sender goes by something else.
    pub(crate) fn sender_view(
        id: &'static str,
        check: impl Into<Named>,
        change: &str,
        edit: impl Fn(&mut SenderView) + 'static,
    ) -> Self {
        Self::new(id, check, change, Fault::SenderView(Box::new(edit)))
    }

    /// The sender seals otherwise.
    pub(crate) fn sealing(
        id: &'static str,
        check: impl Into<Named>,
        change: &str,
        edit: impl Fn(&mut Sealing) + 'static,
    ) -> Self {
        Self::new(id, check, change, Fault::Sealing(Box::new(edit)))
    }

    /// The sender writes and signs another letter.
    pub(crate) fn letter(
        id: &'static str,
        check: impl Into<Named>,
        change: &str,
        edit: impl Fn(&mut LetterForm) + 'static,
    ) -> Self {
        Self::new(id, check, change, Fault::Letter(Box::new(edit)))
    }

    /// The sender signs something else than it writes.
    pub(crate) fn letter_signed(
        id: &'static str,
        check: impl Into<Named>,
        change: &str,
        edit: impl Fn(&mut LetterSigned) + 'static,
    ) -> Self {
        Self::new(id, check, change, Fault::LetterSigned(Box::new(edit)))
    }

    /// The sender seals something else than it wrote.
    pub(crate) fn plain(
        id: &'static str,
        check: impl Into<Named>,
        change: &str,
        edit: impl Fn(&mut Vec<u8>) + 'static,
    ) -> Self {
        Self::new(id, check, change, Fault::Plain(Box::new(edit)))
    }

    /// Something else arrives than was sealed.
    pub(crate) fn sent(
        id: &'static str,
        check: impl Into<Named>,
        change: &str,
        edit: impl Fn(&mut Vec<u8>) + 'static,
    ) -> Self {
        Self::new(id, check, change, Fault::Sent(Box::new(edit)))
    }

    /// The recipient goes by something else.
    pub(crate) fn recipient_view(
        id: &'static str,
        check: impl Into<Named>,
        change: &str,
        edit: impl Fn(&mut RecipientView) + 'static,
    ) -> Self {
        Self::new(id, check, change, Fault::RecipientView(Box::new(edit)))
    }

    /// Differs from another positive than `m-ed25519`.
    pub(crate) fn on(mut self, base: &'static str) -> Self {
        self.base = base;
        self
    }

    /// Plays it, proves that it has a single fault, and gives the vector.
    pub(crate) fn vector(&self, base: &Positive) -> Judged<MailboxVector> {
        match self.fault.step() {
            Stage::MailboxKey => self.play_key(base),
            Stage::Letter => self.play_letter(base),
        }
    }

    fn play_key(&self, base: &Positive) -> Judged<MailboxVector> {
        let mut form = KeyForm::of(&base.owner)?;
        let mut view = base.sender_view.clone();
        if let Fault::Key(edit) = &self.fault {
            edit(&mut form);
        }
        if let Fault::KeyDid(did) = &self.fault {
            form.did = did.as_bytes().to_vec();
            view.means.clone_from(did);
        }
        let mut signed = KeySigned::of(&base.owner, form.clone());
        if let Fault::KeySigned(edit) = &self.fault {
            edit(&mut signed);
        }
        let made = key::make(&form, signed)?;
        let mut wire = made.whole.clone();
        if let Fault::KeySent(edit) = &self.fault {
            edit(&mut wire);
        }
        if let Fault::SenderView(edit) = &self.fault {
            edit(&mut view);
        }
        self.prove(|checks| key::judge(checks, &view, &wire, &made).map(|_| ()))?;
        Ok(MailboxVector { sender_view: view, mailbox_key: Hex(wire), ..self.described(base) })
    }

    fn play_letter(&self, base: &Positive) -> Judged<MailboxVector> {
        let key = base.key()?;
        key::judge(Checks::all(), &base.sender_view, &key.whole, &key)?;
        let made = base.envelope(&self.misbehaviour())?;
        let mut wire = made.whole.clone();
        if let Fault::Sent(edit) = &self.fault {
            edit(&mut wire);
        }
        let mut view = base.recipient_view.clone();
        if let Fault::RecipientView(edit) = &self.fault {
            edit(&mut view);
        }
        self.prove(|checks| envelope::judge(checks, &view, &base.owner, &wire, &made).map(|_| ()))?;
        Ok(MailboxVector {
            recipient_view: Some(view),
            mailbox_key: Hex(key.whole),
            envelope: Some(Hex(wire)),
            ..self.described(base)
        })
    }

    fn misbehaviour(&self) -> Misbehaviour<'_> {
        let none = Misbehaviour::none();
        match &self.fault {
            Fault::Sealing(sealing) => Misbehaviour { sealing, ..none },
            Fault::Letter(letter) => Misbehaviour { letter, ..none },
            Fault::LetterSigned(signed) => Misbehaviour { signed, ..none },
            Fault::Plain(plain) => Misbehaviour { plain, ..none },
            _ => none,
        }
    }

    /// Refused by the named check with all on, and by none without it.
    fn prove(&self, judge: impl Fn(Checks) -> Judged<()>) -> Judged<()> {
        match judge(Checks::all()) {
            Err(Halt::Refused(check)) if check == self.check.shows_as() => (),
            Ok(()) => return Err(Halt::Broken("the model accepts the fault")),
            Err(other) => return Err(other),
        }
        match judge(Checks::all_but(self.check)) {
            Err(Halt::Refused(second)) => Err(Halt::SecondFault(second)),
            other => other,
        }
    }

    fn described(&self, base: &Positive) -> MailboxVector {
        let (step, code) = (self.fault.step(), self.check.code());
        let (who, demands) = match step {
            Stage::MailboxKey => ("sender", "R-MBOX-2"),
            Stage::Letter => ("recipient", "R-MBOX-5"),
        };
        let mut requirements = vec![demands.to_owned()];
        if let Named::Mailbox(check) = self.check
            && check.requirement() != demands
        {
            requirements.insert(0, check.requirement().to_owned());
        }
        MailboxVector {
            format: FORMAT.to_owned(),
            id: self.id.to_owned(),
            kind: Kind::Negative,
            area: "mailbox".to_owned(),
            about: format!("the {who} refuses with {code}: {}", self.change),
            requirements,
            base: Some(self.base.to_owned()),
            mutation: Some(Mutation {
                at: self.fault.at().to_owned(),
                stage: self.fault.stage().to_owned(),
                change: self.change.clone(),
                check: self.check.name().to_owned(),
            }),
            fails: Some(MailboxFails { step, error: code.to_owned() }),
            owner: base.owner.clone(),
            sender: None,
            sender_view: base.sender_view.clone(),
            recipient_view: None,
            mailbox_key: Hex::default(),
            envelope: None,
            intermediates: None,
        }
    }
}
