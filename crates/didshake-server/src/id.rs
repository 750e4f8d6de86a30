//! What accounts and invites are known by.

use std::fmt;

/// 16 random bytes: a name and no secret. As text, in lower-case hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Id([u8; 16]);

impl Id {
    /// Before every other.
    pub(crate) const FIRST: Self = Self([0; 16]);

    /// `None` where there is no randomness.
    pub(crate) fn generate() -> Option<Self> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).ok()?;
        Some(Self(bytes))
    }

    pub(crate) fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// As it is written, and no other way.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        let mut bytes = [0; 16];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        let id = Self(bytes);
        (id.to_string() == text).then_some(id)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_written_one_way() {
        let text = "00ff102030405060708090a0b0c0d0e0";
        assert_eq!(Id::from_text(text).unwrap().to_string(), text);
        for other in [&text[1..], &text.to_uppercase(), &format!("{text}00"), "", "zz"] {
            assert_eq!(Id::from_text(other), None, "{other}");
        }
    }
}
