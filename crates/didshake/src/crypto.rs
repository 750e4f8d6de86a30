//! Every primitive that the protocol uses, in one place, so that a backend is chosen here and nowhere else: dalek and
//! RustCrypto, or with the feature `aws-lc` AWS-LC for key agreement, signing and the AEADs. Both do the same, byte for
//! byte: the same vectors hold either.

use alloc::vec::Vec;
use core::fmt;

use p256::ecdsa::signature::{Signer as _, Verifier as _};
use rand_core::TryCryptoRng;
use sha2::{Digest, Sha256};
use zeroize::Zeroize;

use crate::error::{Fault, Internal};
use crate::secret::Secret;

#[cfg(feature = "aws-lc")]
mod aws_lc;
#[cfg(not(feature = "aws-lc"))]
mod portable;
mod small_order;

#[cfg(feature = "aws-lc")]
use aws_lc as backend;
#[cfg(not(feature = "aws-lc"))]
use portable as backend;

pub(crate) use backend::Cipher;

/// What computes key agreement, Ed25519 signatures and the AEADs in this build: `AWS-LC` with the feature `aws-lc`,
/// otherwise `dalek and RustCrypto`. Either makes the same bytes.
///
/// ```
/// println!("cryptography by {}", didshake::BACKEND);
/// ```
pub const BACKEND: &str = backend::NAME;

/// The length of every authentication tag, in bytes.
pub(crate) const TAG_BYTES: usize = 16;

/// A SHA-256 digest.
pub(crate) type Hash = [u8; 32];

/// SHA-256 over the concatenation of `parts`.
pub(crate) fn hash(parts: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// HMAC-SHA-256 (RFC 2104), which is what HKDF's Extract computes (RFC 5869 §2.2).
pub(crate) fn hmac(key: &Secret<32>, message: &[u8]) -> Secret<32> {
    PseudorandomKey::extract(key.expose(), message)
}

/// HKDF-SHA-256 after Extract (RFC 5869 §2.2): ready to Expand.
pub(crate) struct PseudorandomKey {
    hkdf: hkdf::Hkdf<Sha256>,
}

impl PseudorandomKey {
    /// Extract, giving the pseudorandom key itself too.
    pub(crate) fn extract(salt: &[u8], ikm: &[u8]) -> Secret<32> {
        let (mut prk, _) = hkdf::Hkdf::<Sha256>::extract(Some(salt), ikm);
        let mut secret = Secret::zeroed();
        secret.expose_mut().copy_from_slice(&prk);
        prk.as_mut_slice().zeroize();
        secret
    }

    pub(crate) fn of(prk: &Secret<32>) -> Result<Self, Internal> {
        let hkdf = hkdf::Hkdf::from_prk(prk.expose()).map_err(|_| Internal::Primitive)?;
        Ok(Self { hkdf })
    }

    /// Expand (RFC 5869 §2.3) with `info` given in parts; at most 8,160 bytes.
    pub(crate) fn expand_into(&self, info: &[&[u8]], out: &mut [u8]) -> Result<(), Internal> {
        self.hkdf.expand_multi_info(info, out).map_err(|_| Internal::Primitive)
    }

    pub(crate) fn expand<const N: usize>(&self, info: &[&[u8]]) -> Result<Secret<N>, Internal> {
        let mut out = Secret::zeroed();
        self.expand_into(info, out.expose_mut())?;
        Ok(out)
    }
}

/// The AEADs that a suite can name; both take 32-byte keys, 12-byte nonces and add 16 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Aead {
    /// RFC 8439.
    ChaCha20Poly1305,
    /// NIST SP 800-38D; four times as fast in bulk where the CPU has AES.
    Aes256Gcm,
}

impl Cipher {
    /// Opens `ciphertext ‖ tag`; `None` where the tag does not fit.
    pub(crate) fn open(&self, nonce: &[u8; 12], ad: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (ciphertext, tag) = sealed.split_last_chunk()?;
        let mut text = ciphertext.to_vec();
        self.open_detached(nonce, ad, &mut text, tag).map(|()| text)
    }

    /// The same where it stands.
    pub(crate) fn open_in_place<'a>(&self, nonce: &[u8; 12], ad: &[u8], sealed: &'a mut [u8]) -> Option<&'a [u8]> {
        let (text, tag) = sealed.split_last_chunk_mut()?;
        self.open_detached(nonce, ad, text, tag).map(|()| &*text)
    }
}

