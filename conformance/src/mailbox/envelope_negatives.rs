//! Envelopes that a recipient refuses before it has a letter (steps 1 to 3 of section 3.2).

use super::check::MailboxCheck as Check;
use super::envelope::Sealing;
use super::hpke::derive_key_pair;
use super::key::key_id;
use super::negative::Negative;
use crate::fixed::secret;
use crate::primitives::{sha256, x25519, x25519_public};

fn lengths() -> Vec<Negative> {
    let sent = |id, change: &str, edit: fn(&mut Vec<u8>)| Negative::sent(id, Check::EnvelopeLength, change, edit);
    let padded = |id, change: &str, length: usize| {
        Negative::plain(id, Check::EnvelopeLength, change, move |plain| plain.truncate(length))
    };
    vec![
        sent("m-envelope-empty", "no bytes", Vec::clear),
        sent("m-envelope-type-alone", "the type alone", |wire| wire.truncate(1)),
        sent("m-envelope-head", "the head alone", |wire| wire.truncate(50)),
        sent("m-envelope-66", "a size class of nothing", |wire| wire.truncate(66)),
        sent("m-envelope-short", "one byte short", |wire| wire.truncate(577)),
        sent("m-envelope-long", "one byte long", |wire| wire.push(0)),
        sent("m-envelope-class-only", "as long as a size class", |wire| wire.truncate(512)),
        sent("m-envelope-too-long", "one byte longer than the largest", |wire| wire.push(0)).on("m-content-longest"),
        padded("m-envelope-class-256", "a letter padded to 256 bytes", 256),
        padded("m-envelope-class-768", "a letter padded to 768 bytes", 768).on("m-class-513"),
        padded("m-envelope-class-none", "a letter without padding", 196),
    ]
}

/// The first 16 bytes.
fn first(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().take(16).collect()
}

fn heads() -> Vec<Negative> {
    let kind =
        |id, change: &str, kind| Negative::sealing(id, Check::EnvelopeType, change, move |sealing| sealing.kind = kind);
    let version = |id, change: &str, version| {
        Negative::sealing(id, Check::EnvelopeVersion, change, move |sealing| sealing.version = version)
    };
    let key = |id, change: &str, edit: fn(&Sealing) -> Vec<u8>| {
        Negative::sealing(id, Check::EnvelopeKey, change, move |sealing| sealing.key_id = edit(sealing))
    };
    let grace = |id, change: &str, more: u64| {
        Negative::recipient_view(id, Check::EnvelopeGrace, change, move |view| view.now += more)
    };
    vec![
        kind("m-envelope-type-0", "type 0", 0),
        kind("m-envelope-type-32", "type 32, of a mailbox key", 32),
        version("m-envelope-version-0", "version 0", 0),
        version("m-envelope-version-2", "version 2", 2),
        key("m-envelope-key-other", "the key id of another key", |_| key_id(&secret("other mailbox key"))),
        key("m-envelope-key-zero", "a key id of zeros", |_| vec![0; 16]),
        key("m-envelope-key-bit", "the last bit of the key id is changed", |sealing| {
            let (last, rest) = sealing.key_id.split_last().unwrap_or((&0, &[]));
            [rest, &[last ^ 1]].concat()
        }),
        key("m-envelope-key-raw", "the first 16 bytes of the key as its id", |sealing| first(&sealing.public_key)),
        key("m-envelope-key-no-label", "a key id whose hash has no label", |sealing| {
            first(&sha256(&[&sealing.public_key]))
        }),
        key("m-envelope-key-tail", "the last 16 bytes of the hash as the key id", |sealing| {
            sha256(&[b"didshake/1 mailbox key id", &sealing.public_key]).split_off(16)
        }),
        grace("m-envelope-grace-over", "the key has been over for 2,592,060 s", 1).on("m-key-grace"),
        grace("m-envelope-grace-long-over", "the key has been over for 2,592,119 s", 60).on("m-key-grace"),
    ]
}

/// Points of small order, and other ways to write them.
const SMALL: [(&str, &str, [u8; 2], u8); 6] = [
    ("m-enc-zero", "`enc` is 0", [0, 0], 0),
    ("m-enc-one", "`enc` is 1", [1, 0], 0),
    ("m-enc-minus-one", "`enc` is p - 1", [0xec, 0xff], 0x7f),
    ("m-enc-p", "`enc` is p, which is 0", [0xed, 0xff], 0x7f),
    ("m-enc-p-plus-one", "`enc` is p + 1, which is 1", [0xee, 0xff], 0x7f),
    ("m-enc-zero-top-bit", "`enc` is 0 with the top bit set", [0, 0], 0x80),
];

/// The two points of order 8.
const ORDER_8: [(&str, &str, [u8; 32]); 2] = [
    (
        "m-enc-order-8",
        "`enc` is a point of order 8",
        [
            0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09,
            0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00,
        ],
    ),
    (
        "m-enc-order-8-other",
        "`enc` is the other point of order 8",
        [
            0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44,
            0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57,
        ],
    ),
];

fn small_orders() -> Vec<Negative> {
    let small = |id, change: &str, enc: Vec<u8>| {
        Negative::sealing(id, Check::DhNotZero, change, move |sealing| {
            sealing.enc.clone_from(&enc);
            sealing.dh = vec![0; 32];
        })
    };
    let written = SMALL.into_iter().map(|(id, change, [first, middle], last)| {
        small(id, change, [vec![first], vec![middle; 30], vec![last]].concat())
    });
    written.chain(ORDER_8.into_iter().map(|(id, change, enc)| small(id, change, enc.to_vec()))).collect()
}

