//! Mailbox keys that a sender refuses for what only a mailbox key has.

use super::check::MailboxCheck as Check;
use super::key::{KeyForm, KeySigned};
use super::negative::Negative;
use crate::fixed::{NOW, jwk_identity, secret};

const DAY: u64 = 86_400;

/// Replaces bytes from there on.
fn put(wire: &mut [u8], at: usize, bytes: &[u8]) {
    wire.iter_mut().skip(at).zip(bytes).for_each(|(to, from)| *to = *from);
}

fn cuts() -> Vec<Negative> {
    let cut = |id, change: &str, length: usize| {
        Negative::key_sent(id, Check::KeyTruncated, change, move |wire| wire.truncate(length))
    };
    vec![
        cut("m-key-empty", "no bytes", 0),
        cut("m-key-cut-version", "the type alone", 1),
        cut("m-key-cut-public-key", "cut one byte before the end of the public key", 33),
        cut("m-key-cut-begins", "cut one byte before the end of `begins`", 41),
        cut("m-key-cut-ends", "cut one byte before the end of `ends`", 49),
        cut("m-key-cut-did-length", "cut inside the DID's length", 51),
        cut("m-key-cut-did", "cut one byte before the end of the DID", 107),
        cut("m-key-cut-fragment-length", "cut behind the DID", 108),
        cut("m-key-cut-fragment", "cut one byte before the end of the fragment", 80).on("m-web"),
        cut("m-key-cut-algorithm", "cut behind the fragment", 109),
        cut("m-key-cut-signature-whole", "cut behind the algorithm", 110),
        cut("m-key-cut-signature", "one byte short", 173),
        Negative::key_sent("m-key-did-over", Check::KeyTruncated, "a DID of 2,048 bytes that are not there", |wire| {
            put(wire, 50, &[8, 0]);
        }),
        Negative::key_sent(
            "m-key-did-over-by-one",
            Check::KeyTruncated,
            "a DID of one byte more than follow",
            |wire| {
                put(wire, 50, &[0, 123]);
            },
        ),
        Negative::key_sent(
            "m-key-fragment-over",
            Check::KeyTruncated,
            "a fragment of 255 bytes that are not there",
            |wire| put(wire, 73, &[255]),
        )
        .on("m-web"),
    ]
}

fn forms() -> Vec<Negative> {
    let kind = |id, change: &str, kind| Negative::key(id, Check::KeyType, change, move |form| form.kind = kind);
    let version =
        |id, change: &str, version| Negative::key(id, Check::KeyVersion, change, move |form| form.version = version);
    let trailing = |id, change: &str, edit: fn(&mut Vec<u8>)| Negative::key_sent(id, Check::KeyTrailing, change, edit);
    vec![
        kind("m-key-type-0", "type 0", 0),
        kind("m-key-type-1", "type 1, of Hello", 1),
        kind("m-key-type-33", "type 33, of an envelope", 33),
        version("m-key-version-0", "version 0", 0),
        version("m-key-version-2", "version 2", 2),
        trailing("m-key-trailing", "a zero byte behind the signature", |wire| wire.push(0)),
        trailing("m-key-trailing-long", "the key twice, one behind the other", |wire| wire.extend(wire.clone())),
        trailing("m-key-trailing-p256", "a byte behind a signature with P-256", |wire| wire.push(1)).on("m-p256"),
    ]
}

fn times() -> Vec<Negative> {
    let at = |id, check, change: &str, begins: u64, ends: u64| {
        Negative::key(id, check, change, move |form| (form.begins, form.ends) = (begins, ends))
    };
    let now = |id, check, change: &str, now: u64| Negative::sender_view(id, check, change, move |view| view.now = now);
    let never = u64::MAX;
    vec![
        at("m-key-period-none", Check::KeyOrder, "the key ends when it begins", NOW + 30, NOW + 30),
        at("m-key-period-negative", Check::KeyOrder, "the key ends before it begins", NOW + 60, NOW + 1),
        at("m-key-period-91-days", Check::KeyPeriod, "90 days and one second", NOW - DAY, NOW + 89 * DAY + 1),
        at("m-key-period-ahead", Check::KeyPeriod, "90 days and one second, 60 s ahead", NOW + 60, NOW + 90 * DAY + 61),
        at("m-key-period-for-ever", Check::KeyPeriod, "the key ends at 2^64 - 1", NOW - DAY, never),
        at("m-key-begins-61-ahead", Check::KeyBegins, "the key begins 61 s from now", NOW + 61, NOW + DAY),
        at("m-key-begins-far", Check::KeyBegins, "the key begins at 2^64 - 11 and ends at 2^64 - 1", never - 10, never),
        at("m-key-ends-now", Check::KeyEnds, "the key ends now", NOW - DAY, NOW),
        at("m-key-ended", Check::KeyEnds, "the key ended a second ago", NOW - DAY, NOW - 1),
        at("m-key-ended-long-ago", Check::KeyEnds, "the key ended in the first second of time", 0, 1),
        now("m-key-now-before", Check::KeyBegins, "the sender's clock is 61 s before `begins`", NOW - DAY - 61),
        now("m-key-now-ends", Check::KeyEnds, "the sender's clock is at `ends`", NOW + 29 * DAY),
        now("m-key-now-grace", Check::KeyEnds, "the sender's clock is 30 s after `ends`", NOW + 29 * DAY + 30),
    ]
}