/// An X25519 secret for one handshake (RFC 7748 §5).
pub(crate) struct EphemeralSecret {
    secret: backend::Agreement,
    public: [u8; 32],
}

impl EphemeralSecret {
    pub(crate) fn generate(rng: &mut impl TryCryptoRng) -> Result<Self, Internal> {
        let mut bytes = Secret::zeroed();
        rng.try_fill_bytes(bytes.expose_mut()).map_err(|_| Internal::Randomness)?;
        Self::from_bytes(&bytes)
    }

    pub(crate) fn from_bytes(bytes: &Secret<32>) -> Result<Self, Internal> {
        let (secret, public) = backend::Agreement::new(bytes)?;
        Ok(Self { secret, public })
    }

    pub(crate) fn public(&self) -> &[u8; 32] {
        &self.public
    }

    /// The shared secret; `None` where the share has another length than 32 bytes or the result is all zero.
    pub(crate) fn diffie_hellman(&self, share: &[u8]) -> Option<Secret<32>> {
        self.secret.diffie_hellman(share.try_into().ok()?)
    }
}

/// The 32 random bytes of a Hello or a Reply.
pub(crate) fn nonce(rng: &mut impl TryCryptoRng) -> Result<[u8; 32], Internal> {
    let mut nonce = [0; 32];
    rng.try_fill_bytes(&mut nonce).map_err(|_| Internal::Randomness)?;
    Ok(nonce)
}

/// A signature algorithm of the protocol; the number is the byte in an Identity.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[repr(u8)]
pub enum Algorithm {
    /// Ed25519 (RFC 8032), verified without the cofactor: 64 bytes.
    Ed25519 = 1,
    /// ECDSA over P-256 with SHA-256, `r ‖ s`: 64 bytes.
    Es256 = 2,
}

impl Algorithm {
    /// The algorithm of this byte.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Ed25519),
            2 => Some(Self::Es256),
            _ => None,
        }
    }

    /// The name that JOSE uses too: `Ed25519` or `ES256`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "Ed25519",
            Self::Es256 => "ES256",
        }
    }
}

/// A signature of either algorithm: 64 bytes, never an identifier.
pub type Signature = [u8; 64];

/// A public key that is valid for its algorithm: canonical, on its curve and not of small order.
///
/// ```
/// use didshake::{Algorithm, PublicKey, Secret, SigningKey};
/// let secret = SigningKey::from_secret(Algorithm::Ed25519, &Secret::new([7; 32]))?;
/// let public = PublicKey::ed25519(secret.public_key().as_bytes().try_into()?)?;
/// assert!(public.verify(b"text", &secret.sign(b"text")?));
/// assert!(!public.verify(b"other", &secret.sign(b"text")?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    key: VerifyingKey,
    bytes: [u8; 33],
}

#[derive(Clone, PartialEq, Eq)]
enum VerifyingKey {
    Ed25519(ed25519_dalek::VerifyingKey),
    P256(p256::ecdsa::VerifyingKey),
}

