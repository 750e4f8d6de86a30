//! Domain linkage: one fault each, made by hand around a credential that is good.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

use std::sync::Arc;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use didshake::{Algorithm, Did, Origin, Secret, SigningKey, UnixTime};
use didshake_did::linkage::{LinkageFault, check, claimed_origins, configuration, issue};
use didshake_did::{DidDocument, LocalSigner, Resolved, SigningIdentity, did_key};
use serde_json::{Value, json};

const NOW: UnixTime = UnixTime(1_767_225_600);
const DAY: u64 = 86_400;
const DID: &str = "did:web:bob.example";
const ORIGIN: &str = "https://bob.example";

fn key(algorithm: Algorithm) -> SigningKey {
    SigningKey::from_secret(algorithm, &Secret::new([7; 32])).unwrap()
}

fn identity(algorithm: Algorithm) -> SigningIdentity {
    let signer = Arc::new(LocalSigner::new(key(algorithm)));
    SigningIdentity::new(Did::parse(DID).unwrap(), "key-1", signer).unwrap()
}

fn method(algorithm: Algorithm) -> Value {
    let multikey = did_key::encode(&key(algorithm).public_key()).unwrap();
    json!({"id": "#key-1", "type": "Multikey", "controller": DID, "publicKeyMultibase": multikey.method_specific_id()})
}

fn document(algorithm: Algorithm, with: &Value) -> Resolved {
    let mut document = json!({
        "id": DID, "verificationMethod": [method(algorithm)], "authentication": ["#key-1"],
        "assertionMethod": ["#key-1"],
        "service": [{"id": "#d", "type": "LinkedDomains", "serviceEndpoint": {"origins": [ORIGIN, "https://b.example"]}}],
    });
    for (name, value) in with.as_object().unwrap() {
        document[name] = value.clone();
    }
    let parsed = DidDocument::parse(document.to_string().as_bytes(), &Did::parse(DID).unwrap());
    Resolved::fetched(parsed.unwrap())
}

fn origin() -> Origin {
    Origin::parse(ORIGIN).unwrap()
}

async fn token(algorithm: Algorithm) -> String {
    issue(&identity(algorithm), &origin(), NOW, NOW.plus(DAY)).await.unwrap()
}

/// The token with another header and payload, signed anew.
fn remade(token: &str, change: impl Fn(&mut Value, &mut Value)) -> String {
    let part = |at: usize| {
        let bytes = Base64UrlUnpadded::decode_vec(token.split('.').nth(at).unwrap()).unwrap();
        serde_json::from_slice::<Value>(&bytes).unwrap()
    };
    let (mut header, mut payload) = (part(0), part(1));
    change(&mut header, &mut payload);
    signed(&header.to_string(), &payload.to_string())
}

fn signed(header: &str, payload: &str) -> String {
    let encode = |text: &str| Base64UrlUnpadded::encode_string(text.as_bytes());
    let input = format!("{}.{}", encode(header), encode(payload));
    let signature = key(Algorithm::Ed25519).sign(input.as_bytes()).unwrap();
    format!("{input}.{}", Base64UrlUnpadded::encode_string(&signature))
}

fn verdict(tokens: &[String]) -> Result<(), LinkageFault> {
    check(&origin(), configuration(tokens).as_bytes(), &document(Algorithm::Ed25519, &json!({})), NOW)
}

#[tokio::test]
async fn a_credential_of_either_algorithm_links_both() {
    for algorithm in [Algorithm::Ed25519, Algorithm::Es256] {
        let body = configuration(&[token(algorithm).await]);
        assert_eq!(check(&origin(), body.as_bytes(), &document(algorithm, &json!({})), NOW), Ok(()));
    }
    let embedded =
        json!({"verificationMethod": [], "authentication": [], "assertionMethod": [method(Algorithm::Ed25519)]});
    let body = configuration(&[token(Algorithm::Ed25519).await]);
    assert_eq!(check(&origin(), body.as_bytes(), &document(Algorithm::Ed25519, &embedded), NOW), Ok(()));
    let newer = remade(&token(Algorithm::Ed25519).await, |header, _| header["alg"] = json!("Ed25519"));
    assert_eq!(verdict(&["no token".into(), newer]), Ok(()), "one good one is enough");
}

