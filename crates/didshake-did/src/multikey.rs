//! Multikeys (Controlled Identifiers §2.2.2): `z`, then base58btc of a multicodec and a public key.

use didshake::{Algorithm, Fault, PublicKey};

// Multicodec ed25519-pub (0xed) and p256-pub (0x1200) as unsigned varints.
const ED25519: [u8; 2] = [0xed, 0x01];
const P256: [u8; 2] = [0x80, 0x24];
// x25519-pub (0xec): for key agreement, and for nothing that signs.
const X25519: [u8; 2] = [0xec, 0x01];

// `z` and 35 bytes never need more; longer texts are refused before any arithmetic.
const MAX_TEXT_BYTES: usize = 64;

/// The text of a key.
pub(crate) fn encode(key: &PublicKey) -> String {
    let codec = match key.algorithm() {
        Algorithm::Ed25519 => ED25519,
        Algorithm::Es256 => P256,
    };
    let bytes = [codec.as_slice(), key.as_bytes()].concat();
    format!("z{}", bs58::encode(bytes).into_string())
}

/// The text of an X25519 key.
pub(crate) fn encode_x25519(key: &[u8; 32]) -> String {
    format!("z{}", bs58::encode([X25519.as_slice(), key].concat()).into_string())
}

/// The bytes of an X25519 key, whatever its order.
pub(crate) fn decode_x25519(text: &str) -> Option<[u8; 32]> {
    text.strip_prefix('z').and_then(base58btc)?.strip_prefix(&X25519)?.try_into().ok()
}

/// Reads a key: `malformed` where the text is not the one encoding of an Ed25519 or compressed P-256 key,
/// [`Fault::KeyInvalid`] where the bytes are none.
pub(crate) fn decode(text: &str, malformed: Fault) -> Result<PublicKey, Fault> {
    let bytes = text.strip_prefix('z').and_then(base58btc).ok_or(malformed)?;
    match bytes.split_first_chunk::<2>() {
        Some((&ED25519, key)) => PublicKey::ed25519(key.try_into().map_err(|_| malformed)?),
        Some((&P256, key)) => PublicKey::p256(key.try_into().map_err(|_| malformed)?),
        _ => Err(malformed),
    }
}

/// The same, where only one algorithm will do.
pub(crate) fn decode_algorithm(text: &str, algorithm: Algorithm, malformed: Fault) -> Result<PublicKey, Fault> {
    let key = decode(text, malformed)?;
    if key.algorithm() == algorithm { Ok(key) } else { Err(malformed) }
}

/// The bytes of a short base58btc text. Decoding is exact: each text has its own bytes, a leading `1` a leading zero.
pub(crate) fn base58btc(text: &str) -> Option<Vec<u8>> {
    if text.len() > MAX_TEXT_BYTES {
        return None;
    }
    bs58::decode(text).into_vec().ok()
}