impl PublicKey {
    /// An Ed25519 key from its 32 bytes.
    ///
    /// # Errors
    /// [`Fault::KeyInvalid`] where y is not below p, the point is not on the curve, or its order is small.
    pub fn ed25519(bytes: &[u8; 32]) -> Result<Self, Fault> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| Fault::KeyInvalid)?;
        if key.is_weak() || !is_canonical_y(bytes) {
            return Err(Fault::KeyInvalid);
        }
        Ok(Self::of_ed25519(key))
    }

    /// A P-256 key from its 33 bytes, compressed (SEC 1 §2.3.3).
    ///
    /// # Errors
    /// [`Fault::KeyInvalid`] where the bytes are no compressed point of the curve.
    pub fn p256(bytes: &[u8; 33]) -> Result<Self, Fault> {
        // SEC 1's compact form (5) has the same length and is not ours.
        if !matches!(bytes, [2 | 3, ..]) {
            return Err(Fault::KeyInvalid);
        }
        let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(bytes).map_err(|_| Fault::KeyInvalid)?;
        Ok(Self { key: VerifyingKey::P256(key), bytes: *bytes })
    }

    /// A P-256 key from its affine coordinates, 32 bytes each, big-endian.
    ///
    /// # Errors
    /// [`Fault::KeyInvalid`] where the point is not on the curve.
    pub fn p256_coordinates(x: &[u8; 32], y: &[u8; 32]) -> Result<Self, Fault> {
        let uncompressed = [&[4][..], x, y].concat();
        let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&uncompressed).map_err(|_| Fault::KeyInvalid)?;
        Self::of_p256(key)
    }

    /// The one algorithm that this key signs with.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        match self.key {
            VerifyingKey::Ed25519(_) => Algorithm::Ed25519,
            VerifyingKey::P256(_) => Algorithm::Es256,
        }
    }

    /// 32 bytes for Ed25519, 33 (compressed) for P-256.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self.key {
            VerifyingKey::Ed25519(_) => self.bytes.split_last().map_or(&[], |(_, head)| head),
            VerifyingKey::P256(_) => &self.bytes,
        }
    }

    /// Whether `signature` is this key's over `message`. Ed25519 follows R-SIG: S below the group order, neither key
    /// nor R of small order, and the encoding of `[S]B − [k]A` is R byte for byte. ES256 allows a high S.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &Signature) -> bool {
        match &self.key {
            // The key is not of small order: it would not be one of ours.
            VerifyingKey::Ed25519(key) => {
                !small_order::is_encoding_of(signature)
                    && key.verify(message, &ed25519_dalek::Signature::from_bytes(signature)).is_ok()
            }
            VerifyingKey::P256(key) => p256::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
        }
    }

    fn of_ed25519(key: ed25519_dalek::VerifyingKey) -> Self {
        let bytes = core::array::from_fn(|at| key.as_bytes().get(at).copied().unwrap_or(0));
        Self { key: VerifyingKey::Ed25519(key), bytes }
    }

    fn of_p256(key: p256::ecdsa::VerifyingKey) -> Result<Self, Fault> {
        let bytes = key.to_sec1_point(true).as_bytes().try_into().map_err(|_| Fault::KeyInvalid)?;
        Ok(Self { key: VerifyingKey::P256(key), bytes })
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.algorithm().name())?;
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

// y < p = 2^255 − 19, little-endian, the sign bit aside; x = 0 with the sign set is of small order anyway.
fn is_canonical_y(bytes: &[u8; 32]) -> bool {
    let [first, middle @ .., last] = bytes;
    !(last & 0x7f == 0x7f && middle.iter().all(|byte| *byte == 0xff) && *first >= 0xed)
}

/// A long-term signing key held in memory; other holders (an agent, an HSM, a browser) sign by themselves and hand the
/// protocol a [`Signature`].
///
/// ```
/// use didshake::{Algorithm, Secret, SigningKey};
/// let key = SigningKey::from_secret(Algorithm::Es256, &Secret::new([7; 32]))?;
/// assert_eq!(key.public_key().as_bytes().len(), 33);
/// assert_eq!(format!("{key:?}"), "SigningKey(ES256, redacted)");
/// # Ok::<(), didshake::Error>(())
/// ```
pub struct SigningKey {
    secret: Signing,
    public: PublicKey,
}

enum Signing {
    Ed25519(backend::Ed25519),
    P256(p256::ecdsa::SigningKey),
}

impl SigningKey {
    /// The key of a secret: an Ed25519 seed (RFC 8032 §5.1.5) or a P-256 scalar, big-endian; 32 bytes either way.
    ///
    /// # Errors
    /// [`Fault::KeyInvalid`] for a P-256 scalar that is zero or not below the group order.
    pub fn from_secret(algorithm: Algorithm, secret: &Secret<32>) -> Result<Self, Fault> {
        Ok(match algorithm {
            Algorithm::Ed25519 => {
                let key = backend::Ed25519::from_seed(secret)?;
                Self { public: PublicKey::of_ed25519(key.public()), secret: Signing::Ed25519(key) }
            }
            Algorithm::Es256 => {
                let key = p256::ecdsa::SigningKey::from_slice(secret.expose()).map_err(|_| Fault::KeyInvalid)?;
                Self { public: PublicKey::of_p256(*key.verifying_key())?, secret: Signing::P256(key) }
            }
        })
    }

    /// The algorithm of the key.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.public.algorithm()
    }

    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        self.public.clone()
    }

    /// Signs: deterministic for both algorithms (RFC 8032; RFC 6979).
    ///
    /// # Errors
    /// [`Internal::Primitive`] where the backend fails.
    pub fn sign(&self, message: &[u8]) -> Result<Signature, Internal> {
        match &self.secret {
            Signing::Ed25519(key) => key.sign(message),
            Signing::P256(key) => {
                let signature: p256::ecdsa::Signature = key.try_sign(message).map_err(|_| Internal::Primitive)?;
                Ok(signature.to_bytes().into())
            }
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, redacted)", self.algorithm().name())
    }
}

#[cfg(test)]
mod wycheproof_tests;
