//! Cards that are taken, before they are made and judged.

use super::file::{CardVector, Contents, FORMAT, Owner, ReaderView};
use super::form::{Form, Made, Signed, link, make};
use super::judge::{bytes_of, judge};
use crate::config::Hex;
use crate::mailbox::check::{Checks, Halt, Judged};
use crate::vector::Kind;

/// A card that is taken.
#[derive(Clone)]
pub(crate) struct Positive {
    pub(crate) id: &'static str,
    pub(crate) about: &'static str,
    pub(crate) requirements: Vec<&'static str>,
    pub(crate) owner: Owner,
    pub(crate) contents: Contents,
    pub(crate) view: ReaderView,
}

impl Positive {
    /// The card of an honest owner.
    pub(crate) fn card(&self) -> Judged<Made> {
        let form = Form::of(&self.owner, &self.contents);
        make(&form, Signed::of(&self.owner, form.clone()))
    }

    /// Plays it and gives the vector.
    pub(crate) fn vector(&self) -> Judged<CardVector> {
        let made = self.card()?;
        let text = link(&made.whole);
        let bytes = bytes_of(Checks::all(), &text, &made)?;
        if judge(Checks::all(), &self.view, &bytes, &made)? != Form::of(&self.owner, &self.contents) {
            return Err(Halt::Broken("another card arrives than was made"));
        }
        Ok(CardVector {
            format: FORMAT.to_owned(),
            id: self.id.to_owned(),
            kind: Kind::Positive,
            area: "card".to_owned(),
            about: self.about.to_owned(),
            requirements: self.requirements.iter().map(|id| (*id).to_owned()).collect(),
            base: None,
            mutation: None,
            fails: None,
            owner: self.owner.clone(),
            contents: Some(self.contents.clone()),
            reader_view: self.view.clone(),
            signed: Some(Hex(made.signed.bytes()?)),
            card: Some(Hex(made.whole)),
            link: Some(text),
        })
    }
}
