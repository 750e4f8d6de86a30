//! What a reader checks (sections 2 to 4), in its order.

use super::check::CardCheck as Check;
use super::file::ReaderView;
use super::form::{Form, LABEL, Made, Signed, link};
use crate::keys::from_base64url;
use crate::mailbox::check::{Checks, Halt, Judged};
use crate::mailbox::claim::{Claim, Fields};

/// How far a clock may be behind another.
const TOLERANCE: u64 = 60;

/// The ranges of section 2.
const UNSEEN: [[u32; 2]; 24] = [
    [0x0, 0x1F],
    [0x7F, 0xA0],
    [0xAD, 0xAD],
    [0x34F, 0x34F],
    [0x61C, 0x61C],
    [0x115F, 0x1160],
    [0x1680, 0x1680],
    [0x17B4, 0x17B5],
    [0x180B, 0x180F],
    [0x2000, 0x200F],
    [0x2028, 0x202F],
    [0x205F, 0x206F],
    [0x2800, 0x2800],
    [0x3000, 0x3000],
    [0x3164, 0x3164],
    [0xFE00, 0xFE0F],
    [0xFEFF, 0xFEFF],
    [0xFFA0, 0xFFA0],
    [0xFFF0, 0xFFFB],
    [0x1_3430, 0x1_345F],
    [0x1_BCA0, 0x1_BCA3],
    [0x1_D173, 0x1_D17A],
    [0xE_0000, 0xE_0FFF],
    [0xF_0000, 0x10_FFFF],
];

/// The bytes of a link.
pub(crate) fn bytes_of(checks: Checks, text: &str, made: &Made) -> Judged<Vec<u8>> {
    let bytes = text.strip_prefix("didshake:card/").and_then(from_base64url);
    let bytes = bytes.filter(|bytes| !bytes.is_empty() && bytes.len() <= 4_792 && link(bytes) == text);
    checks.need(Check::Link, bytes.is_some())?;
    Ok(bytes.unwrap_or_else(|| made.whole.clone()))
}

/// The checks of section 3.
pub(crate) fn judge(checks: Checks, view: &ReaderView, wire: &[u8], made: &Made) -> Judged<Form> {
    let (form, claim) = match decode(checks, wire) {
        Err(Halt::Refused(check)) if check == Check::Truncated.into() && checks.off(Check::Truncated) => {
            decode(checks, &made.whole)?
        }
        other => other?,
    };
    let ending = form.ends != 0;
    checks.need(Check::Period, !ending || form.issued < form.ends)?;
    checks.need(Check::Issued, form.issued.saturating_sub(TOLERANCE) <= view.now)?;
    checks.need(Check::Ends, !ending || view.now < form.ends)?;
    let meant = view.means.as_ref().is_none_or(|did| *did == claim.did());
    checks.need(Check::Meant, !claim.is_comparable() || meant)?;
    let signed = borrow(checks, form.clone(), &made.signed);
    claim.verify(checks, view.now, &view.documents, &made.signer, &signed.bytes()?)?;
    Ok(form)
}

fn decode(checks: Checks, wire: &[u8]) -> Judged<(Form, Claim)> {
    let mut fields = Fields::new(wire, Check::Truncated);
    let kind = fields.u8()?;
    checks.need(Check::Type, kind == 34)?;
    let version = fields.u8()?;
    checks.need(Check::Version, version == 1)?;
    let (issued, ends) = (fields.number(8)?, fields.number(8)?);
    let mut claim = fields.signer(checks)?;
    let count = fields.u8()?;
    checks.need(Check::EndpointCount, count <= 8)?;
    let endpoints = (0..count).map(|_| endpoint(checks, fields.vec8()?)).collect::<Judged<_>>()?;
    let name = name(checks, fields.vec8()?)?;
    let mailbox = mailbox(checks, fields.vec8()?)?;
    let token = fields.vec8()?;
    checks.need(Check::TokenLength, matches!(token.len(), 0 | 32))?;
    checks.need(Check::TokenMailbox, token.is_empty() || !mailbox.is_empty())?;
    claim.signature = fields.take(64)?;
    checks.need(Check::Trailing, fields.rest().is_empty())?;
    let Claim { did, fragment, algorithm, .. } = claim.clone();
    let form = Form { kind, version, issued, ends, did, fragment, algorithm, endpoints, name, mailbox, token };
    Ok((form, claim))
}

fn endpoint(checks: Checks, url: Vec<u8>) -> Judged<Vec<u8>> {
    let colon = url.iter().position(|byte| *byte == b':').unwrap_or(0);
    let (scheme, _) = url.split_at(colon);
    let letters = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.');
    let begins = scheme.first().is_some_and(u8::is_ascii_lowercase);
    checks.need(Check::EndpointScheme, begins && scheme.iter().all(letters))?;
    checks.need(Check::EndpointCharacters, url.iter().all(|byte| matches!(byte, 0x21..=0x7E)))?;
    Ok(url)
}

fn name(checks: Checks, name: Vec<u8>) -> Judged<Vec<u8>> {
    checks.need(Check::NameLength, name.len() <= 64)?;
    checks.need(Check::NameUtf8, std::str::from_utf8(&name).is_ok())?;
    let space = name.first() == Some(&b' ') || name.last() == Some(&b' ');
    checks.need(Check::NameSpace, !space)?;
    let unseen = |letter: char| UNSEEN.iter().any(|[first, last]| (*first..=*last).contains(&u32::from(letter)));
    checks.need(
        Check::NameSeen,
        !String::from_utf8_lossy(&name).chars().any(|letter| letter != '\u{fffd}' && unseen(letter)),
    )?;
    Ok(name)
}

fn mailbox(checks: Checks, url: Vec<u8>) -> Judged<Vec<u8>> {
    if url.is_empty() {
        return Ok(url);
    }
    let rest = url.strip_prefix(b"https://").or_else(|| url.strip_prefix(b"http://"));
    checks.need(Check::MailboxScheme, rest.is_some())?;
    let rest = rest.unwrap_or(b"a");
    checks.need(Check::MailboxHost, !matches!(rest.first(), None | Some(b'/')))?;
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:/%[]".contains(byte);
    checks.need(Check::MailboxCharacters, rest.iter().all(allowed))?;
    Ok(url)
}

/// What has to be signed, with the one part of the owner's whose check is off.
fn borrow(checks: Checks, form: Form, owner: &Signed) -> Signed {
    let mut own = Signed { form, ..owner.clone() };
    LABEL.clone_into(&mut own.label);
    let off = |check: Check| checks.off(check);
    let (form, real) = (&mut own.form, &owner.form);
    if off(Check::SignedLabel) {
        own.label.clone_from(&owner.label);
    } else if off(Check::SignedType) {
        form.kind = real.kind;
    } else if off(Check::SignedVersion) {
        form.version = real.version;
    } else if off(Check::SignedIssued) {
        form.issued = real.issued;
    } else if off(Check::SignedEnds) {
        form.ends = real.ends;
    } else if off(Check::SignedDid) {
        form.did.clone_from(&real.did);
    } else if off(Check::SignedFragment) {
        form.fragment.clone_from(&real.fragment);
    } else if off(Check::SignedAlgorithm) {
        form.algorithm = real.algorithm;
    } else if off(Check::SignedEndpoints) {
        form.endpoints.clone_from(&real.endpoints);
    } else if off(Check::SignedName) {
        form.name.clone_from(&real.name);
    } else if off(Check::SignedMailbox) {
        form.mailbox.clone_from(&real.mailbox);
    } else if off(Check::SignedToken) {
        form.token.clone_from(&real.token);
    }
    own
}
