//! The key schedule (R-SCHED): from the Diffie-Hellman result and the transcript to every key.
//!
//! Public for those who check an implementation step by step: it computes from a Diffie-Hellman result that the caller
//! holds, and gives no way into a handshake of this crate.

use alloc::vec::Vec;

use crate::codec::put_vec8;
use crate::crypto::{Cipher, PseudorandomKey, TAG_BYTES, hash};
use crate::error::{Error, Fault, Internal, Misuse};
use crate::secret::Secret;
use crate::suite::Suite;
pub use crate::transcript::Transcript;

/// `hs`: what both sides have once the shares are exchanged; nobody is authenticated yet.
#[derive(Debug)]
pub struct HandshakeSecret(Secret<32>);

impl HandshakeSecret {
    /// `Extract(salt = th2, ikm = DH)`.
    #[must_use]
    pub fn extract(th2: Transcript, dh: &Secret<32>) -> Self {
        Self(PseudorandomKey::extract(th2.as_bytes(), dh.expose()))
    }

    pub(crate) fn from_secret(secret: Secret<32>) -> Self {
        Self(secret)
    }

    /// `hs` itself.
    #[must_use]
    pub fn secret(&self) -> &Secret<32> {
        &self.0
    }

    /// `k_reply`, which seals the Identity of Reply.
    ///
    /// # Errors
    /// [`Internal::Primitive`], here and below: the backend failed.
    pub fn reply_key(&self) -> Result<Secret<32>, Internal> {
        PseudorandomKey::of(&self.0)?.expand(&[b"didshake/1 reply"])
    }

    /// `k_finish`, which seals the Identity of Finish.
    ///
    /// # Errors
    /// [`Internal::Primitive`].
    pub fn finish_key(&self) -> Result<Secret<32>, Internal> {
        PseudorandomKey::of(&self.0)?.expand(&[b"didshake/1 finish"])
    }

    /// `Expand(hs, "didshake/1 derived", 32)`.
    ///
    /// # Errors
    /// [`Internal::Primitive`].
    pub fn derived(&self) -> Result<Secret<32>, Internal> {
        PseudorandomKey::of(&self.0)?.expand(&[b"didshake/1 derived"])
    }

    /// `ms = Extract(salt = th4, ikm = derived)`.
    ///
    /// # Errors
    /// [`Internal::Primitive`].
    pub fn master(&self, th4: Transcript) -> Result<MasterSecret, Internal> {
        let secret = PseudorandomKey::extract(th4.as_bytes(), self.derived()?.expose());
        Ok(MasterSecret { expand: PseudorandomKey::of(&secret)?, secret, th4 })
    }
}

/// A key that seals exactly one message: nonce zero, the transcript as associated data.
pub(crate) struct MessageKey(Cipher);

impl MessageKey {
    pub(crate) fn new(suite: Suite, key: &Secret<32>) -> Result<Self, Internal> {
        Cipher::new(suite.aead(), key).map(Self)
    }

    pub(crate) fn seal(self, transcript: Transcript, plain: &[u8]) -> Result<Vec<u8>, Internal> {
        let mut sealed = Vec::with_capacity(plain.len().saturating_add(TAG_BYTES));
        sealed.extend_from_slice(plain);
        let tag = self.0.seal(&[0; 12], transcript.as_bytes(), &mut sealed)?;
        sealed.extend_from_slice(&tag);
        Ok(sealed)
    }

    pub(crate) fn open(self, transcript: Transcript, sealed: &[u8]) -> Result<Vec<u8>, Fault> {
        self.0.open(&[0; 12], transcript.as_bytes(), sealed).ok_or(Fault::SealedPartNotOpened)
    }
}

/// `ms`: what both sides have once both identities are in the transcript.
pub struct MasterSecret {
    expand: PseudorandomKey,
    secret: Secret<32>,
    th4: Transcript,
}

impl MasterSecret {
    /// `ms` itself.
    #[must_use]
    pub fn secret(&self) -> &Secret<32> {
        &self.secret
    }

    /// `k_accept`, which seals the body of Accept.
    ///
    /// # Errors
    /// [`Internal::Primitive`], here and below: the backend failed.
    pub fn accept_key(&self) -> Result<Secret<32>, Internal> {
        self.expand.expand(&[b"didshake/1 accept"])
    }

    /// `i2r_0`, the first secret of the initiator's direction.
    ///
    /// # Errors
    /// [`Internal::Primitive`].
    pub fn initiator_to_responder(&self) -> Result<DirectionSecret, Internal> {
        self.expand.expand(&[b"didshake/1 i2r"]).map(DirectionSecret)
    }

