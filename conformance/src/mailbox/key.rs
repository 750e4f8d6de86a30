//! The mailbox key (section 2): how an owner makes it, and what a sender checks.

use super::check::{Checks, Halt, Judged, MailboxCheck as Check};
use super::claim::{Claim, Fields};
use super::file::{Owner, SenderView};
use super::signing::{Signer, SigningKey};
use crate::bytes::Put;
use crate::primitives::{sha256, x25519_public};

/// The longest period.
const LONGEST: u64 = 7_776_000;
/// How far a clock may be behind another.
pub(crate) const TOLERANCE: u64 = 60;

/// Everything before the signature; raw, so that a misbehaving owner can write anything.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct KeyForm {
    pub(crate) kind: u8,
    pub(crate) version: u8,
    pub(crate) public_key: Vec<u8>,
    pub(crate) begins: u64,
    pub(crate) ends: u64,
    pub(crate) did: Vec<u8>,
    pub(crate) fragment: Vec<u8>,
    pub(crate) algorithm: u8,
}

impl KeyForm {
    /// What an honest owner writes.
    pub(crate) fn of(owner: &Owner) -> Judged<KeyForm> {
        Ok(KeyForm {
            kind: 32,
            version: 1,
            public_key: x25519_public(&owner.mailbox_secret.0)?,
            begins: owner.begins,
            ends: owner.ends,
            did: owner.did.as_bytes().to_vec(),
            fragment: owner.fragment.as_bytes().to_vec(),
            algorithm: owner.algorithm,
        })
    }

    fn encode(&self) -> Judged<Vec<u8>> {
        let mut out = vec![self.kind, self.version];
        out.extend_from_slice(&self.public_key);
        out.extend_from_slice(&self.begins.to_be_bytes());
        out.extend_from_slice(&self.ends.to_be_bytes());
        out.vec16(&self.did)?;
        out.vec8(&self.fragment)?;
        out.push(self.algorithm);
        Ok(out)
    }
}

/// What the signature covers, and who makes it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct KeySigned {
    pub(crate) label: Vec<u8>,
    pub(crate) form: KeyForm,
    pub(crate) by: SigningKey,
}

impl KeySigned {
    pub(crate) fn of(owner: &Owner, form: KeyForm) -> KeySigned {
        let by = SigningKey { algorithm: owner.algorithm, secret: owner.signing_key.0.clone() };
        KeySigned { label: b"didshake/1 mailbox key".to_vec(), form, by }
    }

    pub(crate) fn bytes(&self) -> Judged<Vec<u8>> {
        Ok([self.label.as_slice(), &[0], &self.form.encode()?].concat())
    }
}

/// A mailbox key as it left its owner.
pub(crate) struct MadeKey {
    pub(crate) whole: Vec<u8>,
    pub(crate) signed: KeySigned,
    signer: Signer,
}

/// Signs one thing and sends the other, which are the same for an honest owner.
pub(crate) fn make(form: &KeyForm, signed: KeySigned) -> Judged<MadeKey> {
    let signer = signed.by.sign(&signed.bytes()?)?;
    let whole = [form.encode()?, signer.signature.clone()].concat();
    Ok(MadeKey { whole, signed, signer })
}

/// The first 16 bytes of H("didshake/1 mailbox key id" ‖ public key).
pub(crate) fn key_id(public_key: &[u8]) -> Vec<u8> {
    let mut hash = sha256(&[b"didshake/1 mailbox key id", public_key]);
    hash.truncate(16);
    hash
}

/// The checks of section 2, in their order. Gives what the key says.
pub(crate) fn judge(checks: Checks, view: &SenderView, wire: &[u8], made: &MadeKey) -> Judged<KeyForm> {
    let (form, claim) = match decode(checks, wire) {
        Err(Halt::Refused(check)) if check == Check::KeyTruncated.into() && checks.off(Check::KeyTruncated) => {
            decode(checks, &made.whole)?
        }
        other => other?,
    };
    checks.need(Check::KeyOrder, form.begins < form.ends)?;
    checks.need(Check::KeyPeriod, form.ends.saturating_sub(form.begins) <= LONGEST)?;
    checks.need(Check::KeyBegins, form.begins.saturating_sub(TOLERANCE) <= view.now)?;
    checks.need(Check::KeyEnds, view.now < form.ends)?;
    checks.need(Check::KeyMeant, !claim.is_comparable() || claim.did() == view.means)?;
    let signed = borrow(checks, form.clone(), &made.signed);
    claim.verify(checks, view.now, &view.documents, &made.signer, &signed.bytes()?)?;
    Ok(form)
}

fn decode(checks: Checks, wire: &[u8]) -> Judged<(KeyForm, Claim)> {
    let mut fields = Fields::new(wire, Check::KeyTruncated);
    let kind = fields.u8()?;
    checks.need(Check::KeyType, kind == 32)?;
    let version = fields.u8()?;
    checks.need(Check::KeyVersion, version == 1)?;
    let public_key = fields.take(32)?;
    let (begins, ends) = (fields.number(8)?, fields.number(8)?);
    let claim = fields.claim(checks)?;
    checks.need(Check::KeyTrailing, fields.rest().is_empty())?;
    let Claim { did, fragment, algorithm, .. } = claim.clone();
    Ok((KeyForm { kind, version, public_key, begins, ends, did, fragment, algorithm }, claim))
}

/// What has to be signed, with the one part of the owner's whose check is off.
fn borrow(checks: Checks, form: KeyForm, owner: &KeySigned) -> KeySigned {
    let mut own = KeySigned { form, ..owner.clone() };
    b"didshake/1 mailbox key".as_slice().clone_into(&mut own.label);
    let off = |check: Check| checks.off(check);
    let (form, real) = (&mut own.form, &owner.form);
    if off(Check::KeySignedLabel) {
        own.label.clone_from(&owner.label);
    } else if off(Check::KeySignedType) {
        form.kind = real.kind;
    } else if off(Check::KeySignedVersion) {
        form.version = real.version;
    } else if off(Check::KeySignedPublicKey) {
        form.public_key.clone_from(&real.public_key);
    } else if off(Check::KeySignedBegins) {
        form.begins = real.begins;
    } else if off(Check::KeySignedEnds) {
        form.ends = real.ends;
    } else if off(Check::KeySignedDid) {
        form.did.clone_from(&real.did);
    } else if off(Check::KeySignedFragment) {
        form.fragment.clone_from(&real.fragment);
    } else if off(Check::KeySignedAlgorithm) {
        form.algorithm = real.algorithm;
    }
    own
}