#[tokio::test]
async fn each_fault_has_its_name() {
    type Change = fn(&mut Value, &mut Value);
    let good = token(Algorithm::Ed25519).await;
    let faults: [(LinkageFault, Change); 19] = [
        (LinkageFault::Malformed, |header, _| header["typ"] = json!("JWT")),
        (LinkageFault::Malformed, |header, _| drop(header.as_object_mut().unwrap().remove("kid"))),
        (LinkageFault::Malformed, |_, payload| payload["jti"] = json!("x")),
        (LinkageFault::Malformed, |_, payload| payload["vc"]["id"] = json!("urn:x")),
        (LinkageFault::Malformed, |_, payload| payload["vc"]["type"] = json!(["VerifiableCredential"])),
        (LinkageFault::Malformed, |_, payload| payload["vc"]["issuanceDate"] = json!("yesterday")),
        (LinkageFault::Malformed, |_, payload| payload["exp"] = json!("soon")),
        (LinkageFault::OtherDid, |_, payload| payload["iss"] = json!("did:web:eve.example")),
        (LinkageFault::OtherDid, |_, payload| payload["sub"] = json!("did:web:eve.example")),
        (LinkageFault::OtherDid, |_, payload| payload["vc"]["issuer"] = json!("did:web:eve.example")),
        (LinkageFault::OtherDid, |_, payload| payload["vc"]["credentialSubject"]["id"] = json!("did:web:eve.example")),
        (LinkageFault::OtherOrigin, |_, payload| {
            payload["vc"]["credentialSubject"]["origin"] = json!("https://b.example");
        }),
        (LinkageFault::Key, |header, _| header["kid"] = json!("did:web:bob.example#key-2")),
        (LinkageFault::Key, |header, _| header["kid"] = json!("#key-1")),
        (LinkageFault::Algorithm, |header, _| header["alg"] = json!("none")),
        (LinkageFault::Algorithm, |header, _| header["alg"] = json!("ES256")),
        (LinkageFault::Time, |_, payload| payload["exp"] = json!(NOW.0)),
        (LinkageFault::Time, |_, payload| payload["vc"]["expirationDate"] = json!("2026-01-01T00:00:00Z")),
        (LinkageFault::Time, |_, payload| payload["nbf"] = json!(NOW.0 + 61)),
    ];
    for (at, (fault, change)) in faults.into_iter().enumerate() {
        assert_eq!(verdict(&[remade(&good, change)]), Err(fault), "{at}");
    }
    let other = remade(&good, |_, payload| payload["exp"] = json!(NOW.0 + DAY + 1));
    let (with_other_signature, _) = good.rsplit_once('.').unwrap();
    let moved = format!("{with_other_signature}.{}", other.rsplit_once('.').unwrap().1);
    assert_eq!(verdict(&[moved]), Err(LinkageFault::Signature));
    for broken in ["", "a", "a.b", "a.b.c", &good[1..], &format!("{good}="), &format!("{good}.x")] {
        assert_eq!(verdict(&[broken.to_owned()]), Err(LinkageFault::Malformed), "{broken}");
    }
    let twice = signed(r#"{"alg":"EdDSA","kid":"did:web:bob.example#key-1","alg":"EdDSA"}"#, "{}");
    assert_eq!(verdict(&[twice]), Err(LinkageFault::Malformed));
}

#[tokio::test]
async fn the_document_has_to_say_the_same() {
    let body = configuration(&[token(Algorithm::Ed25519).await]);
    let with = |changed: Value| check(&origin(), body.as_bytes(), &document(Algorithm::Ed25519, &changed), NOW);
    assert_eq!(with(json!({"service": []})), Err(LinkageFault::NotClaimed));
    let elsewhere = json!([{"id": "#d", "type": "LinkedDomains", "serviceEndpoint": "https://bob.example:8443"}]);
    assert_eq!(with(json!({"service": elsewhere})), Err(LinkageFault::NotClaimed));
    assert_eq!(with(json!({"assertionMethod": []})), Err(LinkageFault::Key));
    assert_eq!(with(json!({"assertionMethod": "#key-1"})), Err(LinkageFault::Key));
    let mut revoked = method(Algorithm::Ed25519);
    revoked["revoked"] = json!("2025-01-01T00:00:00Z");
    assert_eq!(with(json!({"verificationMethod": [revoked]})), Err(LinkageFault::Key));
    let gone = document(Algorithm::Ed25519, &json!({})).deactivated();
    assert_eq!(check(&origin(), body.as_bytes(), &gone, NOW), Err(LinkageFault::Deactivated));
}

#[test]
fn configurations_that_are_none() {
    let document = document(Algorithm::Ed25519, &json!({}));
    let verdict = |body: &str| check(&origin(), body.as_bytes(), &document, NOW);
    for none in [
        "",
        "[]",
        r#"{"linked_dids": []}"#,
        r#"{"@context": "x"}"#,
        r#"{"@context": "x", "linked_dids": [], "more": 1}"#,
        r#"{"@context": "x", "linked_dids": [], "linked_dids": []}"#,
        r#"{"@context": "x", "linked_dids": {}}"#,
    ] {
        assert_eq!(verdict(none), Err(LinkageFault::Configuration), "{none}");
    }
    assert_eq!(verdict(&configuration(&[])), Err(LinkageFault::NoCredential));
    assert_eq!(verdict(r#"{"@context": "x", "linked_dids": [{"proof": {}}]}"#), Err(LinkageFault::Form));
    assert_eq!(verdict(&" ".repeat(65_537)), Err(LinkageFault::TooLong));
}

#[test]
fn of_a_document_a_few_origins_are_looked_at() {
    let list = [
        "https://bob.example/",
        "https://bob.example",
        "HTTPS://B.example",
        "http://plain.example",
        "https://a.example/path",
        "http://127.0.0.1:8400",
        "https://c.example",
        "https://d.example",
        "https://e.example",
    ];
    let services = json!([{"id": "#d", "type": ["LinkedDomains"], "serviceEndpoint": list}]);
    let document = document(Algorithm::Ed25519, &json!({"service": services}));
    let found = claimed_origins(document.document());
    let found: Vec<&str> = found.iter().map(Origin::as_str).collect();
    assert_eq!(found, ["https://bob.example", "http://127.0.0.1:8400", "https://c.example", "https://d.example"]);
}
