//! Finish as a message, refused by the responder.

use super::{FIRST, flip};
use crate::check::Check;
use crate::negative::{Negative, negative};

fn finish(id: &'static str, check: Check) -> Negative {
    negative(id, FIRST, check).finish()
}

/// Puts another type byte in front; nothing hashes it.
fn kind(id: &'static str, kind: u8, change: &str) -> Negative {
    finish(id, Check::MessageType).wire(change, move |wire| {
        if let Some(first) = wire.first_mut() {
            *first = kind;
        }
    })
}

pub(super) fn all() -> Vec<Negative> {
    vec![
        finish("n-finish-empty", Check::MessageTruncated).wire("an empty message", Vec::clear),
        finish("n-finish-truncated-length", Check::MessageTruncated)
            .wire("the message ends inside the length of the sealed part", |wire| wire.truncate(2)),
        finish("n-finish-truncated-sealed", Check::MessageTruncated)
            .wire("the sealed part lacks its last byte", |wire| wire.truncate(146)),
        finish("n-finish-length-over", Check::MessageTruncated)
            .wire("the length of the sealed part is one too many", |wire| flip(wire, 2)),
        finish("n-finish-trailing", Check::TrailingBytes).wire("a byte after the sealed part", |wire| wire.push(0)),
        kind("n-finish-type-unknown", 7, "type 7"),
        kind("n-finish-type-hello", 1, "the type of Hello"),
        kind("n-finish-type-accept", 4, "the type of Accept"),
        kind("n-finish-type-record", 16, "the type of a record"),
        finish("n-finish-tag", Check::SealedTag).wire("a bit of the tag", |wire| flip(wire, 146)),
        finish("n-finish-sealed-short", Check::SealedLength).wire("a sealed part of 15 bytes", |wire| {
            *wire = [vec![3, 0, 15], vec![7; 15]].concat();
        }),
        finish("n-finish-associated-data", Check::SealedAssociatedData)
            .sealing("no associated data", |sealing| sealing.associated_data.clear()),
        finish("n-finish-nonce", Check::SealedNonce)
            .sealing("the nonce 1 for the sealed part", |sealing| flip(&mut sealing.nonce, 11)),
        finish("n-finish-alert", Check::PeerAlert).wire("an alert 20 instead of Finish", |wire| *wire = vec![15, 20]),
        finish("n-finish-alert-malformed", Check::AlertForm)
            .wire("an alert of three bytes", |wire| *wire = vec![15, 20, 20]),
        finish("n-finish-alert-unknown", Check::AlertKnown)
            .wire("an alert of the unknown code 0", |wire| *wire = vec![15, 0]),
    ]
}
