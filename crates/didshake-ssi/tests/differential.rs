//! Our did:key and did:jwk beside ssi's. What we take, ssi takes too, for the same key; what ssi takes beyond that is known
//! and named.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use did_jwk::DIDJWK;
use did_method_key::DIDKey;
use didshake::{Algorithm, Did, Document, Fragment, PublicKey, Secret, SigningKey, UnixTime};
use didshake_did::{did_jwk as our_jwk, did_key as our_key};
use proptest::prelude::*;
use serde_json::Value;
use ssi_dids_core::document::representation::MediaType;
use ssi_dids_core::resolution::{DIDMethodResolver, Options};

fn key(algorithm: Algorithm, seed: [u8; 32]) -> Option<PublicKey> {
    Some(SigningKey::from_secret(algorithm, &Secret::new(seed)).ok()?.public_key())
}

/// What ssi makes of a DID: the JSON of its document.
fn theirs(did: &Did) -> Option<Value> {
    let options = Options { accept: Some(MediaType::Json), ..Options::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let output = match did.method() {
        "key" => runtime.block_on(DIDKey.resolve_method_representation(did.method_specific_id(), options)),
        "jwk" => runtime.block_on(DIDJWK.resolve_method_representation(did.method_specific_id(), options)),
        other => panic!("{other}"),
    };
    serde_json::from_slice(&output.ok()?.document).ok()
}

fn ours(did: &Did) -> Option<PublicKey> {
    let document = match did.method() {
        "key" => our_key::resolve(did),
        _ => our_jwk::resolve(did),
    };
    document.ok()?.authentication_key(did, &Fragment::of(did, "").unwrap(), UnixTime(0)).ok()
}

/// The key of the first method of ssi's document, in the bytes of ours: as a JWK's members or a multibase text.
fn key_of(document: &Value) -> Option<Vec<u8>> {
    let method = document.pointer("/verificationMethod/0").unwrap();
    if let Some(text) = method.get("publicKeyMultibase").and_then(Value::as_str) {
        let (base, bytes) = (text.strip_prefix('z')?, 2);
        return bs58::decode(base).into_vec().ok()?.get(bytes..).map(<[u8]>::to_vec);
    }
    if let Some(text) = method.get("publicKeyBase58").and_then(Value::as_str) {
        return bs58::decode(text).into_vec().ok();
    }
    let jwk = method.get("publicKeyJwk")?;
    let part = |name: &str| Some(base64url(jwk.get(name)?.as_str()?));
    let x = part("x")?;
    match part("y") {
        None => Some(x),
        Some(y) => Some([&[2 + (y.last()? & 1)], x.as_slice()].concat()),
    }
}

fn base64url(text: &str) -> Vec<u8> {
    let value = |byte: u8| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'-' => 62,
        _ => 63,
    };
    let bits = text.bytes().flat_map(|byte| (0..6).rev().map(move |bit| value(byte) >> bit & 1)).collect::<Vec<_>>();
    bits.chunks_exact(8).map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | bit)).collect()
}

fn assert_same(did: &Did, key: &PublicKey) {
    let document = theirs(did).unwrap_or_else(|| panic!("ssi refuses {did}"));
    assert_eq!(document["id"], did.as_str());
    assert_eq!(key_of(&document).as_deref(), Some(key.as_bytes()), "{did}: {document}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn ssi_reads_our_dids_as_the_same_keys(seed: [u8; 32]) {
        for algorithm in [Algorithm::Ed25519, Algorithm::Es256] {
            let Some(key) = key(algorithm, seed) else { continue };
            for did in [our_key::encode(&key).unwrap(), our_jwk::encode(&key).unwrap()] {
                prop_assert_eq!(ours(&did), Some(key.clone()));
                assert_same(&did, &key);
            }
        }
    }

    /// One character of a DID changed, added or left out: whatever we still take, ssi reads as the same key.
    #[test]
    fn what_we_take_ssi_takes_as_the_same_key(seed: [u8; 32], place: prop::sample::Index, new in "[0-9A-Za-z_-]{0,2}") {
        for algorithm in [Algorithm::Ed25519, Algorithm::Es256] {
            let Some(key) = key(algorithm, seed) else { continue };
            for did in [our_key::encode(&key).unwrap(), our_jwk::encode(&key).unwrap()] {
                let prefix = "did:key:".len();
                let at = prefix + place.index(did.as_str().len() - prefix);
                let (before, after) = did.as_str().split_at(at);
                let Ok(changed) = Did::parse(&format!("{before}{new}{}", &after[1..])) else { continue };
                if let Some(key) = ours(&changed) {
                    assert_same(&changed, &key);
                }
            }
        }
    }
}

/// What ssi takes and we do not: each would be a second text for a key, or a key that nobody signs with.
#[test]
fn what_ssi_takes_beyond_us_is_known() {
    let ed25519 = key(Algorithm::Ed25519, [7; 32]).unwrap();
    let codec = |bytes: &[u8]| [&[0xed, 0x01], bytes].concat();
    let z = |bytes: &[u8]| format!("did:key:z{}", bs58::encode(codec(bytes)).into_string());
    let hex: String = codec(ed25519.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let identity = {
        let mut point = [0; 32];
        point[0] = 1;
        point
    };
    let taken = [
        ("hexadecimal instead of base58btc", format!("did:key:f{hex}")),
        ("a truncated key", z(&ed25519.as_bytes()[..31])),
        ("no point of the curve", z(&[2; 32])),
        ("the identity point", z(&identity)),
    ];
    for (what, text) in taken {
        let did = Did::parse(&text).unwrap();
        assert_eq!(ours(&did), None, "{what}");
        assert!(theirs(&did).is_some(), "ssi refuses {what} now: say so here and in FACTS");
    }
}
