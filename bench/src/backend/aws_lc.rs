//! AWS-LC for all but verification, as in the program that is shipped.

use std::hint::black_box;

use anyhow::{Result, anyhow};
use aws_lc_rs::aead::{AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
use aws_lc_rs::signature::Ed25519KeyPair;
use didshake::Aead;

use super::TAG_BYTES;

/// What figures say of the build that made them.
pub const BUILD: &str = "shipped";
/// In words.
pub const BACKEND: &str = "AWS-LC for X25519, signing and the AEADs; dalek for verification, RustCrypto for SHA-256";

/// A fresh secret of X25519 and its share.
pub struct KeyShare {
    secret: PrivateKey,
    /// What goes to the other side.
    pub public: [u8; 32],
}

impl KeyShare {
    /// Of 32 bytes that would be random.
    ///
    /// # Errors
    /// Where the backend fails.
    pub fn generate(bytes: [u8; 32]) -> Result<Self> {
        let secret = PrivateKey::from_private_key(&X25519, &bytes)?;
        let public = secret.compute_public_key()?.as_ref().try_into()?;
        Ok(Self { secret, public })
    }

    /// The shared secret.
    ///
    /// # Errors
    /// Where the backend fails.
    pub fn diffie_hellman(&self, theirs: &[u8; 32]) -> Result<[u8; 32]> {
        let theirs = UnparsedPublicKey::new(&X25519, black_box(theirs));
        agree(&self.secret, theirs, anyhow!("no contribution"), |shared| Ok(shared.try_into()?))
    }
}

/// A key of Ed25519 that is there already.
pub struct Signer(Ed25519KeyPair);

impl Signer {
    /// Of a seed.
    ///
    /// # Errors
    /// Where the backend fails.
    pub fn new(seed: [u8; 32]) -> Result<Self> {
        Ok(Self(Ed25519KeyPair::from_seed_unchecked(&seed)?))
    }

    /// Signs.
    ///
    /// # Errors
    /// Where the backend fails.
    pub fn sign(&self, message: &[u8]) -> Result<[u8; 64]> {
        Ok(self.0.try_sign(black_box(message))?.as_ref().try_into()?)
    }
}

/// An AEAD with its key.
pub struct Cipher(LessSafeKey);

impl Cipher {
    /// Of this key.
    ///
    /// # Errors
    /// Where the backend fails.
    pub fn new(aead: Aead, key: &[u8; 32]) -> Result<Self> {
        let algorithm = match aead {
            Aead::ChaCha20Poly1305 => &CHACHA20_POLY1305,
            Aead::Aes256Gcm => &AES_256_GCM,
        };
        Ok(Self(LessSafeKey::new(UnboundKey::new(algorithm, black_box(key))?)))
    }

    /// Encrypts `text` where it stands.
    ///
    /// # Errors
    /// Where the backend fails.
    pub fn seal(&self, nonce: [u8; 12], data: &[u8], text: &mut [u8]) -> Result<[u8; TAG_BYTES]> {
        let nonce = Nonce::assume_unique_for_key(nonce);
        Ok(self.0.seal_in_place_separate_tag(nonce, Aad::from(data), text)?.as_ref().try_into()?)
    }

    /// Decrypts `text` where it stands.
    ///
    /// # Errors
    /// Where the tag does not fit.
    pub fn open(&self, nonce: [u8; 12], data: &[u8], text: &mut [u8], tag: [u8; TAG_BYTES]) -> Result<()> {
        let nonce = Nonce::assume_unique_for_key(nonce);
        self.0.open_in_place_separate_tag(nonce, Aad::from(data), &tag, text)?;
        Ok(())
    }
}
