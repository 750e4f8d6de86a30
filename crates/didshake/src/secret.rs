//! Secret bytes: wiped on drop, never copied, never printed, compared in constant time.

use core::fmt;

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// `N` secret bytes, for keys and seeds.
///
/// ```
/// use didshake::Secret;
/// let secret = Secret::new([7; 32]);
/// assert_eq!(format!("{secret:?}"), "Secret<32>(redacted)");
/// assert_eq!(secret.expose(), &[7; 32]);
/// ```
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Secret<const N: usize>([u8; N]);

impl<const N: usize> Secret<N> {
    /// Takes the bytes; the caller wipes copies of its own.
    #[must_use]
    pub const fn new(bytes: [u8; N]) -> Self {
        Self(bytes)
    }

    /// The bytes themselves, for the one place that must have them.
    #[must_use]
    pub const fn expose(&self) -> &[u8; N] {
        &self.0
    }

    pub(crate) fn zeroed() -> Self {
        Self([0; N])
    }

    pub(crate) fn expose_mut(&mut self) -> &mut [u8; N] {
        &mut self.0
    }
}

impl<const N: usize> PartialEq for Secret<N> {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl<const N: usize> Eq for Secret<N> {}

impl<const N: usize> fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret<{N}>(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::new([0xAB; 32])), "Secret<32>(redacted)");
    }

    #[test]
    fn equality_looks_at_every_byte() {
        for at in [0, 15, 31] {
            let mut other = [1; 32];
            other[at] ^= 0x80;
            assert_ne!(Secret::new([1; 32]), Secret::new(other));
        }
        assert_eq!(Secret::new([1; 32]), Secret::new([1; 32]));
    }
}
