//! Accept, refused by the initiator.

use super::{FIRST, extension, flip};
use crate::bytes::Put;
use crate::check::Check;
use crate::negative::{Negative, negative};

fn accept(id: &'static str, check: Check) -> Negative {
    negative(id, FIRST, check).accept()
}

fn kind(id: &'static str, kind: u8, change: &str) -> Negative {
    accept(id, Check::MessageType).wire(change, move |wire| {
        if let Some(first) = wire.first_mut() {
            *first = kind;
        }
    })
}

fn envelope() -> Vec<Negative> {
    vec![
        accept("n-accept-empty", Check::MessageTruncated).wire("an empty message", Vec::clear),
        accept("n-accept-truncated", Check::MessageTruncated)
            .wire("the sealed part lacks its last byte", |wire| wire.truncate(24)),
        accept("n-accept-trailing", Check::TrailingBytes).wire("a byte after the sealed part", |wire| wire.push(0)),
        accept("n-accept-too-long", Check::MessageLength).also(&["R-LIMIT-1"]).plain(
            "65,536 bytes, by an extension that would be ignored",
            |plain| {
                plain.truncate(4);
                let _ = plain.vec16(&extension(40_000, 0, &vec![0; 65_506]));
            },
        ),
        kind("n-accept-type-unknown", 8, "type 8"),
        kind("n-accept-type-reply", 2, "the type of Reply"),
        kind("n-accept-type-retry", 5, "the type of Retry"),
        kind("n-accept-type-record", 16, "the type of a record"),
        accept("n-accept-tag", Check::SealedTag).wire("a bit of the tag", |wire| flip(wire, 24)),
        accept("n-accept-sealed-empty", Check::SealedLength).wire("an empty sealed part", |wire| *wire = vec![4, 0, 0]),
        accept("n-accept-associated-data", Check::SealedAssociatedData)
            .sealing("no associated data", |sealing| sealing.associated_data.clear()),
        accept("n-accept-nonce", Check::SealedNonce)
            .sealing("the nonce 1 for the sealed part", |sealing| flip(&mut sealing.nonce, 11)),
        accept("n-accept-alert", Check::PeerAlert).wire("an alert 49 instead of Accept", |wire| *wire = vec![15, 49]),
        accept("n-accept-alert-short", Check::AlertForm).wire("an alert without a code", |wire| *wire = vec![15]),
        accept("n-accept-alert-unknown", Check::AlertKnown)
            .wire("an alert of the unknown code 255", |wire| *wire = vec![15, 255]),
    ]
}

/// Accept with this extension list.
fn list(id: &'static str, check: Check, change: &str, extensions: Vec<u8>) -> Negative {
    accept(id, check).plain(change, move |plain| {
        plain.truncate(4);
        let _ = plain.vec16(&extensions);
    })
}

fn plain_text() -> Vec<Negative> {
    let all = vec![
        accept("n-accept-plain-empty", Check::AcceptTruncated).plain("an empty plain text", Vec::clear),
        accept("n-accept-lifetime-short", Check::AcceptTruncated)
            .plain("the plain text ends inside lifetime", |plain| plain.truncate(3)),
        accept("n-accept-extensions-missing", Check::AcceptTruncated)
            .plain("the plain text ends after lifetime", |plain| plain.truncate(4)),
        accept("n-accept-extensions-length-over", Check::AcceptTruncated)
            .plain("the length of the empty extensions says 1", |plain| flip(plain, 5)),
        accept("n-accept-plain-trailing", Check::AcceptTrailing)
            .plain("a byte after the extensions", |plain| plain.push(0)),
        list(
            "n-accept-extension-order",
            Check::AcceptExtensions,
            "extension 41 before extension 40",
            [extension(41, 0, b""), extension(40, 0, b"")].concat(),
        ),
        list(
            "n-accept-extension-duplicate",
            Check::AcceptExtensions,
            "extension 40 twice",
            [extension(40, 0, b""), extension(40, 0, b"")].concat(),
        ),
        list("n-accept-extension-critical-2", Check::AcceptExtensions, "a critical byte of 2", extension(40, 2, b"")),
        list(
            "n-accept-extension-truncated",
            Check::AcceptExtensions,
            "the last extension's body runs past the list",
            vec![0, 40, 0, 0, 2, 9],
        ),
        list(
            "n-accept-critical-unknown",
            Check::AcceptCriticalExtension,
            "an unknown critical extension",
            extension(40, 1, b""),
        ),
        list(
            "n-accept-critical-recipient",
            Check::AcceptCriticalExtension,
            "Hello's extension recipient, critical",
            extension(1, 1, &[0; 16]),
        )
        .also(&["R-EXT-5"]),
    ];
    all.into_iter().map(|negative| negative.also(&["R-INIT-9"])).collect()
}

pub(super) fn all() -> Vec<Negative> {
    [envelope(), plain_text()].into_iter().flatten().collect()
}
