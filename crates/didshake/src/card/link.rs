//! The bytes of a card, and the link in which people hand it on (section 4 of the page).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use zeroize::Zeroizing;

use super::CardFault;

/// The longest card, in bytes.
pub const MAX_CARD_BYTES: usize = 4_792;
/// The longest link, in characters.
pub const MAX_LINK_CHARS: usize = PREFIX.len() + 6_390;

const PREFIX: &str = "didshake:card/";

/// The bytes of a card. They may hold a deposit token, so they are wiped on drop and not shown.
///
/// ```
/// use didshake::card::CardBytes;
/// let card = CardBytes::from_link("didshake:card/IgE")?;
/// assert_eq!(card.as_bytes(), [34, 1]);
/// assert_eq!(card.link().as_str(), "didshake:card/IgE");
/// assert_eq!(format!("{card:?}"), "CardBytes(2 bytes, redacted)");
/// # Ok::<(), didshake::card::CardFault>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct CardBytes(Zeroizing<Vec<u8>>);

impl CardBytes {
    /// The bytes that a link stands for. Nothing is read of them yet: [`ClaimedCard::read`](super::ClaimedCard::read) does.
    ///
    /// Of a file, or of what somebody pasted, the caller removes white space before and after.
    ///
    /// # Errors
    /// [`CardFault::Link`] where the text is not `didshake:card/` and the one unpadded base64url text of 1 to 4,792 bytes
    /// (R-CARD-5).
    pub fn from_link(link: &str) -> Result<Self, CardFault> {
        if link.len() > MAX_LINK_CHARS {
            return Err(CardFault::Link);
        }
        let text = link.strip_prefix(PREFIX).filter(|text| !text.is_empty()).ok_or(CardFault::Link)?;
        Base64UrlUnpadded::decode_vec(text).map(|bytes| Self(Zeroizing::new(bytes))).map_err(|_| CardFault::Link)
    }

    /// Bytes of a card that came in another way than as a link.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub(super) fn of(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The link, for people to hand on. A file has it and a line feed; a QR code has it in byte mode.
    #[must_use]
    pub fn link(&self) -> Zeroizing<String> {
        let text = Zeroizing::new(Base64UrlUnpadded::encode_string(&self.0));
        let mut link = Zeroizing::new(String::with_capacity(PREFIX.len().saturating_add(text.len())));
        link.push_str(PREFIX);
        link.push_str(&text);
        link
    }
}

impl fmt::Debug for CardBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CardBytes({} bytes, redacted)", self.0.len())
    }
}
