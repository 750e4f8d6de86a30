//! `DIDShake-State`: the waiting state as unpadded base64url (R-BIND-11, R-BIND-12).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};

use crate::waiting::MAX_TOKEN_BYTES;

/// The longest `DIDShake-State`, in characters: [`MAX_TOKEN_BYTES`](crate::MAX_TOKEN_BYTES) in base64url.
pub const MAX_STATE_CHARS: usize = 4096;

/// A `DIDShake-State` of the right form: 1 to 4,096 characters, the one unpadded base64url text of some bytes. Only the
/// responder that made it can read what is in it; the initiator gives it back unchanged.
///
/// ```
/// use didshake::http::{StateError, StateToken};
/// let token = StateToken::encode(b"sealed")?;
/// assert_eq!(token.as_str(), "c2VhbGVk");
/// assert_eq!(StateToken::read(&[b"c2VhbGVk"])?.decode(), b"sealed");
/// assert_eq!(StateToken::read(&[b"c2VhbGVk", b"c2VhbGVk"]), Err(StateError::Several));
/// # Ok::<(), StateError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct StateToken {
    text: String,
    bytes: Vec<u8>,
}

impl StateToken {
    /// The text of a waiting state, as [`WaitingKeys::seal`](crate::WaitingKeys::seal) gives it.
    ///
    /// # Errors
    /// [`StateError::Malformed`] where it is empty or longer than [`MAX_TOKEN_BYTES`](crate::MAX_TOKEN_BYTES): the
    /// caller's fault.
    pub fn encode(bytes: &[u8]) -> Result<Self, StateError> {
        if bytes.is_empty() || bytes.len() > MAX_TOKEN_BYTES {
            return Err(StateError::Malformed);
        }
        Ok(Self { text: Base64UrlUnpadded::encode_string(bytes), bytes: bytes.to_vec() })
    }

    /// Reads the values of all `DIDShake-State` fields of a request or response.
    ///
    /// # Errors
    /// [`StateError`]: the peer's fault.
    pub fn read(values: &[&[u8]]) -> Result<Self, StateError> {
        let value = match values {
            [] => return Err(StateError::Missing),
            [value] => *value,
            _ => return Err(StateError::Several),
        };
        if value.is_empty() || value.len() > MAX_STATE_CHARS {
            return Err(StateError::Malformed);
        }
        let text = core::str::from_utf8(value).map_err(|_| StateError::Malformed)?;
        let bytes = Base64UrlUnpadded::decode_vec(text).map_err(|_| StateError::Malformed)?;
        Ok(Self { text: String::from(text), bytes })
    }

    /// The text, for the header field.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The bytes, for the responder that made them.
    #[must_use]
    pub fn decode(&self) -> &[u8] {
        &self.bytes
    }
}

// Who has the state and the sealing key has the handshake's secret: it stays out of logs.
impl fmt::Debug for StateToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StateToken({} characters)", self.text.len())
    }
}

/// Why there is no usable `DIDShake-State`. The fault is the one of whoever sent it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, thiserror::Error)]
pub enum StateError {
    /// No such field.
    #[error("there is no DIDShake-State")]
    Missing,
    /// More than one such field.
    #[error("there is more than one DIDShake-State")]
    Several,
    /// Not 1 to 4,096 characters of canonical unpadded base64url.
    #[error("DIDShake-State is not 1 to 4,096 characters of unpadded base64url")]
    Malformed,
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use proptest::prelude::*;

    // R-BIND-11
    #[test]
    fn one_field_of_1_to_4096_characters_of_unpadded_base64url() {
        let longest = [b'A'; MAX_STATE_CHARS];
        assert_eq!(StateToken::read(&[&longest]).unwrap().decode().len(), MAX_TOKEN_BYTES);
        assert_eq!(StateToken::encode(&[0; MAX_TOKEN_BYTES]).unwrap().as_str().len(), MAX_STATE_CHARS);
        assert_eq!(StateToken::encode(&[0; MAX_TOKEN_BYTES + 1]), Err(StateError::Malformed));
        assert_eq!(StateToken::encode(&[]), Err(StateError::Malformed));
        assert_eq!(StateToken::read(&[]), Err(StateError::Missing));
        assert_eq!(StateToken::read(&[b"AAAA", b"AAAA"]), Err(StateError::Several));
        let over = [b'A'; MAX_STATE_CHARS + 4];
        let bad: [&[u8]; 12] = [
            b"",
            &over,
            b"A",
            b"AAAAA",
            b"AA==",
            b"AA+A",
            b"AA/A",
            b"AA A",
            b" AAAA",
            b"AAAA, AAAA",
            b"AB",
            b"\xff\xff",
        ];
        for bad in bad {
            assert_eq!(StateToken::read(&[bad]), Err(StateError::Malformed), "{bad:?}");
        }
    }

    #[test]
    fn debug_shows_no_state() {
        assert_eq!(format!("{:?}", StateToken::encode(b"sealed").unwrap()), "StateToken(8 characters)");
    }

    proptest! {
        // R-BIND-11, R-BIND-12
        #[test]
        fn every_state_comes_back_as_it_was(bytes in proptest::collection::vec(any::<u8>(), 1..=MAX_TOKEN_BYTES)) {
            let token = StateToken::encode(&bytes).unwrap();
            let read = StateToken::read(&[token.as_str().as_bytes()]).unwrap();
            prop_assert_eq!(read.decode(), &bytes[..]);
            prop_assert_eq!(read.as_str(), token.as_str());
        }

        // R-BIND-11
        #[test]
        fn what_is_read_is_the_one_text_of_its_bytes(text in "[A-Za-z0-9_=+/-]{0,9}") {
            if let Ok(token) = StateToken::read(&[text.as_bytes()]) {
                prop_assert_eq!(token.as_str(), &text);
                prop_assert_eq!(StateToken::encode(token.decode()), Ok(token));
            }
        }
    }
}
