//! The method that a handshake names (R-DOC-7 to R-DOC-16).

use base64ct::{Base64UrlUnpadded, Encoding};
use didshake::{Algorithm, Document, Fault, Fragment, PublicKey, UnixTime};
use didshake_did::{DidDocument, Resolved, did_key};
use serde_json::{Value, json};

use crate::document::{KEY, did, good, method};
use crate::keys::{invalid_ed25519, invalid_p256, public};

const NOW: u64 = 1_767_225_600;

fn key_of(document: &Value, fragment: &str) -> Result<PublicKey, Fault> {
    key_at(document, fragment, NOW)
}

fn key_at(document: &Value, fragment: &str, now: u64) -> Result<PublicKey, Fault> {
    let document = DidDocument::parse(document.to_string().as_bytes(), &did()).unwrap();
    document.authentication_key(&did(), &Fragment::of(&did(), fragment).unwrap(), UnixTime(now))
}

/// The good document with members of its first method set, or removed where null.
fn with(changes: Value) -> Value {
    let mut document = good();
    let method = document["verificationMethod"][0].as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(method.remove(name)),
            value => drop(method.insert(name.clone(), value.clone())),
        }
    }
    document
}

fn fault_with(changes: Value) -> Option<Fault> {
    key_of(&with(changes), "key-1").err()
}

// R-DOC-4, R-DOC-9
#[test]
fn referenced_and_embedded_methods_sign() {
    assert!(key_of(&good(), "key-1").is_ok());
    assert!(key_of(&good(), "key-2").is_ok());
    for (id, reference) in [("#k", "did:web:example.com#k"), ("did:web:example.com#k", "#k"), ("#k", "#k")] {
        let document = json!({"id": did().as_str(), "verificationMethod": [method(id)], "authentication": [reference]});
        assert!(key_of(&document, "k").is_ok(), "{id} {reference}");
    }
}

// R-DOC-7
#[test]
fn a_deactivated_did_is_refused() {
    let document = DidDocument::parse(good().to_string().as_bytes(), &did()).unwrap();
    let resolved = Resolved::fetched(document);
    let fragment = Fragment::of(&did(), "key-1").unwrap();
    assert!(resolved.authentication_key(&did(), &fragment, UnixTime(NOW)).is_ok());
    let resolved = resolved.deactivated();
    let named = |name: &str| {
        let fragment = Fragment::of(&did(), name).unwrap();
        resolved.authentication_key(&did(), &fragment, UnixTime(NOW)).err()
    };
    assert_eq!(named("key-1"), Some(Fault::DidDeactivated));
    assert_eq!(named("absent"), Some(Fault::DidDeactivated));
    let other = didshake::Did::parse("did:web:other").unwrap();
    assert_eq!(
        resolved.authentication_key(&other, &fragment, UnixTime(NOW)).err(),
        Some(Fault::DocumentIdMismatch),
        "the id comes first"
    );
}

// R-DOC-8
#[test]
fn an_absent_method() {
    for fragment in ["key-3", "KEY-1", "key%2D1", "key-1/", "shake"] {
        assert_eq!(key_of(&good(), fragment).err(), Some(Fault::MethodAbsent), "{fragment}");
    }
    let elsewhere = with(json!({"id": "did:web:example.org#key-1"}));
    assert_eq!(key_of(&elsewhere, "key-1").err(), Some(Fault::MethodAbsent));
    let longer = with(json!({"id": "did:web:example.com?x#key-1"}));
    assert_eq!(key_of(&longer, "key-1").err(), Some(Fault::MethodAbsent));
    let dangling = json!({"id": did().as_str(), "authentication": ["#key-1"]});
    assert_eq!(key_of(&dangling, "key-1").err(), Some(Fault::MethodAbsent));
}

// R-DOC-9
#[test]
fn only_authentication_signs() {
    let mut document = good();
    document["authentication"] = json!([]);
    document["assertionMethod"] = json!(["#key-1"]);
    assert_eq!(key_of(&document, "key-1").err(), Some(Fault::MethodNotAuthentication));
    document.as_object_mut().unwrap().remove("authentication");
    assert_eq!(key_of(&document, "key-1").err(), Some(Fault::MethodNotAuthentication));
    document["authentication"] = json!(["did:web:example.org#key-1", "#key-2", "#KEY-1"]);
    assert_eq!(key_of(&document, "key-1").err(), Some(Fault::MethodNotAuthentication));
    document["assertionMethod"] = json!([method("#other")]);
    document["authentication"] = json!(["#other"]);
    assert_eq!(key_of(&document, "other").err(), Some(Fault::MethodAbsent), "embedded elsewhere is not there");
}

