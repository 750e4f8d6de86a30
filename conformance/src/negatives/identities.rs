//! An Identity that opened: its form, and checks 2 and 3 of its claim.

use super::{FIRST, METHODS, WEB, extension};
use crate::check::{Check, Step};
use crate::config::Admission;
use crate::deviation::Signer;
use crate::fixed::key_identity;
use crate::negative::{Negative, negative};

/// The same fault in both roles' Identity.
fn both(ids: [&'static str; 2], check: Check, fault: impl Fn(Negative) -> Negative) -> [Negative; 2] {
    let [reply, finish] = ids;
    [fault(negative(reply, METHODS, check).reply()), fault(negative(finish, FIRST, check).finish())]
}

fn forms() -> Vec<Negative> {
    let cut = |keep: usize, change: &'static str| {
        move |negative: Negative| negative.plain(change, move |plain| plain.truncate(keep))
    };
    let list = |change: &'static str, extensions: Vec<u8>| {
        move |negative: Negative| {
            let extensions = extensions.clone();
            negative.claim(change, move |claim| claim.extensions.clone_from(&extensions))
        }
    };
    let truncated = Check::IdentityTruncated;
    let lists = Check::IdentityExtensions;
    [
        both(["n-reply-identity-empty", "n-finish-identity-empty"], truncated, cut(0, "an empty Identity")),
        both(["n-reply-identity-did", "n-finish-identity-did"], truncated, cut(40, "the Identity ends inside the DID")),
        both(
            ["n-reply-identity-signature", "n-finish-identity-signature"],
            truncated,
            cut(64, "the Identity ends inside the signature"),
        ),
        both(
            ["n-reply-identity-extensions", "n-finish-identity-extensions"],
            truncated,
            cut(125, "the Identity ends inside the length of the extensions"),
        ),
        both(
            ["n-reply-identity-extension-order", "n-finish-identity-extension-order"],
            lists,
            list("extension 41 before extension 40", [extension(41, 0, b""), extension(40, 0, b"")].concat()),
        ),
        both(
            ["n-reply-identity-extension-duplicate", "n-finish-identity-extension-duplicate"],
            lists,
            list("extension 40 twice", [extension(40, 0, b""), extension(40, 0, b"")].concat()),
        ),
        both(
            ["n-reply-identity-extension-critical-2", "n-finish-identity-extension-critical-2"],
            lists,
            list("a critical byte of 2", extension(40, 2, b"")),
        ),
        both(
            ["n-reply-identity-extension-truncated", "n-finish-identity-extension-truncated"],
            lists,
            list("the last extension's body runs past the list", vec![0, 40, 0, 0, 2, 9]),
        ),
    ]
    .into_iter()
    .flatten()
    .chain([
        negative("n-finish-critical-unknown", FIRST, Check::IdentityCriticalExtension)
            .finish()
            .claim("an unknown critical extension", |claim| claim.extensions = extension(40, 1, b"")),
        negative("n-finish-critical-recipient", FIRST, Check::IdentityCriticalExtension)
            .finish()
            .also(&["R-EXT-5"])
            .claim("Hello's extension recipient, critical", |claim| claim.extensions = extension(1, 1, &[0; 16])),
    ])
    .collect()
}

fn padding() -> Vec<Negative> {
    [
        both(["n-reply-padding-last", "n-finish-padding-last"], Check::IdentityPaddingZero, |negative| {
            negative.plain("the last byte of the padding is 1", |plain| super::flip(plain, 127))
        }),
        both(["n-reply-padding-first", "n-finish-padding-first"], Check::IdentityPaddingZero, |negative| {
            negative.plain("the first byte of the padding is 1", |plain| super::flip(plain, 126))
        }),
        both(["n-reply-padding-missing", "n-finish-padding-missing"], Check::IdentityPaddingLength, |negative| {
            negative.plain("no padding", |plain| plain.truncate(126))
        }),
        both(["n-reply-padding-short", "n-finish-padding-short"], Check::IdentityPaddingLength, |negative| {
            negative.plain("a byte of padding too few", |plain| plain.truncate(127))
        }),
        both(["n-reply-padding-long", "n-finish-padding-long"], Check::IdentityPaddingLength, |negative| {
            negative.plain("64 bytes of padding too many", |plain| plain.resize(192, 0))
        }),
    ]
    .into_iter()
    .flatten()
    .chain([negative("n-reply-padding-unneeded", "p-identity-padding-none", Check::IdentityPaddingLength)
        .reply()
        .plain("64 bytes of padding where none is needed", |plain| plain.resize(plain.len() + 64, 0))])
    .collect()
}

