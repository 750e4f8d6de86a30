//! Cipher suites and the groups of their key shares (R-SUITE).

use core::ops::RangeInclusive;

use crate::crypto::Aead;
use crate::error::Misuse;

const PRIVATE_USE: RangeInclusive<u16> = 0xFE00..=0xFEFF;

/// The group of a key share, by TLS's code point.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Group(u16);

impl Group {
    /// X25519 (RFC 7748), 0x001D.
    pub const X25519: Self = Self(0x001D);

    /// X25519 under another number, 0xFE00 to 0xFEFF, for experiments.
    ///
    /// # Errors
    /// [`Misuse::NotPrivateUse`] for any other number.
    pub fn private_use(id: u16) -> Result<Self, Misuse> {
        if PRIVATE_USE.contains(&id) { Ok(Self(id)) } else { Err(Misuse::NotPrivateUse) }
    }

    /// The code point.
    #[must_use]
    pub fn id(self) -> u16 {
        self.0
    }
}

/// A cipher suite: a group, HKDF-SHA-256 and an AEAD.
///
/// ```
/// use didshake::{Group, Suite};
/// assert_eq!(Suite::X25519_CHACHA20_POLY1305.id(), 1);
/// assert_eq!(Suite::X25519_AES_256_GCM.group(), Group::X25519);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Suite {
    id: u16,
    group: Group,
    aead: Aead,
}

impl Suite {
    /// Suite 1: X25519, HKDF-SHA-256, ChaCha20-Poly1305. Every peer has it.
    pub const X25519_CHACHA20_POLY1305: Self = Self { id: 1, group: Group::X25519, aead: Aead::ChaCha20Poly1305 };

    /// Suite 2: X25519, HKDF-SHA-256, AES-256-GCM.
    pub const X25519_AES_256_GCM: Self = Self { id: 2, group: Group::X25519, aead: Aead::Aes256Gcm };

    /// What this crate implements, the suite that every peer has first.
    pub const ALL: [Self; 2] = [Self::X25519_CHACHA20_POLY1305, Self::X25519_AES_256_GCM];

    /// A suite of one's own for tests: X25519 under any group number, HKDF-SHA-256, either AEAD. Interoperability tests
    /// use 0xFE01 (group 0xFE00, ChaCha20-Poly1305) to show Retry while all registered suites share a group.
    ///
    /// # Errors
    /// [`Misuse::NotPrivateUse`] where `id` is not 0xFE00 to 0xFEFF.
    pub fn private_use(id: u16, group: Group, aead: Aead) -> Result<Self, Misuse> {
        if PRIVATE_USE.contains(&id) { Ok(Self { id, group, aead }) } else { Err(Misuse::NotPrivateUse) }
    }

    /// The number on the wire.
    #[must_use]
    pub fn id(self) -> u16 {
        self.id
    }

    /// The group of the key shares.
    #[must_use]
    pub fn group(self) -> Group {
        self.group
    }

    /// The AEAD of sealed parts and records.
    #[must_use]
    pub fn aead(self) -> Aead {
        self.aead
    }
}

/// Checks a configured list, in order of preference.
pub(crate) fn checked(suites: &[Suite]) -> Result<(), Misuse> {
    if suites.is_empty() {
        return Err(Misuse::NoSuite);
    }
    if suites.len() > 127 {
        return Err(Misuse::TooManySuites);
    }
    let twice = suites.iter().enumerate().any(|(at, suite)| suites.iter().take(at).any(|other| other.id == suite.id));
    if twice { Err(Misuse::DuplicateSuite) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configured_lists() {
        assert_eq!(checked(&Suite::ALL), Ok(()));
        assert_eq!(checked(&[]), Err(Misuse::NoSuite));
        assert_eq!(checked(&[Suite::ALL[0], Suite::ALL[1], Suite::ALL[0]]), Err(Misuse::DuplicateSuite));
        assert_eq!(Suite::private_use(3, Group::X25519, Aead::Aes256Gcm), Err(Misuse::NotPrivateUse));
        assert_eq!(Group::private_use(0x11EC), Err(Misuse::NotPrivateUse));
    }
}
