//! Cards for somebody else: read from bytes alone, without what their signer had, and made of what a request says.

use super::file::{Contents, Owner, ReaderView};
use super::form::{Form, Made, Signed, make};
use super::judge::{bytes_of, judge};
use crate::mailbox::check::{Checks, Judged};
use crate::mailbox::signing::SigningKey;

pub(crate) use super::form::link;

/// The reader's checks of a card.
pub(crate) fn read(checks: Checks, view: &ReaderView, wire: &[u8]) -> Judged<Form> {
    judge(checks, view, wire, &nobodys()?)
}

/// The bytes of a link.
pub(crate) fn read_link(checks: Checks, text: &str) -> Judged<Vec<u8>> {
    bytes_of(checks, text, &nobodys()?)
}

/// The card of an owner, who signs what `edit` leaves.
pub(crate) fn make_card(owner: &Owner, contents: &Contents, edit: impl FnOnce(&mut Signed)) -> Judged<Vec<u8>> {
    let form = Form::of(owner, contents);
    let mut signed = Signed::of(owner, form.clone());
    edit(&mut signed);
    Ok(make(&form, signed)?.whole)
}

/// What a signer had is borrowed where a check is off; whoever reads alone has none.
fn nobodys() -> Judged<Made> {
    let form = Form::default();
    let by = SigningKey { algorithm: 1, secret: vec![1; 32] };
    make(&form, Signed { label: Vec::new(), form: form.clone(), by })
}
