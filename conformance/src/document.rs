//! A DID document: from its text to the key of one verification method.

use crate::check::{Check, Checks, Step};
use crate::did::is_did_url;
use crate::json::{self, Json};
use crate::keys::{DOCUMENT_JWK, ED25519_CODEC, P256_CODEC, from_multibase, jwk_key};
use crate::sender::PublicKey;
use crate::time::unix_seconds;

const KEY_MEMBERS: &[&str] = &[
    "publicKeyMultibase",
    "publicKeyBase58",
    "publicKeyJwk",
    "publicKeyHex",
    "publicKeyPem",
    "publicKeyBase64",
    "blockchainAccountId",
    "ethereumAddress",
];

/// What is asked of a document.
pub(crate) struct Question<'a> {
    pub(crate) did: &'a str,
    pub(crate) fragment: &'a str,
    pub(crate) deactivated: bool,
    pub(crate) now: u64,
}

/// The key of the named method, or None where a check that is off leaves none.
pub(crate) fn key(checks: Checks, text: &str, of: &Question<'_>) -> Step<Option<PublicKey>> {
    checks.need(Check::DocumentLimits, text.len() <= 65_536)?;
    let Some(document) = json::parse(text).filter(|document| matches!(document, Json::Object(_))) else {
        checks.need(Check::JsonSyntax, false)?;
        return Ok(None);
    };
    checks.need(Check::JsonDuplicate, !document.has_duplicates())?;
    key_in(checks, &document, of)
}

/// The same of a document that was read, from step 6 of 9.6 on.
pub(crate) fn key_in(checks: Checks, document: &Json, of: &Question<'_>) -> Step<Option<PublicKey>> {
    let counts = ["verificationMethod", "authentication", "service"];
    let within = document.depth() <= 16 && counts.iter().all(|name| list(document, name).len() <= 64);
    checks.need(Check::DocumentLimits, within)?;
    checks.need(Check::DocumentShape, has_shape(document))?;
    let base = document.member("id").and_then(Json::text).unwrap_or(of.did);
    let methods = methods(document, base);
    let duplicate =
        methods.iter().enumerate().any(|(i, (id, _))| methods.iter().skip(i + 1).any(|(other, _)| other == id));
    checks.need(Check::DocumentDuplicateId, !duplicate)?;
    checks.need(Check::DocumentId, base == of.did)?;
    checks.need(Check::Deactivated, !of.deactivated)?;
    let wanted = format!("{}#{}", of.did, of.fragment);
    let named = methods.iter().find(|(id, _)| *id == wanted || of.fragment.is_empty());
    let Some((id, method)) = named else {
        checks.need(Check::MethodPresent, false)?;
        return Ok(None);
    };
    checks.need(Check::MethodAuthentication, authenticates(document, base, id))?;
    let controller = method.member("controller").and_then(Json::text);
    checks.need(Check::MethodController, controller == Some(of.did))?;
    times(checks, method, of.now)?;
    method_key(checks, method)
}

fn list<'a>(document: &'a Json, name: &str) -> &'a [Json] {
    match document.member(name) {
        Some(Json::List(items)) => items,
        _ => &[],
    }
}

fn is_id(id: Option<&Json>) -> bool {
    id.and_then(Json::text).is_some_and(|id| {
        let absolute = id.strip_prefix('#').map_or_else(|| id.to_owned(), |fragment| format!("did:x:y#{fragment}"));
        is_did_url(&absolute)
    })
}

fn is_method(method: &Json) -> bool {
    let text = |name| method.member(name).and_then(Json::text);
    is_id(method.member("id")) && text("type").is_some() && text("controller").is_some()
}

