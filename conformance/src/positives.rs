//! The catalogue of positives.

mod channels;
mod documents;
mod handshakes;
mod identities;
pub(crate) mod peers;
mod texts;

use crate::check::Step;
use crate::fixed;
use crate::positive::Positive;

/// A positive with the base configuration, no records and no exports.
fn positive(id: &'static str, area: &'static str, about: &'static str) -> Step<Positive> {
    Ok(Positive {
        id,
        area,
        about,
        requirements: Vec::new(),
        config: fixed::config()?,
        script: Vec::new(),
        exports: Vec::new(),
        lengths: Vec::new(),
    })
}

impl Positive {
    fn proves(mut self, requirements: &[&'static str]) -> Self {
        self.requirements = requirements.to_vec();
        self
    }

    fn edit(mut self, edit: impl FnOnce(&mut crate::config::Config)) -> Self {
        edit(&mut self.config);
        self
    }
}

/// All positives, in the order of the index.
pub(crate) fn all() -> Step<Vec<Positive>> {
    Ok([handshakes::all()?, identities::all()?, peers::all()?, documents::all()?, texts::all()?, channels::all()?]
        .concat())
}
