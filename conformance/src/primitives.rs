//! Hash, HKDF, Diffie-Hellman and AEAD, as the suites name them.

use aes_gcm::Aes256Gcm;
use chacha20poly1305::ChaCha20Poly1305;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use curve25519_dalek::montgomery::MontgomeryPoint;
use hkdf::Hkdf;
use sha2::{Digest, Sha256};

use crate::bytes::array;
use crate::check::{Step, Stop};

/// Suite 1 with a group of another number; exists so that Retry can be tested.
pub(crate) const TEST_SUITE: u16 = 0xFE01;
/// X25519 as TLS numbers it.
pub(crate) const X25519: u16 = 0x001D;
/// X25519 under another number, of `TEST_SUITE`.
pub(crate) const TEST_GROUP: u16 = 0xFE00;
/// Length of an AEAD tag.
pub(crate) const TAG: usize = 16;

/// The group of a suite that the model knows.
pub(crate) fn group_of(suite: u16) -> Option<u16> {
    match suite {
        1 | 2 => Some(X25519),
        TEST_SUITE => Some(TEST_GROUP),
        _ => None,
    }
}

pub(crate) fn sha256(parts: &[&[u8]]) -> Vec<u8> {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize().to_vec()
}

pub(crate) fn extract(salt: &[u8], ikm: &[u8]) -> Vec<u8> {
    Hkdf::<Sha256>::extract(Some(salt), ikm).0.to_vec()
}

pub(crate) fn expand(key: &[u8], info: &[u8], length: usize) -> Step<Vec<u8>> {
    let mut output = vec![0; length];
    let hkdf = Hkdf::<Sha256>::from_prk(key).map_err(|_| Stop::Broken("a short HKDF key"))?;
    hkdf.expand(info, &mut output).map_err(|_| Stop::Broken("an HKDF output over 8,160 bytes"))?;
    Ok(output)
}

pub(crate) fn x25519_public(secret: &[u8]) -> Step<Vec<u8>> {
    Ok(MontgomeryPoint::mul_base_clamped(array(secret)?).to_bytes().to_vec())
}

pub(crate) fn x25519(secret: &[u8], share: &[u8]) -> Step<Vec<u8>> {
    Ok(x25519_dalek::x25519(array(secret)?, array(share)?).to_vec())
}

/// Seals with the AEAD of a suite: AES-256-GCM for suite 2, ChaCha20-Poly1305 otherwise.
pub(crate) fn seal(suite: u16, key: &[u8], nonce: &[u8], data: &[u8], plain: &[u8]) -> Step<Vec<u8>> {
    let (key, nonce): ([u8; 32], [u8; 12]) = (array(key)?, array(nonce)?);
    let payload = Payload { msg: plain, aad: data };
    let sealed = if suite == 2 {
        Aes256Gcm::new(&key.into()).encrypt(&nonce.into(), payload)
    } else {
        ChaCha20Poly1305::new(&key.into()).encrypt(&nonce.into(), payload)
    };
    sealed.map_err(|_| Stop::Broken("a plain text that is too long"))
}

/// What opening a sealed part gave: the plain text, and whether the tag was right.
pub(crate) struct Opened {
    pub(crate) plain: Vec<u8>,
    pub(crate) genuine: bool,
}

/// Decrypts whatever the tag says: both AEADs XOR a key stream, so sealing the cipher text again gives the plain
/// text, and sealing that gives the right tag.
pub(crate) fn open(suite: u16, key: &[u8], nonce: &[u8], data: &[u8], sealed: &[u8]) -> Step<Opened> {
    let cipher_length = sealed.len().saturating_sub(TAG);
    let cipher = sealed.get(..cipher_length).unwrap_or_default();
    let mut plain = seal(suite, key, nonce, data, cipher)?;
    plain.truncate(cipher_length);
    let again = seal(suite, key, nonce, data, &plain)?;
    Ok(Opened { genuine: again == sealed, plain })
}
