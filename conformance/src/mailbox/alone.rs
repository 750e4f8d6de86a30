//! Keys and letters for somebody else: read from bytes alone, without what their signer had, and made for a key that arrived.

use super::case::Misbehaviour;
use super::check::{Checks, Judged};
use super::envelope::{self, MadeEnvelope, Sealing};
use super::file::{Owner, RecipientView, Sender, SenderView};
use super::hpke::Hpke;
use super::key::{self, KeyForm, KeySigned, MadeKey, key_id};
use super::letter::{self, LetterForm, LetterSigned};
use super::signing::SigningKey;
use crate::check::Check;

/// What a mailbox key says, to a sender.
#[derive(Default)]
pub(crate) struct ReadKey {
    pub(crate) did: Vec<u8>,
    pub(crate) public_key: Vec<u8>,
    pub(crate) key_id: Vec<u8>,
    pub(crate) ends: u64,
}

/// The sender's checks of a mailbox key.
pub(crate) fn read_key(checks: Checks, view: &SenderView, wire: &[u8]) -> Judged<ReadKey> {
    let KeyForm { did, public_key, ends, .. } = key::judge(checks, view, wire, &nobodys_key()?)?;
    Ok(ReadKey { did, key_id: key_id(&public_key), public_key, ends })
}

/// The recipient's checks of an envelope.
pub(crate) fn read_letter(checks: Checks, view: &RecipientView, owner: &Owner, wire: &[u8]) -> Judged<LetterForm> {
    envelope::judge(checks, view, owner, wire, &nobodys_letter()?)
}

/// The mailbox key of an owner, who signs what `edit` leaves.
pub(crate) fn make_key(owner: &Owner, edit: impl FnOnce(&mut KeySigned)) -> Judged<Vec<u8>> {
    make_any_key(KeyForm::of(owner)?, owner, edit)
}

/// One whose public key is of low order: a Diffie-Hellman result with it is zeros.
pub(crate) fn key_of_low_order(owner: &Owner) -> Judged<Vec<u8>> {
    make_any_key(KeyForm { public_key: vec![0; 32], ..KeyForm::of(owner)? }, owner, |_| ())
}

fn make_any_key(form: KeyForm, owner: &Owner, edit: impl FnOnce(&mut KeySigned)) -> Judged<Vec<u8>> {
    let mut signed = KeySigned::of(owner, form.clone());
    edit(&mut signed);
    Ok(key::make(&form, signed)?.whole)
}

/// A letter to whoever a mailbox key is of, which the sender checks first. `zeros` seals also where the result of
/// Diffie-Hellman is zeros.
pub(crate) fn make_envelope(
    sender: &Sender,
    view: &SenderView,
    mailbox_key: &[u8],
    zeros: bool,
    misbehave: &Misbehaviour<'_>,
) -> Judged<Vec<u8>> {
    let to = read_key(Checks::all(), view, mailbox_key)?;
    let mut sealing = Sealing::to(to.public_key.clone(), sender)?;
    // The check of another key whose code is `key_invalid`, as section 2 has it for this one.
    Checks::all().need(Check::Ed25519KeyOrder, zeros || sealing.dh.iter().any(|byte| *byte != 0))?;
    (misbehave.sealing)(&mut sealing);
    let mut form = LetterForm::of(sender)?;
    (misbehave.letter)(&mut form);
    let mut signed = LetterSigned::to(sender, to.did, to.public_key, &sealing.enc, form.clone());
    (misbehave.signed)(&mut signed);
    let mut plain = letter::make(&form, signed)?.whole;
    (misbehave.plain)(&mut plain);
    sealing.seal(&plain)
}

/// What a signer had is borrowed where a check is off; whoever reads alone has none.
fn nobody() -> SigningKey {
    SigningKey { algorithm: 1, secret: vec![1; 32] }
}

fn nobodys_key() -> Judged<MadeKey> {
    let form = KeyForm::default();
    key::make(&form, KeySigned { label: Vec::new(), form: form.clone(), by: nobody() })
}

fn nobodys_letter() -> Judged<MadeEnvelope> {
    let (none, form) = (Vec::new, LetterForm::default());
    let signed = LetterSigned {
        label: none(),
        recipient: none(),
        mailbox_key: none(),
        enc: none(),
        form: form.clone(),
        by: nobody(),
    };
    let sealing = Sealing {
        kind: 33,
        version: 1,
        key_id: none(),
        enc: none(),
        dh: none(),
        public_key: none(),
        hpke: Hpke::base(b""),
        associated_data: None,
    };
    Ok(MadeEnvelope { whole: none(), sealing, plain: none(), letter: letter::make(&form, signed)? })
}
