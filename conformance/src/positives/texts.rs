//! Documents that are unusual and still within the rules: what is ignored, ids, numbers, sizes, times.

use super::documents::{RESPONDER, multikey, served, simple};
use crate::check::Step;
use crate::fixed::{document, jwk, method};
use crate::positive::Positive;

/// The responder has this document and signs with its Ed25519 key.
fn with(id: &'static str, about: &'static str, requirements: &[&'static str], text: String) -> Step<Positive> {
    Ok(served(id, about, 1, text)?.proves(requirements))
}

/// The plain document with members added in front of the last brace.
fn plus(members: &str) -> Step<String> {
    let text = simple("Multikey", &multikey()?);
    Ok(format!("{},{members}}}", text.strip_suffix('}').unwrap_or(&text)))
}

const CONTEXT: &str = r#""@context":["https://www.w3.org/ns/did/v1"],"#;

fn ignored() -> Step<Vec<Positive>> {
    let plain = simple("Multikey", &multikey()?);
    let shape: &[&'static str] = &["R-DOC-3"];
    Ok(vec![
        with("p-web-context-absent", "a document without @context", shape, plain.replace(CONTEXT, ""))?,
        with(
            "p-web-context-text",
            "a document whose @context is a string",
            shape,
            plain.replace(CONTEXT, r#""@context":"https://www.w3.org/ns/did/v1","#),
        )?,
        with(
            "p-web-relationships",
            "other relationships and a top-level controller are ignored, whatever their type",
            shape,
            plus(r#""assertionMethod":"no array","keyAgreement":null,"capabilityInvocation":{"id":1},"controller":7"#)?,
        )?,
        with(
            "p-web-numbers",
            "numbers that a double holds inexactly or as zero",
            &["R-DOC-1"],
            plus(r#""n":[9007199254740993,-0,123456789012345678901234567890,1e308,1E-400,0.1]"#)?,
        )?,
        with(
            "p-web-space",
            "a document with every kind of JSON white space between its tokens, around it too",
            &["R-DOC-1"],
            format!(" \t\r\n{}\n", plain.replace(r#"":"#, "\"\t:\r\n ").replace('[', "[ ")),
        )?,
        with(
            "p-web-escapes",
            "escapes are decoded before names and values are compared",
            &["R-DOC-1", "R-DOC-6"],
            plain.replace(
                r#""id":"did:web:service.example","verificationMethod""#,
                r#""\u0069d":"did\u003aweb:service.example","ignored":"\ud83d\ude00\/","verificationMethod""#,
            ),
        )?,
        with(
            "p-web-jwk-okp-y",
            "publicKeyJwk with Ed25519 and a y, which is ignored",
            &["R-DOC-15", "R-DID-8"],
            simple("JsonWebKey", &format!(r#""publicKeyJwk":{}"#, jwk(1, "responder ed25519", r#""y":null,"#)?)),
        )?,
        with("p-web-size", "a document of exactly 65,536 bytes, most of them spaces", &["R-DOC-2"], {
            let spaces = " ".repeat(65_536usize.saturating_sub(plain.len()));
            format!("{plain}{spaces}")
        })?,
    ])
}

fn ids() -> Step<Vec<Positive>> {
    let named = method("#key-1", "Multikey", RESPONDER, &multikey()?);
    let absolute = format!("{RESPONDER}#key-1");
    let twice = document(RESPONDER, &named, &format!(r##""#key-1","{absolute}","#key-1""##));
    let embedded = document(RESPONDER, "", &named);
    let absent = embedded.replace(r#""verificationMethod":[],"#, "");
    let other = |id: &str| method(id, "Multikey", RESPONDER, r#""n":0"#);
    let others = [
        other("did:web:service.example/path/to:it@x?"),
        other("did:web:service.example?query=/?&a#fragment"),
        other("did:web:service.example/path?query#key-1"),
        other("did:web:service.example"),
        other("did:web:service.example#"),
        other("did:key:z6Mk/#key-1"),
        other("did:a:b#key-1?/:@!$&'()*+,;=%2f"),
    ];
    let urls = document(
        RESPONDER,
        &format!("{},{named}", others.join(",")),
        r##""did:web:service.example?x","did:web:other.example/a","#key-1""##,
    );
    let bare = document(RESPONDER, &format!("{},{named}", other("#")), r##""#","#key-1""##);
    Ok(vec![
        with("p-web-references-twice", "references to one method may be repeated", &["R-DOC-5", "R-DOC-9"], twice)?,
        with(
            "p-web-embedded-relative",
            "a method that is embedded with a relative id counts",
            &["R-DOC-4", "R-DOC-9"],
            embedded,
        )?,
        with(
            "p-web-methods-absent",
            "a document without verificationMethod, its one method embedded",
            &["R-DOC-3", "R-DOC-9"],
            absent,
        )?,
        with(
            "p-web-other-ids",
            "other methods and references may be DID URLs with path, query, and any fragment or none",
            &["R-DOC-3", "R-DOC-16"],
            urls,
        )?,
        with("p-web-bare-id", "the id of another method may have an empty fragment", &["R-DOC-3", "R-DOC-4"], bare)?,
    ])
}

/// The named method expires and is revoked at these times.
fn timed(id: &'static str, about: &'static str, expires: &str, revoked: &str) -> Step<Positive> {
    let key = format!(r#""expires":"{expires}","revoked":"{revoked}",{}"#, multikey()?);
    with(id, about, &["R-DOC-11", "R-DOC-12", "R-DOC-13"], simple("Multikey", &key))
}

fn times() -> Step<Vec<Positive>> {
    let mut leap_2000 = timed(
        "p-web-time-2000",
        "expires in one second, on 29 February 2000; revoked on the same day, written as 1 March with an offset",
        "2000-02-29T00:00:00Z",
        "2000-03-01T00:00:00.0+23:59",
    )?;
    // One second before 2000-02-29T00:00:00Z.
    leap_2000.config.now = 951_782_399;
    Ok(vec![
        timed(
            "p-web-time-fraction",
            "expires and revoked in the future, with a fraction and an offset",
            "2026-01-01T05:29:59.999999999+05:29",
            "2025-12-31T12:00:01.5-12:00",
        )?,
        leap_2000,
        timed(
            "p-web-time-leap",
            "expires on 29 February 2400, revoked on 29 February 2028",
            "2400-02-29T00:00:00Z",
            "2028-02-29T23:59:59-00:00",
        )?,
        timed(
            "p-web-time-latest",
            "the last instants that can be written, past the year 9999",
            "9999-12-31T23:59:59.999999999-23:59",
            "9999-12-31T23:59:59Z",
        )?,
    ])
}

pub(super) fn all() -> Step<Vec<Positive>> {
    Ok([ignored()?, ids()?, times()?].concat())
}
