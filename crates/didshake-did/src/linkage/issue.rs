//! What an origin serves: a credential of its DID.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use didshake::{Origin, UnixTime};
use serde_json::json;

use super::credential::{TYPES, names};
use crate::rfc3339;
use crate::signer::{SignerError, SigningIdentity};

const CREDENTIALS: &str = "https://www.w3.org/2018/credentials/v1";
const CONTEXT: &str = "https://identity.foundation/.well-known/did-configuration/v1";

/// The credential by which `identity` says that it holds `origin`, good from `from` until `until`: a token for
/// [`configuration`]. Readers take it where the document lists the key under `assertionMethod` and the origin under
/// `LinkedDomains`.
///
/// # Errors
/// Those of [`SigningIdentity::sign`].
pub async fn issue(
    identity: &SigningIdentity,
    origin: &Origin,
    from: UnixTime,
    until: UnixTime,
) -> Result<String, SignerError> {
    let did = identity.did().as_str();
    // After the year 9999 there is no text, and no reader takes it.
    let date = |at| rfc3339::text(at).unwrap_or_default();
    let alg = names(identity.public_key().algorithm()).first();
    let header = json!({"alg": alg, "kid": format!("{did}#{}", identity.fragment().as_str())});
    let payload = json!({
        "iss": did, "sub": did, "nbf": from.0, "exp": until.0,
        "vc": {
            "@context": [CREDENTIALS, CONTEXT], "type": TYPES, "issuer": did,
            "issuanceDate": date(from), "expirationDate": date(until),
            "credentialSubject": {"id": did, "origin": origin.as_str()},
        },
    });
    let part = |value: &serde_json::Value| Base64UrlUnpadded::encode_string(value.to_string().as_bytes());
    let signed = format!("{}.{}", part(&header), part(&payload));
    let signature = identity.sign(signed.as_bytes()).await?;
    Ok(format!("{signed}.{}", Base64UrlUnpadded::encode_string(&signature)))
}

/// The DID configuration of an origin, which it serves as `application/json` at [`url`](super::url).
///
/// ```
/// use didshake_did::linkage;
/// let body = linkage::configuration(&[]);
/// assert!(body.contains(r#""linked_dids":[]"#));
/// ```
#[must_use]
pub fn configuration(credentials: &[String]) -> String {
    json!({"@context": CONTEXT, "linked_dids": credentials}).to_string()
}
