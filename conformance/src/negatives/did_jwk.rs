//! did:jwk whose text is no JWK, or a JWK that is refused.

use crate::check::{Check, Step, Stop};
use crate::deviation::Signer;
use crate::fixed::{did_jwk_of, jwk, jwk_identity, secret};
use crate::keys::base64url;
use crate::negative::{Negative, negative};
use crate::{ed25519, es256};

const BASE: &str = "p-jwk";
const ED25519: &str = "initiator ed25519";
const P256: &str = "initiator p256";

/// The initiator claims this DID and signs with its real key.
fn claimed(id: &'static str, check: Check, algorithm: u8, change: &str, did: String) -> Step<Negative> {
    let name = if algorithm == 1 { ED25519 } else { P256 };
    let signer = Signer { did, ..Signer::of(&jwk_identity(algorithm, name, "")?)? };
    Ok(negative(id, BASE, check).finish().signer(change, signer))
}

fn texts() -> Step<Vec<Negative>> {
    let good = jwk(1, ED25519, "")?;
    let raw = |id, check, change: &str, text: String| claimed(id, check, 1, change, format!("did:jwk:{text}"));
    let json = |id, change: &str, text: &str| claimed(id, Check::DidJwkJson, 1, change, did_jwk_of(text));
    let unterminated = good.strip_suffix('}').unwrap_or_default();
    let deep = |levels: usize| format!(r#""n":{}0{},"#, "[".repeat(levels), "]".repeat(levels));
    Ok(vec![
        raw(
            "n-did-jwk-alphabet",
            Check::DidJwkEncoding,
            "a dot, which base64url does not have",
            format!("{}.", base64url(good.as_bytes())),
        )?,
        raw(
            "n-did-jwk-trailing-bits",
            Check::DidJwkEncoding,
            "bits that the last character does not need are set",
            trailing_bits(&good)?,
        )?,
        raw("n-did-jwk-length", Check::DidJwkEncoding, "a length that is 1 modulo 4", one_more(&good))?,
        raw(
            "n-did-jwk-not-utf8",
            Check::DidJwkJson,
            "JSON text that is no UTF-8",
            base64url(&[b"{\"\xff\":1,".as_slice(), good.as_bytes().get(1..).unwrap_or_default()].concat()),
        )?,
        raw(
            "n-did-jwk-bom",
            Check::DidJwkJson,
            "a byte order mark before the JSON",
            base64url(format!("\u{feff}{good}").as_bytes()),
        )?,
        json("n-did-jwk-not-json", "text that is no JSON", "key")?,
        json("n-did-jwk-unterminated", "a JSON object without its end", unterminated)?,
        json("n-did-jwk-array", "a JSON array with the JWK in it", &format!("[{good}]"))?,
        json("n-did-jwk-two", "two JSON objects", &format!("{good}{good}"))?,
        json("n-did-jwk-comma", "a comma after the last member", &format!("{unterminated},}}"))?,
        json("n-did-jwk-number", "a number beyond a double", &jwk(1, ED25519, r#""n":1e400,"#)?)?,
        json("n-did-jwk-depth", "17 levels of nesting", &jwk(1, ED25519, &deep(16))?)?,
        json("n-did-jwk-escape", "an escape without hexadecimal digits", &jwk(1, ED25519, r#""n":"\uZZZZ","#)?)?,
        json(
            "n-did-jwk-surrogate-pair",
            "half a surrogate pair and an escape that is not the other half",
            &jwk(1, ED25519, r#""n":"\ud800\u0041","#)?,
        )?,
        json("n-did-jwk-vertical-tab", "a vertical tab between members", &jwk(1, ED25519, "\"n\":1,\u{b}")?)?,
        json("n-did-jwk-no-break-space", "a no-break space after the object", &format!("{good}\u{a0}"))?,
        json("n-did-jwk-surrogate", "half a surrogate pair", &jwk(1, ED25519, r#""n":"\ud800","#)?)?,
    ])
}

/// Base64url of a text whose length leaves bits over, with those bits set.
fn trailing_bits(json: &str) -> Step<String> {
    let spaced = ["", " ", "  "].into_iter().map(|space| format!("{json}{space}"));
    let text = spaced.map(|text| base64url(text.as_bytes())).find(|text| text.len() % 4 != 0);
    let mut text = text.ok_or(Stop::Broken("no text with bits left over"))?;
    let last = text.pop().ok_or(Stop::Broken("an empty text"))?;
    let next = u8::try_from(last).map_err(|_| Stop::Broken("not ASCII"))? + 1;
    text.push(char::from(next));
    Ok(text)
}

/// Base64url whose length is a multiple of four, and one character more.
fn one_more(json: &str) -> String {
    let spaces = " ".repeat((3 - json.len() % 3) % 3);
    format!("{}A", base64url(format!("{json}{spaces}").as_bytes()))
}

fn members() -> Step<Vec<Negative>> {
    let with = |id, check, algorithm, change: &str, more: &str| {
        let name = if algorithm == 1 { ED25519 } else { P256 };
        claimed(id, check, algorithm, change, did_jwk_of(&jwk(algorithm, name, more)?))
    };
    Ok(vec![
        with("n-did-jwk-duplicate", Check::DidJwkDuplicate, 1, "kty twice", r#""kty":"OKP","#)?,
        with("n-did-jwk-duplicate-unknown", Check::DidJwkDuplicate, 1, "an unknown member twice", r#""a":1,"a":1,"#)?,
        with(
            "n-did-jwk-duplicate-deep",
            Check::DidJwkDuplicate,
            1,
            "a member twice in an object inside",
            r#""a":[{"b":1,"b":2}],"#,
        )?,
        with(
            "n-did-jwk-duplicate-escaped",
            Check::DidJwkDuplicate,
            1,
            "kty twice, once with an escape",
            r#""\u006bty":"OKP","#,
        )?,
        with("n-did-jwk-private", Check::DidJwkPrivate, 1, "the member d", r#""d":"AA","#)?,
        with("n-did-jwk-private-null", Check::DidJwkPrivate, 2, "the member d with the value null", r#""d":null,"#)?,
        with("n-did-jwk-use", Check::DidJwkUse, 1, "use enc", r#""use":"enc","#)?,
        with("n-did-jwk-use-type", Check::DidJwkUse, 1, "use as an array", r#""use":["sig"],"#)?,
        with("n-did-jwk-use-case", Check::DidJwkUse, 2, "use SIG", r#""use":"SIG","#)?,
        with("n-did-jwk-alg", Check::DidJwkAlg, 1, "alg ES256 for an Ed25519 key", r#""alg":"ES256","#)?,
        with("n-did-jwk-alg-p256", Check::DidJwkAlg, 2, "alg EdDSA for a P-256 key", r#""alg":"EdDSA","#)?,
        with("n-did-jwk-alg-ecdh", Check::DidJwkAlg, 2, "alg ECDH-ES for a P-256 key", r#""alg":"ECDH-ES","#)?,
        with("n-did-jwk-alg-null", Check::DidJwkAlg, 1, "alg null", r#""alg":null,"#)?,
    ])
}

/// The good JWK with one text replaced.
fn replaced(id: &'static str, check: Check, algorithm: u8, change: &str, from: &str, to: &str) -> Step<Negative> {
    let name = if algorithm == 1 { ED25519 } else { P256 };
    let good = jwk(algorithm, name, "")?;
    let bad = good.replacen(from, to, 1);
    if bad == good {
        return Err(Stop::Broken("a JWK that was not changed"));
    }
    claimed(id, check, algorithm, change, did_jwk_of(&bad))
}

fn keys() -> Step<Vec<Negative>> {
    let x = ed25519::pair(&secret(ED25519))?.public.to_vec();
    let text = base64url(&x);
    let (p256_x, y) = es256::coordinates(&secret(P256))?;
    let short = base64url(x.get(..31).unwrap_or_default());
    let long = base64url(&[x.clone(), vec![0]].concat());
    let y_text = base64url(&y);
    let zero_y = base64url(&[vec![0; 31], vec![1]].concat());
    let coordinates = |id, algorithm, change: &str, from: &str, to: &str| {
        replaced(id, Check::DidJwkCoordinates, algorithm, change, from, to)
    };
    Ok(vec![
        replaced("n-did-jwk-kty-missing", Check::DidJwkType, 1, "no kty", r#""kty":"OKP","#, "")?,
        replaced("n-did-jwk-kty", Check::DidJwkType, 1, "kty EC with crv Ed25519", "OKP", "EC")?,
        replaced("n-did-jwk-kty-case", Check::DidJwkType, 1, "kty in small letters", "OKP", "okp")?,
        replaced("n-did-jwk-crv-x25519", Check::DidJwkType, 1, "crv X25519", r#""Ed25519""#, r#""X25519""#)?,
        replaced("n-did-jwk-crv-p384", Check::DidJwkType, 2, "crv P-384", "P-256", "P-384")?,
        replaced("n-did-jwk-crv-secp256k1", Check::DidJwkType, 2, "crv secp256k1", "P-256", "secp256k1")?,
        coordinates("n-did-jwk-x-missing", 1, "no x", &format!(r#","x":"{text}""#), "")?,
        coordinates("n-did-jwk-x-number", 1, "x as a number", &format!(r#""{text}""#), "1")?,
        coordinates("n-did-jwk-x-short", 1, "an x of 31 bytes", &text, &short)?,
        coordinates("n-did-jwk-x-long", 1, "an x of 33 bytes", &text, &long)?,
        coordinates("n-did-jwk-x-padding", 1, "an x with padding", &text, &format!("{text}="))?,
        coordinates("n-did-jwk-x-trailing-bits", 1, "an x with bits left over set", &text, &with_bits(&text))?,
        coordinates(
            "n-did-jwk-x-base64",
            1,
            "an x with a character of plain base64",
            &text,
            &format!("+{}", text.get(1..).unwrap_or_default()),
        )?,
        coordinates("n-did-jwk-y-missing", 2, "no y", &format!(r#","y":"{y_text}""#), "")?,
        coordinates("n-did-jwk-y-short", 2, "a y of 31 bytes", &y_text, &base64url(y.get(1..).unwrap_or_default()))?,
        coordinates(
            "n-did-jwk-p256-x-long",
            2,
            "an x of 33 bytes, a zero in front",
            &base64url(&p256_x),
            &base64url(&[vec![0], p256_x.clone()].concat()),
        )?,
        replaced("n-did-jwk-point", Check::P256KeyPoint, 2, "x and y that are on no point", &y_text, &zero_y)?
            .also(&["R-DID-9"]),
        replaced(
            "n-did-jwk-no-point",
            Check::Ed25519KeyPoint,
            1,
            "an x that encodes no point",
            &text,
            &base64url(&[vec![2], vec![0; 31]].concat()),
        )?
        .also(&["R-DID-9"]),
    ])
}

/// The next character of the alphabet at the end: 32 bytes leave two bits over.
fn with_bits(text: &str) -> String {
    let mut text = text.to_owned();
    let next = text.pop().and_then(|last| char::from_u32(u32::from(last) + 1));
    text.extend(next);
    text
}

pub(super) fn all() -> Step<Vec<Negative>> {
    Ok([texts()?, members()?, keys()?].into_iter().flatten().collect())
}
