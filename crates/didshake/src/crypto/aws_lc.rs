//! The backend of the feature `aws-lc`: what of AWS-LC is faster, and as constant in time; it wipes its own memory
//! where it frees it (`OPENSSL_free`). Verification stays with dalek: its rules are R-SIG, byte for byte.

use aws_lc_rs::aead::{AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};

use super::{Aead, TAG_BYTES};
use crate::error::{Fault, Internal};
use crate::secret::Secret;

/// Its name.
pub(super) const NAME: &str = "AWS-LC";

/// An AEAD with its key.
pub(crate) struct Cipher(LessSafeKey);

impl Cipher {
    pub(crate) fn new(aead: Aead, key: &Secret<32>) -> Result<Self, Internal> {
        let algorithm = match aead {
            Aead::ChaCha20Poly1305 => &CHACHA20_POLY1305,
            Aead::Aes256Gcm => &AES_256_GCM,
        };
        let key = UnboundKey::new(algorithm, key.expose()).map_err(|_| Internal::Primitive)?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// Encrypts `text` where it stands and gives the tag.
    pub(crate) fn seal(&self, nonce: &[u8; 12], ad: &[u8], text: &mut [u8]) -> Result<[u8; TAG_BYTES], Internal> {
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let tag = self.0.seal_in_place_separate_tag(nonce, Aad::from(ad), text).map_err(|_| Internal::Primitive)?;
        tag.as_ref().try_into().map_err(|_| Internal::Primitive)
    }

    /// Decrypts `text` where it stands; `None` where the tag does not fit.
    pub(super) fn open_detached(
        &self,
        nonce: &[u8; 12],
        ad: &[u8],
        text: &mut [u8],
        tag: &[u8; TAG_BYTES],
    ) -> Option<()> {
        let nonce = Nonce::assume_unique_for_key(*nonce);
        self.0.open_in_place_separate_tag(nonce, Aad::from(ad), tag, text).ok().map(|_| ())
    }
}

/// A secret of X25519 and the share that belongs to it.
pub(super) struct Agreement(PrivateKey);

impl Agreement {
    pub(super) fn new(secret: &Secret<32>) -> Result<(Self, [u8; 32]), Internal> {
        let secret = PrivateKey::from_private_key(&X25519, secret.expose()).map_err(|_| Internal::Primitive)?;
        let public = secret.compute_public_key().map_err(|_| Internal::Primitive)?;
        let public = public.as_ref().try_into().map_err(|_| Internal::Primitive)?;
        Ok((Self(secret), public))
    }

    /// `None` where the result is all zero, which AWS-LC refuses by itself.
    pub(super) fn diffie_hellman(&self, share: [u8; 32]) -> Option<Secret<32>> {
        let share = UnparsedPublicKey::new(&X25519, share);
        agree(&self.0, share, (), |shared| shared.try_into().map(Secret::new).map_err(|_| ())).ok()
    }
}

/// A signing key of Ed25519.
pub(super) struct Ed25519 {
    pair: Ed25519KeyPair,
    public: ed25519_dalek::VerifyingKey,
}

impl Ed25519 {
    pub(super) fn from_seed(seed: &Secret<32>) -> Result<Self, Fault> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.expose()).map_err(|_| Fault::KeyInvalid)?;
        let public = pair.public_key().as_ref().try_into().map_err(|_| Fault::KeyInvalid)?;
        Ok(Self { pair, public })
    }

    pub(super) fn public(&self) -> ed25519_dalek::VerifyingKey {
        self.public
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<[u8; 64], Internal> {
        let signature = self.pair.try_sign(message).map_err(|_| Internal::Primitive)?;
        signature.as_ref().try_into().map_err(|_| Internal::Primitive)
    }
}