fn dids() -> Vec<Negative> {
    let did = |id, change: &str, did: &'static [u8]| {
        negative(id, WEB, Check::DidSyntax).finish().claim(change, move |claim| claim.did = did.to_vec())
    };
    vec![
        did("n-did-empty", "an empty DID", b""),
        did("n-did-scheme-missing", "a DID without did:", b"web:agents.example:alice"),
        did("n-did-scheme-case", "DID: in capitals", b"DID:web:agents.example:alice"),
        did("n-did-method-empty", "an empty method name", b"did::agents.example:alice"),
        did("n-did-method-case", "a method name with a capital", b"did:Web:agents.example:alice"),
        did("n-did-method-character", "a method name with a hyphen", b"did:we-b:agents.example:alice"),
        did("n-did-id-missing", "no method-specific id", b"did:web"),
        did("n-did-id-empty", "an empty method-specific id", b"did:web:"),
        did("n-did-last-segment", "an empty last segment", b"did:web:agents.example:"),
        did("n-did-percent-short", "a percent sign with one digit", b"did:web:agents.example%3"),
        did("n-did-percent-digits", "a percent sign with other than hex digits", b"did:web:agents.example%3g"),
        did("n-did-space", "a space", b"did:web:agents.example alice"),
        did("n-did-tilde", "a tilde, which is no idchar", b"did:web:agents.example:~alice"),
        did("n-did-path", "a path", b"did:web:agents.example/alice"),
        did("n-did-query", "a query", b"did:web:agents.example?alice"),
        did("n-did-fragment", "a fragment in the DID", b"did:web:agents.example#key-1"),
        did("n-did-zero", "a zero byte", b"did:web:agents.example\0"),
        did("n-did-utf8", "a letter outside ASCII", "did:web:agents.ex\u{e4}mple".as_bytes()),
        did("n-did-not-utf8", "a byte that is no UTF-8", b"did:web:agents.ex\xe4mple"),
        negative("n-did-too-long", WEB, Check::DidLength).finish().also(&["R-LIMIT-1"]).claim(
            "a DID of 2,049 bytes",
            |claim| {
                claim.did = [b"did:web:example.com:".as_slice(), &[b'a'; 2029]].concat();
            },
        ),
        negative("n-did-jwk-padding", "p-jwk", Check::DidSyntax)
            .finish()
            .claim("did:jwk with base64url padding", |claim| claim.did.push(b'=')),
        negative("n-did-key-url", FIRST, Check::DidSyntax).finish().claim(
            "the DID URL of did:key's method instead of the DID",
            |claim| {
                let key = claim.did.get(8..).unwrap_or_default().to_vec();
                claim.did = [claim.did.clone(), vec![b'#'], key].concat();
            },
        ),
    ]
}

fn fragments() -> Vec<Negative> {
    let with = |id, base, check, change: &str, fragment: &'static [u8]| {
        negative(id, base, check).finish().claim(change, move |claim| claim.fragment = fragment.to_vec())
    };
    let characters = Check::FragmentCharacters;
    vec![
        with("n-fragment-did-key", FIRST, Check::FragmentPresence, "a fragment for did:key", b"key-1"),
        with("n-fragment-did-jwk", "p-jwk", Check::FragmentPresence, "the fragment 0 for did:jwk", b"0"),
        with("n-fragment-missing", WEB, Check::FragmentPresence, "no fragment for did:web", b""),
        negative("n-reply-fragment-missing", WEB, Check::FragmentPresence)
            .reply()
            .claim("no fragment for did:web", |claim| claim.fragment.clear()),
        with("n-fragment-hash", WEB, characters, "a number sign in front of the fragment", b"#key-1"),
        with("n-fragment-space", WEB, characters, "a space in the fragment", b"key-1 "),
        with("n-fragment-percent", WEB, characters, "a percent sign without digits in the fragment", b"key-1%"),
        with("n-fragment-quote", WEB, characters, "a double quote in the fragment", b"key-1\""),
        with("n-fragment-not-ascii", WEB, characters, "a byte outside ASCII in the fragment", b"key-1\xe4"),
        with("n-fragment-zero", WEB, characters, "a zero byte in the fragment", b"key-1\0"),
    ]
}

