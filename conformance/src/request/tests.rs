//! What holds for the vectors of requests as a whole.

use std::collections::BTreeSet;
use std::path::Path;

use super::case::Negative;
use super::check::{Halt, RequestCheck};
use super::client::{base64, from_base64, hmac};
use crate::vector::Kind;
use crate::vectors_test::all;

#[test]
fn there_are_enough_and_every_check_has_a_negative() {
    let requests = &all().requests;
    let of = |kind| requests.iter().filter(|vector| vector.kind == kind).count();
    assert!(of(Kind::Positive) >= 25, "{}", of(Kind::Positive));
    assert!(of(Kind::Negative) >= 120, "{}", of(Kind::Negative));
    let tested: BTreeSet<&str> =
        requests.iter().filter_map(|vector| Some(vector.mutation.as_ref()?.check.as_str())).collect();
    let names: BTreeSet<&str> = RequestCheck::ALL.iter().map(|check| check.name()).collect();
    assert_eq!(tested, names);
    assert_eq!(names.len(), RequestCheck::ALL.len());
}

#[test]
fn every_requirement_and_code_is_one_of_the_specification() {
    let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec/didshake-1.md");
    let spec = std::fs::read_to_string(spec).unwrap();
    for vector in &all().requests {
        assert!(!vector.requirements.is_empty(), "{}", vector.id);
        for id in &vector.requirements {
            assert!(spec.contains(&format!("**{id}**")), "{}: {id}", vector.id);
        }
    }
    for check in RequestCheck::ALL {
        assert!(spec.contains(&format!("**{}**", check.requirement())), "{}", check.requirement());
        assert!(spec.contains(&format!("| `{}` |", check.code())), "{}", check.code());
    }
}

#[test]
fn ids_are_no_ids_of_handshakes() {
    assert!(all().handshakes.iter().all(|vector| !vector.id.starts_with("r-")));
    assert!(all().requests.iter().all(|vector| vector.id.starts_with("r-")));
}

#[test]
fn the_first_request_is_of_the_session_of_a_handshake() {
    let handshake = all().handshakes.iter().find(|vector| vector.id == "p-binding-http").unwrap();
    let keys = handshake.handshake.as_ref().unwrap();
    let client = all().requests.first().unwrap().client.as_ref().unwrap();
    assert_eq!((&client.exporter, &client.session_id), (&keys.exporter, &keys.session_id));
    assert_eq!(client.origin.as_bytes(), handshake.config.prologue.0);
}

#[test]
fn two_faults_are_not_taken_for_one() {
    let positives = super::positives().unwrap();
    let base = positives.iter().find(|positive| positive.id == "r-post").unwrap();
    let two = Negative::sent("r-two", RequestCheck::MacMethod, "request", "method and path", |request| {
        request.method.push('X');
        request.path.push('x');
    });
    assert_eq!(two.vector(base).unwrap_err(), Halt::SecondFault(RequestCheck::Mac));
    let none = Negative::sent("r-none", RequestCheck::Mac, "request", "nothing", |_| ());
    assert_eq!(none.vector(base).unwrap_err(), Halt::Broken("the model accepts the fault"));
    let other = Negative::sent("r-other", RequestCheck::Mac, "body", "the body", |request| request.body.0.clear());
    assert_eq!(other.vector(base).unwrap_err(), Halt::Refused(RequestCheck::Digest));
}

/// RFC 4231, test case 2: HKDF-Extract is HMAC.
#[test]
fn the_mac_is_hmac() {
    let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    assert_eq!(hex::encode(hmac(b"Jefe", "what do ya want for nothing?")), expected);
}

/// RFC 4648, section 10, and what is not canonical.
#[test]
fn base64_has_one_form() {
    for (bytes, text) in [("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
        assert_eq!(base64(bytes.as_bytes()), text);
        assert_eq!(from_base64(text), Some(bytes.as_bytes().to_vec()));
    }
    for text in ["Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Z g=", "-_8="] {
        assert_eq!(from_base64(text), None, "{text}");
    }
}

/// RFC 9530, appendix D: the digest of a body.
#[test]
fn the_digest_is_that_of_rfc_9530() {
    let expected = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:";
    assert_eq!(super::client::content_digest(br#"{"hello": "world"}"#), expected);
}
