//! What becomes of a plan.

use super::owner::{Plan, Planned};

/// An entry, by its place from 0.
pub(super) fn at(plan: &mut Plan, place: usize, edit: impl FnOnce(&mut Planned)) {
    if let Some(entry) = plan.entries.get_mut(place) {
        edit(entry);
    }
}

/// The second entry's parameters.
pub(super) fn second(plan: &mut Plan, parameters: impl Into<String>) {
    at(plan, 1, |entry| entry.parameters = parameters.into());
}
