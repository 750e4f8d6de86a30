//! One verification method of a DID document, and the key that it holds.

use didshake::{Algorithm, Did, Fault, PublicKey, UnixTime};

use crate::json::{Json, Object};
use crate::{jwk, multikey, rfc3339};

// Members that hold a key in one specification or another; exactly one must be there (R-DOC-14).
pub(crate) const KEY_MEMBERS: [&str; 8] = [
    "publicKeyMultibase",
    "publicKeyBase58",
    "publicKeyJwk",
    "publicKeyHex",
    "publicKeyPem",
    "publicKeyBase64",
    "blockchainAccountId",
    "ethereumAddress",
];

/// A method whose shape is checked. What matters only if a handshake names it is kept as the fault that it would be.
#[derive(Clone, Debug)]
pub(crate) struct VerificationMethod {
    pub(crate) id: String,
    controller: String,
    revoked: Option<Result<UnixTime, Fault>>,
    expires: Option<Result<UnixTime, Fault>>,
    key: Result<PublicKey, Fault>,
}

impl VerificationMethod {
    /// The one method of a DID that is a key.
    pub(crate) fn of_key(did: &Did, fragment: &str, key: PublicKey) -> Self {
        Self {
            id: format!("{did}#{fragment}"),
            controller: did.as_str().to_owned(),
            revoked: None,
            expires: None,
            key: Ok(key),
        }
    }

    /// Checks the shape; `document_id` completes a relative id.
    pub(crate) fn read(entry: &Json, document_id: &str) -> Result<Self, Fault> {
        let members = entry.as_object().ok_or(Fault::DocumentShape)?;
        let text = |name: &str| members.get(name).and_then(Json::as_text).ok_or(Fault::DocumentShape);
        let (id, kind, controller) = (text("id")?, text("type")?, text("controller")?);
        Ok(Self {
            id: absolute_id(id, document_id)?,
            controller: controller.to_owned(),
            revoked: time(members, "revoked"),
            expires: time(members, "expires"),
            key: key(members, kind),
        })
    }

    /// Controller, times and key, in the order of R-DOC-17.
    pub(crate) fn key_at(&self, did: &Did, now: UnixTime) -> Result<PublicKey, Fault> {
        self.check_standing(did, now)?;
        self.key.clone()
    }

    /// Controller and times.
    pub(crate) fn check_standing(&self, did: &Did, now: UnixTime) -> Result<(), Fault> {
        if self.controller != did.as_str() {
            return Err(Fault::MethodController);
        }
        let revoked = self.revoked.transpose()?;
        let expires = self.expires.transpose()?;
        if revoked.is_some_and(|instant| now >= instant) {
            return Err(Fault::MethodRevoked);
        }
        if expires.is_some_and(|instant| now >= instant) {
            return Err(Fault::MethodExpired);
        }
        Ok(())
    }
}

/// The absolute form of a method's id or of a reference to one: a DID URL, or `#fragment` of this document.
pub(crate) fn absolute_id(text: &str, document_id: &str) -> Result<String, Fault> {
    let absolute = if text.starts_with('#') { format!("{document_id}{text}") } else { text.to_owned() };
    let checked = if text.starts_with('#') { is_did_url_suffix(text) } else { is_did_url(text) };
    checked.then_some(absolute).ok_or(Fault::DocumentShape)
}

/// Whether this is `#` and a fragment.
pub(crate) fn is_fragment_reference(text: &str) -> bool {
    text.starts_with('#') && is_did_url_suffix(text)
}

fn is_did_url(text: &str) -> bool {
    let end = text.find(['/', '?', '#']).unwrap_or(text.len());
    text.split_at_checked(end).is_some_and(|(did, suffix)| Did::parse(did).is_ok() && is_did_url_suffix(suffix))
}

// path-abempty [ "?" query ] [ "#" fragment ] of RFC 3986; the caller has seen how it begins.
fn is_did_url_suffix(text: &str) -> bool {
    let (rest, fragment) = text.split_once('#').unwrap_or((text, ""));
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    is_pchars(path, b"/") && is_pchars(query, b"/?") && is_pchars(fragment, b"/?")
}

fn is_pchars(text: &str, more: &[u8]) -> bool {
    let mut rest = text.as_bytes();
    loop {
        rest = match rest {
            [] => return true,
            [b'%', high, low, rest @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => rest,
            [byte, rest @ ..]
                if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(byte) || more.contains(byte) =>
            {
                rest
            }
            _ => return false,
        }
    }
}

fn time(members: &Object, name: &str) -> Option<Result<UnixTime, Fault>> {
    let value = members.get(name)?;
    Some(value.as_text().and_then(rfc3339::parse).ok_or(Fault::MethodTime))
}

fn key(members: &Object, kind: &str) -> Result<PublicKey, Fault> {
    const FORM: Fault = Fault::MethodKeyForm;
    if KEY_MEMBERS.iter().filter(|name| members.contains_key(**name)).count() != 1 {
        return Err(FORM);
    }
    let text = |name: &str| members.get(name).and_then(Json::as_text).ok_or(FORM);
    match kind {
        "Multikey" => multikey::decode(text("publicKeyMultibase")?, FORM),
        "Ed25519VerificationKey2020" => {
            multikey::decode_algorithm(text("publicKeyMultibase")?, Algorithm::Ed25519, FORM)
        }
        "Ed25519VerificationKey2018" => {
            let bytes = multikey::base58btc(text("publicKeyBase58")?).ok_or(FORM)?;
            PublicKey::ed25519(bytes.as_slice().try_into().map_err(|_| FORM)?)
        }
        "JsonWebKey" | "JsonWebKey2020" => {
            jwk::decode(members.get("publicKeyJwk").and_then(Json::as_object).ok_or(FORM)?, FORM)
        }
        _ => Err(FORM),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // R-DOC-3, R-DOC-4
    #[test]
    fn ids_are_did_urls_or_fragments() {
        for good in
            ["did:a:b", "did:a:b#k", "did:a:b/p/q?x=1&y#k/?", "did:a:b#", "did:a:b?", "did:a:b/", "did:a:%41#%20"]
        {
            assert_eq!(absolute_id(good, "did:x:y"), Ok(good.to_owned()));
        }
        assert_eq!(absolute_id("#k", "did:x:y"), Ok("did:x:y#k".to_owned()));
        for bad in [
            "",
            "k",
            "?x#y",
            "/p#k",
            "did:a",
            "did:a:#k",
            "did:A:b#k",
            "did:a:b#k#l",
            "##",
            "#a b",
            "#a%2",
            "#a%2g",
            "#a%g2",
            "#a%gg",
            "did:a:b?a[b",
            "did:a:b#\u{e9}",
            "http://a/b#k",
        ] {
            assert_eq!(absolute_id(bad, "did:x:y"), Err(Fault::DocumentShape), "{bad}");
        }
    }
}
