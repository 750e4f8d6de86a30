//! Deposit tokens: who has one may deposit (section 2).

use alloc::string::String;

use rand_core::TryCryptoRng;
use zeroize::Zeroizing;

use super::TokenHash;
use super::names::{decode, encode};
use crate::crypto::hash;
use crate::error::Internal;
use crate::secret::Secret;

const SCHEME: &str = "DIDShake-Deposit";

/// The right to deposit in one mailbox, drawn by its owner for one contact; wiped on drop.
///
/// ```
/// use didshake::Secret;
/// use didshake::relay::{DepositToken, TokenMalformed};
/// let token = DepositToken::from_secret(Secret::new([7; 32]));
/// assert_eq!(DepositToken::parse(&token.to_text())?, token);
/// assert_eq!(DepositToken::parse("short"), Err(TokenMalformed));
/// assert_eq!(format!("{token:?}"), "DepositToken(redacted)");
/// # Ok::<(), TokenMalformed>(())
/// ```
#[derive(PartialEq, Eq)]
pub struct DepositToken(Secret<32>);

impl DepositToken {
    /// A new one.
    ///
    /// # Errors
    /// [`Internal::Randomness`].
    pub fn generate(rng: &mut impl TryCryptoRng) -> Result<Self, Internal> {
        let mut secret = Secret::zeroed();
        rng.try_fill_bytes(secret.expose_mut()).map_err(|_| Internal::Randomness)?;
        Ok(Self(secret))
    }

    /// One that was kept.
    #[must_use]
    pub fn from_secret(secret: Secret<32>) -> Self {
        Self(secret)
    }

    /// The bytes, for whoever keeps them.
    #[must_use]
    pub fn secret(&self) -> &Secret<32> {
        &self.0
    }

    /// Reads the 43 characters that a contact is given.
    ///
    /// # Errors
    /// [`TokenMalformed`].
    pub fn parse(text: &str) -> Result<Self, TokenMalformed> {
        decode(text).map(|bytes| Self(Secret::new(bytes))).map_err(|_| TokenMalformed)
    }

    /// The 43 characters that a contact is given.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(encode(self.0.expose()))
    }

    /// What the relay is told, and keeps (R-RLY-3).
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash(hash(&[b"didshake/1 deposit token", self.0.expose()]))
    }

    /// The value of `Authorization` in a request of a depositor.
    #[must_use]
    pub fn authorization(&self) -> Zeroizing<String> {
        Zeroizing::new(alloc::format!("{SCHEME} {}", self.to_text().as_str()))
    }

    /// Reads the values of all `Authorization` fields of a request: one, with the scheme in any case and one space.
    ///
    /// # Errors
    /// [`TokenMalformed`]; a relay answers it as a token that it does not know.
    pub fn read_authorization(values: &[&[u8]]) -> Result<Self, TokenMalformed> {
        let [value] = values else { return Err(TokenMalformed) };
        let value = core::str::from_utf8(value).map_err(|_| TokenMalformed)?;
        let (scheme, token) = value.split_once(' ').ok_or(TokenMalformed)?;
        if scheme.eq_ignore_ascii_case(SCHEME) { Self::parse(token) } else { Err(TokenMalformed) }
    }
}

impl core::fmt::Debug for DepositToken {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("DepositToken(redacted)")
    }
}

/// There is not exactly one deposit token, of 43 characters of unpadded base64url.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, thiserror::Error)]
#[error("a deposit token is 43 characters of unpadded base64url")]
pub struct TokenMalformed;
