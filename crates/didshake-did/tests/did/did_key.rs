use didshake::{Algorithm, Did, Document, Fault, Fragment, UnixTime};
use didshake_did::{DidDocument, did_key};

use crate::keys::{invalid_ed25519, invalid_p256, public};

fn of_bytes(bytes: &[u8]) -> Did {
    Did::parse(&format!("did:key:z{}", bs58::encode(bytes).into_string())).unwrap()
}

fn fault(did: &str) -> Option<Fault> {
    did_key::public_key(&Did::parse(did).unwrap()).err()
}

// R-DID-2
#[test]
fn examples_of_the_did_key_specification() {
    let ed25519 = Did::parse("did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK").unwrap();
    let key = did_key::public_key(&ed25519).unwrap();
    assert_eq!(hex::encode(key.as_bytes()), "2e6fcce36701dc791488e0d0b1745cc1e33a4c1c9fcc41c63bd343dbbe0970e6");
    assert_eq!(did_key::encode(&key).unwrap(), ed25519);

    let p256 = Did::parse("did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169").unwrap();
    let key = did_key::public_key(&p256).unwrap();
    let x = "7f235830dd3defa722ef1aa249d6a0ddbba4f990b0817538933f573640653542";
    assert_eq!(hex::encode(key.as_bytes()), format!("03{x}"));
    assert_eq!(did_key::encode(&key).unwrap(), p256);
}

// R-DID-3
#[test]
fn anything_but_the_two_forms_is_malformed() {
    let key = public(Algorithm::Ed25519, 7);
    let good = [&[0xed, 0x01], key.as_bytes()].concat();
    let text = bs58::encode(&good).into_string();
    for did in [
        format!("did:key:{text}"),
        format!("did:key:Z{text}"),
        format!("did:key:m{text}"),
        format!("did:key:f{}", hex::encode(&good)),
        format!("did:key:zz{text}"),
        format!("did:key:z1{text}"),
        format!("did:key:z{text}1"),
        format!("did:key:1.1:z{text}"),
        format!("did:key:z{text}:z{text}"),
        format!("did:key:z{}", text.replacen('6', "0", 1)),
        format!("did:key:z{}", text.replacen('6', "l", 1)),
        "did:key:z".to_owned(),
        format!("did:key:z{}", "2".repeat(2000)),
    ] {
        assert_eq!(fault(&did), Some(Fault::DidKeyMalformed), "{did}");
    }
    for (codec, length) in
        [([0xed, 0x01], 31), ([0xed, 0x01], 33), ([0x80, 0x24], 32), ([0x80, 0x24], 34), ([0xed, 0x01], 0)]
    {
        let bytes = [codec.as_slice(), &vec![2; length]].concat();
        assert_eq!(fault(of_bytes(&bytes).as_str()), Some(Fault::DidKeyMalformed), "{codec:?} {length}");
    }
    // X25519, secp256k1, BLS12-381 G2, P-384, and P-256 uncompressed.
    for (codec, length) in
        [([0xec, 0x01], 32), ([0xe7, 0x01], 33), ([0xeb, 0x01], 96), ([0x81, 0x24], 49), ([0x80, 0x24], 65)]
    {
        let bytes = [codec.as_slice(), &vec![4; length]].concat();
        assert_eq!(fault(of_bytes(&bytes).as_str()), Some(Fault::DidKeyMalformed), "{codec:?}");
    }
    assert_eq!(fault("did:web:a"), Some(Fault::DidMethodUnsupported));
}

// R-DID-9
#[test]
fn bytes_that_are_no_key_are_invalid() {
    for bytes in invalid_ed25519() {
        let did = of_bytes(&[&[0xed, 0x01], bytes.as_slice()].concat());
        assert_eq!(fault(did.as_str()), Some(Fault::KeyInvalid), "{}", hex::encode(bytes));
    }
    for bytes in invalid_p256() {
        let did = of_bytes(&[&[0x80, 0x24], bytes.as_slice()].concat());
        assert_eq!(fault(did.as_str()), Some(Fault::KeyInvalid), "{}", hex::encode(bytes));
    }
}

// R-DID-1
#[test]
fn the_document_is_the_key() {
    for algorithm in [Algorithm::Ed25519, Algorithm::Es256] {
        let key = public(algorithm, 7);
        let did = did_key::encode(&key).unwrap();
        let document = did_key::resolve(&did).unwrap();
        let fragment = Fragment::of(&did, "").unwrap();
        assert_eq!(document.authentication_key(&did, &fragment, UnixTime(u64::MAX)), Ok(key));
        let parsed = DidDocument::parse(document.text().as_bytes(), &did).unwrap();
        assert_eq!(parsed.authentication_methods(), document.authentication_methods());

        // A document from elsewhere never stands in for the key, whatever it calls its methods.
        let text = document.text().replace(&format!("#{}", did.method_specific_id()), "#");
        let foreign = DidDocument::parse(text.as_bytes(), &did).unwrap();
        assert_eq!(foreign.authentication_key(&did, &fragment, UnixTime(0)), Err(Fault::MethodAbsent));

        let other = did_key::encode(&public(algorithm, 8)).unwrap();
        assert_eq!(document.authentication_key(&other, &fragment, UnixTime(0)), Err(Fault::DocumentIdMismatch));
        let web = Did::parse("did:web:a").unwrap();
        assert!(!document.has_method(&Fragment::of(&web, "key-1").unwrap()));
    }
}
