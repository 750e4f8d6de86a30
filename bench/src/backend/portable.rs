//! dalek and RustCrypto.

use std::hint::black_box;

use anyhow::{Result, anyhow};
use chacha20poly1305::aead::inout::InOutBuf;
use chacha20poly1305::aead::{AeadInOut, KeyInit};
use didshake::Aead;
use ed25519_dalek::Signer as _;
use x25519_dalek::{PublicKey, StaticSecret};

use super::TAG_BYTES;

/// What figures say of the build that made them.
pub const BUILD: &str = "portable";
/// In words.
pub const BACKEND: &str = "dalek and RustCrypto";

/// A fresh secret of X25519 and its share.
pub struct KeyShare {
    secret: StaticSecret,
    /// What goes to the other side.
    pub public: [u8; 32],
}

impl KeyShare {
    /// Of 32 bytes that would be random.
    ///
    /// # Errors
    /// Where the backend fails.
    pub fn generate(bytes: [u8; 32]) -> Result<Self> {
        let secret = StaticSecret::from(bytes);
        let public = PublicKey::from(&secret).to_bytes();
        Ok(Self { secret, public })
    }

    /// The shared secret.
    ///
    /// # Errors
    /// Where the backend fails.
    pub fn diffie_hellman(&self, theirs: &[u8; 32]) -> Result<[u8; 32]> {
        Ok(self.secret.diffie_hellman(&black_box(PublicKey::from(*theirs))).to_bytes())
    }
}

/// A key of Ed25519 that is there already.
pub struct Signer(ed25519_dalek::SigningKey);

impl Signer {
    /// Of a seed.
    ///
    /// # Errors
    /// Where the backend fails.
    pub fn new(seed: [u8; 32]) -> Result<Self> {
        Ok(Self(ed25519_dalek::SigningKey::from_bytes(&seed)))
    }

    /// Signs.
    ///
    /// # Errors
    /// Where the backend fails.
    pub fn sign(&self, message: &[u8]) -> Result<[u8; 64]> {
        Ok(self.0.sign(black_box(message)).to_bytes())
    }
}

/// An AEAD with its key.
pub enum Cipher {
    /// RFC 8439.
    ChaCha20Poly1305(chacha20poly1305::ChaCha20Poly1305),
    /// With the tables of its key, in a box as the channel keeps it.
    Aes256Gcm(Box<aes_gcm::Aes256Gcm>),
}

impl Cipher {
    /// Of this key.
    ///
    /// # Errors
    /// Where the backend fails.
    pub fn new(aead: Aead, key: &[u8; 32]) -> Result<Self> {
        Ok(match aead {
            Aead::ChaCha20Poly1305 => Self::ChaCha20Poly1305(KeyInit::new(black_box(key).into())),
            Aead::Aes256Gcm => Self::Aes256Gcm(Box::new(KeyInit::new(black_box(key).into()))),
        })
    }

    /// Encrypts `text` where it stands.
    ///
    /// # Errors
    /// Where the backend fails.
    pub fn seal(&self, nonce: [u8; 12], data: &[u8], text: &mut [u8]) -> Result<[u8; TAG_BYTES]> {
        let buffer = InOutBuf::from(text);
        let tag = match self {
            Self::ChaCha20Poly1305(cipher) => cipher.encrypt_inout_detached(&nonce.into(), data, buffer),
            Self::Aes256Gcm(cipher) => cipher.encrypt_inout_detached(&nonce.into(), data, buffer),
        };
        tag.map(Into::into).map_err(|error| anyhow!("AEAD: {error}"))
    }

    /// Decrypts `text` where it stands.
    ///
    /// # Errors
    /// Where the tag does not fit.
    pub fn open(&self, nonce: [u8; 12], data: &[u8], text: &mut [u8], tag: [u8; TAG_BYTES]) -> Result<()> {
        let buffer = InOutBuf::from(text);
        let opened = match self {
            Self::ChaCha20Poly1305(cipher) => cipher.decrypt_inout_detached(&nonce.into(), data, buffer, &tag.into()),
            Self::Aes256Gcm(cipher) => cipher.decrypt_inout_detached(&nonce.into(), data, buffer, &tag.into()),
        };
        opened.map_err(|error| anyhow!("AEAD: {error}"))
    }
}
