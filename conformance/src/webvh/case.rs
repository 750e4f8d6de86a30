//! Logs that resolve, before they are made and judged.

use super::check::{Checks, Halt, Judged};
use super::file::{FORMAT, View, WebvhVector};
use super::judge::{Sent, judge};
use super::owner::{Made, Plan};
use crate::fixed::NOW;
use crate::vector::Kind;

/// A log that resolves.
#[derive(Clone)]
pub(crate) struct Positive {
    pub(crate) id: &'static str,
    pub(crate) about: &'static str,
    pub(crate) requirements: &'static [&'static str],
    pub(crate) plan: Plan,
    /// What follows the SCID in the DID.
    pub(crate) place: &'static str,
    /// The place of the entry that was seen before, from 0.
    pub(crate) seen: Option<usize>,
    pub(crate) sent: fn(&mut Sent),
}

impl Positive {
    /// What an honest host serves.
    pub(crate) fn sent(&self, made: &Made) -> Sent {
        let log = made.lines.iter().map(|line| format!("{line}\n")).collect();
        let mut sent = Sent { log, line_spaces: 0, witness: made.witness.clone() };
        (self.sent)(&mut sent);
        sent
    }

    /// What the resolver goes by.
    pub(crate) fn view(&self, made: &Made) -> View {
        let seen = self.seen.and_then(|place| made.version_ids.get(place)).cloned();
        View { did: format!("did:webvh:{}:{}", made.scid, self.place), now: NOW, seen }
    }

    /// Plays it and gives the vector.
    pub(crate) fn vector(&self) -> Judged<WebvhVector> {
        let made = self.plan.make()?;
        let (view, sent) = (self.view(&made), self.sent(&made));
        let resolution = judge(Checks::all(), &view, &sent, &made)?;
        if resolution.version_id != *made.version_ids.last().unwrap_or(&String::new()) {
            return Err(Halt::Broken("another version is resolved than the last"));
        }
        Ok(WebvhVector {
            format: FORMAT.to_owned(),
            id: self.id.to_owned(),
            kind: Kind::Positive,
            area: "webvh".to_owned(),
            about: self.about.to_owned(),
            requirements: self.requirements.iter().map(|id| (*id).to_owned()).collect(),
            base: None,
            mutation: None,
            fails: None,
            view,
            log: sent.log,
            line_spaces: sent.line_spaces,
            witness: sent.witness,
            resolution: Some(resolution),
        })
    }
}
