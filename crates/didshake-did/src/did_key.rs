//! `did:key` for Ed25519 and P-256: the DID is the key (R-DID-1 to R-DID-3).

use didshake::{Did, Fault, PublicKey};

use crate::document::DidDocument;
use crate::multikey;

/// The DID of a key.
///
/// ```
/// use didshake::PublicKey;
/// use didshake_did::did_key;
/// let did = did_key::encode(&PublicKey::p256_coordinates(
/// #   &[0x60, 0xfe, 0xd4, 0xba, 0x25, 0x5a, 0x9d, 0x31, 0xc9, 0x61, 0xeb, 0x74, 0xc6, 0x35, 0x6d, 0x68,
/// #     0xc0, 0x49, 0xb8, 0x92, 0x3b, 0x61, 0xfa, 0x6c, 0xe6, 0x69, 0x62, 0x2e, 0x60, 0xf2, 0x9f, 0xb6],
/// #   &[0x79, 0x03, 0xfe, 0x10, 0x08, 0xb8, 0xbc, 0x99, 0xa4, 0x1a, 0xe9, 0xe9, 0x56, 0x28, 0xbc, 0x64,
/// #     0xf2, 0xf1, 0xb2, 0x0c, 0x2d, 0x7e, 0x9f, 0x51, 0x77, 0xa3, 0xc2, 0x94, 0xd4, 0x46, 0x22, 0x99],
/// )?)?;
/// assert!(did.as_str().starts_with("did:key:zDn"));
/// # Ok::<(), didshake::Fault>(())
/// ```
///
/// # Errors
/// None that a key can cause; [`Fault::DidSyntax`] stands in the signature because every DID is checked.
pub fn encode(key: &PublicKey) -> Result<Did, Fault> {
    Did::parse(&format!("did:key:{}", multikey::encode(key)))
}

/// The key that a did:key is.
///
/// # Errors
/// [`Fault::DidMethodUnsupported`] for a DID of another method; [`Fault::DidKeyMalformed`] for anything but `z` and the
/// base58btc of an Ed25519 or a compressed P-256 key; [`Fault::KeyInvalid`] where the bytes are no valid key.
pub fn public_key(did: &Did) -> Result<PublicKey, Fault> {
    if did.method() != "key" {
        return Err(Fault::DidMethodUnsupported);
    }
    multikey::decode(did.method_specific_id(), Fault::DidKeyMalformed)
}

/// The document of a did:key: one Multikey, under `authentication`.
///
/// ```
/// use didshake::Did;
/// use didshake_did::did_key;
/// let did = Did::parse("did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK")?;
/// let document = did_key::resolve(&did)?;
/// assert_eq!(document.authentication_methods(), [format!("{did}#z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK")]);
/// # Ok::<(), didshake::Fault>(())
/// ```
///
/// # Errors
/// Those of [`public_key`].
pub fn resolve(did: &Did) -> Result<DidDocument, Fault> {
    let key = public_key(did)?;
    let multikey = did.method_specific_id();
    let text = format!(
        r##"{{"@context":["https://www.w3.org/ns/did/v1","https://w3id.org/security/multikey/v1"],"id":"{did}","verificationMethod":[{{"id":"{did}#{multikey}","type":"Multikey","controller":"{did}","publicKeyMultibase":"{multikey}"}}],"authentication":["{did}#{multikey}"]}}"##
    );
    Ok(DidDocument::of_key(did, multikey, key, text))
}
