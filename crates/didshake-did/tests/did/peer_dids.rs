//! did:peer as a holder could write it, by other code than the one under test.

use base64ct::{Base64UrlUnpadded, Encoding};
use didshake::Algorithm;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::keys::public;

pub(crate) fn multibase(codec: &[u8], key: &[u8]) -> String {
    format!("z{}", bs58::encode([codec, key].concat()).into_string())
}

/// A did:peer:2 with one key and these services.
pub(crate) fn two(services: &[Value]) -> String {
    let key = multibase(&[0xed, 0x01], public(Algorithm::Ed25519, 7).as_bytes());
    let service = |service: &Value| format!(".S{}", Base64UrlUnpadded::encode_string(service.to_string().as_bytes()));
    format!("did:peer:2.V{key}{}", services.iter().map(service).collect::<String>())
}

/// A did:peer:4 of this document.
pub(crate) fn four(document: &Value) -> String {
    of_json(document.to_string().as_bytes())
}

/// A did:peer:4 of this text.
pub(crate) fn of_json(text: &[u8]) -> String {
    of_encoded(&multibase(&[0x80, 0x04], text))
}

/// A did:peer:4 with the right hash of what need not be a document.
pub(crate) fn of_encoded(encoded: &str) -> String {
    let hash = multibase(&[0x12, 0x20], &Sha256::digest(encoded.as_bytes()));
    format!("did:peer:4{hash}:{encoded}")
}