// R-DOC-10
#[test]
fn the_controller_is_the_did() {
    for controller in ["did:web:example.org", "did:web:example.com#", "did:web:EXAMPLE.com", ""] {
        assert_eq!(fault_with(json!({"controller": controller})), Some(Fault::MethodController), "{controller}");
    }
}

// R-DOC-11
#[test]
fn times_that_cannot_be_read() {
    for name in ["expires", "revoked"] {
        let values =
            [json!("2099-01-01"), json!("never"), json!(""), json!(4_070_908_800_u64), json!(false), json!([])];
        for value in values {
            assert_eq!(fault_with(json!({name: value})), Some(Fault::MethodTime), "{name} {value}");
        }
        let mut document = good();
        document["verificationMethod"][0][name] = Value::Null;
        assert_eq!(key_of(&document, "key-1").err(), Some(Fault::MethodTime));
    }
}

// R-DOC-12, R-DOC-13
#[test]
fn times_apply_from_their_instant() {
    for (name, fault) in [("revoked", Fault::MethodRevoked), ("expires", Fault::MethodExpired)] {
        let document = with(json!({name: "2026-01-01T00:00:00.75Z"}));
        assert!(key_at(&document, "key-1", NOW - 1).is_ok(), "{name}");
        assert_eq!(key_at(&document, "key-1", NOW).err(), Some(fault));
        assert_eq!(key_at(&document, "key-1", NOW + 1).err(), Some(fault));
        let ancient = with(json!({name: "1960-01-01T00:00:00Z"}));
        assert_eq!(key_at(&ancient, "key-1", 0).err(), Some(fault));
    }
}

// R-DOC-14
#[test]
fn exactly_one_key_of_the_type() {
    let others = [
        "publicKeyBase58",
        "publicKeyJwk",
        "publicKeyHex",
        "publicKeyPem",
        "publicKeyBase64",
        "blockchainAccountId",
        "ethereumAddress",
    ];
    for name in others {
        for value in [json!("x"), json!(1), json!({})] {
            assert_eq!(fault_with(json!({name: value})), Some(Fault::MethodKeyForm), "{name}");
        }
        assert_eq!(fault_with(json!({name: "x", "publicKeyMultibase": null})), Some(Fault::MethodKeyForm), "{name}");
    }
    assert_eq!(fault_with(json!({"publicKeyMultibase": null})), Some(Fault::MethodKeyForm));
    for kind in [
        "multikey",
        "",
        "EcdsaSecp256k1VerificationKey2019",
        "JsonWebKey",
        "JsonWebKey2020",
        "Ed25519VerificationKey2018",
        "JsonWebKey2021",
    ] {
        assert_eq!(fault_with(json!({"type": kind})), Some(Fault::MethodKeyForm), "{kind}");
    }
    assert_eq!(fault_with(json!({"publicKeyMulticodec": "x"})), None, "no key member of the list");
}

// R-DOC-15
#[test]
fn every_form_of_a_key() {
    let ed25519 = did_key::public_key(&didshake::Did::parse(&format!("did:key:{KEY}")).unwrap()).unwrap();
    let base58 = bs58::encode(ed25519.as_bytes()).into_string();
    let x = Base64UrlUnpadded::encode_string(ed25519.as_bytes());
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": "1"});
    for changes in [
        json!({}),
        json!({"type": "Ed25519VerificationKey2020"}),
        json!({"type": "Ed25519VerificationKey2018", "publicKeyMultibase": null, "publicKeyBase58": base58}),
        json!({"type": "JsonWebKey", "publicKeyMultibase": null, "publicKeyJwk": jwk}),
        json!({"type": "JsonWebKey2020", "publicKeyMultibase": null, "publicKeyJwk": jwk}),
    ] {
        assert_eq!(key_of(&with(changes.clone()), "key-1"), Ok(ed25519.clone()), "{changes}");
    }
    let p256 = public(Algorithm::Es256, 7);
    let multibase = did_key::encode(&p256).unwrap().method_specific_id().to_owned();
    assert_eq!(key_of(&with(json!({"publicKeyMultibase": multibase})), "key-1"), Ok(p256));
    let changes = json!({"type": "Ed25519VerificationKey2020", "publicKeyMultibase": multibase});
    assert_eq!(fault_with(changes), Some(Fault::MethodKeyForm));
}

