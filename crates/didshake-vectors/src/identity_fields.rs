//! The fields of an Identity, and of extension lists.

use didshake::{Algorithm, Did, Fault, Fragment, MAX_DID_BYTES};

use crate::fields::{Walk, Walker};

/// An Identity, plain and padded.
pub(crate) fn identity(walker: &mut Walker<'_>) -> Walk<()> {
    let start = walker.at();
    let did = walker.vector("DID", 2, printable)?;
    if did.len() > MAX_DID_BYTES {
        return Err(walker.fault(Fault::DidSyntax, start));
    }
    let did = std::str::from_utf8(did).map_err(|_| Fault::DidSyntax).and_then(Did::parse);
    let did = did.map_err(|fault| walker.fault(fault, start + 2))?;
    let fragment_at = walker.at();
    let fragment = walker.vector("fragment", 1, |bytes| match bytes {
        [] => String::from("none: the DID has one method"),
        bytes => printable(bytes),
    })?;
    let algorithm_at = walker.at();
    let algorithm = walker.number("algorithm", 1, |byte| {
        let known = u8::try_from(byte).ok().and_then(Algorithm::from_byte);
        known.map_or_else(|| format!("{byte} unknown"), |algorithm| format!("{byte} {}", algorithm.name()))
    })?;
    if u8::try_from(algorithm).ok().and_then(Algorithm::from_byte).is_none() {
        return Err(walker.fault(Fault::UnknownAlgorithm, algorithm_at));
    }
    walker.field("signature", 64, |_| String::from("over the transcript"))?;
    extensions(walker, Fault::IdentityExtensions, |_, _| None)?;
    padding(walker)?;
    let fragment = std::str::from_utf8(fragment).map_err(|_| Fault::FragmentRule);
    match fragment.and_then(|text| Fragment::of(&did, text)) {
        Ok(_) => Ok(()),
        Err(fault) => Err(walker.fault(fault, fragment_at)),
    }
}

fn padding(walker: &mut Walker<'_>) -> Walk<()> {
    let (at, left) = (walker.at(), walker.left());
    let bytes = walker.field("padding", left, |_| String::from("zeros, to a multiple of 64"))?;
    let whole = at.saturating_add(left).is_multiple_of(64);
    if whole && left < 64 && bytes.iter().all(|byte| *byte == 0) {
        return Ok(());
    }
    Err(walker.fault(Fault::IdentityPadding, at))
}

/// An extension list with its length.
pub(crate) fn extensions(
    walker: &mut Walker<'_>,
    truncated: Fault,
    known: fn(u64, &[u8]) -> Option<String>,
) -> Walk<()> {
    walker.nested("extensions", 2, truncated, |walker| {
        let mut last = None;
        while walker.left() > 0 {
            let at = walker.at();
            let id = walker.number("id", 2, |id| match id {
                1 => String::from("1 recipient"),
                2..=31 => format!("{id} reserved"),
                0x4000.. => format!("{id} private"),
                _ => format!("{id} unknown"),
            })?;
            if last.is_some_and(|last| last >= id) {
                return Err(walker.fault(Fault::ExtensionOrder, at));
            }
            last = Some(id);
            let critical_at = walker.at();
            let critical = walker.number("critical", 1, |critical| match critical {
                0 => String::from("no: may be ignored"),
                1 => String::from("yes: who does not know it aborts"),
                _ => String::from("neither 0 nor 1"),
            })?;
            if critical > 1 {
                return Err(walker.fault(Fault::ExtensionCriticalByte, critical_at));
            }
            walker.vector("body", 2, |body| known(id, body).unwrap_or_else(|| printable(body)))?;
        }
        Ok(())
    })
}

/// Printable ASCII as text; for everything else, that it is none.
pub(crate) fn printable(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok("") => String::from("empty"),
        Ok(text) if text.bytes().all(|byte| (0x20..0x7F).contains(&byte)) => format!("\"{text}\""),
        _ => String::from("not printable"),
    }
}