fn meant() -> Vec<Negative> {
    let means = |id, change: &str, did: &str| {
        let did = did.to_owned();
        Negative::sender_view(id, Check::KeyMeant, change, move |view| view.means.clone_from(&did))
    };
    vec![
        means("m-key-not-meant", "another DID is meant", "did:web:other.example"),
        means("m-key-not-meant-case", "the DID that is meant has a capital", "did:web:Owner.example").on("m-web"),
        means("m-key-not-meant-longer", "the DID that is meant is longer", "did:web:owner.example:a").on("m-web"),
        means("m-key-not-meant-shorter", "the DID that is meant is shorter", "did:web:owner.exampl").on("m-web"),
        Negative::key(
            "m-key-not-meant-jwk",
            Check::KeyMeant,
            "the did:jwk of the key whose did:key is meant",
            |form| {
                if let Ok(identity) = jwk_identity(1, "mailbox owner ed25519", "") {
                    form.did = identity.did.into_bytes();
                }
            },
        ),
    ]
}

fn labels() -> Vec<Negative> {
    let label = |id, change: &str, label: &'static str| {
        Negative::key_signed(id, Check::KeySignedLabel, change, move |signed| {
            label.as_bytes().clone_into(&mut signed.label);
        })
    };
    vec![
        label("m-key-signed-envelope", "signed under the label of envelopes", "didshake/1 envelope"),
        label("m-key-signed-responder", "signed under the label of a responder", "didshake/1 responder"),
        label("m-key-signed-key-id", "signed under the label of key ids", "didshake/1 mailbox key id"),
        label("m-key-signed-zeros", "two zero bytes behind the label", "didshake/1 mailbox key\0"),
        label("m-key-signed-no-label", "signed without the label", ""),
    ]
}

fn signed() -> Vec<Negative> {
    let part = |id, check, change: &str, edit: fn(&mut KeyForm)| {
        Negative::key_signed(id, check, change, move |signed: &mut KeySigned| edit(&mut signed.form))
    };
    vec![
        part("m-key-signed-type", Check::KeySignedType, "another type is signed", |form| form.kind = 33),
        part("m-key-signed-version", Check::KeySignedVersion, "another version is signed", |form| form.version = 2),
        part("m-key-signed-public-key", Check::KeySignedPublicKey, "another public key is signed", |form| {
            form.public_key = secret("other public key");
        }),
        part(
            "m-key-signed-top-bit",
            Check::KeySignedPublicKey,
            "the public key is signed with its top bit set",
            |form| {
                form.public_key.iter_mut().skip(31).for_each(|byte| *byte ^= 0x80);
            },
        ),
        part("m-key-signed-begins", Check::KeySignedBegins, "`begins` is signed one second later", |form| {
            form.begins += 1;
        }),
        part("m-key-signed-ends", Check::KeySignedEnds, "`ends` is signed one second earlier", |form| form.ends -= 1),
        part("m-key-signed-did", Check::KeySignedDid, "another DID is signed", |form| {
            form.did = b"did:web:other.example".to_vec();
        }),
        part("m-key-signed-fragment", Check::KeySignedFragment, "another fragment is signed", |form| {
            form.fragment = b"mailboy".to_vec();
        })
        .on("m-web"),
        part("m-key-signed-fragment-empty", Check::KeySignedFragment, "no fragment is signed", |form| {
            form.fragment.clear();
        })
        .on("m-web"),
        part("m-key-signed-algorithm", Check::KeySignedAlgorithm, "another algorithm byte is signed", |form| {
            form.algorithm = 2;
        }),
    ]
}

/// What a relay or another peer could do with a good key: nothing.
fn altered() -> Vec<Negative> {
    let flip = |id, check, change: &str, at: usize| {
        Negative::key_sent(id, check, change, move |wire| {
            wire.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1);
        })
    };
    vec![
        flip("m-key-altered-public-key", Check::KeySignedPublicKey, "the public key is changed", 2),
        flip("m-key-altered-begins", Check::KeySignedBegins, "`begins` is changed", 41),
        flip("m-key-altered-ends", Check::KeySignedEnds, "`ends` is changed", 49),
    ]
}

pub(crate) fn all() -> Vec<Negative> {
    let all = [cuts(), forms(), times(), meant(), labels(), signed(), altered()];
    all.into_iter().flatten().collect()
}