fn numbers() -> Vec<Negative> {
    let number = |id, check, change: &str, edit: fn(&mut Sealing)| Negative::sealing(id, check, change, edit);
    vec![
        number("m-seal-mode-psk", Check::SealMode, "mode 1, with a pre-shared key", |sealing| sealing.hpke.mode = 1),
        number("m-seal-mode-auth", Check::SealMode, "mode 2, authenticated", |sealing| sealing.hpke.mode = 2),
        number("m-seal-kem-p256", Check::SealKem, "KEM 0x0010, of P-256", |sealing| sealing.hpke.kem = 0x0010),
        number("m-seal-kem-x448", Check::SealKem, "KEM 0x0021, of X448", |sealing| sealing.hpke.kem = 0x0021),
        number("m-seal-kdf", Check::SealKdf, "KDF 0x0003, HKDF-SHA512", |sealing| sealing.hpke.kdf = 0x0003),
        number("m-seal-aead-128", Check::SealAead, "AEAD 0x0001, AES-128-GCM", |sealing| sealing.hpke.aead = 0x0001),
        number("m-seal-aead-256", Check::SealAead, "AEAD 0x0002, AES-256-GCM", |sealing| sealing.hpke.aead = 0x0002),
        number("m-seal-sequence-1", Check::SealSequence, "sequence number 1", |sealing| sealing.hpke.sequence = 1),
        number("m-seal-sequence-high", Check::SealSequence, "sequence number 2^32", |sealing| {
            sealing.hpke.sequence = 1 << 32;
        }),
    ]
}

fn inputs() -> Vec<Negative> {
    let info = |id, change: &str, info: &'static [u8]| {
        Negative::sealing(id, Check::SealInfo, change, move |sealing| sealing.hpke.info = info.to_vec())
    };
    let data = |id, change: &str, edit: fn(&Sealing) -> Vec<u8>| {
        Negative::sealing(id, Check::SealData, change, move |sealing| sealing.associated_data = Some(edit(sealing)))
    };
    vec![
        info("m-seal-info-empty", "no info", b""),
        info("m-seal-info-zero", "a zero byte behind the info", b"didshake/1 envelope\0"),
        info("m-seal-info-key", "the label of mailbox keys as info", b"didshake/1 mailbox key"),
        data("m-seal-data-empty", "no associated data", |_| Vec::new()),
        data("m-seal-data-head", "type and version alone as associated data", |_| vec![33, 1]),
        data("m-seal-data-enc", "the associated data holds `enc` too", |sealing| {
            [vec![33, 1], sealing.key_id.clone(), sealing.enc.clone()].concat()
        }),
        data("m-seal-data-key-id", "the key id alone as associated data", |sealing| sealing.key_id.clone()),
        data("m-seal-data-other", "the key id of another key in the associated data", |_| {
            [vec![33, 1], key_id(&secret("other mailbox key"))].concat()
        }),
    ]
}

fn keys() -> Vec<Negative> {
    vec![
        Negative::sealing("m-seal-other-key", Check::SealKey, "sealed to another key under our key id", |sealing| {
            let ephemeral = derive_key_pair(&secret("mailbox ephemeral"));
            let other = x25519_public(&secret("other mailbox key"));
            if let (Ok(ephemeral), Ok(other)) = (ephemeral, other) {
                sealing.dh = x25519(&ephemeral.secret, &other).unwrap_or_default();
                sealing.public_key = other;
            }
        }),
        Negative::sealing(
            "m-seal-context-without-key",
            Check::SealKey,
            "the KEM's context lacks the recipient's key",
            |sealing| sealing.public_key.clear(),
        ),
        Negative::sealing(
            "m-seal-no-secret",
            Check::SealKey,
            "sealed with a Diffie-Hellman result of zeros",
            |sealing| {
                sealing.dh = vec![0; 32];
            },
        ),
    ]
}

fn altered() -> Vec<Negative> {
    let flip = |id, check, change: &str, at: usize, bits: u8| {
        Negative::sent(id, check, change, move |wire| {
            wire.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= bits);
        })
    };
    vec![
        flip("m-envelope-enc-altered", Check::SealEnc, "the first bit of `enc` is changed", 18, 1),
        flip("m-envelope-enc-top-bit", Check::SealEnc, "the top bit of `enc` is set, which X25519 ignores", 49, 0x80),
        Negative::sent("m-envelope-enc-other", Check::SealEnc, "`enc` of another envelope", |wire| {
            if let Ok(other) = derive_key_pair(&secret("other mailbox ephemeral")) {
                wire.splice(18..50, other.public);
            }
        }),
        flip("m-envelope-text-first", Check::SealTag, "the first sealed bit is changed", 50, 1),
        flip("m-envelope-text-last", Check::SealTag, "the last bit before the tag is changed", 561, 0x80),
        flip("m-envelope-tag-first", Check::SealTag, "the first bit of the tag is changed", 562, 1),
        flip("m-envelope-tag-last", Check::SealTag, "the last bit of the tag is changed", 577, 0x80),
    ]
}

pub(crate) fn all() -> Vec<Negative> {
    let all = [lengths(), heads(), small_orders(), numbers(), inputs(), keys(), altered()];
    all.into_iter().flatten().collect()
}
