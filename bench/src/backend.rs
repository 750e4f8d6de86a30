//! The primitives of the backend in use, as bare as they come: what the floor is made of.

#[cfg(feature = "aws-lc")]
mod aws_lc;
#[cfg(not(feature = "aws-lc"))]
mod portable;

use std::hint::black_box;

use anyhow::Result;
use ed25519_dalek::Verifier as _;

#[cfg(feature = "aws-lc")]
pub use aws_lc::{BACKEND, BUILD, Cipher, KeyShare, Signer};
#[cfg(not(feature = "aws-lc"))]
pub use portable::{BACKEND, BUILD, Cipher, KeyShare, Signer};

/// The length of a tag, in bytes.
pub const TAG_BYTES: usize = 16;

/// The public half of a key of Ed25519, decompressed: with either backend dalek's, whose rules are R-SIG.
pub struct Verifier(ed25519_dalek::VerifyingKey);

impl Verifier {
    /// Of the seed of its key.
    #[must_use]
    pub fn new(seed: [u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key())
    }

    /// Verifies as R-SIG-5 and R-SIG-7 want it; R-SIG-6 is a comparison of bytes.
    ///
    /// # Errors
    /// Where it is no signature of this key.
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> Result<()> {
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        Ok(self.0.verify(black_box(message), &signature)?)
    }
}
