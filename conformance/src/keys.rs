//! Public keys as DIDs and documents write them.

use crate::check::{Check, Checks, Step};
use crate::json::{self, Json};
use crate::sender::PublicKey;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Multicodec prefix of an Ed25519 key.
pub(crate) const ED25519_CODEC: [u8; 2] = [0xed, 0x01];
/// Multicodec prefix of a P-256 key.
pub(crate) const P256_CODEC: [u8; 2] = [0x80, 0x24];

/// Unpadded base64url.
pub(crate) fn base64url(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = (0..3).fold(0usize, |sum, i| sum * 256 + usize::from(chunk.get(i).copied().unwrap_or(0)));
        for position in 0..=chunk.len() {
            let index = (bits >> (18 - 6 * position)) & 63;
            text.extend(ALPHABET.get(index).map(|character| char::from(*character)));
        }
    }
    text
}

/// Decodes unpadded base64url; None if it is not the one canonical encoding.
pub(crate) fn from_base64url(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0usize, 0);
    for character in text.bytes() {
        bits = (bits << 6 | ALPHABET.iter().position(|other| *other == character)?) & 0xFFFF;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xFF).ok()?);
        }
    }
    (base64url(&bytes) == text).then_some(bytes)
}

/// Canonical base58btc after the multibase `z`.
pub(crate) fn from_multibase(text: &str) -> Option<Vec<u8>> {
    bs58::decode(text.strip_prefix('z')?).into_vec().ok()
}

/// The key of a did:key, or None where a check that is off leaves none.
pub(crate) fn did_key(checks: Checks, specific: &str) -> Step<Option<PublicKey>> {
    let Some(bytes) = from_multibase(specific) else {
        checks.need(Check::DidKeyMultibase, false)?;
        return Ok(None);
    };
    let (codec, key) = bytes.split_at_checked(2).unwrap_or_default();
    if codec == ED25519_CODEC {
        checks.need(Check::DidKeyLength, key.len() == 32)?;
        return Ok((key.len() == 32).then(|| PublicKey::Ed25519(key.to_vec())));
    }
    if codec == P256_CODEC {
        checks.need(Check::DidKeyLength, key.len() == 33)?;
        return Ok((key.len() == 33).then(|| PublicKey::P256(key.to_vec())));
    }
    checks.need(Check::DidKeyMulticodec, false)?;
    Ok(None)
}

/// The checks that a JWK falls under, which depend on where it stands.
#[derive(Clone, Copy)]
pub(crate) struct JwkChecks {
    private: Check,
    used_for: Check,
    alg: Check,
    kind: Check,
    coordinates: Check,
}

const DID_JWK: JwkChecks = JwkChecks {
    private: Check::DidJwkPrivate,
    used_for: Check::DidJwkUse,
    alg: Check::DidJwkAlg,
    kind: Check::DidJwkType,
    coordinates: Check::DidJwkCoordinates,
};

/// Those of `publicKeyJwk` in a document.
pub(crate) const DOCUMENT_JWK: JwkChecks = JwkChecks {
    private: Check::MethodKeyEncoding,
    used_for: Check::MethodKeyEncoding,
    alg: Check::MethodKeyEncoding,
    kind: Check::MethodKeyEncoding,
    coordinates: Check::MethodKeyEncoding,
};

/// The key of a did:jwk.
pub(crate) fn did_jwk(checks: Checks, specific: &str) -> Step<Option<PublicKey>> {
    let Some(bytes) = from_base64url(specific) else {
        checks.need(Check::DidJwkEncoding, false)?;
        return Ok(None);
    };
    let jwk = std::str::from_utf8(&bytes).ok().and_then(json::parse);
    let Some(jwk) = jwk.filter(|jwk| matches!(jwk, Json::Object(_)) && jwk.depth() <= 16) else {
        checks.need(Check::DidJwkJson, false)?;
        return Ok(None);
    };
    checks.need(Check::DidJwkDuplicate, !jwk.has_duplicates())?;
    jwk_key(checks, &jwk, DID_JWK)
}

fn coordinate(jwk: &Json, name: &str) -> Option<Vec<u8>> {
    jwk.member(name).and_then(Json::text).and_then(from_base64url).filter(|bytes| bytes.len() == 32)
}

/// The key of a JWK.
pub(crate) fn jwk_key(checks: Checks, jwk: &Json, of: JwkChecks) -> Step<Option<PublicKey>> {
    let text = |name| jwk.member(name).and_then(Json::text);
    let fits =
        |allowed: &[&str]| jwk.member("alg").is_none_or(|alg| alg.text().is_some_and(|alg| allowed.contains(&alg)));
    checks.need(of.private, jwk.member("d").is_none())?;
    checks.need(of.used_for, jwk.member("use").is_none_or(|value| value.text() == Some("sig")))?;
    match (text("kty"), text("crv")) {
        (Some("OKP"), Some("Ed25519")) => {
            checks.need(of.alg, fits(&["EdDSA", "Ed25519"]))?;
            let x = coordinate(jwk, "x");
            checks.need(of.coordinates, x.is_some())?;
            Ok(x.map(PublicKey::Ed25519))
        }
        (Some("EC"), Some("P-256")) => {
            checks.need(of.alg, fits(&["ES256"]))?;
            let point = coordinate(jwk, "x").zip(coordinate(jwk, "y"));
            checks.need(of.coordinates, point.is_some())?;
            Ok(point.map(|(x, y)| PublicKey::P256([vec![4], x, y].concat())))
        }
        _ => {
            checks.need(of.kind, false)?;
            Ok(None)
        }
    }
}
