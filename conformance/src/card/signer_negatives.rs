//! Cards that a reader refuses for whose they say that they are: DID, fragment and algorithm, and checks 4 to 6 of
//! section 11.

use super::file::ReaderView;
use super::form::Form;
use super::negative::Negative;
use crate::check::Check;
use crate::config::Document;
use crate::did::DID_LIMIT;
use crate::fixed::{did_key_of, did_peer_4, did_peer_4_of, secret};

fn dids() -> Vec<Negative> {
    let syntax = |id, change: &str, edit: fn(&mut Vec<u8>)| {
        Negative::form(id, Check::DidSyntax, change, move |form| edit(&mut form.did)).on("c-web")
    };
    vec![
        Negative::form("c-did-too-long", Check::DidLength, "a DID of 2,049 bytes", |form| {
            form.did.resize(DID_LIMIT + 1, b'a');
        })
        .on("c-longest"),
        syntax("c-did-empty", "an empty DID", Vec::clear),
        syntax("c-did-url", "a DID URL", |did| did.extend(b"#card")),
        syntax("c-did-scheme", "`did` in capitals", |did| did.splice(..3, *b"DID").for_each(drop)),
        syntax("c-did-space", "a space in the DID", |did| did.insert(12, b' ')),
        syntax("c-did-not-utf-8", "a DID that is not UTF-8", |did| did.push(0xff)),
    ]
}

fn fragments_and_algorithms() -> Vec<Negative> {
    let with = |id, check, change: &str, edit: fn(&mut Form)| Negative::form(id, check, change, edit);
    vec![
        with("c-fragment-did-key", Check::FragmentPresence, "a fragment for a did:key", |form| {
            form.fragment = b"key".to_vec();
        }),
        with("c-fragment-missing", Check::FragmentPresence, "no fragment for a did:web", |form| form.fragment.clear())
            .on("c-web"),
        with("c-fragment-hash", Check::FragmentCharacters, "the fragment begins with `#`", |form| {
            form.fragment.insert(0, b'#');
        })
        .on("c-web"),
        with("c-algorithm-0", Check::AlgorithmKnown, "algorithm 0", |form| form.algorithm = 0),
        with("c-algorithm-3", Check::AlgorithmKnown, "algorithm 3", |form| form.algorithm = 3),
        with("c-algorithm-not-ed25519", Check::AlgorithmFits, "ES256 by an Ed25519 key", |form| form.algorithm = 2),
        with("c-algorithm-not-p256", Check::AlgorithmFits, "Ed25519 by a P-256 key", |form| form.algorithm = 1)
            .on("c-p256"),
    ]
}

/// DIDs that carry their key, or that nobody resolves; the reader takes whoever's card it is.
fn other_dids() -> Vec<Negative> {
    let did = |id, base, check, change: &str, did: String| {
        Negative::form(id, check, change, move |form| form.did = did.clone().into_bytes()).on(base)
    };
    vec![
        did("c-did-method", "c-web-whoever", Check::MethodSupported, "a DID method without a resolver", {
            "did:example:somebody".to_owned()
        }),
        did("c-did-key-x25519", "c-whoever", Check::DidKeyMulticodec, "a did:key of an X25519 key", {
            did_key_of(&[0xec, 0x01], &secret("x25519"))
        }),
        did("c-did-key-base58", "c-whoever", Check::DidKeyMultibase, "a did:key with the character 0", {
            "did:key:z0".to_owned()
        }),
        did("c-did-peer-short", "c-web-whoever", Check::DidPeerLong, "the short form of a did:peer:4", {
            did_peer_4("{}").rsplit_once(':').map(|(short, _)| short.to_owned()).unwrap_or_default()
        }),
        did("c-did-peer-encoding", "c-web-whoever", Check::DidPeerEncoding, "a did:peer:4 in base64url", {
            did_peer_4_of("ueyI6e30")
        }),
        did("c-did-jwk-json", "c-whoever", Check::DidJwkJson, "a did:jwk that is no JSON", "did:jwk:ew".to_owned()),
    ]
}

