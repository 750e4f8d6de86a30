//! Words that two people read to each other: both channels have the same ones only where they are one channel
//! (spec/streams-1.md, section 5).

use std::fmt;

use didshake::{Error, Exporter};

/// How many bits the words have.
pub const VERIFY_BITS: u32 = 55;

const LABEL: &[u8] = b"verify";
const WORDS: usize = 5;
const BITS_PER_WORD: u32 = 11;
/// The bytes that are exported: 56 bits, the last of which is left.
const EXPORTED: u16 = 7;

/// BIP 39's English words, 2,048 of them, one a line.
const LIST: &str = include_str!("verify_words.txt");

/// Five words of the channel, to be read aloud by both ends and compared.
///
/// They are no secret and need not be, but they say nothing to anybody who hears them only. Who compares them knows that
/// no one sits between the two programs: that is news where a DID was taken on trust, since a peer whose DID was known
/// before is authenticated without.
///
/// ```
/// use didshake::{Exporter, Secret};
/// use didshake_peer::VerifyWords;
/// let words = VerifyWords::of(&Exporter::from_secret(Secret::new([7; 32])))?;
/// assert_eq!(words.to_string(), "phrase fold pigeon fee science");
/// # Ok::<(), didshake::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VerifyWords([&'static str; WORDS]);

impl VerifyWords {
    /// The words of a channel: those of [`Agreed::exporter`](crate::Agreed::exporter).
    ///
    /// # Errors
    /// [`Error::Ours`] where the primitive fails.
    pub fn of(exporter: &Exporter) -> Result<Self, Error> {
        let exported = exporter.export(LABEL, b"", EXPORTED)?;
        let bits = exported.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte)) >> 1;
        let mut words = [""; WORDS];
        for (place, word) in words.iter_mut().rev().enumerate() {
            let shift = BITS_PER_WORD.saturating_mul(u32::try_from(place).unwrap_or(u32::MAX));
            let index = bits.checked_shr(shift).unwrap_or(0) & ((1 << BITS_PER_WORD) - 1);
            *word = LIST.lines().nth(usize::try_from(index).unwrap_or(usize::MAX)).unwrap_or_default();
        }
        Ok(Self(words))
    }

    /// The five words, in their order.
    #[must_use]
    pub fn words(&self) -> &[&'static str; WORDS] {
        &self.0
    }
}

impl fmt::Display for VerifyWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use didshake::Secret;

    use super::*;

    // R-STRM-9
    #[test]
    fn the_list_has_2048_different_words_that_four_letters_tell_apart() {
        let words: Vec<&str> = LIST.lines().collect();
        assert_eq!(words.len(), 1 << BITS_PER_WORD);
        assert!(words.iter().all(|word| word.len() <= 8 && word.bytes().all(|byte| byte.is_ascii_lowercase())));
        let starts: std::collections::BTreeSet<_> = words.iter().map(|word| &word[..word.len().min(4)]).collect();
        assert_eq!(starts.len(), words.len());
        assert!(words.is_sorted());
    }

    // R-STRM-9: the vector of spec/streams-1.md.
    #[test]
    fn the_words_are_those_of_the_page() {
        let secret: [u8; 32] = std::array::from_fn(|at| u8::try_from(at).unwrap());
        let exporter = Exporter::from_secret(Secret::new(secret));
        let exported = exporter.export(LABEL, b"", EXPORTED).unwrap();
        let words = VerifyWords::of(&exporter).unwrap();
        let page = include_str!("../../../spec/streams-1.md");
        let hex: String = exported.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(page.contains(&format!("verify    {hex}")), "{hex}");
        assert!(page.contains(&format!("words     {words}")), "{words}");
    }
}
