//! Hello, refused by the responder.

use super::{FIRST, extension};
use crate::check::Check;
use crate::negative::{Negative, negative};
use crate::primitives::{TEST_GROUP, TEST_SUITE};
use crate::wire::suite_bytes;

/// u-coordinates whose X25519 result is zero for every secret (RFC 7748, section 7), little-endian.
pub(super) fn low_order_shares() -> [(&'static str, Vec<u8>); 5] {
    let p_plus = |n: u8| [vec![0xed + n], vec![0xff; 30], vec![0x7f]].concat();
    let order_8 = "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800";
    [
        ("zero", vec![0; 32]),
        ("one", [vec![1], vec![0; 31]].concat()),
        ("a point of order 8", hex::decode(order_8).unwrap_or_default()),
        ("p, another encoding of zero", p_plus(0)),
        ("p + 1, another encoding of one", p_plus(1)),
    ]
}

fn truncated() -> Vec<Negative> {
    let cuts = [
        ("n-hello-empty", 0, "an empty message"),
        ("n-hello-truncated-version", 1, "the message ends before the version"),
        ("n-hello-truncated-suites", 5, "the message ends inside the suite list"),
        ("n-hello-truncated-group", 8, "the message ends inside the group"),
        ("n-hello-truncated-share", 42, "the message ends inside the key share"),
        ("n-hello-truncated-nonce", 74, "the message ends inside the nonce"),
        ("n-hello-truncated-application-protocol", 91, "the message ends inside the application protocol"),
        ("n-hello-truncated-extensions", 93, "the message ends inside the length of the extensions"),
    ];
    let cut = |(id, keep, change): (&'static str, usize, &str)| {
        negative(id, FIRST, Check::MessageTruncated).wire(change, move |wire| wire.truncate(keep))
    };
    let mut all: Vec<Negative> = cuts.into_iter().map(cut).collect();
    all.push(
        negative("n-hello-extensions-length-over", FIRST, Check::MessageTruncated)
            .wire("the length of the empty extensions says 1", |wire| super::flip(wire, 93)),
    );
    all.push(negative("n-hello-extension-truncated", FIRST, Check::MessageTruncated).hello(
        "the last extension's body runs past the list",
        |hello| {
            hello.extensions = extension(40, 0, b"body");
            hello.extensions.pop();
        },
    ));
    all.push(
        negative("n-hello-extension-head-truncated", FIRST, Check::MessageTruncated)
            .hello("the list ends inside an extension's id", |hello| {
                hello.extensions = [extension(40, 0, b""), vec![0]].concat()
            }),
    );
    all
}

fn envelope() -> Vec<Negative> {
    let kinds = [
        ("n-hello-type-zero", 0, "type 0"),
        ("n-hello-type-unknown", 9, "type 9"),
        ("n-hello-type-reply", 2, "the type of Reply"),
        ("n-hello-type-finish", 3, "the type of Finish"),
        ("n-hello-type-retry", 5, "the type of Retry"),
        ("n-hello-type-record", 16, "the type of a record"),
    ];
    let kind = |(id, kind, change): (&'static str, u8, &str)| {
        negative(id, FIRST, Check::MessageType).hello(change, move |hello| hello.kind = kind)
    };
    let mut all: Vec<Negative> = kinds.into_iter().map(kind).collect();
    all.extend([
        negative("n-hello-too-long", FIRST, Check::MessageLength).also(&["R-LIMIT-1"]).hello(
            "4,097 bytes, by an extension that would be ignored",
            |hello| {
                hello.extensions = extension(40_000, 0, &[0; 3998]);
            },
        ),
        negative("n-hello-trailing", FIRST, Check::TrailingBytes)
            .wire("a zero byte after the last field", |wire| wire.push(0)),
        negative("n-hello-extension-outside", FIRST, Check::TrailingBytes)
            .wire("an extension after an extension list of length 0", |wire| wire.extend(extension(40, 0, b""))),
        negative("n-hello-version-0", FIRST, Check::Version).hello("version 0", |hello| hello.version = 0),
        negative("n-hello-version-2", FIRST, Check::Version).hello("version 2", |hello| hello.version = 2),
        negative("n-hello-alert", FIRST, Check::PeerAlert)
            .wire("an alert 80 instead of Hello", |wire| *wire = vec![15, 80]),
        negative("n-hello-alert-malformed", FIRST, Check::AlertForm)
            .wire("an alert without a code instead of Hello", |wire| *wire = vec![15]),
    ]);
    all
}

fn suites() -> Vec<Negative> {
    let list = |id, check, change: &str, suites: Vec<u8>| {
        negative(id, FIRST, check).hello(change, move |hello| hello.suites.clone_from(&suites))
    };
    vec![
        list("n-hello-suites-empty", Check::SuiteListForm, "an empty suite list", Vec::new()),
        list("n-hello-suites-odd", Check::SuiteListForm, "a suite list of 3 bytes", vec![0, 1, 0]),
        list("n-hello-suites-one-byte", Check::SuiteListForm, "a suite list of 1 byte", vec![1]),
        list("n-hello-suite-duplicate", Check::SuiteListDuplicate, "suite 1 is listed twice", suite_bytes(&[1, 2, 1])),
        list(
            "n-hello-suite-duplicate-unknown",
            Check::SuiteListDuplicate,
            "an unknown suite is listed twice",
            suite_bytes(&[7, 1, 7]),
        ),
        list("n-hello-no-common-suite", Check::CommonSuite, "only the reserved suite 3 is listed", suite_bytes(&[3])),
        negative("n-hello-no-common-suite-known", FIRST, Check::CommonSuite)
            .hello("only a suite that the responder knows and does not accept is listed, with its group", |hello| {
                (hello.suites, hello.group) = (suite_bytes(&[TEST_SUITE]), TEST_GROUP)
            }),
        negative("n-hello-no-common-suite-configured", "p-suite-single", Check::CommonSuite)
            .config("the responder accepts suite 2 only", |config| config.responder.suites = vec![2]),
        negative("n-hello-suites-without-group", FIRST, Check::SuiteListGroup)
            .hello("a group that no listed suite has, all suites being known", |hello| hello.group = TEST_GROUP),
        negative("n-hello-suites-without-group-not-accepted", "p-suite-accepts-one", Check::SuiteListGroup)
            .also(&["R-SUITE-7"])
            .hello("a group that no listed suite has, all suites being known, not all accepted", |hello| {
                hello.group = 0x0017
            }),
        negative("n-hello-group-unknown", FIRST, Check::SuiteListGroup)
            .hello("group 0x0017 with suites of X25519", |hello| hello.group = 0x0017),
    ]
}

fn protocols() -> Vec<Negative> {
    let protocol = |id, check, change: &str, name: &'static [u8]| {
        negative(id, FIRST, check).hello(change, move |hello| hello.protocol = name.to_vec())
    };
    vec![
        protocol("n-hello-application-protocol-empty", Check::ProtocolEmpty, "no application protocol", b""),
        protocol(
            "n-hello-application-protocol-unknown",
            Check::ProtocolServed,
            "an application protocol that is not served",
            b"didshake.mail/1",
        ),
        protocol(
            "n-hello-application-protocol-case",
            Check::ProtocolServed,
            "an application protocol in other case",
            b"Didshake.login/1",
        ),
        protocol(
            "n-hello-application-protocol-longer",
            Check::ProtocolServed,
            "an application protocol with a zero byte at its end",
            b"didshake.login/1\0",
        ),
    ]
}

