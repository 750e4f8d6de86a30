//! Static did:web documents in every form of key.

use super::positive;
use crate::check::Step;
use crate::fixed::{document, jwk, method, multibase, multikey_document, public, web_identity};
use crate::keys::ED25519_CODEC;
use crate::positive::Positive;

pub(super) const RESPONDER: &str = "did:web:service.example";
const INITIATOR: &str = "did:web:agents.example:alice";

/// The responder has this document and signs with `responder ed25519` or `responder p256`.
pub(super) fn served(id: &'static str, about: &'static str, algorithm: u8, text: String) -> Step<Positive> {
    let name = if algorithm == 1 { "responder ed25519" } else { "responder p256" };
    let mut served = positive(id, "document", about)?.proves(&["R-DOC-9", "R-DOC-14", "R-DOC-15"]);
    served.config =
        served.config.with_document(RESPONDER, text).with_responder(web_identity(RESPONDER, "key-1", algorithm, name));
    Ok(served)
}

pub(super) fn multikey() -> Step<String> {
    Ok(format!(r#""publicKeyMultibase":"{}""#, multibase(&ED25519_CODEC, &public(1, "responder ed25519")?)))
}

/// A document with one method of that type and key, referenced by its absolute id.
pub(super) fn simple(kind: &str, key: &str) -> String {
    let id = format!("{RESPONDER}#key-1");
    document(RESPONDER, &method(&id, kind, RESPONDER, key), &format!(r#""{id}""#))
}

fn forms() -> Step<Vec<Positive>> {
    let mut both = positive("p-web-multikey", "document", "did:web on both sides, Multikey of Ed25519 and of P-256")?
        .proves(&["R-DOC-9", "R-DOC-14", "R-DOC-15"]);
    let initiator = web_identity(INITIATOR, "key-1", 2, "initiator p256");
    let responder = web_identity(RESPONDER, "key-1", 1, "responder ed25519");
    both.config = both
        .config
        .with_document(INITIATOR, multikey_document(&initiator, "initiator p256")?)
        .with_document(RESPONDER, multikey_document(&responder, "responder ed25519")?)
        .with_initiator(initiator)
        .with_responder(responder);
    let base58 = bs58::encode(public(1, "responder ed25519")?).into_string();
    let ed25519_jwk = format!(r#""publicKeyJwk":{}"#, jwk(1, "responder ed25519", "")?);
    let p256_jwk = format!(r#""publicKeyJwk":{}"#, jwk(2, "responder p256", r#""kid":"key-1","#)?);
    Ok(vec![
        both,
        served(
            "p-web-2018",
            "Ed25519VerificationKey2018 with publicKeyBase58",
            1,
            simple("Ed25519VerificationKey2018", &format!(r#""publicKeyBase58":"{base58}""#)),
        )?,
        served(
            "p-web-2020",
            "Ed25519VerificationKey2020 with publicKeyMultibase",
            1,
            simple("Ed25519VerificationKey2020", &multikey()?),
        )?,
        served("p-web-jsonwebkey", "JsonWebKey with a P-256 key", 2, simple("JsonWebKey", &p256_jwk))?,
        served(
            "p-web-jsonwebkey2020",
            "JsonWebKey2020 with an Ed25519 key",
            1,
            simple("JsonWebKey2020", &ed25519_jwk),
        )?,
    ])
}

fn shapes() -> Step<Vec<Positive>> {
    let id = format!("{RESPONDER}#key-1");
    let embedded = document(RESPONDER, "", &method(&id, "Multikey", RESPONDER, &multikey()?));
    let relative = document(RESPONDER, &method("#key-1", "Multikey", RESPONDER, &multikey()?), r##""#key-1""##);
    let mixed = document(RESPONDER, &method("#key-1", "Multikey", RESPONDER, &multikey()?), &format!(r#""{id}""#));
    let future =
        format!(r#""expires":"2026-01-01T00:00:01Z","revoked":"2026-01-01T01:00:00.000+00:59",{}"#, multikey()?);
    let proves = |mut positive: Positive, requirements: &[&'static str]| {
        positive.requirements = requirements.to_vec();
        positive
    };
    Ok(vec![
        proves(
            served("p-web-embedded", "a method that is embedded in authentication counts", 1, embedded)?,
            &["R-DOC-9"],
        ),
        proves(
            served("p-web-relative-ids", "relative ids resolve against the document's id", 1, relative)?,
            &["R-DOC-4", "R-DOC-9"],
        ),
        proves(
            served("p-web-mixed-ids", "a relative id and an absolute reference to it are one", 1, mixed)?,
            &["R-DOC-4", "R-DOC-9"],
        ),
        proves(
            served(
                "p-web-expires-later",
                "expires and revoked one second from now do not count yet",
                1,
                simple("Multikey", &future),
            )?,
            &["R-DOC-11", "R-DOC-12", "R-DOC-13"],
        ),
        proves(
            served(
                "p-web-crowded",
                "other methods may be revoked, expired, unreadable, foreign or unknown; services are ignored",
                1,
                crowded()?,
            )?,
            &["R-DOC-16"],
        ),
        proves(
            served("p-web-limits", "64 methods and a document 16 deep are within the limits", 1, full()?)?,
            &["R-DOC-2"],
        ),
    ])
}

fn crowded() -> Step<String> {
    let named = method("#key-1", "Multikey", RESPONDER, &multikey()?);
    let others = [
        method("#revoked", "Multikey", RESPONDER, &format!(r#""revoked":"2020-01-01T00:00:00Z",{}"#, multikey()?)),
        method("#expired", "Multikey", RESPONDER, &format!(r#""expires":"2020-01-01T00:00:00Z",{}"#, multikey()?)),
        method("#when", "Multikey", RESPONDER, &format!(r#""expires":"soon",{}"#, multikey()?)),
        method("#strange", "FutureKey2030", RESPONDER, r#""publicKeyFuture":"???""#),
        method("#foreign", "Multikey", "did:web:other.example", &multikey()?),
        method("#keyless", "Multikey", RESPONDER, r#""comment":"no key at all""#),
        method("#two", "JsonWebKey", RESPONDER, r#""publicKeyJwk":{"d":"x"},"publicKeyHex":"00""#),
    ];
    let methods = format!("{},{named}", others.join(","));
    let text = document(RESPONDER, &methods, r##""#revoked","#strange","#key-1","did:web:other.example#k""##);
    let service = r##","alsoKnownAs":["https://service.example"],"service":[{"id":"#s","type":"DIDShake","serviceEndpoint":{"uri":"https://service.example/didshake"}}],"proof":null}"##;
    Ok(format!("{}{service}\n", text.strip_suffix('}').unwrap_or(&text)))
}

fn full() -> Step<String> {
    let named = method("#key-1", "Multikey", RESPONDER, &multikey()?);
    let others: Vec<String> = (2..=64).map(|n| method(&format!("#key-{n}"), "Other", RESPONDER, r#""n":0"#)).collect();
    let text = document(RESPONDER, &format!("{named},{}", others.join(",")), r##""#key-1""##);
    let deep = format!(r#","deep":{}0{}}}"#, "[".repeat(15), "]".repeat(15));
    Ok(format!("{}{deep}", text.strip_suffix('}').unwrap_or(&text)))
}

pub(super) fn all() -> Step<Vec<Positive>> {
    Ok([forms()?, shapes()?].concat())
}
