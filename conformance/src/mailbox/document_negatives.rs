//! What resolution gives where the signer's key should be: each fault for a sender and for a recipient.

use std::collections::BTreeMap;

use super::method_negatives::ids;
use super::negative::Negative;
use crate::check::Check;
use crate::config::Document;
use crate::fixed::multibase;
use crate::keys::ED25519_CODEC;

/// A text in a document, and what stands there instead. `NOW` is the verifier's clock.
fn replaced(ids: [&'static str; 2], check: Check, change: &str, from: &'static str, to: &str) -> [Negative; 2] {
    let [key, letter] = ids;
    let replace = move |documents: &mut BTreeMap<String, Document>, to: &str| {
        for document in documents.values_mut() {
            if let Document::Found { text, .. } = document {
                *text = text.replacen(from, to, 1);
            }
        }
    };
    let (for_key, for_letter) = (to.replace("NOW", "2026-01-01T00:00:00Z"), to.replace("NOW", "2026-01-01T01:00:00Z"));
    [
        Negative::sender_view(key, check, change, move |view| replace(&mut view.documents, &for_key)).on("m-web"),
        Negative::recipient_view(letter, check, change, move |view| replace(&mut view.documents, &for_letter))
            .on("m-web"),
    ]
}

/// What resolution gives instead of a document.
fn resolved(ids: [&'static str; 2], check: Check, change: &str, edit: fn(&mut Document)) -> [Negative; 2] {
    let [key, letter] = ids;
    [
        Negative::sender_view(key, check, change, move |view| view.documents.values_mut().for_each(edit)).on("m-web"),
        Negative::recipient_view(letter, check, change, move |view| view.documents.values_mut().for_each(edit))
            .on("m-web"),
    ]
}

/// The ids, the check, the change, and the two texts.
type Replacement = ([&'static str; 2], Check, &'static str, &'static str, &'static str);

const KEY: &str = r#""publicKeyMultibase""#;
const METHODS: &str = r#""verificationMethod":["#;
const AUTHENTICATION: &str = r#""authentication""#;

/// Up to the named method.
const DOCUMENTS: [Replacement; 8] = [
    (ids!("document-json"), Check::JsonSyntax, "a comma after the last member", "\"]}", "\"],}"),
    (
        ids!("document-duplicate"),
        Check::JsonDuplicate,
        "a member twice",
        KEY,
        r#""type":"Multikey","publicKeyMultibase""#,
    ),
    (
        ids!("document-limits"),
        Check::DocumentLimits,
        "17 levels of nesting",
        AUTHENTICATION,
        r#""deep":[[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]],"authentication""#,
    ),
    (
        ids!("document-shape"),
        Check::DocumentShape,
        "a verification method that is a string",
        METHODS,
        r#""verificationMethod":["x","#,
    ),
    (
        ids!("document-duplicate-id"),
        Check::DocumentDuplicateId,
        "two methods with one id",
        METHODS,
        r##""verificationMethod":[{"id":"#x","type":"x","controller":"x"},{"id":"#x","type":"x","controller":"x"},"##,
    ),
    (
        ids!("document-id"),
        Check::DocumentId,
        "the document of another DID",
        r#"/v1"],"id":"did:web:"#,
        r#"/v1"],"id":"did:web:x"#,
    ),
    (
        ids!("method-absent"),
        Check::MethodPresent,
        "the document has the method under another id",
        r#"[{"id":"did:web:"#,
        r#"[{"id":"did:web:x"#,
    ),
    (
        ids!("method-key-agreement"),
        Check::MethodAuthentication,
        "the method is for key agreement only",
        AUTHENTICATION,
        r#""keyAgreement""#,
    ),
];

/// Of the named method.
const METHOD: [Replacement; 7] = [
    (
        ids!("method-not-authentication"),
        Check::MethodAuthentication,
        "the method is for assertions only",
        AUTHENTICATION,
        r#""assertionMethod""#,
    ),
    (
        ids!("method-controller"),
        Check::MethodController,
        "another DID controls the method",
        r#""controller":"did:web:"#,
        r#""controller":"did:web:x"#,
    ),
    (
        ids!("method-time"),
        Check::MethodTime,
        "a time that cannot be read",
        KEY,
        r#""revoked":"never","publicKeyMultibase""#,
    ),
    (
        ids!("method-revoked"),
        Check::MethodRevoked,
        "the method is revoked from now on",
        KEY,
        r#""revoked":"NOW","publicKeyMultibase""#,
    ),
    (
        ids!("method-expired"),
        Check::MethodExpired,
        "the method expires now",
        KEY,
        r#""expires":"NOW","publicKeyMultibase""#,
    ),
    (
        ids!("method-type"),
        Check::MethodType,
        "a verification method of an unknown type",
        "\"Multikey\"",
        "\"Multikey2\"",
    ),
    (
        ids!("method-key-encoding"),
        Check::MethodKeyEncoding,
        "a key without `z`",
        r#""publicKeyMultibase":"z"#,
        r#""publicKeyMultibase":""#,
    ),
];

pub(crate) fn all() -> Vec<Negative> {
    let no_point = multibase(&ED25519_CODEC, &[vec![2], vec![0; 31]].concat());
    let no_point = format!(r#""publicKeyMultibase":"{no_point}","was""#);
    let mut all = vec![
        resolved(ids!("did-not-found"), Check::DidFound, "there is no such DID", |document| {
            *document = Document::Missing { missing: true };
        }),
        resolved(ids!("did-deactivated"), Check::Deactivated, "the DID is deactivated", |document| {
            if let Document::Found { deactivated, .. } = document {
                *deactivated = true;
            }
        }),
    ];
    let tables = DOCUMENTS.into_iter().chain(METHOD);
    all.extend(tables.map(|(ids, check, change, from, to)| replaced(ids, check, change, from, to)));
    all.push(replaced(ids!("method-no-point"), Check::Ed25519KeyPoint, "a key that is no point", KEY, &no_point));
    all.into_iter().flatten().collect()
}
