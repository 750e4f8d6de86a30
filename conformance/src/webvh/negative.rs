//! Logs that are refused, and the proof of the single fault.

use super::case::Positive;
use super::check::{Checks, Halt, Judged, WebvhCheck};
use super::file::{FORMAT, View, WebvhFails, WebvhVector};
use super::judge::{Sent, judge};
use super::owner::{Made, Plan};
use crate::vector::{Kind, Mutation};

/// Where the fault of a negative lies.
enum Fault {
    /// In what the owner hashes and signs.
    Plan(fn(&mut Plan)),
    /// In what arrives of a good log, or of the witness proofs.
    Log(fn(&mut Sent)),
    Witness(fn(&mut Sent)),
    /// In the DID, or in what was seen before.
    View(fn(&mut View, &Made)),
}

/// A log that is refused.
pub(crate) struct Negative {
    pub(crate) id: &'static str,
    pub(crate) base: &'static str,
    check: WebvhCheck,
    change: &'static str,
    fault: Fault,
}

impl Negative {
    /// The owner hashes and signs another log.
    pub(crate) fn plan(id: &'static str, check: WebvhCheck, change: &'static str, edit: fn(&mut Plan)) -> Self {
        Self { id, base: "w-three", check, change, fault: Fault::Plan(edit) }
    }

    /// Another log arrives than the owner made.
    pub(crate) fn log(id: &'static str, check: WebvhCheck, change: &'static str, edit: fn(&mut Sent)) -> Self {
        Self { id, base: "w-three", check, change, fault: Fault::Log(edit) }
    }

    /// Other witness proofs arrive.
    pub(crate) fn witness(id: &'static str, check: WebvhCheck, change: &'static str, edit: fn(&mut Sent)) -> Self {
        Self { id, base: "w-witnesses", check, change, fault: Fault::Witness(edit) }
    }

    /// The resolver goes by something else.
    pub(crate) fn view(id: &'static str, check: WebvhCheck, change: &'static str, edit: fn(&mut View, &Made)) -> Self {
        Self { id, base: "w-three", check, change, fault: Fault::View(edit) }
    }

    /// Differs from another positive.
    pub(crate) fn on(self, base: &'static str) -> Self {
        Self { base, ..self }
    }

    /// Plays it, proves that it has a single fault, and gives the vector.
    pub(crate) fn vector(&self, base: &Positive) -> Judged<WebvhVector> {
        let mut plan = base.plan.clone();
        if let Fault::Plan(edit) = &self.fault {
            edit(&mut plan);
        }
        let made = plan.make()?;
        let (mut view, mut sent) = (base.view(&made), base.sent(&made));
        match &self.fault {
            Fault::Plan(_) => (),
            Fault::Log(edit) | Fault::Witness(edit) => edit(&mut sent),
            Fault::View(edit) => edit(&mut view, &made),
        }
        self.prove(&view, &sent, &base.plan.make()?)?;
        Ok(self.described(view, sent))
    }

    /// Refused by the named check with all on, and by none without it.
    fn prove(&self, view: &View, sent: &Sent, owner: &Made) -> Judged<()> {
        match judge(Checks::all(), view, sent, owner) {
            Err(Halt::Refused(check)) if check == self.check => (),
            Ok(_) => return Err(Halt::Broken("the model accepts the fault")),
            Err(other) => return Err(other),
        }
        match judge(Checks::all_but(self.check), view, sent, owner) {
            Err(Halt::Refused(second)) => Err(Halt::SecondFault(second)),
            other => other.map(drop),
        }
    }

    fn described(&self, view: View, sent: Sent) -> WebvhVector {
        let (at, stage) = match self.fault {
            Fault::Plan(_) => ("log", "before_signing"),
            Fault::Log(_) => ("log", "after_signing"),
            Fault::Witness(_) => ("witness", "after_signing"),
            Fault::View(_) => ("view", "after_signing"),
        };
        let (error, cause, requirement) = (self.check.error(), self.check.code(), self.check.requirement());
        let mut requirements = vec![requirement.to_owned()];
        if requirement != "R-WEBVH-2" {
            requirements.push("R-WEBVH-2".to_owned());
        }
        WebvhVector {
            format: FORMAT.to_owned(),
            id: self.id.to_owned(),
            kind: Kind::Negative,
            area: "webvh".to_owned(),
            about: format!("the resolver refuses with {cause}: {}", self.change),
            requirements,
            base: Some(self.base.to_owned()),
            mutation: Some(Mutation {
                at: at.to_owned(),
                stage: stage.to_owned(),
                change: self.change.to_owned(),
                check: self.check.name().to_owned(),
            }),
            fails: Some(WebvhFails { error: error.to_owned(), cause: cause.to_owned() }),
            view,
            log: sent.log,
            line_spaces: sent.line_spaces,
            witness: sent.witness,
            resolution: None,
        }
    }
}
