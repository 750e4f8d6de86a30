//! What holds for every input.

use base64ct::{Base64UrlUnpadded, Encoding};
use didshake::{Algorithm, Did, Document, Fragment, PublicKey, Secret, SigningKey, UnixTime};
use didshake_did::{DidDocument, did_jwk, did_key, did_peer};
use proptest::prelude::*;

use crate::document::{did, good};

fn keys() -> impl Strategy<Value = PublicKey> {
    let algorithm = prop_oneof![Just(Algorithm::Ed25519), Just(Algorithm::Es256)];
    (algorithm, any::<[u8; 32]>()).prop_filter_map("no scalar", |(algorithm, secret)| {
        Some(SigningKey::from_secret(algorithm, &Secret::new(secret)).ok()?.public_key())
    })
}

/// A DID with one character of its id replaced, or one more at its end.
fn with_character(did: &str, at: usize, character: &str) -> String {
    let at = ("did:key:".len() + at).min(did.len());
    let mut text = did.to_owned();
    text.replace_range(at..(at + 1).min(did.len()), character);
    text
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    // R-DID-2, R-DID-5
    #[test]
    fn keys_survive_their_dids(key in keys()) {
        let did = did_key::encode(&key).unwrap();
        prop_assert_eq!(did_key::public_key(&did), Ok(key.clone()));
        let did = did_jwk::encode(&key).unwrap();
        prop_assert_eq!(did_jwk::public_key(&did), Ok(key));
    }

    // R-DID-3
    #[test]
    fn an_accepted_did_key_is_the_only_one_of_its_key(key in keys(), at in 0..80_usize, character in "[1-9A-Za-z.:_-]") {
        let text = with_character(did_key::encode(&key).unwrap().as_str(), at, &character);
        if let Ok(did) = Did::parse(&text)
            && let Ok(other) = did_key::public_key(&did)
        {
            prop_assert_eq!(did_key::encode(&other).unwrap(), did);
        }
    }

    // R-DID-12, R-DID-16
    #[test]
    fn a_changed_did_peer_is_refused_or_another_one(key in keys(), at in 0..500_usize, character in "[1-9A-Za-z.:_-]") {
        let new = did_peer::NewPeer { key: &key, key_agreement: Some(&[9; 32]), services: &[] };
        for did in [new.form_2().unwrap(), new.form_4().unwrap()] {
            let Ok(changed) = Did::parse(&with_character(did.as_str(), at, &character)) else { continue };
            if changed == did {
                continue;
            }
            let resolved = did_peer::resolve(&changed);
            prop_assert!(did.short_form().is_none() || resolved.is_err(), "{changed}");
            if let Ok(document) = resolved {
                let fragment = Fragment::of(&changed, did_peer::FRAGMENT).unwrap();
                prop_assert!(document.authentication_key(&did, &fragment, UnixTime(0)).is_err());
            }
        }
    }

    // R-DID-4
    #[test]
    fn an_accepted_did_jwk_is_the_only_one_of_its_json(key in keys(), at in 0..200_usize, character in "[0-9A-Za-z._-]") {
        let text = with_character(did_jwk::encode(&key).unwrap().as_str(), at, &character);
        if let Ok(did) = Did::parse(&text)
            && let Ok(document) = did_jwk::resolve(&did)
        {
            let json = document.text().split_once("\"publicKeyJwk\":").unwrap().1;
            let json = json.rsplit_once("}],\"authentication\"").unwrap().0;
            let again = Base64UrlUnpadded::encode_string(json.as_bytes());
            prop_assert_eq!(again, did.method_specific_id());
        }
    }

    // R-DOC-1
    #[test]
    fn mutated_documents_never_panic(at in any::<prop::sample::Index>(), bytes in prop::collection::vec(any::<u8>(), 0..4), cut in 0..4_usize) {
        let mut text = good().to_string().into_bytes();
        let at = at.index(text.len());
        text.splice(at..(at + cut).min(text.len()), bytes);
        if let Ok(document) = DidDocument::parse(&text, &did()) {
            for name in ["key-1", "key-2"] {
                let _ = document.authentication_key(&did(), &Fragment::of(&did(), name).unwrap(), UnixTime(0));
            }
            prop_assert_eq!(document.text().as_bytes(), text);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(DidDocument::parse(&bytes, &did()).is_err());
        let text = String::from_utf8_lossy(&bytes);
        for method in ["key", "jwk"] {
            if let Ok(did) = Did::parse(&format!("did:{method}:{text}")) {
                let _ = (did_key::resolve(&did), did_jwk::resolve(&did));
            }
        }
    }
}
