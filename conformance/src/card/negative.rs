//! Cards and links that are refused, and the proof of the single fault.

use super::case::Positive;
use super::file::{CardFails, CardVector, FORMAT, ReaderView, Stage};
use super::form::{Form, Signed, link, make};
use super::judge::{bytes_of, judge};
use crate::config::Hex;
use crate::deviation::Edit;
use crate::mailbox::check::{Checks, Halt, Judged, Named};
use crate::vector::{Kind, Mutation};

/// Where the fault of a negative lies.
enum Fault {
    /// In what the owner writes and signs.
    Form(Edit<Form>),
    /// In what the owner signs, or with which key, while it sends a good form.
    Signed(Edit<Signed>),
    /// In what arrives of a good card.
    Sent(Edit<Vec<u8>>),
    /// In what arrives of a good link.
    Link(Edit<String>),
    /// In the reader's clock, documents, or whom it means.
    View(Edit<ReaderView>),
}

impl Fault {
    fn step(&self) -> Stage {
        if matches!(self, Fault::Link(_)) { Stage::Link } else { Stage::Card }
    }

    fn at(&self) -> &'static str {
        match self {
            Fault::Form(_) | Fault::Sent(_) => "card",
            Fault::Signed(_) => "signed",
            Fault::Link(_) => "link",
            Fault::View(_) => "reader_view",
        }
    }

    fn stage(&self) -> &'static str {
        if matches!(self, Fault::Sent(_) | Fault::Link(_)) { "after_signing" } else { "before_signing" }
    }
}

/// A card or a link that is refused.
pub(crate) struct Negative {
    pub(crate) id: &'static str,
    pub(crate) base: &'static str,
    check: Named,
    change: String,
    fault: Fault,
}

impl Negative {
    fn new(id: &'static str, check: impl Into<Named>, change: &str, fault: Fault) -> Self {
        Self { id, base: "c-ed25519", check: check.into(), change: change.to_owned(), fault }
    }

    /// The owner writes and signs another card.
    pub(crate) fn form(
        id: &'static str,
        check: impl Into<Named>,
        change: &str,
        edit: impl Fn(&mut Form) + 'static,
    ) -> Self {
        Self::new(id, check, change, Fault::Form(Box::new(edit)))
    }

    /// The owner signs something else than it sends.
    pub(crate) fn signed(
        id: &'static str,
        check: impl Into<Named>,
        change: &str,
        edit: impl Fn(&mut Signed) + 'static,
    ) -> Self {
        Self::new(id, check, change, Fault::Signed(Box::new(edit)))
    }

    /// Something else arrives than the owner sent.
    pub(crate) fn sent(
        id: &'static str,
        check: impl Into<Named>,
        change: &str,
        edit: impl Fn(&mut Vec<u8>) + 'static,
    ) -> Self {
        Self::new(id, check, change, Fault::Sent(Box::new(edit)))
    }

    /// Another text arrives than the link of the card.
    pub(crate) fn link(
        id: &'static str,
        check: impl Into<Named>,
        change: &str,
        edit: impl Fn(&mut String) + 'static,
    ) -> Self {
        Self::new(id, check, change, Fault::Link(Box::new(edit)))
    }

    /// The reader goes by something else.
    pub(crate) fn view(
        id: &'static str,
        check: impl Into<Named>,
        change: &str,
        edit: impl Fn(&mut ReaderView) + 'static,
    ) -> Self {
        Self::new(id, check, change, Fault::View(Box::new(edit)))
    }

    /// Differs from another positive than `c-ed25519`.
    pub(crate) fn on(mut self, base: &'static str) -> Self {
        self.base = base;
        self
    }

    /// Plays it, proves that it has a single fault, and gives the vector.
    pub(crate) fn vector(&self, base: &Positive) -> Judged<CardVector> {
        let mut form = Form::of(&base.owner, &base.contents);
        if let Fault::Form(edit) = &self.fault {
            edit(&mut form);
        }
        let mut signed = Signed::of(&base.owner, form.clone());
        if let Fault::Signed(edit) = &self.fault {
            edit(&mut signed);
        }
        let made = make(&form, signed)?;
        let mut view = base.view.clone();
        if let Fault::View(edit) = &self.fault {
            edit(&mut view);
        }
        let described = CardVector { reader_view: view.clone(), ..self.described(base) };
        if let Fault::Link(edit) = &self.fault {
            let mut text = link(&made.whole);
            edit(&mut text);
            self.prove(|checks| judge(checks, &view, &bytes_of(checks, &text, &made)?, &made).map(drop))?;
            return Ok(CardVector { link: Some(text), ..described });
        }
        let mut wire = made.whole.clone();
        if let Fault::Sent(edit) = &self.fault {
            edit(&mut wire);
        }
        self.prove(|checks| judge(checks, &view, &wire, &made).map(drop))?;
        Ok(CardVector { card: Some(Hex(wire)), ..described })
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

    fn described(&self, base: &Positive) -> CardVector {
        let (step, code) = (self.fault.step(), self.check.code());
        let demands = if step == Stage::Link { "R-CARD-5" } else { "R-CARD-2" };
        let mut requirements = vec![demands.to_owned()];
        if let Named::Card(check) = self.check
            && check.requirement() != demands
        {
            requirements.insert(0, check.requirement().to_owned());
        }
        CardVector {
            format: FORMAT.to_owned(),
            id: self.id.to_owned(),
            kind: Kind::Negative,
            area: "card".to_owned(),
            about: format!("the reader refuses with {code}: {}", self.change),
            requirements,
            base: Some(self.base.to_owned()),
            mutation: Some(Mutation {
                at: self.fault.at().to_owned(),
                stage: self.fault.stage().to_owned(),
                change: self.change.clone(),
                check: self.check.name().to_owned(),
            }),
            fails: Some(CardFails { step, error: code.to_owned() }),
            owner: base.owner.clone(),
            contents: None,
            reader_view: base.view.clone(),
            signed: None,
            card: None,
            link: None,
        }
    }
}
