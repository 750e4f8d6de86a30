use base64ct::{Base64UrlUnpadded, Encoding};
use didshake::{Algorithm, Did, Document, Fault, Fragment, PublicKey, UnixTime};
use didshake_did::{CacheLimits, CachedResolver, Lifetimes, MethodRegistry, Resolver, StaticDocuments};
use didshake_did::{DidDocument, did_key, did_peer};
use serde_json::{Value, json};

use crate::keys::{invalid_ed25519, public};
use crate::peer_dids::{four, multibase, of_json, two};

const ED25519: [u8; 2] = [0xed, 0x01];
const X25519: [u8; 2] = [0xec, 0x01];
const NOW: UnixTime = UnixTime(1_767_225_600);

// The examples of the DIF specification.
const TWO: &str = "did:peer:2.Vz6Mkj3PUd1WjvaDhNZhhhXQdz5UnZXmS7ehtx8bsPpD47kKc.Ez6LSg8zQom395jKLrGiBNruB9MM6V8PWuf2FpEy4uRFiqQBR.SeyJ0IjoiZG0iLCJzIjp7InVyaSI6Imh0dHA6Ly9leGFtcGxlLmNvbS9kaWRjb21tIiwiYSI6WyJkaWRjb21tL3YyIl0sInIiOlsiZGlkOmV4YW1wbGU6MTIzNDU2Nzg5YWJjZGVmZ2hpI2tleS0xIl19fQ.SeyJ0IjoiZG0iLCJzIjp7InVyaSI6Imh0dHA6Ly9leGFtcGxlLmNvbS9hbm90aGVyIiwiYSI6WyJkaWRjb21tL3YyIl0sInIiOlsiZGlkOmV4YW1wbGU6MTIzNDU2Nzg5YWJjZGVmZ2hpI2tleS0yIl19fQ";
const FOUR: &str = "did:peer:4zQmd8CpeFPci817KDsbSAKWcXAE2mjvCQSasRewvbSF54Bd:z2M1k7h4psgp4CmJcnQn2Ljp7Pz7ktsd7oBhMU3dWY5s4fhFNj17qcRTQ427C7QHNT6cQ7T3XfRh35Q2GhaNFZmWHVFq4vL7F8nm36PA9Y96DvdrUiRUaiCuXnBFrn1o7mxFZAx14JL4t8vUWpuDPwQuddVo1T8myRiVH7wdxuoYbsva5x6idEpCQydJdFjiHGCpNc2UtjzPQ8awSXkctGCnBmgkhrj5gto3D4i3EREXYq4Z8r2cWGBr2UzbSmnxW2BuYddFo9Yfm6mKjtJyLpF74ytqrF5xtf84MnGFg1hMBmh1xVx1JwjZ2BeMJs7mNS8DTZhKC7KH38EgqDtUZzfjhpjmmUfkXg2KFEA3EGbbVm1DPqQXayPYKAsYPS9AyKkcQ3fzWafLPP93UfNhtUPL8JW5pMcSV3P8v6j3vPXqnnGknNyBprD6YGUVtgLiAqDBDUF3LSxFQJCVYYtghMTv8WuSw9h1a1SRFrDQLGHE4UrkgoRvwaGWr64aM87T1eVGkP5Dt4L1AbboeK2ceLArPScrdYGTpi3BpTkLwZCdjdiFSfTy9okL1YNRARqUf2wm8DvkVGUU7u5nQA3ZMaXWJAewk6k1YUxKd7LvofGUK4YEDtoxN5vb6r1Q2godrGqaPkjfL3RoYPpDYymf9XhcgG8Kx3DZaA6cyTs24t45KxYAfeCw4wqUpCH9HbpD78TbEUr9PPAsJgXBvBj2VVsxnr7FKbK4KykGcg1W8M1JPz21Z4Y72LWgGQCmixovrkHktcTX1uNHjAvKBqVD5C7XmVfHgXCHj7djCh3vzLNuVLtEED8J1hhqsB1oCBGiuh3xXr7fZ9wUjJCQ1HYHqxLJKdYKtoCiPmgKM7etVftXkmTFETZmpM19aRyih3bao76LdpQtbw636r7a3qt8v4WfxsXJetSL8c7t24SqQBcAY89FBsbEnFNrQCMK3JEseKHVaU388ctvRD45uQfe5GndFxthj4iSDomk4uRFd1uRbywoP1tRuabHTDX42UxPjz";
const FOUR_SHORT: &str = "did:peer:4zQmd8CpeFPci817KDsbSAKWcXAE2mjvCQSasRewvbSF54Bd";

