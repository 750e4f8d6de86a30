//! One domain linkage credential as a JSON Web Token (RFC 7515, compact form): what it says, and whether that is so.

use didshake::{Algorithm, Origin, UnixTime};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::LinkageFault;
use crate::document::DidDocument;
use crate::{json, jwk, rfc3339};

pub(super) const TYPES: [&str; 2] = ["VerifiableCredential", "DomainLinkageCredential"];
/// Seconds that the clock of whoever signed may be ahead.
const SKEW: u64 = 60;
const MAX_TOKEN_BYTES: usize = 16_384;

/// A token whose parts could be read; nothing in it is verified.
pub(super) struct Credential<'a> {
    header: Header,
    payload: Payload,
    signed: &'a str,
    signature: [u8; 64],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    kid: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    iss: String,
    sub: String,
    nbf: u64,
    exp: u64,
    vc: Claims,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    #[serde(rename = "@context")]
    _context: serde_json::Value,
    #[serde(rename = "type")]
    types: Vec<String>,
    issuer: String,
    #[serde(rename = "issuanceDate")]
    issued: String,
    #[serde(rename = "expirationDate")]
    expires: String,
    #[serde(rename = "credentialSubject")]
    subject: Subject,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Subject {
    id: String,
    origin: String,
}

impl<'a> Credential<'a> {
    /// Reads a token.
    pub(super) fn read(token: &'a str) -> Result<Self, LinkageFault> {
        let parts = || {
            let (signed, signature) = token.rsplit_once('.').filter(|_| token.len() <= MAX_TOKEN_BYTES)?;
            let (header, payload) = signed.split_once('.')?;
            let signature = jwk::base64url(signature)?.try_into().ok()?;
            Some(Self { header: object(header)?, payload: object(payload)?, signed, signature })
        };
        parts().filter(Self::has_form).ok_or(LinkageFault::Malformed)
    }

    fn has_form(&self) -> bool {
        let claims = &self.payload.vc;
        let dates = [&claims.issued, &claims.expires];
        TYPES.iter().all(|name| claims.types.iter().any(|found| found == name))
            && dates.iter().all(|date| rfc3339::parse(date).is_some())
    }

    /// Whether the DID of `document` says by it that it holds `origin`, at `now`.
    pub(super) fn check(&self, origin: &Origin, document: &DidDocument, now: UnixTime) -> Result<(), LinkageFault> {
        let Payload { iss, sub, nbf, exp, vc } = &self.payload;
        if [iss, sub, &vc.issuer, &vc.subject.id].iter().any(|did| *did != document.did().as_str()) {
            return Err(LinkageFault::OtherDid);
        }
        if vc.subject.origin != origin.as_str() {
            return Err(LinkageFault::OtherOrigin);
        }
        let key = document.assertion_key(&self.header.kid, now).ok_or(LinkageFault::Key)?;
        if !names(key.algorithm()).contains(&self.header.alg.as_str()) {
            return Err(LinkageFault::Algorithm);
        }
        if !key.verify(self.signed.as_bytes(), &self.signature) {
            return Err(LinkageFault::Signature);
        }
        let over = now.0 >= *exp || rfc3339::parse(&vc.expires).is_none_or(|end| now >= end);
        if over || *nbf > now.0.saturating_add(SKEW) { Err(LinkageFault::Time) } else { Ok(()) }
    }
}

/// What tokens call an algorithm, what is written first (RFC 8037, RFC 9864).
pub(super) fn names(algorithm: Algorithm) -> &'static [&'static str] {
    match algorithm {
        Algorithm::Ed25519 => &["EdDSA", "Ed25519"],
        Algorithm::Es256 => &["ES256"],
    }
}

fn object<T: DeserializeOwned>(part: &str) -> Option<T> {
    let bytes = jwk::base64url(part)?;
    json::read_object(&bytes).ok()?;
    serde_json::from_slice(&bytes).ok()
}
