//! What mailbox keys and letters have in common: DID, fragment and algorithm, and checks 4 to 6 of section 11. Each fault
//! is there twice, in the key that a sender checks and in the letter that a recipient checks.

use super::negative::Negative;
use super::signing::SigningKey;
use crate::check::Check;
use crate::did::DID_LIMIT;
use crate::fixed::{did_key_of, did_peer_4, did_peer_4_of, secret};
use crate::keys::{ED25519_CODEC, base64url};

/// A change of DID, fragment and algorithm, which are signed as they are sent.
type Rewrite = fn(&mut Vec<u8>, &mut Vec<u8>, &mut u8);

/// The same fault in a mailbox key and in a letter, whose ids end alike.
fn both(ids: [&'static str; 2], base: &'static str, check: Check, change: &str, rewrite: Rewrite) -> [Negative; 2] {
    let [key, letter] = ids;
    [
        Negative::key(key, check, change, move |form| {
            rewrite(&mut form.did, &mut form.fragment, &mut form.algorithm);
        })
        .on(base),
        Negative::letter(letter, check, change, move |form| {
            rewrite(&mut form.did, &mut form.fragment, &mut form.algorithm);
        })
        .on(base),
    ]
}

/// The ids of the key and of the letter.
macro_rules! ids {
    ($name:literal) => {
        [concat!("m-key-", $name), concat!("m-letter-", $name)]
    };
}
pub(super) use ids;

fn dids() -> Vec<Negative> {
    let syntax = |ids, change: &str, rewrite| both(ids, "m-web", Check::DidSyntax, change, rewrite);
    let all = [
        both(ids!("did-too-long"), "m-did-longest", Check::DidLength, "a DID of 2,049 bytes", |did, _, _| {
            did.resize(DID_LIMIT + 1, b'a');
        }),
        syntax(ids!("did-empty"), "an empty DID", |did, _, _| did.clear()),
        syntax(ids!("did-short"), "a DID of 6 bytes", |did, _, _| *did = b"did:a:".to_vec()),
        syntax(ids!("did-space"), "a space in the DID", |did, _, _| did.insert(12, b' ')),
        syntax(ids!("did-scheme"), "`did` in capitals", |did, _, _| did.splice(..3, *b"DID").for_each(drop)),
        syntax(ids!("did-method-case"), "a capital in the DID's method", |did, _, _| {
            did.splice(4..5, *b"W").for_each(drop);
        }),
        syntax(ids!("did-colon-last"), "the DID ends in a colon", |did, _, _| did.push(b':')),
        syntax(ids!("did-url"), "a DID URL", |did, _, _| did.extend(b"#key-1")),
        syntax(ids!("did-path"), "a DID with a path", |did, _, _| did.extend(b"/a")),
        syntax(ids!("did-percent"), "a percent sign without two digits in the DID", |did, _, _| did.extend(b"%2")),
        syntax(ids!("did-not-ascii"), "a DID with a letter that is not ASCII", |did, _, _| {
            did.extend("\u{e4}".as_bytes());
        }),
        syntax(ids!("did-not-utf-8"), "a DID that is not UTF-8", |did, _, _| did.push(0xff)),
        syntax(ids!("did-zero"), "a zero byte in the DID", |did, _, _| did.push(0)),
    ];
    all.into_iter().flatten().collect()
}

fn fragments() -> Vec<Negative> {
    let presence = |ids, base, change: &str, rewrite| both(ids, base, Check::FragmentPresence, change, rewrite);
    let characters = |ids, change: &str, rewrite| both(ids, "m-web", Check::FragmentCharacters, change, rewrite);
    let all = [
        presence(ids!("fragment-did-key"), "m-ed25519", "a fragment for a did:key", |did, fragment, _| {
            *fragment = did.get(8..).unwrap_or_default().to_vec();
        }),
        presence(ids!("fragment-did-jwk"), "m-jwk", "a fragment for a did:jwk", |_, fragment, _| fragment.push(b'0')),
        presence(ids!("fragment-missing"), "m-web", "no fragment for a did:web", |_, fragment, _| fragment.clear()),
        characters(ids!("fragment-hash"), "the fragment begins with `#`", |_, fragment, _| fragment.insert(0, b'#')),
        characters(ids!("fragment-space"), "a space in the fragment", |_, fragment, _| fragment.insert(1, b' ')),
        characters(ids!("fragment-quote"), "a quotation mark in the fragment", |_, fragment, _| fragment.push(b'"')),
        characters(ids!("fragment-percent"), "a percent sign without digits", |_, fragment, _| fragment.push(b'%')),
        characters(ids!("fragment-zero"), "a zero byte in the fragment", |_, fragment, _| fragment.push(0)),
        characters(ids!("fragment-not-ascii"), "the byte 0xFF in the fragment", |_, fragment, _| fragment.push(0xff)),
    ];
    all.into_iter().flatten().collect()
}

fn algorithms() -> Vec<Negative> {
    let unknown = |ids, base, change: &str, rewrite| both(ids, base, Check::AlgorithmKnown, change, rewrite);
    let other = |ids, base, change: &str, rewrite| both(ids, base, Check::AlgorithmFits, change, rewrite);
    let all = [
        unknown(ids!("algorithm-0"), "m-ed25519", "algorithm 0", |_, _, algorithm| *algorithm = 0),
        unknown(ids!("algorithm-3"), "m-ed25519", "algorithm 3", |_, _, algorithm| *algorithm = 3),
        unknown(ids!("algorithm-255"), "m-p256", "algorithm 255", |_, _, algorithm| *algorithm = 255),
        other(ids!("algorithm-not-ed25519"), "m-ed25519", "ES256 by an Ed25519 key", |_, _, algorithm| *algorithm = 2),
        other(ids!("algorithm-not-p256"), "m-p256", "Ed25519 by a P-256 key", |_, _, algorithm| *algorithm = 1),
        other(ids!("algorithm-not-web"), "m-web", "ES256 by the Ed25519 key of a document", |_, _, algorithm| {
            *algorithm = 2;
        }),
    ];
    all.into_iter().flatten().collect()
}

/// DIDs that carry their key, or that nobody resolves.
fn other_dids() -> Vec<Negative> {
    let did = |ids: [&'static str; 2], base, check, change: &str, did: String| {
        let [key, letter] = ids;
        let bytes = did.clone().into_bytes();
        [
            Negative::key_did(key, check, change, did).on(base),
            Negative::letter(letter, check, change, move |form| form.did.clone_from(&bytes)).on(base),
        ]
    };
    let jwk = |json: &str| format!("did:jwk:{}", base64url(json.as_bytes()));
    let short = secret("short").get(..31).unwrap_or_default().to_vec();
    let no_point = [vec![2], vec![0; 31]].concat();
    let all = [
        did(ids!("did-method"), "m-web", Check::MethodSupported, "a DID method without a resolver", {
            "did:example:somebody".to_owned()
        }),
        did(ids!("did-key-base58"), "m-ed25519", Check::DidKeyMultibase, "a did:key with the character 0", {
            "did:key:z0".to_owned()
        }),
        did(ids!("did-key-x25519"), "m-ed25519", Check::DidKeyMulticodec, "a did:key of an X25519 key", {
            did_key_of(&[0xec, 0x01], &secret("x25519"))
        }),
        did(ids!("did-key-short"), "m-ed25519", Check::DidKeyLength, "a did:key of 31 bytes", {
            did_key_of(&ED25519_CODEC, &short)
        }),
        did(ids!("did-key-no-point"), "m-ed25519", Check::Ed25519KeyPoint, "a did:key of bytes that are no point", {
            did_key_of(&ED25519_CODEC, &no_point)
        }),
        did(ids!("did-peer-short"), "m-web", Check::DidPeerLong, "the short form of a did:peer:4", {
            did_peer_4("{}").rsplit_once(':').map(|(short, _)| short.to_owned()).unwrap_or_default()
        }),
        did(ids!("did-peer-encoding"), "m-web", Check::DidPeerEncoding, "a did:peer:4 in base64url", {
            did_peer_4_of("ueyI6e30")
        }),
        did(ids!("did-jwk-json"), "m-ed25519", Check::DidJwkJson, "a did:jwk that is no JSON", jwk("{")),
        did(ids!("did-jwk-x25519"), "m-ed25519", Check::DidJwkType, "a did:jwk of an X25519 key", {
            jwk(r#"{"crv":"X25519","kty":"OKP","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#)
        }),
    ];
    all.into_iter().flatten().collect()
}

fn signatures() -> Vec<Negative> {
    let other = |by: &mut SigningKey| by.secret = secret("nobody's signing key");
    let by_another = |ids: [&'static str; 2], base| {
        let [key, letter] = ids;
        let change = "signed by another key";
        [
            Negative::key_signed(key, Check::Signature, change, move |signed| other(&mut signed.by)).on(base),
            Negative::letter_signed(letter, Check::Signature, change, move |signed| other(&mut signed.by)).on(base),
        ]
    };
    // Where the signature begins in the key and in the letter of did:key identities.
    let altered = |ids: [&'static str; 2], base, check, change: &str, from: usize, edit: fn(&mut u8)| {
        let [key, letter] = ids;
        let start = move |prefix: usize| if base == "m-p256" { prefix + 1 } else { prefix };
        let change_from = move |bytes: &mut Vec<u8>, start: usize| {
            bytes.iter_mut().skip(start + from).take(if from == 0 { 1 } else { 64 - from }).for_each(edit);
        };
        [
            Negative::key_sent(key, check, change, move |wire| change_from(wire, start(110))).on(base),
            Negative::plain(letter, check, change, move |plain| change_from(plain, start(60))).on(base),
        ]
    };
    let all = [
        by_another(ids!("other-signer"), "m-ed25519"),
        by_another(ids!("other-signer-p256"), "m-p256"),
        by_another(ids!("other-signer-web"), "m-web"),
        altered(ids!("signature-r"), "m-ed25519", Check::Signature, "the first bit of R is changed", 0, |byte| {
            *byte ^= 1
        }),
        altered(ids!("signature-s-zero"), "m-ed25519", Check::Signature, "S is 0", 32, |byte| *byte = 0),
        altered(ids!("signature-s-high"), "m-p256", Check::Es256Range, "s is 2^256 - 1", 32, |byte| *byte = 255),
        altered(ids!("signature-s-zero-p256"), "m-p256", Check::Es256Range, "s is 0", 32, |byte| *byte = 0),
        altered(ids!("signature-r-p256"), "m-p256", Check::Signature, "the first bit of r is changed", 0, |byte| {
            *byte ^= 1
        }),
    ];
    all.into_iter().flatten().collect()
}

pub(crate) fn all() -> Vec<Negative> {
    let all = [dids(), fragments(), algorithms(), other_dids(), signatures()];
    all.into_iter().flatten().collect()
}