fn did(text: &str) -> Did {
    Did::parse(text).unwrap()
}

fn fault(text: &str) -> Option<Fault> {
    did_peer::resolve(&did(text)).err()
}

fn key(text: &str, fragment: &str) -> Result<PublicKey, Fault> {
    let did = did(text);
    did_peer::resolve(&did)?.authentication_key(&did, &Fragment::of(&did, fragment).unwrap(), NOW)
}

fn of_multibase(text: &str) -> PublicKey {
    did_key::public_key(&did(&format!("did:key:{text}"))).unwrap()
}

fn document(text: &str) -> Value {
    serde_json::from_str(did_peer::resolve(&did(text)).unwrap().text()).unwrap()
}

// R-DID-12, R-DID-14
#[test]
fn example_of_form_2() {
    assert_eq!(key(TWO, "key-1"), Ok(of_multibase("z6Mkj3PUd1WjvaDhNZhhhXQdz5UnZXmS7ehtx8bsPpD47kKc")));
    assert_eq!(key(TWO, "key-2"), Err(Fault::MethodNotAuthentication));
    assert_eq!(key(TWO, "key-3"), Err(Fault::MethodAbsent));
    let service = |id: &str, path: &str, key: &str| {
        json!({"id": id, "type": "DIDCommMessaging", "serviceEndpoint": {"uri": format!("http://example.com/{path}"),
            "accept": ["didcomm/v2"], "routingKeys": [format!("did:example:123456789abcdefghi#{key}")]}})
    };
    let method =
        |id: &str, key: &str| json!({"id": id, "type": "Multikey", "controller": TWO, "publicKeyMultibase": key});
    let expected = json!({
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": TWO,
        "verificationMethod": [
            method("#key-1", "z6Mkj3PUd1WjvaDhNZhhhXQdz5UnZXmS7ehtx8bsPpD47kKc"),
            method("#key-2", "z6LSg8zQom395jKLrGiBNruB9MM6V8PWuf2FpEy4uRFiqQBR"),
        ],
        "authentication": ["#key-1"],
        "keyAgreement": ["#key-2"],
        "service": [service("#service", "didcomm", "key-1"), service("#service-1", "another", "key-2")],
    });
    assert_eq!(document(TWO), expected);
    let agreement = did_peer::resolve(&did(TWO)).unwrap().key_agreement(NOW);
    assert_eq!((agreement.len(), agreement[0].id.clone()), (1, format!("{TWO}#key-2")));
    assert_eq!(multibase(&X25519, &agreement[0].key.unwrap()), "z6LSg8zQom395jKLrGiBNruB9MM6V8PWuf2FpEy4uRFiqQBR");
}

// R-DID-16, R-DID-18, R-DID-19
#[test]
fn example_of_form_4() {
    assert_eq!(key(FOUR, "6MkrCD1c"), Ok(of_multibase("z6MkrCD1csqtgdj8sjrsu8jxcbeyP6m7LiK87NzhfWqio5yr")));
    assert_eq!(key(FOUR, "6LSqPZfn"), Err(Fault::MethodNotAuthentication));
    let document = document(FOUR);
    assert_eq!((&document["id"], &document["alsoKnownAs"]), (&json!(FOUR), &json!([FOUR_SHORT])));
    for method in document["verificationMethod"].as_array().unwrap() {
        assert_eq!(method["controller"], FOUR);
    }
    let agreement = did_peer::resolve(&did(FOUR)).unwrap().key_agreement(NOW);
    assert_eq!(multibase(&X25519, &agreement[0].key.unwrap()), "z6LSqPZfn9krvgXma2icTMKf2uVcYhKXsudCmPoUzqGYW24U");
    assert_eq!(did_peer::resolve(&did(FOUR)).unwrap().services()[0].endpoints, ["didcomm:transport/queue"]);
}

// R-DID-20
#[test]
fn the_short_form_names_and_does_not_resolve() {
    assert_eq!(fault(FOUR_SHORT), Some(Fault::DidNotFound));
    assert_eq!(did(FOUR).short_form(), Some(FOUR_SHORT));
    assert_eq!(did(FOUR_SHORT).short_form(), Some(FOUR_SHORT));
    assert!(did(FOUR_SHORT).is_short_form() && !did(FOUR).is_short_form());
    for other in [TWO, "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK", "did:web:4a", "did:peer:5a:b"] {
        assert_eq!(did(other).short_form(), None, "{other}");
    }
    // What borrows another one's short form does not resolve, so that the name is nobody else's.
    let (hash, _) = FOUR.rsplit_once(':').unwrap();
    let (_, foreign) = four(&json!({})).rsplit_once(':').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    assert_eq!(fault(&format!("{hash}:{foreign}")), Some(Fault::DidPeerMalformed));
}

