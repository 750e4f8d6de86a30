//! The model's building blocks against answers from elsewhere.

use crate::check::{Check, Checks, Stop};
use crate::did::{is_did, is_did_url, is_fragment};
use crate::json::{self, Json};
use crate::keys::{base64url, from_base64url};
use crate::{ed25519, es256, primitives};

fn bytes(hex: &str) -> Vec<u8> {
    hex::decode(hex).unwrap()
}

#[test]
fn ed25519_as_in_rfc_8032() {
    let seed = bytes("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
    let public = ed25519::pair(&seed).unwrap().public;
    assert_eq!(hex::encode(public), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    let signature = ed25519::sign(&seed, b"").unwrap();
    let expected = "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";
    assert_eq!(hex::encode(&signature), expected);
    let point = ed25519::check_key(Checks::all(), &public).unwrap().unwrap();
    assert_eq!(ed25519::verify(Checks::all(), &public, &point, b"", &signature), Ok(()));
    let other = ed25519::verify(Checks::all(), &public, &point, b"x", &signature);
    assert_eq!(other, Err(Stop::Refused(Check::Signature)));
}

#[test]
fn es256_as_in_rfc_6979() {
    let secret = bytes("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721");
    let signature = es256::sign(&secret, b"sample").unwrap();
    let expected = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";
    assert_eq!(hex::encode(&signature), expected);
    let public = es256::public(&secret).unwrap();
    assert_eq!(hex::encode(&public), "0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6");
    assert_eq!(es256::verify(Checks::all(), &public, b"sample", &signature, &[]), Ok(()));
    let other = es256::verify(Checks::all(), &public, b"test", &signature, &[]);
    assert_eq!(other, Err(Stop::Refused(Check::Signature)));
}

#[test]
fn x25519_as_in_rfc_7748_and_hkdf_as_in_rfc_5869() {
    let scalar = bytes("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4");
    let u = bytes("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c");
    let result = primitives::x25519(&scalar, &u).unwrap();
    assert_eq!(hex::encode(result), "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
    let key = primitives::extract(&bytes("000102030405060708090a0b0c"), &[0x0b; 22]);
    let output = primitives::expand(&key, &bytes("f0f1f2f3f4f5f6f7f8f9"), 42).unwrap();
    let expected = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865";
    assert_eq!(hex::encode(output), expected);
}

#[test]
fn opening_gives_the_plain_text_whatever_the_tag() {
    for suite in [1, 2] {
        let mut sealed = primitives::seal(suite, &[1; 32], &[2; 12], b"data", b"plain text").unwrap();
        let good = primitives::open(suite, &[1; 32], &[2; 12], b"data", &sealed).unwrap();
        assert!(good.genuine && good.plain == b"plain text");
        *sealed.last_mut().unwrap() ^= 1;
        let bad = primitives::open(suite, &[1; 32], &[2; 12], b"data", &sealed).unwrap();
        assert!(!bad.genuine && bad.plain == b"plain text");
        assert!(!primitives::open(suite, &[1; 32], &[2; 12], b"other", &sealed).unwrap().genuine);
    }
}

#[test]
fn dids_fragments_and_urls() {
    for did in ["did:web:example.com", "did:a:b", "did:1:::b", "did:x:%2F.-_A:9"] {
        assert!(is_did(did), "{did}");
    }
    for did in [
        "",
        "did:",
        "did:a",
        "did:a:",
        "did:A:b",
        "did:a:b:",
        "did:a:b/c",
        "did:a:b?c",
        "did:a:b#c",
        "did:a:%2",
        "did:a:ä",
    ] {
        assert!(!is_did(did), "{did}");
    }
    assert!(is_fragment(b"a/?%20:@!$&'()*+,;=") && is_fragment(b""));
    assert!(!is_fragment(b"a#") && !is_fragment(b"%2") && !is_fragment(b"a b") && !is_fragment(b"\""));
    assert!(is_did_url("did:a:b#c") && is_did_url("did:a:b/c?d#e") && is_did_url("did:a:b"));
    assert!(!is_did_url("#c") && !is_did_url("did:a:b#c#d") && !is_did_url("https://a#b"));
}

#[test]
fn json_is_strict() {
    for text in ["{}", " [1, -0.5e+3, true, null] ", r#"{"a":"\u00e4\ud83d\ude00\n","b":[{}]}"#, "\"\u{7f}\"", "0"] {
        assert!(json::parse(text).is_some(), "{text}");
    }
    for text in [
        "",
        "{",
        "{}}",
        "[1,]",
        "{\"a\":1,}",
        "{a:1}",
        "'a'",
        "01",
        "1.",
        ".5",
        "+1",
        "-",
        "1e",
        "1e999",
        "nul",
        "\"\n\"",
        "\"\\x\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\u12\"",
        "\u{feff}{}",
        "{\"a\" 1}",
        "[1 2]",
        "NaN",
        "// x\n1",
    ] {
        assert!(json::parse(text).is_none(), "{text}");
    }
    assert!(json::parse(r#"{"a":[{"b":1,"\u0062":2}]}"#).unwrap().has_duplicates());
    assert!(!json::parse(r#"{"a":{"a":1},"b":{"a":1}}"#).unwrap().has_duplicates());
    assert_eq!(json::parse("[[],{\"a\":[0]}]").unwrap().depth(), 3);
    assert_eq!(json::parse(r#"{"a":"1","a":"2"}"#).unwrap().member("a").and_then(Json::text), Some("2"));
}

#[test]
fn base64url_is_canonical() {
    for (plain, text) in [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg")] {
        assert_eq!(base64url(plain.as_bytes()), text);
        assert_eq!(from_base64url(text).as_deref(), Some(plain.as_bytes()));
    }
    assert_eq!(base64url(&[0xfb, 0xff]), "-_8");
    for text in ["Zg==", "Zh", "Z", "Zm9", "Zm 8", "+_8", "Zm9vA"] {
        assert_eq!(from_base64url(text), None, "{text}");
    }
}
