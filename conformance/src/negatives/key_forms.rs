//! The key of a named method: type, key members, encodings, and keys that are none.

use crate::check::{Check, Step};
use crate::es256;
use crate::fixed::{multibase, public, secret};
use crate::keys::{ED25519_CODEC, P256_CODEC, base64url};
use crate::negative::{Negative, negative};

const MULTIKEY: &str = "p-web-multikey";

fn replace(id: &'static str, base: &'static str, check: Check, change: &str, from: &str, to: &str) -> Negative {
    negative(id, base, check).replace(change, from, to)
}

fn types() -> Step<Vec<Negative>> {
    let good = format!(r#""publicKeyMultibase":"{}""#, multibase(&ED25519_CODEC, &public(1, "responder ed25519")?));
    let with = |id, change: &str, to: &str| replace(id, MULTIKEY, Check::MethodKeyMembers, change, &good, to);
    Ok(vec![
        replace("n-key-type-unknown", MULTIKEY, Check::MethodType, "an unknown type", "Multikey", "FutureKey2030"),
        replace("n-key-type-case", MULTIKEY, Check::MethodType, "a type in other case", "Multikey", "MultiKey"),
        replace(
            "n-key-type-x25519",
            "p-web-2020",
            Check::MethodType,
            "the type of an agreement key",
            "Ed25519VerificationKey2020",
            "X25519KeyAgreementKey2020",
        ),
        with("n-key-two-members", "two key members", &format!(r#"{good},"publicKeyHex":"00""#)),
        with(
            "n-key-member-and-account",
            "a key member and a blockchainAccountId",
            &format!(r#"{good},"blockchainAccountId":"""#),
        ),
        with("n-key-member-null", "a key member and another that is null", &format!(r#"{good},"publicKeyJwk":null"#)),
        with("n-key-no-member", "no key member", r#""comment":"""#),
        replace(
            "n-key-member-other",
            "p-web-2020",
            Check::MethodKeyMember,
            "the key member of another type",
            "Ed25519VerificationKey2020",
            "Ed25519VerificationKey2018",
        ),
        replace(
            "n-key-member-jwk",
            "p-web-jsonwebkey",
            Check::MethodKeyMember,
            "Multikey with publicKeyJwk",
            "JsonWebKey",
            "Multikey",
        ),
        replace(
            "n-key-2020-jwk",
            "p-web-jsonwebkey2020",
            Check::MethodKeyMember,
            "Ed25519VerificationKey2020 with publicKeyJwk",
            "JsonWebKey2020",
            "Ed25519VerificationKey2020",
        ),
    ])
}

fn multibases() -> Step<Vec<Negative>> {
    let key = public(1, "responder ed25519")?;
    let good = multibase(&ED25519_CODEC, &key);
    let base58 = bs58::encode(&key).into_string();
    let short = key.get(..31).unwrap_or_default();
    let check = Check::MethodKeyEncoding;
    let with = |id, change: &str, to: &str| replace(id, MULTIKEY, check, change, &good, to);
    let old = |id, change: &str, to: &str| replace(id, "p-web-2018", check, change, &base58, to);
    Ok(vec![
        with(
            "n-key-multibase-base64url",
            "multibase base64url",
            &format!("u{}", base64url(&[ED25519_CODEC.to_vec(), key.clone()].concat())),
        ),
        with("n-key-multibase-alphabet", "a character that base58btc does not have", &format!("{good}l")),
        with("n-key-multibase-codec", "the multicodec of X25519", &multibase(&[0xec, 0x01], &key)),
        with("n-key-multibase-secp256k1", "the multicodec of secp256k1", &multibase(&[0xe7, 0x01], &key)),
        with("n-key-multibase-short", "a key of 31 bytes", &multibase(&ED25519_CODEC, short)),
        with("n-key-multibase-long", "a key of 33 bytes", &multibase(&ED25519_CODEC, &[key.clone(), vec![0]].concat())),
        with("n-key-multibase-leading-one", "a leading 1", &good.replacen('z', "z1", 1)),
        with("n-key-multibase-no-codec", "no multicodec", &multibase(&[], &key)),
        replace("n-key-multibase-number", MULTIKEY, check, "a number as key", &format!(r#""{good}""#), "1"),
        replace(
            "n-key-2020-p256",
            "p-web-2020",
            check,
            "a P-256 key in Ed25519VerificationKey2020",
            &good,
            &multibase(&P256_CODEC, &public(2, "responder p256")?),
        ),
        old("n-key-base58-multibase", "publicKeyBase58 with multibase and multicodec", &good),
        old("n-key-base58-short", "publicKeyBase58 of 31 bytes", &bs58::encode(short).into_string()),
        old("n-key-base58-long", "publicKeyBase58 of 33 bytes, a zero in front", &format!("1{base58}")),
        old("n-key-base58-alphabet", "publicKeyBase58 with a zero digit", &format!("{base58}0")),
    ])
}

fn jwks() -> Step<Vec<Negative>> {
    let (x, y) = es256::coordinates(&secret("responder p256"))?;
    let check = Check::MethodKeyEncoding;
    let p256 = |id, change: &str, from: &str, to: &str| replace(id, "p-web-jsonwebkey", check, change, from, to);
    let ed25519 = |id, change: &str, from: &str, to: &str| replace(id, "p-web-jsonwebkey2020", check, change, from, to);
    let add = |member: &str| format!(r#""publicKeyJwk":{{{member},"#);
    Ok(vec![
        p256("n-key-jwk-private", "publicKeyJwk with d", r#""publicKeyJwk":{"#, &add(r#""d":"AA""#)),
        p256("n-key-jwk-use", "publicKeyJwk with use enc", r#""publicKeyJwk":{"#, &add(r#""use":"enc""#)),
        p256(
            "n-key-jwk-alg",
            "publicKeyJwk with an alg that does not fit",
            r#""publicKeyJwk":{"#,
            &add(r#""alg":"ES256K""#),
        ),
        p256("n-key-jwk-crv", "publicKeyJwk with crv P-384", "P-256", "P-384"),
        p256(
            "n-key-jwk-x",
            "publicKeyJwk with an x of 31 bytes",
            &base64url(&x),
            &base64url(x.get(1..).unwrap_or_default()),
        ),
        p256("n-key-jwk-y-missing", "publicKeyJwk without y", &format!(r#","y":"{}""#, base64url(&y)), ""),
        ed25519("n-key-jwk-x25519", "publicKeyJwk with crv X25519", r#""Ed25519""#, r#""X25519""#),
        ed25519("n-key-jwk-kty", "publicKeyJwk without kty", r#""kty":"OKP","#, ""),
        negative("n-key-jwk-text", "p-web-jsonwebkey2020", check).document("publicKeyJwk as a string", |text| {
            let (start, rest) = text.split_once(r#""publicKeyJwk":{"#).unwrap_or_default();
            let (jwk, end) = rest.split_once('}').unwrap_or_default();
            format!(r#"{start}"publicKeyJwk":"{{{}}}"{end}"#, jwk.replace('"', "\\\""))
        }),
        negative("n-key-jwk-duplicate", "p-web-jsonwebkey2020", Check::JsonDuplicate).replace(
            "publicKeyJwk names kty twice",
            r#""publicKeyJwk":{"#,
            &add(r#""kty":"OKP""#),
        ),
        replace(
            "n-key-jwk-point",
            "p-web-jsonwebkey",
            Check::P256KeyPoint,
            "x and y that are on no point",
            &base64url(&y),
            &base64url(&[vec![0; 31], vec![1]].concat()),
        ),
        replace(
            "n-key-no-point",
            MULTIKEY,
            Check::Ed25519KeyPoint,
            "an Ed25519 key that encodes no point",
            &multibase(&ED25519_CODEC, &public(1, "responder ed25519")?),
            &multibase(&ED25519_CODEC, &[vec![2], vec![0; 31]].concat()),
        ),
        replace(
            "n-key-other",
            MULTIKEY,
            Check::Signature,
            "the document has another key than the responder signs with",
            &multibase(&ED25519_CODEC, &public(1, "responder ed25519")?),
            &multibase(&ED25519_CODEC, &public(1, "mallory ed25519")?),
        ),
    ])
}

pub(super) fn all() -> Step<Vec<Negative>> {
    Ok([types()?, multibases()?, jwks()?].into_iter().flatten().collect())
}