fn documents() -> Vec<Negative> {
    let view = |id, check, change: &str, edit: fn(&mut Document)| {
        let edit = move |view: &mut ReaderView| view.documents.values_mut().for_each(edit);
        Negative::view(id, check, change, edit).on("c-web")
    };
    let replaced = |id, check, change: &str, from: &'static str, to: &'static str| {
        let edit = move |view: &mut ReaderView| {
            for document in view.documents.values_mut() {
                if let Document::Found { text, .. } = document {
                    *text = text.replacen(from, to, 1);
                }
            }
        };
        Negative::view(id, check, change, edit).on("c-web")
    };
    let key = r#""publicKeyMultibase""#;
    let authentication = r#""authentication""#;
    vec![
        view("c-did-not-found", Check::DidFound, "there is no such DID", |document| {
            *document = Document::Missing { missing: true };
        }),
        view("c-did-deactivated", Check::Deactivated, "the DID is deactivated", |document| {
            if let Document::Found { deactivated, .. } = document {
                *deactivated = true;
            }
        }),
        replaced("c-document-json", Check::JsonSyntax, "a comma after the last member", "\"]}", "\"],}"),
        replaced(
            "c-document-id",
            Check::DocumentId,
            "the document of another DID",
            r#"/v1"],"id":"did:web:"#,
            r#"/v1"],"id":"did:web:x"#,
        ),
        replaced(
            "c-method-absent",
            Check::MethodPresent,
            "the document has the method under another id",
            r#"[{"id":"did:web:"#,
            r#"[{"id":"did:web:x"#,
        ),
        replaced(
            "c-method-not-authentication",
            Check::MethodAuthentication,
            "the method is for assertions only",
            authentication,
            r#""assertionMethod""#,
        ),
        replaced(
            "c-method-controller",
            Check::MethodController,
            "another DID controls the method",
            r#""controller":"did:web:"#,
            r#""controller":"did:web:x"#,
        ),
        replaced("c-method-revoked", Check::MethodRevoked, "the method is revoked from now on", key, {
            r#""revoked":"2026-01-01T00:00:00Z","publicKeyMultibase""#
        }),
        replaced("c-method-expired", Check::MethodExpired, "the method expires now", key, {
            r#""expires":"2026-01-01T00:00:00Z","publicKeyMultibase""#
        }),
    ]
}

fn signatures() -> Vec<Negative> {
    let by_another = |id, base| {
        Negative::signed(id, Check::Signature, "signed by another key", |signed| {
            signed.by.secret = secret("nobody's signing key");
        })
        .on(base)
    };
    let altered = |id, base, check, change: &str, from: usize, edit: fn(&mut u8)| {
        Negative::sent(id, check, change, move |wire| {
            let start = wire.len().saturating_sub(64) + from;
            wire.iter_mut().skip(start).take(if from == 0 { 1 } else { 32 }).for_each(edit);
        })
        .on(base)
    };
    vec![
        by_another("c-other-signer", "c-ed25519"),
        by_another("c-other-signer-p256", "c-p256"),
        by_another("c-other-signer-web", "c-web"),
        altered("c-signature-r", "c-ed25519", Check::Signature, "the first bit of R is changed", 0, |byte| *byte ^= 1),
        altered("c-signature-s-zero", "c-ed25519", Check::Signature, "S is 0", 32, |byte| *byte = 0),
        altered("c-signature-s-high", "c-p256", Check::Es256Range, "s is 2^256 - 1", 32, |byte| *byte = 255),
    ]
}

pub(crate) fn all() -> Vec<Negative> {
    let all = [dids(), fragments_and_algorithms(), other_dids(), documents(), signatures()];
    all.into_iter().flatten().collect()
}