// R-DOC-15
#[test]
fn encodings_that_are_not_in_the_table() {
    let key = public(Algorithm::Ed25519, 7);
    let multibase = |bytes: &[u8]| format!("z{}", bs58::encode(bytes).into_string());
    let x25519 = multibase(&[&[0xec, 0x01], key.as_bytes()].concat());
    for text in [
        json!(x25519),
        json!(multibase(key.as_bytes())),
        json!(&KEY[1..]),
        json!(format!("{KEY} ")),
        json!([KEY]),
        json!(""),
    ] {
        assert_eq!(fault_with(json!({"publicKeyMultibase": text})), Some(Fault::MethodKeyForm), "{text}");
    }
    for bytes in [&key.as_bytes()[1..], &[key.as_bytes(), &[1]].concat(), &[]] {
        let text = bs58::encode(bytes).into_string();
        let changes =
            json!({"type": "Ed25519VerificationKey2018", "publicKeyMultibase": null, "publicKeyBase58": text});
        assert_eq!(fault_with(changes), Some(Fault::MethodKeyForm), "{text}");
    }
    let x = Base64UrlUnpadded::encode_string(key.as_bytes());
    for jwk in [
        json!("{}"),
        json!({}),
        json!({"kty": "OKP", "crv": "Ed25519", "x": x, "d": x}),
        json!({"kty": "OKP", "crv": "X25519", "x": x}),
        json!({"kty": "OKP", "crv": "Ed25519", "x": x, "use": "enc"}),
        json!({"kty": "OKP", "crv": "Ed25519", "x": format!("{x}=")}),
    ] {
        let changes = json!({"type": "JsonWebKey", "publicKeyMultibase": null, "publicKeyJwk": jwk});
        assert_eq!(fault_with(changes), Some(Fault::MethodKeyForm), "{jwk}");
    }
}

// R-SIG-4, R-SIG-8
#[test]
fn bytes_that_are_no_key() {
    for bytes in invalid_ed25519() {
        let x = Base64UrlUnpadded::encode_string(&bytes);
        let multibase = format!("z{}", bs58::encode([&[0xed, 0x01], bytes.as_slice()].concat()).into_string());
        let base58 = bs58::encode(bytes).into_string();
        for changes in [
            json!({"publicKeyMultibase": multibase}),
            json!({"type": "Ed25519VerificationKey2018", "publicKeyMultibase": null, "publicKeyBase58": base58}),
            json!({"type": "JsonWebKey", "publicKeyMultibase": null, "publicKeyJwk": {"kty": "OKP", "crv": "Ed25519", "x": x}}),
        ] {
            assert_eq!(fault_with(changes.clone()), Some(Fault::KeyInvalid), "{changes}");
        }
    }
    for bytes in invalid_p256() {
        let multibase = format!("z{}", bs58::encode([&[0x80, 0x24], bytes.as_slice()].concat()).into_string());
        assert_eq!(fault_with(json!({"publicKeyMultibase": multibase})), Some(Fault::KeyInvalid), "{multibase}");
    }
}

// R-DOC-16
#[test]
fn other_methods_may_be_anything() {
    let mut document = good();
    let other = json!({"id": "#other", "type": "New", "controller": "mailto:x", "expires": 1, "publicKeyHex": 1, "publicKeyJwk": 2});
    document["verificationMethod"].as_array_mut().unwrap().push(other.clone());
    document["authentication"].as_array_mut().unwrap().push(json!("#other"));
    assert!(key_of(&document, "key-1").is_ok());
    assert_eq!(key_of(&document, "other").err(), Some(Fault::MethodController));
}

// R-DOC-17
#[test]
fn the_first_fault_decides() {
    let mut changes = json!({"publicKeyMultibase": "z6Mk"});
    assert_eq!(fault_with(changes.clone()), Some(Fault::MethodKeyForm));
    changes["expires"] = json!("2000-01-01T00:00:00Z");
    assert_eq!(fault_with(changes.clone()), Some(Fault::MethodExpired));
    changes["revoked"] = json!("2000-01-01T00:00:00Z");
    assert_eq!(fault_with(changes.clone()), Some(Fault::MethodRevoked));
    changes["expires"] = json!("soon");
    assert_eq!(fault_with(changes.clone()), Some(Fault::MethodTime));
    changes["controller"] = json!("did:web:example.org");
    assert_eq!(fault_with(changes.clone()), Some(Fault::MethodController));
    let mut document = with(changes);
    document["authentication"] = json!([]);
    assert_eq!(key_of(&document, "key-1").err(), Some(Fault::MethodNotAuthentication));
    document["verificationMethod"] = json!([]);
    assert_eq!(key_of(&document, "key-1").err(), Some(Fault::MethodAbsent));
}