// R-DID-11, R-DID-10
#[test]
fn other_forms_and_methods_are_not_supported() {
    let inception = "did:peer:0z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH";
    let genesis = "did:peer:1zQmZMygzYqNwU6Uhmewx5Xepf2VLp5S4HLSwwgf2aiKZuwa";
    let shortened = "did:peer:3zQmS19jtYDvGtKVrJhQnRFpBQAx3pJ9omx2HpNrcXFuRCz9";
    for other in [inception, genesis, shortened, "did:peer:5", "did:peer:x", "did:peer::4", "did:web:a.example"] {
        assert_eq!(fault(other), Some(Fault::DidMethodUnsupported), "{other}");
    }
}

// R-DID-12, R-DID-13
#[test]
fn elements_that_are_none() {
    let key = multibase(&ED25519, public(Algorithm::Ed25519, 7).as_bytes());
    assert!(fault(&format!("did:peer:2.V{key}")).is_none());
    for (why, elements) in [
        ("no element", String::new()),
        ("an empty element", format!(".V{key}.")),
        ("an empty element in between", format!("..V{key}")),
        ("no dot", format!("V{key}")),
        ("a letter that is no purpose", format!(".X{key}")),
        ("a small letter", format!(".v{key}")),
        ("no letter", format!(".{key}")),
        ("a key without its base", format!(".V{}", &key[1..])),
        ("base58 of another alphabet", format!(".VZ{}", &key[1..])),
        ("base64url", format!(".Vu{key}")),
        ("a character that base58btc has not", format!(".V{}", key.replacen('6', "0", 1))),
        ("no key", ".V".to_owned()),
        ("a base and no key", ".Vz".to_owned()),
        ("a colon", format!(".V{key}:V{key}")),
        ("a percent-encoded dot", format!(".V{key}%2EV{key}")),
        ("a service as a key", ".Ve30".to_owned()),
    ] {
        assert_eq!(fault(&format!("did:peer:2{elements}")), Some(Fault::DidPeerMalformed), "{why}");
    }
}

// R-DID-13
#[test]
fn what_a_key_is_matters_where_it_is_named() {
    let good = multibase(&ED25519, public(Algorithm::Ed25519, 7).as_bytes());
    let p256 = multibase(&[0x80, 0x24], public(Algorithm::Es256, 7).as_bytes());
    let both = format!("did:peer:2.V{p256}.V{good}");
    assert_eq!(key(&both, "key-1"), Ok(public(Algorithm::Es256, 7)));
    assert_eq!(key(&both, "key-2"), Ok(public(Algorithm::Ed25519, 7)));
    let x25519 = multibase(&X25519, &[9; 32]);
    let secp256k1 = multibase(&[0xe7, 0x01], &[2; 33]);
    for other in [&x25519, &secp256k1, "z1", &format!("z1{}", &good[1..]), &multibase(&ED25519, &[7; 31])] {
        let did = format!("did:peer:2.V{other}.V{good}");
        assert_eq!(key(&did, "key-1"), Err(Fault::MethodKeyForm), "{other}");
        assert_eq!(key(&did, "key-2"), Ok(public(Algorithm::Ed25519, 7)), "{other}");
    }
    for bytes in invalid_ed25519() {
        assert_eq!(key(&format!("did:peer:2.V{}", multibase(&ED25519, &bytes)), "key-1"), Err(Fault::KeyInvalid));
    }
    for letter in ["A", "D", "E", "I"] {
        assert_eq!(
            key(&format!("did:peer:2.{letter}{good}"), "key-1"),
            Err(Fault::MethodNotAuthentication),
            "{letter}"
        );
    }
}