fn algorithms() -> Vec<Negative> {
    let byte = |algorithm: u8| {
        move |negative: Negative| {
            negative.claim(&format!("algorithm {algorithm}"), move |claim| claim.algorithm = algorithm)
        }
    };
    let fits = |id, base, algorithm: u8, change: &str| {
        negative(id, base, Check::AlgorithmFits).finish().claim(change, move |claim| claim.algorithm = algorithm)
    };
    [
        both(["n-reply-algorithm-0", "n-finish-algorithm-0"], Check::AlgorithmKnown, byte(0)),
        both(["n-reply-algorithm-3", "n-finish-algorithm-3"], Check::AlgorithmKnown, byte(3)),
        both(["n-reply-algorithm-mismatch", "n-finish-algorithm-mismatch"], Check::AlgorithmFits, byte(2)),
    ]
    .into_iter()
    .flatten()
    .chain([
        fits("n-algorithm-mismatch-p256", "p-key-p256", 1, "algorithm 1 for a P-256 key"),
        fits("n-algorithm-mismatch-web", WEB, 1, "algorithm 1 for the P-256 key of a document"),
    ])
    .collect()
}

fn admission() -> Step<Vec<Negative>> {
    let signer = |name| Signer::of(&key_identity(1, name)?);
    let mut unsupported = signer("initiator ed25519")?;
    unsupported.did = "did:example:123".to_owned();
    unsupported.fragment = "key-1".to_owned();
    Ok(vec![
        negative("n-reply-own-did", METHODS, Check::OwnDid)
            .reply()
            .signer("the initiator's own DID, signed with its key", signer("initiator ed25519")?),
        negative("n-finish-own-did", FIRST, Check::OwnDid)
            .finish()
            .signer("the responder's own DID, signed with its key", signer("responder ed25519")?),
        negative("n-finish-own-did-other", "p-recipient", Check::OwnDid)
            .finish()
            .signer("another DID of the responder than the one that answered", signer("third responder ed25519")?),
        negative("n-reply-not-expected", FIRST, Check::Admission)
            .reply()
            .signer("a DID that is not the one that is meant", signer("stranger ed25519")?),
        negative("n-reply-other-identity", "p-recipient", Check::Admission)
            .reply()
            .signer("another identity of the responder than recipient named", signer("responder ed25519")?),
        negative("n-reply-method-not-admitted", METHODS, Check::Admission)
            .reply()
            .config("the initiator admits did:web only", |config| {
                config.initiator.expect = Admission::Methods { methods: vec!["web".to_owned()] }
            }),
        negative("n-finish-not-admitted", FIRST, Check::Admission)
            .finish()
            .config("the responder admits another DID only", |config| {
                config.responder.admit = Admission::Did { did: "did:web:somebody.example".to_owned() }
            }),
        negative("n-finish-method-not-admitted", METHODS, Check::Admission)
            .finish()
            .config("the responder admits did:jwk only", |config| {
                config.responder.admit = Admission::Methods { methods: vec!["jwk".to_owned()] }
            }),
        negative("n-finish-nobody-admitted", FIRST, Check::Admission)
            .finish()
            .config("the responder admits nobody", |config| config.responder.admit = Admission::Any { any: false }),
        negative("n-did-method-unsupported", FIRST, Check::MethodSupported)
            .finish()
            .signer("a DID method without a resolver", unsupported),
    ])
}

pub(super) fn all() -> Step<Vec<Negative>> {
    Ok([forms(), padding(), dids(), fragments(), algorithms(), admission()?].into_iter().flatten().collect())
}