fn extensions() -> Vec<Negative> {
    let list = |id, check, change: &str, extensions: Vec<u8>| {
        negative(id, FIRST, check).hello(change, move |hello| hello.extensions.clone_from(&extensions))
    };
    vec![
        list(
            "n-hello-extension-order",
            Check::ExtensionOrder,
            "extension 41 before extension 40",
            [extension(41, 0, b""), extension(40, 0, b"")].concat(),
        ),
        list(
            "n-hello-extension-duplicate",
            Check::ExtensionOrder,
            "extension 40 twice",
            [extension(40, 0, b""), extension(40, 0, b"")].concat(),
        ),
        list(
            "n-hello-extension-critical-2",
            Check::ExtensionCriticalByte,
            "a critical byte of 2",
            extension(40, 2, b""),
        ),
        list(
            "n-hello-extension-critical-255",
            Check::ExtensionCriticalByte,
            "a critical byte of 255",
            extension(40, 255, b""),
        ),
        list("n-hello-recipient-short", Check::RecipientLength, "a recipient of 15 bytes", extension(1, 1, &[0; 15])),
        list("n-hello-recipient-long", Check::RecipientLength, "a recipient of 17 bytes", extension(1, 1, &[0; 17])),
        list("n-hello-recipient-empty", Check::RecipientLength, "an empty recipient", extension(1, 0, b"")),
        list(
            "n-hello-critical-unknown",
            Check::HelloCriticalExtension,
            "an unknown critical extension",
            extension(40, 1, b""),
        ),
        list(
            "n-hello-critical-reserved",
            Check::HelloCriticalExtension,
            "the reserved extension 2 as critical",
            extension(2, 1, b""),
        ),
        list(
            "n-hello-recipient-unknown",
            Check::RecipientMatch,
            "a recipient that fits no identity",
            extension(1, 1, &[7; 16]),
        ),
        list(
            "n-hello-recipient-unknown-not-critical",
            Check::RecipientMatch,
            "a recipient that fits no identity, not critical",
            extension(1, 0, &[7; 16]),
        ),
        negative("n-hello-recipient-nonce", "p-recipient", Check::RecipientMatch)
            .hello("recipient was made with another nonce", |hello| super::flip(&mut hello.nonce, 0)),
        negative("n-hello-recipient-gone", "p-recipient", Check::RecipientMatch)
            .config("the identity that is meant is not the responder's", |config| {
                drop(config.responder.identities.remove(1))
            }),
    ]
}

fn shares() -> Vec<Negative> {
    let length = |id, length: usize| {
        negative(id, FIRST, Check::ShareLength)
            .hello(&format!("a key share of {length} bytes"), move |hello| hello.share.resize(length, 1))
    };
    let mut all =
        vec![length("n-hello-share-empty", 0), length("n-hello-share-short", 31), length("n-hello-share-long", 33)];
    let ids = [
        "n-hello-share-zero",
        "n-hello-share-one",
        "n-hello-share-order-8",
        "n-hello-share-p",
        "n-hello-share-p-plus-1",
    ];
    all.extend(ids.into_iter().zip(low_order_shares()).map(|(id, (what, share))| {
        negative(id, FIRST, Check::DhNotZero)
            .hello(&format!("the low-order key share {what}"), move |hello| hello.share.clone_from(&share))
    }));
    all
}

pub(super) fn all() -> Vec<Negative> {
    [truncated(), envelope(), suites(), protocols(), extensions(), shares()].into_iter().flatten().collect()
}