    /// `r2i_0`, the first secret of the responder's direction.
    ///
    /// # Errors
    /// [`Internal::Primitive`].
    pub fn responder_to_initiator(&self) -> Result<DirectionSecret, Internal> {
        self.expand.expand(&[b"didshake/1 r2i"]).map(DirectionSecret)
    }

    /// The exporter.
    ///
    /// # Errors
    /// [`Internal::Primitive`].
    pub fn exporter(&self) -> Result<Exporter, Internal> {
        self.expand.expand(&[b"didshake/1 exporter"]).map(Exporter)
    }

    /// The session id: a public name, never a credential.
    ///
    /// # Errors
    /// [`Internal::Primitive`].
    pub fn session_id(&self) -> Result<[u8; 16], Internal> {
        let mut id = [0; 16];
        self.expand.expand_into(&[b"didshake/1 session"], &mut id)?;
        Ok(id)
    }

    /// `resume`, reserved: `Expand(ms, "didshake/1 resume" ‖ H(th4 ‖ Accept plain), 32)`.
    ///
    /// # Errors
    /// [`Internal::Primitive`].
    pub fn resumption(&self, accept_plain: &[u8]) -> Result<Secret<32>, Internal> {
        let digest = hash(&[self.th4.as_bytes(), accept_plain]);
        self.expand.expand(&[b"didshake/1 resume", &digest])
    }
}

impl core::fmt::Debug for MasterSecret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("MasterSecret(redacted)")
    }
}

/// Derives keys for the application from the handshake (R-EXP). Both sides get the same bytes for the same question.
///
/// ```no_run
/// # fn f(exporter: &didshake::Exporter) -> Result<(), didshake::Error> {
/// let key: Vec<u8> = exporter.export(b"example.com request key", b"context", 32)?;
/// # Ok(()) }
/// ```
pub struct Exporter(Secret<32>);

impl Exporter {
    /// An exporter whose secret is known, as in a test vector.
    #[must_use]
    pub fn from_secret(secret: Secret<32>) -> Self {
        Self(secret)
    }

    /// The exporter secret itself.
    #[must_use]
    pub fn secret(&self) -> &Secret<32> {
        &self.0
    }

    /// `length` bytes for `label` (1–255 bytes) and `context` (at most 65,535); `length` is 1 to 8,160. The caller
    /// wipes what it gets.
    ///
    /// # Errors
    /// [`Misuse::ExportLength`] outside these limits.
    pub fn export(&self, label: &[u8], context: &[u8], length: u16) -> Result<Vec<u8>, Error> {
        let context_length = u16::try_from(context.len()).map_err(|_| Misuse::ExportLength)?;
        if label.is_empty() || label.len() > 255 || length == 0 || length > 8160 {
            return Err(Misuse::ExportLength.into());
        }
        let mut prefixed_label = Vec::new();
        put_vec8(&mut prefixed_label, label)?;
        let info: [&[u8]; 5] =
            [b"didshake/1 export", &length.to_be_bytes(), &prefixed_label, &context_length.to_be_bytes(), context];
        let mut out = alloc::vec![0; length.into()];
        PseudorandomKey::of(&self.0)?.expand_into(&info, &mut out)?;
        Ok(out)
    }
}

impl core::fmt::Debug for Exporter {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Exporter(redacted)")
    }
}

/// A secret of one direction of the channel: `i2r_n` or `r2i_n`.
#[derive(Debug)]
pub struct DirectionSecret(Secret<32>);

impl DirectionSecret {
    #[cfg(test)]
    pub(crate) fn for_direction(secret: Secret<32>) -> Self {
        Self(secret)
    }

    /// `secret_n` itself.
    #[must_use]
    pub fn secret(&self) -> &Secret<32> {
        &self.0
    }

    /// `Expand(secret_n, "didshake/1 key", 32)`.
    ///
    /// # Errors
    /// [`Internal::Primitive`], here and below: the backend failed.
    pub fn key(&self) -> Result<Secret<32>, Internal> {
        PseudorandomKey::of(&self.0)?.expand(&[b"didshake/1 key"])
    }

    /// `Expand(secret_n, "didshake/1 iv", 12)`.
    ///
    /// # Errors
    /// [`Internal::Primitive`].
    pub fn iv(&self) -> Result<Secret<12>, Internal> {
        PseudorandomKey::of(&self.0)?.expand(&[b"didshake/1 iv"])
    }

    /// `secret_n+1`, after a key_update.
    ///
    /// # Errors
    /// [`Internal::Primitive`].
    pub fn next(&self) -> Result<Self, Internal> {
        PseudorandomKey::of(&self.0)?.expand(&[b"didshake/1 update"]).map(Self)
    }
}
