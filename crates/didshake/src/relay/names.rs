//! What mailboxes, deposits, circuits and tokens are named by: bytes of a fixed length, on the wire in canonical unpadded base64url.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use base64ct::{Base64UrlUnpadded, Encoding};

use crate::crypto::hash;

/// The text is not the one base64url of that many bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, thiserror::Error)]
#[error("not the unpadded base64url of the right number of bytes")]
pub struct NameMalformed;

macro_rules! name {
    ($(#[$about:meta])* $name:ident, $bytes:literal) => {
        $(#[$about])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $bytes]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = NameMalformed;

            fn from_str(text: &str) -> Result<Self, NameMalformed> {
                decode(text).map(Self)
            }
        }
    };
}

name! {
    /// The name of a mailbox, 16 random bytes that the relay drew: 22 characters of its URL.
    ///
    /// ```
    /// use didshake::relay::{MailboxName, NameMalformed};
    /// let name: MailboxName = "AAAAAAAAAAAAAAAAAAAAAQ".parse()?;
    /// assert_eq!((name.0[0], name.to_string().len()), (0, 22));
    /// assert_eq!("AAAAAAAAAAAAAAAAAAAAAR".parse::<MailboxName>(), Err(NameMalformed));
    /// # Ok::<(), NameMalformed>(())
    /// ```
    MailboxName, 16
}

name! {
    /// What depositor and relay call a deposit: the first 16 bytes of H(`"didshake/1 deposit"` ‖ envelope).
    DepositName, 16
}

name! {
    /// What a relay and an owner call a circuit: 16 random bytes that the relay drew.
    CircuitId, 16
}

name! {
    /// What a relay keeps of a deposit token: H(`"didshake/1 deposit token"` ‖ token).
    TokenHash, 32
}

impl DepositName {
    /// The name of the deposit of this envelope.
    #[must_use]
    pub fn of(envelope: &[u8]) -> Self {
        let [whole @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = hash(&[b"didshake/1 deposit", envelope]);
        Self(whole)
    }
}

pub(super) fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// The bytes of a text that is exactly their base64url.
pub(super) fn decode<const N: usize>(text: &str) -> Result<[u8; N], NameMalformed> {
    let mut bytes = [0; N];
    let decoded = Base64UrlUnpadded::decode(text, &mut bytes).map_err(|_| NameMalformed)?;
    if decoded.len() == N { Ok(bytes) } else { Err(NameMalformed) }
}
