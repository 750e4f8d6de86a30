//! The one strict reader of JSON Web Keys, for did:jwk and for `publicKeyJwk` (R-DID-4 to R-DID-8).

use base64ct::{Base64UrlUnpadded, Encoding};
use didshake::{Algorithm, Fault, PublicKey};
use p256::elliptic_curve::sec1::ToSec1Point;

use crate::json::{Json, Object};

/// The JWK of a key with its members in alphabetical order, as RFC 7638 orders them, and nothing else.
pub(crate) fn encode(key: &PublicKey) -> Result<String, Fault> {
    match key.algorithm() {
        Algorithm::Ed25519 => {
            Ok(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, Base64UrlUnpadded::encode_string(key.as_bytes())))
        }
        Algorithm::Es256 => {
            let point = p256::PublicKey::from_sec1_bytes(key.as_bytes()).map_err(|_| Fault::KeyInvalid)?;
            let point = point.to_sec1_point(false);
            let coordinate = |bytes: Option<&p256::FieldBytes>| {
                bytes.map(|bytes| Base64UrlUnpadded::encode_string(bytes)).ok_or(Fault::KeyInvalid)
            };
            let (x, y) = (coordinate(point.x())?, coordinate(point.y())?);
            Ok(format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#))
        }
    }
}

/// Reads a public signing key: `malformed` where the object is not one of the two shapes, [`Fault::KeyInvalid`] where
/// its coordinates are no valid key. Members that it does not know are ignored.
pub(crate) fn decode(jwk: &Object, malformed: Fault) -> Result<PublicKey, Fault> {
    let text = |name: &str| jwk.get(name).and_then(Json::as_text);
    let coordinate = |name: &str| text(name).and_then(bytes_32).ok_or(malformed);
    let absent_or = |name: &str, allowed: &[&str]| {
        !jwk.contains_key(name) || text(name).is_some_and(|value| allowed.contains(&value))
    };
    if jwk.contains_key("d") || !absent_or("use", &["sig"]) {
        return Err(malformed);
    }
    match (text("kty"), text("crv")) {
        (Some("OKP"), Some("Ed25519")) if absent_or("alg", &["EdDSA", "Ed25519"]) => {
            PublicKey::ed25519(&coordinate("x")?)
        }
        (Some("EC"), Some("P-256")) if absent_or("alg", &["ES256"]) => {
            PublicKey::p256_coordinates(&coordinate("x")?, &coordinate("y")?)
        }
        _ => Err(malformed),
    }
}

/// Reads a public X25519 key (RFC 8037), whatever its order.
pub(crate) fn decode_x25519(jwk: &Object) -> Option<[u8; 32]> {
    let text = |name: &str| jwk.get(name).and_then(Json::as_text);
    let is_one = text("kty") == Some("OKP") && text("crv") == Some("X25519") && !jwk.contains_key("d");
    text("x").filter(|_| is_one).and_then(bytes_32)
}

/// Canonical unpadded base64url: base64ct refuses padding, other characters and unused bits that are set.
pub(crate) fn base64url(text: &str) -> Option<Vec<u8>> {
    Base64UrlUnpadded::decode_vec(text).ok()
}

fn bytes_32(text: &str) -> Option<[u8; 32]> {
    if text.len() != 43 {
        return None;
    }
    base64url(text)?.try_into().ok()
}
