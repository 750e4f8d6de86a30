//! `did:jwk` for Ed25519 and P-256: the DID is a JSON Web Key in base64url (R-DID-4 to R-DID-9).

use base64ct::{Base64UrlUnpadded, Encoding};
use didshake::{Did, Fault, PublicKey};

use crate::document::DidDocument;
use crate::{json, jwk};

/// The DID of a key, over its shortest JWK: `crv`, `kty`, `x` and for P-256 `y`, in this order, without white space.
///
/// ```
/// use didshake::{Algorithm, Secret, SigningKey};
/// use didshake_did::did_jwk;
/// let key = SigningKey::from_secret(Algorithm::Es256, &Secret::new([7; 32]))?.public_key();
/// let did = did_jwk::encode(&key)?;
/// assert_eq!(did_jwk::public_key(&did)?, key);
/// # Ok::<(), didshake::Fault>(())
/// ```
///
/// # Errors
/// None that a key can cause.
pub fn encode(key: &PublicKey) -> Result<Did, Fault> {
    Did::parse(&format!("did:jwk:{}", Base64UrlUnpadded::encode_string(jwk::encode(key)?.as_bytes())))
}

/// The key that a did:jwk holds. Members of the JWK that are not needed are ignored, so that one key can have several
/// DIDs: they are different DIDs.
///
/// # Errors
/// [`Fault::DidMethodUnsupported`] for a DID of another method; [`Fault::DidJwkMalformed`] where it is not canonical
/// unpadded base64url of one JSON object without duplicate members, holds `d`, has a `use` other than `sig`, an `alg` or
/// `crv` that does not fit, or coordinates that are not 32 bytes; [`Fault::KeyInvalid`] where they are no valid key.
pub fn public_key(did: &Did) -> Result<PublicKey, Fault> {
    if did.method() != "jwk" {
        return Err(Fault::DidMethodUnsupported);
    }
    decode(did).map(|(_, key)| key)
}

/// The document of a did:jwk: one JsonWebKey `#0`, under `authentication`.
///
/// # Errors
/// Those of [`public_key`].
pub fn resolve(did: &Did) -> Result<DidDocument, Fault> {
    if did.method() != "jwk" {
        return Err(Fault::DidMethodUnsupported);
    }
    let (jwk, key) = decode(did)?;
    let text = format!(
        r##"{{"@context":["https://www.w3.org/ns/did/v1","https://w3id.org/security/jwk/v1"],"id":"{did}","verificationMethod":[{{"id":"{did}#0","type":"JsonWebKey","controller":"{did}","publicKeyJwk":{jwk}}}],"authentication":["{did}#0"]}}"##
    );
    Ok(DidDocument::of_key(did, "0", key, text))
}

fn decode(did: &Did) -> Result<(String, PublicKey), Fault> {
    let bytes = jwk::base64url(did.method_specific_id()).ok_or(Fault::DidJwkMalformed)?;
    let jwk = json::read_object(&bytes).map_err(|_| Fault::DidJwkMalformed)?;
    let key = jwk::decode(&jwk, Fault::DidJwkMalformed)?;
    Ok((String::from_utf8(bytes).map_err(|_| Fault::DidJwkMalformed)?, key))
}
