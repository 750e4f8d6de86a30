use base64ct::{Base64UrlUnpadded, Encoding};
use didshake::{Algorithm, Did, Document, Fault, Fragment, UnixTime};
use didshake_did::{DidDocument, did_jwk};

use crate::keys::{invalid_ed25519, public};

const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
const P256_X: &str = "fyNYMN0976ci7xqiSdag3buk-ZCwgXU4kz9XNkBlNUI";
const P256_Y: &str = "hW2ojTNfH7Jbi8--CJUo3OCbH3y5n91g-IMA9MLMbTU";

fn of_json(json: &str) -> Did {
    Did::parse(&format!("did:jwk:{}", Base64UrlUnpadded::encode_string(json.as_bytes()))).unwrap()
}

fn fault_of_json(json: &str) -> Option<Fault> {
    did_jwk::public_key(&of_json(json)).err()
}

fn okp(more: &str) -> String {
    format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{X}"{more}}}"#)
}

fn ec(more: &str) -> String {
    format!(r#"{{"kty":"EC","crv":"P-256","x":"{P256_X}","y":"{P256_Y}"{more}}}"#)
}

// R-DID-4
#[test]
fn example_of_the_did_jwk_specification() {
    let did = Did::parse(
        "did:jwk:eyJjcnYiOiJQLTI1NiIsImt0eSI6IkVDIiwieCI6ImFjYklRaXVNczNpOF91c3pFakoydHBUdFJNNEVVM3l6OTFQSDZDZEgyVjAiL\
         CJ5IjoiX0tjeUxqOXZXTXB0bm1LdG00NkdxRHo4d2Y3NEk1TEtncmwyR3pIM25TRSJ9",
    )
    .unwrap();
    let key = did_jwk::public_key(&did).unwrap();
    assert_eq!(key.algorithm(), Algorithm::Es256);
    assert_eq!(did_jwk::encode(&key).unwrap(), did);
}

// R-DID-5
#[test]
fn new_ones_are_canonical() {
    // RFC 8037 A.2 for Ed25519, the did:key specification for P-256.
    let ed25519 = did_jwk::public_key(&of_json(&okp(""))).unwrap();
    assert_eq!(hex::encode(ed25519.as_bytes()), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{X}"}}"#);
    assert_eq!(did_jwk::encode(&ed25519).unwrap(), of_json(&canonical));

    let p256 = did_jwk::public_key(&of_json(&ec(""))).unwrap();
    let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{P256_X}","y":"{P256_Y}"}}"#);
    assert_eq!(did_jwk::encode(&p256).unwrap(), of_json(&canonical));
}

// R-DID-4
#[test]
fn only_canonical_base64url_of_one_object() {
    let good = Base64UrlUnpadded::encode_string(okp("").as_bytes());
    let (head, last) = good.split_at(good.len() - 1);
    // The last character of the text carries unused bits; the same bytes with one of them set.
    let other_last = char::from(last.as_bytes()[0] + 1);
    for id in
        [format!("{head}{other_last}"), format!("{good}A"), format!("{good}.A"), format!("{good}:A"), "A".to_owned()]
    {
        let did = Did::parse(&format!("did:jwk:{id}")).unwrap();
        assert_eq!(did_jwk::public_key(&did).err(), Some(Fault::DidJwkMalformed), "{id}");
    }
    assert_eq!(okp("").len() % 3, 1, "the case above needs unused bits");
    for json in ["", "[]", "\"x\"", "null", "{}", "{}{}", "{", "\u{feff}{}"] {
        if !json.is_empty() {
            assert_eq!(fault_of_json(json), Some(Fault::DidJwkMalformed), "{json}");
        }
    }
    for json in [okp(",\"x\":\"\""), okp(",\"a\":{\"b\":1,\"b\":1}"), okp("") + " x", okp(",\"\\u0078\":1")] {
        assert_eq!(fault_of_json(&json), Some(Fault::DidJwkMalformed), "{json}");
    }
    assert_eq!(fault_of_json(&(okp("") + " \n")), None);
    let not_utf8 = Base64UrlUnpadded::encode_string(b"{\"a\":\"\xff\"}");
    let did = Did::parse(&format!("did:jwk:{not_utf8}")).unwrap();
    assert_eq!(did_jwk::public_key(&did).err(), Some(Fault::DidJwkMalformed));
}

// R-DID-5
#[test]
fn only_the_two_shapes() {
    for (from, to) in [
        ("\"OKP\"", "\"EC\""),
        ("\"OKP\"", "\"okp\""),
        ("\"OKP\"", "1"),
        ("\"Ed25519\"", "\"X25519\""),
        ("\"Ed25519\"", "\"P-256\""),
        ("\"Ed25519\"", "\"Ed448\""),
        ("\"kty\"", "\"Kty\""),
        ("\"crv\"", "\"curve\""),
        ("\"x\"", "\"X\""),
        ("Ro\"", "Rp\""),
        ("Ro\"", "Ro=\""),
        ("Ro\"", "R\""),
        ("Ro\"", "RoAA\""),
        ("11qY", "11q+"),
        ("11qY", "11q "),
    ] {
        let json = okp("").replacen(from, to, 1);
        assert_eq!(fault_of_json(&json), Some(Fault::DidJwkMalformed), "{json}");
    }
    for (from, to) in [
        ("\"EC\"", "\"OKP\""),
        ("P-256", "P-384"),
        ("P-256", "secp256k1"),
        ("\"y\"", "\"Y\""),
        ("bTU\"", "bTV\""),
        ("bTU\"", "bT\""),
    ] {
        let json = ec("").replacen(from, to, 1);
        assert_eq!(fault_of_json(&json), Some(Fault::DidJwkMalformed), "{json}");
    }
}

// R-DID-6, R-DID-7, R-DID-8
#[test]
fn use_alg_d_and_the_rest() {
    for (json, good) in [
        (okp(r#","use":"sig""#), true),
        (okp(r#","alg":"EdDSA""#), true),
        (okp(r#","alg":"Ed25519""#), true),
        (ec(r#","alg":"ES256","use":"sig""#), true),
        (okp(r#","kid":1,"key_ops":{},"y":[],"x5c":null,"Use":"enc""#), true),
        (okp(r#","use":"enc""#), false),
        (okp(r#","use":null"#), false),
        (okp(r#","use":["sig"]"#), false),
        (okp(r#","alg":"ES256""#), false),
        (okp(r#","alg":"eddsa""#), false),
        (okp(r#","alg":null"#), false),
        (ec(r#","alg":"EdDSA""#), false),
        (ec(r#","alg":"ES384""#), false),
        (okp(r#","d":"AA""#), false),
        (okp(r#","d":null"#), false),
        (ec(r#","d":"""#), false),
    ] {
        assert_eq!(fault_of_json(&json), (!good).then_some(Fault::DidJwkMalformed), "{json}");
    }
}

// R-DID-9
#[test]
fn coordinates_of_no_key_are_invalid() {
    for bytes in invalid_ed25519() {
        let json = okp("").replace(X, &Base64UrlUnpadded::encode_string(&bytes));
        assert_eq!(fault_of_json(&json), Some(Fault::KeyInvalid), "{json}");
    }
    let p = hex::decode("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff").unwrap();
    for bytes in [[0; 32], [1; 32], [0xff; 32], p.try_into().unwrap()] {
        let other = Base64UrlUnpadded::encode_string(&bytes);
        for json in [ec("").replace(P256_X, &other), ec("").replace(P256_Y, &other)] {
            assert_eq!(fault_of_json(&json), Some(Fault::KeyInvalid), "{json}");
        }
    }
}

// R-DID-1
#[test]
fn the_document_is_the_key() {
    for algorithm in [Algorithm::Ed25519, Algorithm::Es256] {
        let key = public(algorithm, 7);
        let did = did_jwk::encode(&key).unwrap();
        let document = did_jwk::resolve(&did).unwrap();
        let fragment = Fragment::of(&did, "").unwrap();
        assert_eq!(document.authentication_key(&did, &fragment, UnixTime(0)), Ok(key));
        assert_eq!(document.authentication_methods(), [format!("{did}#0")]);
        let parsed = DidDocument::parse(document.text().as_bytes(), &did).unwrap();
        assert_eq!(parsed.authentication_methods(), document.authentication_methods());
    }
}
