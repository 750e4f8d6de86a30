//! What an owner calls themselves: a line of what can be seen (section 2 of the page).

use alloc::string::String;
use core::fmt;
use core::ops::RangeInclusive;

use super::CardFault;

/// The longest name, in bytes of UTF-8.
pub const MAX_NAME_BYTES: usize = 64;

/// What Unicode calls default ignorable, and what turns the direction of writing, ends a line, or is blank and no U+0020.
const UNSEEN: [RangeInclusive<char>; 24] = [
    '\u{0}'..='\u{1f}',
    '\u{7f}'..='\u{a0}',
    '\u{ad}'..='\u{ad}',
    '\u{34f}'..='\u{34f}',
    '\u{61c}'..='\u{61c}',
    '\u{115f}'..='\u{1160}',
    '\u{1680}'..='\u{1680}',
    '\u{17b4}'..='\u{17b5}',
    '\u{180b}'..='\u{180f}',
    '\u{2000}'..='\u{200f}',
    '\u{2028}'..='\u{202f}',
    '\u{205f}'..='\u{206f}',
    '\u{2800}'..='\u{2800}',
    '\u{3000}'..='\u{3000}',
    '\u{3164}'..='\u{3164}',
    '\u{fe00}'..='\u{fe0f}',
    '\u{feff}'..='\u{feff}',
    '\u{ffa0}'..='\u{ffa0}',
    '\u{fff0}'..='\u{fffb}',
    '\u{13430}'..='\u{1345f}',
    '\u{1bca0}'..='\u{1bca3}',
    '\u{1d173}'..='\u{1d17a}',
    '\u{e0000}'..='\u{e0fff}',
    '\u{f0000}'..='\u{10ffff}',
];

/// A name that a card proposes. It is the owner's own word, proves nothing, and two owners may have one name: a program
/// lets its user choose what it calls a contact.
///
/// ```
/// use didshake::card::CardName;
/// assert_eq!(CardName::parse("Zoë O'Neil")?.as_str(), "Zoë O'Neil");
/// assert!(CardName::parse("two\nlines").is_err() && CardName::parse(" padded").is_err());
/// # Ok::<(), didshake::card::CardFault>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CardName(String);

impl CardName {
    /// Reads a name.
    ///
    /// # Errors
    /// [`CardFault::Name`] where it is empty or longer than [`MAX_NAME_BYTES`], begins or ends with a space, or has a
    /// character that nobody sees.
    pub fn parse(text: &str) -> Result<Self, CardFault> {
        let unseen = |letter: char| UNSEEN.iter().any(|range| range.contains(&letter));
        let padded = text.starts_with(' ') || text.ends_with(' ');
        let fits = !text.is_empty() && text.len() <= MAX_NAME_BYTES && !padded && !text.chars().any(unseen);
        if fits { Ok(Self(String::from(text))) } else { Err(CardFault::Name) }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CardName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for CardName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CardName({:?})", self.0)
    }
}
