//! The default backend: dalek and RustCrypto, on every target, without an allocator's help but for AES.

use chacha20poly1305::aead::{AeadInOut, KeyInit, inout::InOutBuf};
use ed25519_dalek::Signer as _;

use super::{Aead, TAG_BYTES};
use crate::error::{Fault, Internal};
use crate::secret::Secret;

/// Its name.
pub(super) const NAME: &str = "dalek and RustCrypto";

/// An AEAD with its key.
pub(crate) enum Cipher {
    ChaCha20Poly1305(chacha20poly1305::ChaCha20Poly1305),
    Aes256Gcm(alloc::boxed::Box<aes_gcm::Aes256Gcm>),
}

impl Cipher {
    pub(crate) fn new(aead: Aead, key: &Secret<32>) -> Result<Self, Internal> {
        Ok(match aead {
            Aead::ChaCha20Poly1305 => {
                Self::ChaCha20Poly1305(chacha20poly1305::ChaCha20Poly1305::new(key.expose().into()))
            }
            Aead::Aes256Gcm => Self::Aes256Gcm(alloc::boxed::Box::new(aes_gcm::Aes256Gcm::new(key.expose().into()))),
        })
    }

    /// Encrypts `text` where it stands and gives the tag.
    pub(crate) fn seal(&self, nonce: &[u8; 12], ad: &[u8], text: &mut [u8]) -> Result<[u8; TAG_BYTES], Internal> {
        let buffer = InOutBuf::from(text);
        let tag = match self {
            Self::ChaCha20Poly1305(cipher) => cipher.encrypt_inout_detached(nonce.into(), ad, buffer),
            Self::Aes256Gcm(cipher) => cipher.encrypt_inout_detached(nonce.into(), ad, buffer),
        };
        tag.map(Into::into).map_err(|_| Internal::Primitive)
    }

    /// Decrypts `text` where it stands; `None` where the tag does not fit.
    pub(super) fn open_detached(
        &self,
        nonce: &[u8; 12],
        ad: &[u8],
        text: &mut [u8],
        tag: &[u8; TAG_BYTES],
    ) -> Option<()> {
        let buffer = InOutBuf::from(text);
        match self {
            Self::ChaCha20Poly1305(cipher) => cipher.decrypt_inout_detached(nonce.into(), ad, buffer, tag.into()),
            Self::Aes256Gcm(cipher) => cipher.decrypt_inout_detached(nonce.into(), ad, buffer, tag.into()),
        }
        .ok()
    }
}

/// A secret of X25519 and the share that belongs to it.
pub(super) struct Agreement(x25519_dalek::StaticSecret);

impl Agreement {
    pub(super) fn new(secret: &Secret<32>) -> Result<(Self, [u8; 32]), Internal> {
        let secret = x25519_dalek::StaticSecret::from(*secret.expose());
        let public = x25519_dalek::PublicKey::from(&secret).to_bytes();
        Ok((Self(secret), public))
    }

    /// `None` where the result is all zero.
    pub(super) fn diffie_hellman(&self, share: [u8; 32]) -> Option<Secret<32>> {
        let shared = self.0.diffie_hellman(&x25519_dalek::PublicKey::from(share));
        shared.was_contributory().then(|| Secret::new(shared.to_bytes()))
    }
}

/// A signing key of Ed25519.
pub(super) struct Ed25519(ed25519_dalek::SigningKey);

impl Ed25519 {
    pub(super) fn from_seed(seed: &Secret<32>) -> Result<Self, Fault> {
        Ok(Self(ed25519_dalek::SigningKey::from_bytes(seed.expose())))
    }

    pub(super) fn public(&self) -> ed25519_dalek::VerifyingKey {
        self.0.verifying_key()
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<[u8; 64], Internal> {
        Ok(self.0.sign(message).to_bytes())
    }
}