/// Section 9.2.
pub(crate) fn has_shape(document: &Json) -> bool {
    let id_ok = document.member("id").and_then(Json::text).is_some();
    let lists_ok = ["verificationMethod", "authentication", "service"]
        .iter()
        .all(|name| matches!(document.member(name), None | Some(Json::List(_))));
    let methods_ok = list(document, "verificationMethod").iter().all(is_method);
    let authentication_ok = list(document, "authentication").iter().all(|entry| match entry {
        Json::Object(_) => is_method(entry),
        _ => is_id(Some(entry)),
    });
    let services_ok = list(document, "service").iter().all(|service| matches!(service, Json::Object(_)));
    id_ok && lists_ok && methods_ok && authentication_ok && services_ok
}

fn absolute(base: &str, id: &str) -> String {
    if id.starts_with('#') { format!("{base}{id}") } else { id.to_owned() }
}

/// All methods with their absolute ids: those of the list, then those embedded in `authentication`.
fn methods<'a>(document: &'a Json, base: &str) -> Vec<(String, &'a Json)> {
    let listed = list(document, "verificationMethod").iter();
    listed
        .chain(list(document, "authentication"))
        .filter_map(|method| Some((absolute(base, method.member("id")?.text()?), method)))
        .collect()
}

fn authenticates(document: &Json, base: &str, id: &str) -> bool {
    list(document, "authentication").iter().any(|entry| {
        let entry_id = entry.text().or_else(|| entry.member("id").and_then(Json::text));
        entry_id.is_some_and(|entry_id| absolute(base, entry_id) == id)
    })
}

fn times(checks: Checks, method: &Json, now: u64) -> Step<()> {
    let read = |name| match method.member(name) {
        None => Ok(None),
        Some(value) => {
            let time = value.text().and_then(unix_seconds);
            checks.need(Check::MethodTime, time.is_some())?;
            Ok(time)
        }
    };
    let (revoked, expires) = (read("revoked")?, read("expires")?);
    let reached = |time: Option<i64>| time.is_some_and(|time| i64::try_from(now).is_ok_and(|now| now >= time));
    checks.need(Check::MethodRevoked, !reached(revoked))?;
    checks.need(Check::MethodExpired, !reached(expires))
}

fn method_key(checks: Checks, method: &Json) -> Step<Option<PublicKey>> {
    let member = match method.member("type").and_then(Json::text) {
        Some("Multikey" | "Ed25519VerificationKey2020") => "publicKeyMultibase",
        Some("Ed25519VerificationKey2018") => "publicKeyBase58",
        Some("JsonWebKey" | "JsonWebKey2020") => "publicKeyJwk",
        _ => {
            checks.need(Check::MethodType, false)?;
            return Ok(None);
        }
    };
    let present = KEY_MEMBERS.iter().filter(|name| method.member(name).is_some()).count();
    checks.need(Check::MethodKeyMembers, present == 1)?;
    if present == 0 {
        return Ok(None);
    }
    let Some(value) = method.member(member) else {
        checks.need(Check::MethodKeyMember, false)?;
        return Ok(None);
    };
    if member == "publicKeyJwk" {
        checks.need(Check::MethodKeyEncoding, matches!(value, Json::Object(_)))?;
        return jwk_key(checks, value, DOCUMENT_JWK);
    }
    let multikey = method.member("type").and_then(Json::text) == Some("Multikey");
    let key = value
        .text()
        .and_then(|text| if member == "publicKeyBase58" { base58(text) } else { multibase(text, multikey) });
    checks.need(Check::MethodKeyEncoding, key.is_some())?;
    Ok(key)
}

fn base58(text: &str) -> Option<PublicKey> {
    let bytes = bs58::decode(text).into_vec().ok()?;
    (bytes.len() == 32).then_some(PublicKey::Ed25519(bytes))
}

fn multibase(text: &str, multikey: bool) -> Option<PublicKey> {
    let bytes = from_multibase(text)?;
    let (codec, key) = bytes.split_at_checked(2)?;
    if codec == ED25519_CODEC && key.len() == 32 {
        return Some(PublicKey::Ed25519(key.to_vec()));
    }
    (multikey && codec == P256_CODEC && key.len() == 33).then(|| PublicKey::P256(key.to_vec()))
}