// R-DID-14
#[test]
fn services_are_written_out_and_named() {
    let service = |value: Value| document(&two(&[value]))["service"][0].clone();
    let nested = json!({"t": "x", "s": [{"a": [{"r": []}], "uri": "https://a.example", "t": "dm"}], "a": "dm"});
    assert_eq!(
        service(nested),
        json!({"id": "#service", "type": "x", "accept": "dm",
            "serviceEndpoint": [{"accept": [{"routingKeys": []}], "uri": "https://a.example", "type": "DIDCommMessaging"}]})
    );
    assert_eq!(service(json!({"id": "#mine", "type": ["dm"]})), json!({"id": "#mine", "type": ["dm"]}));
    let ids = |services: &[Value]| {
        document(&two(services))["service"]
            .as_array()
            .unwrap()
            .iter()
            .map(|service| service["id"].clone())
            .collect::<Vec<_>>()
    };
    let named = json!({"id": "#a"});
    assert_eq!(ids(&[json!({}), named.clone(), json!({}), json!({})]), ["#service", "#a", "#service-1", "#service-2"]);
    for clash in
        [vec![named.clone(), named.clone()], vec![json!({"id": "#service"}), json!({})], vec![json!({"id": "#key-1"})]]
    {
        assert_eq!(fault(&two(&clash)), Some(Fault::DidPeerMalformed), "{clash:?}");
    }
}

