//! Reply up to and with its sealed part, refused by the initiator.

use super::hello::low_order_shares;
use super::{FIRST, METHODS, extension, flip};
use crate::check::Check;
use crate::negative::{Negative, negative};
use crate::primitives::TEST_SUITE;

fn reply(id: &'static str, check: Check) -> Negative {
    negative(id, FIRST, check).reply()
}

fn truncated() -> Vec<Negative> {
    let cuts = [
        ("n-reply-empty", 0, "an empty message"),
        ("n-reply-truncated-suite", 2, "the message ends inside the suite"),
        ("n-reply-truncated-share", 36, "the message ends inside the key share"),
        ("n-reply-truncated-nonce", 68, "the message ends inside the nonce"),
        ("n-reply-truncated-length", 70, "the message ends inside the length of the sealed part"),
        ("n-reply-truncated-sealed", 214, "the sealed part lacks its last byte"),
    ];
    let cut = |(id, keep, change): (&'static str, usize, &str)| {
        reply(id, Check::MessageTruncated).wire(change, move |wire| wire.truncate(keep))
    };
    cuts.into_iter().map(cut).collect()
}

fn envelope() -> Vec<Negative> {
    let kind =
        |id, kind: u8, change: &str| reply(id, Check::MessageType).reply_fields(change, move |reply| reply.kind = kind);
    vec![
        kind("n-reply-type-unknown", 6, "type 6"),
        kind("n-reply-type-hello", 1, "the type of Hello"),
        kind("n-reply-type-accept", 4, "the type of Accept"),
        kind("n-reply-type-record", 16, "the type of a record"),
        reply("n-reply-length-over", Check::MessageTruncated)
            .wire("the length of the sealed part is one too many", |wire| flip(wire, 70)),
        reply("n-reply-trailing", Check::TrailingBytes).wire("a byte after the sealed part", |wire| wire.push(0)),
        reply("n-reply-too-long", Check::MessageLength).also(&["R-LIMIT-1"]).claim(
            "65,559 bytes, by an extension that would be ignored",
            |claim| {
                claim.extensions = extension(40_000, 0, &vec![0; 65_341]);
            },
        ),
        reply("n-reply-alert", Check::PeerAlert).wire("an alert 40 instead of Reply", |wire| *wire = vec![15, 40]),
        reply("n-reply-alert-short", Check::AlertForm).wire("an alert without a code", |wire| *wire = vec![15]),
        reply("n-reply-alert-trailing", Check::AlertForm)
            .wire("an alert of three bytes", |wire| *wire = vec![15, 40, 0]),
        reply("n-reply-alert-unknown", Check::AlertKnown)
            .wire("an alert of the unknown code 41", |wire| *wire = vec![15, 41]),
    ]
}

fn suites_and_shares() -> Vec<Negative> {
    let length = |id, length: usize| {
        reply(id, Check::ShareLength)
            .reply_fields(&format!("a key share of {length} bytes"), move |reply| reply.share.resize(length, 1))
    };
    let mut all = vec![
        negative("n-reply-suite-not-offered", "p-suite-single", Check::ReplySuiteOffered)
            .reply()
            .reply_fields("suite 2, which was not offered, and sealed with it", |reply| reply.suite = 2),
        negative("n-reply-suite-wrong-group", "p-suite-not-accepted-listed", Check::ReplySuiteGroup)
            .reply()
            .reply_fields("a suite that was offered and is of another group", |reply| reply.suite = TEST_SUITE),
        length("n-reply-share-empty", 0),
        length("n-reply-share-short", 31),
        length("n-reply-share-long", 33),
    ];
    let ids = [
        "n-reply-share-zero",
        "n-reply-share-one",
        "n-reply-share-order-8",
        "n-reply-share-p",
        "n-reply-share-p-plus-1",
    ];
    all.extend(ids.into_iter().zip(low_order_shares()).map(|(id, (what, share))| {
        reply(id, Check::DhNotZero)
            .reply_fields(&format!("the low-order key share {what}"), move |reply| reply.share.clone_from(&share))
    }));
    all
}

/// Leaves that many bytes of the sealed part, with the right length in front.
fn cut_sealed(wire: &mut Vec<u8>, start: usize, keep: u8) {
    wire.truncate(start);
    wire.extend([0, keep]);
    wire.extend(vec![7; usize::from(keep)]);
}

fn sealed() -> Vec<Negative> {
    vec![
        reply("n-reply-tag", Check::SealedTag).wire("a bit of the tag", |wire| {
            let last = wire.len().saturating_sub(1);
            flip(wire, last);
        }),
        reply("n-reply-sealed-empty", Check::SealedLength).wire("an empty sealed part", |wire| cut_sealed(wire, 69, 0)),
        reply("n-reply-sealed-short", Check::SealedLength)
            .wire("a sealed part of 15 bytes", |wire| cut_sealed(wire, 69, 15)),
        reply("n-reply-associated-data", Check::SealedAssociatedData)
            .sealing("no associated data", |sealing| sealing.associated_data.clear()),
        reply("n-reply-nonce", Check::SealedNonce)
            .sealing("the nonce 1 for the sealed part", |sealing| flip(&mut sealing.nonce, 11)),
        negative("n-reply-tag-suite-2", "p-suite-2", Check::SealedTag).reply().wire(
            "a bit of AES-256-GCM's tag",
            |wire| {
                let last = wire.len().saturating_sub(16);
                flip(wire, last);
            },
        ),
        negative("n-reply-critical-unknown", METHODS, Check::IdentityCriticalExtension)
            .reply()
            .claim("an unknown critical extension", |claim| claim.extensions = extension(40, 1, b"")),
        negative("n-reply-critical-recipient", METHODS, Check::IdentityCriticalExtension)
            .reply()
            .also(&["R-EXT-5"])
            .claim("Hello's extension recipient, critical", |claim| claim.extensions = extension(1, 1, &[0; 16])),
    ]
}

pub(super) fn all() -> Vec<Negative> {
    [truncated(), envelope(), suites_and_shares(), sealed()].into_iter().flatten().collect()
}