// R-DID-15
#[test]
fn services_that_are_none() {
    let of_text = |text: &str| format!("did:peer:2.S{}", Base64UrlUnpadded::encode_string(text.as_bytes()));
    assert!(fault(&of_text("{}")).is_none());
    for text in [
        "",
        "[]",
        "[{}]",
        "1",
        "null",
        "{} {}",
        "{}x",
        "\u{feff}{}",
        r#"{"a":1,}"#,
        r#"{"t":"x","t":"y"}"#,
        r#"{"t":"x","type":"y"}"#,
        r#"{"x":{"s":1,"serviceEndpoint":2}}"#,
        r#"{"n":1e400}"#,
        r#"{"id":"mine"}"#,
        r#"{"id":"did:peer:2.a#mine"}"#,
        r#"{"id":null}"#,
        r#"{"id":1}"#,
        r##"{"id":"#a b"}"##,
        r###"{"id":"##"}"###,
        r#"{"id":""}"#,
    ] {
        assert_eq!(fault(&of_text(text)), Some(Fault::DidPeerMalformed), "{text}");
    }
    // The last character of `e30` with its spare bit set, a length of 1 modulo 4, and the other alphabet.
    for text in ["e31", "e30AA", "e30+", "e30_.", "eyJhIjoi_-8ifQ"] {
        assert!(
            Did::parse(&format!("did:peer:2.S{text}")).is_err()
                || fault(&format!("did:peer:2.S{text}")) == Some(Fault::DidPeerMalformed),
            "{text}"
        );
    }
    assert_eq!(Did::parse("did:peer:2.Se30=").err(), Some(Fault::DidSyntax));
    let deep = |levels: usize| of_text(&format!(r#"{{"x":{}{}}}"#, "[".repeat(levels - 1), "]".repeat(levels - 1)));
    assert_eq!(fault(&deep(14)), None);
    assert_eq!(fault(&deep(15)), Some(Fault::DocumentLimits), "the document around it adds two");
    assert_eq!(fault(&deep(17)), Some(Fault::DidPeerMalformed));
}

// R-DID-11
#[test]
fn elements_are_counted() {
    let keys = |count| format!("did:peer:2{}", ".Az2".repeat(count));
    let services = |count| format!("did:peer:2{}", ".Se30".repeat(count));
    assert_eq!((fault(&keys(64)), fault(&services(64))), (None, None));
    for many in [keys(65), services(65), keys(500), services(400)] {
        assert_eq!(fault(&many), Some(Fault::DocumentLimits));
    }
}

// R-DID-16, R-DID-17
#[test]
fn hashes_and_documents_that_do_not_fit() {
    let text = br#"{"a":1}"#;
    let good = of_json(text);
    let (hash, encoded) = good.strip_prefix("did:peer:4").unwrap().split_once(':').unwrap();
    assert_eq!(fault(&good), None);
    let digest = bs58::decode(&hash[1..]).into_vec().unwrap();
    let base58 = |bytes: &[u8]| format!("z{}", bs58::encode(bytes).into_string());
    let with = |prefix: &[u8], text: &[u8]| crate::peer_dids::of_encoded(&base58(&[prefix, text].concat()));
    let flipped = {
        let mut bytes = digest.clone();
        bytes[33] ^= 1;
        bytes
    };
    for (why, did) in [
        ("nothing", "did:peer:4".to_owned()),
        ("another document's hash", format!("did:peer:4{}:{encoded}", base58(&flipped))),
        ("a digest of 31 bytes", format!("did:peer:4{}:{encoded}", base58(&digest[..33]))),
        ("sha2-512's code", format!("did:peer:4{}:{encoded}", base58(&[&[0x13, 0x20], &digest[2..]].concat()))),
        ("no multihash", format!("did:peer:4{}:{encoded}", base58(&digest[2..]))),
        ("a zero before the hash", format!("did:peer:4z1{}:{encoded}", &hash[1..])),
        ("the hash in base16", format!("did:peer:4f{}:{encoded}", hex::encode(&digest))),
        ("a short form that is none", "did:peer:4zQm".to_owned()),
        ("a third part", format!("{good}:{encoded}")),
        ("no multibase", crate::peer_dids::of_encoded(&encoded[1..])),
        ("a character that base58btc has not", crate::peer_dids::of_encoded(&format!("{encoded}0"))),
        ("multicodec raw", with(&[0x55], text)),
        ("multicodec json in one byte", with(&[0x04], text)),
        ("multicodec json in three", with(&[0x80, 0x84, 0x00], text)),
        ("a zero before the multicodec", with(&[0x00, 0x80, 0x04], text)),
        ("no multicodec", with(&[], text)),
        ("no JSON", with(&[0x80, 0x04], b"a")),
        ("nothing for JSON", with(&[0x80, 0x04], b"")),
        ("a list", of_json(b"[{}]")),
        ("a member twice", of_json(br#"{"a":1,"a":1}"#)),
        ("17 levels", of_json(format!(r#"{{"a":{}{}}}"#, "[".repeat(16), "]".repeat(16)).as_bytes())),
    ] {
        assert_eq!(fault(&did), Some(Fault::DidPeerMalformed), "{why}");
    }
}

// R-DID-17, R-DID-18
#[test]
fn what_a_document_must_not_say() {
    let key = multibase(&ED25519, public(Algorithm::Ed25519, 7).as_bytes());
    let method = |more: Value| {
        let mut method = json!({"id": "#k", "type": "Multikey", "publicKeyMultibase": key});
        method.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        method
    };
    let with = |more: Value| four(&json!({"verificationMethod": [method(more)], "authentication": ["#k"]}));
    assert_eq!(self::key(&with(json!({})), "k"), Ok(public(Algorithm::Ed25519, 7)));
    let embedded = four(&json!({"authentication": [method(json!({}))]}));
    assert_eq!(self::key(&embedded, "k"), Ok(public(Algorithm::Ed25519, 7)));
    for (expected, did) in [
        (Fault::DidPeerMalformed, four(&json!({"id": "did:peer:4z"}))),
        (Fault::DidPeerMalformed, four(&json!({"alsoKnownAs": "did:web:a.example"}))),
        (Fault::DidPeerMalformed, with(json!({"id": "did:web:a.example#k"}))),
        (Fault::DidPeerMalformed, four(&json!({"service": [{"id": "s"}]}))),
        (Fault::DidPeerMalformed, four(&json!({"service": [{"id": "#s"}, {"id": "#s"}]}))),
        (Fault::DidPeerMalformed, four(&json!({"verificationMethod": [method(json!({}))], "service": [{"id": "#k"}]}))),
        (Fault::DocumentShape, four(&json!({"verificationMethod": {}}))),
        (Fault::DocumentShape, with(json!({"controller": null}))),
        (Fault::DocumentShape, with(json!({"id": 1}))),
        (Fault::DocumentDuplicateId, four(&json!({"verificationMethod": [method(json!({})), method(json!({}))]}))),
        (Fault::DocumentLimits, four(&json!({"service": vec![json!({}); 65]}))),
    ] {
        assert_eq!(fault(&did), Some(expected), "{did}");
    }
    let controlled = with(json!({"controller": "did:web:a.example"}));
    assert_eq!(self::key(&controlled, "k"), Err(Fault::MethodController));
    assert_eq!(self::key(&with(json!({"expires": "2026-01-01T00:00:00Z"})), "k"), Err(Fault::MethodExpired));
    let known = four(&json!({"alsoKnownAs": ["https://a.example"]}));
    assert_eq!(document(&known)["alsoKnownAs"], json!(["https://a.example", did(&known).short_form()]));
}

#[test]
fn new_ones_resolve_to_what_they_were_made_of() {
    for algorithm in [Algorithm::Ed25519, Algorithm::Es256] {
        let services =
            [r##"{"id":"#didshake","type":"DIDShake","serviceEndpoint":["https://a.example/didshake"]}"##.to_owned()];
        let new = did_peer::NewPeer { key: &public(algorithm, 7), key_agreement: Some(&[9; 32]), services: &services };
        for did in [new.form_2().unwrap(), new.form_4().unwrap()] {
            assert_eq!(key(did.as_str(), did_peer::FRAGMENT), Ok(public(algorithm, 7)), "{did}");
            let document = did_peer::resolve(&did).unwrap();
            assert_eq!(document.key_agreement(NOW)[0].key, Ok([9; 32]));
            assert_eq!(document.services()[0].id, format!("{did}#didshake"));
            assert_eq!(document.services()[0].types, ["DIDShake"]);
            assert_eq!(DidDocument::parse(document.text().as_bytes(), &did).unwrap().text(), document.text());
        }
        let long = [format!(r##"{{"id":"#s","serviceEndpoint":"https://a.example/{}"}}"##, "a".repeat(1600))];
        let new = did_peer::NewPeer { services: &long, ..new };
        assert_eq!((new.form_2().err(), new.form_4().err()), (Some(Fault::DidSyntax), Some(Fault::DidSyntax)));
    }
}

#[test]
fn keys_for_agreement_are_read_in_every_form_and_no_weak_one() {
    let x = Base64UrlUnpadded::encode_string(&[9; 32]);
    let text = multibase(&X25519, &[9; 32]);
    let agreement = |method: Value| {
        let document = four(&json!({"verificationMethod": [method], "keyAgreement": ["#k"]}));
        did_peer::resolve(&did(&document)).unwrap().key_agreement(NOW)[0].key
    };
    let of = |kind: &str, member: &str, value: Value| agreement(json!({"id": "#k", "type": kind, member: value}));
    let jwk = json!({"kty": "OKP", "crv": "X25519", "x": x});
    for good in [
        of("Multikey", "publicKeyMultibase", json!(text)),
        of("X25519KeyAgreementKey2020", "publicKeyMultibase", json!(text)),
        of("X25519KeyAgreementKey2019", "publicKeyBase58", json!(bs58::encode([9; 32]).into_string())),
        of("JsonWebKey2020", "publicKeyJwk", jwk.clone()),
    ] {
        assert_eq!(good, Ok([9; 32]));
    }
    let ed25519 = multibase(&ED25519, public(Algorithm::Ed25519, 7).as_bytes());
    let private = json!({"kty": "OKP", "crv": "X25519", "x": x, "d": x});
    for form in [
        of("Multikey", "publicKeyMultibase", json!(ed25519)),
        of("Multikey", "publicKeyJwk", jwk.clone()),
        of("JsonWebKey", "publicKeyJwk", private),
        of("Other", "publicKeyMultibase", json!(text)),
        agreement(json!({"id": "#k", "type": "Multikey", "publicKeyMultibase": text, "publicKeyHex": ""})),
    ] {
        assert_eq!(form, Err(Fault::MethodKeyForm));
    }
    let mut one = [0; 32];
    one[0] = 1;
    for weak in [[0; 32], one] {
        assert_eq!(of("Multikey", "publicKeyMultibase", json!(multibase(&X25519, &weak))), Err(Fault::KeyInvalid));
    }
    let expired =
        json!({"id": "#k", "type": "Multikey", "publicKeyMultibase": text, "expires": "2020-01-01T00:00:00Z"});
    assert_eq!(agreement(expired), Err(Fault::MethodExpired));
    let absent = four(&json!({"keyAgreement": ["#k", 1]}));
    let faults: Vec<_> =
        did_peer::resolve(&did(&absent)).unwrap().key_agreement(NOW).iter().map(|entry| entry.key).collect();
    assert_eq!(faults, [Err(Fault::MethodAbsent), Err(Fault::DocumentShape)]);
}

// R-DID-11
#[tokio::test]
async fn nobody_else_says_what_it_is() {
    let registry = MethodRegistry::offline().with("peer", std::sync::Arc::new(StaticDocuments::new()));
    assert!(registry.resolve(&did(TWO)).await.is_ok());
    let mut documents = StaticDocuments::new();
    assert_eq!(documents.insert(did(FOUR_SHORT), b"{}", false), Err(Fault::DidMethodUnsupported));
    let cached = CachedResolver::new(registry, || NOW, Lifetimes::default(), CacheLimits::default());
    let fragment = Fragment::of(&did(TWO), "key-1").unwrap();
    assert!(cached.resolve_method(&did(TWO), &fragment).await.is_ok());
    assert_eq!(cached.resolve(&did(FOUR_SHORT)).await.err(), Some(Fault::DidNotFound));
    assert_eq!(cached.entries(), 0, "strangers fill no cache with what costs nothing to make");
}
