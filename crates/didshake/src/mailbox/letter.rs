//! Letters: what an envelope holds (section 3.1).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::MailboxFault;
use crate::codec::{Reader, put_vec8};
use crate::crypto::Signature;
use crate::document::UnixTime;
use crate::error::Misuse;
use crate::identity::{Identity, LocalIdentity};
use crate::signer::{SKEW_SECONDS, Signer, put_signer};

/// Bytes that a letter's content has at most.
pub const MAX_LETTER_CONTENT_BYTES: usize = 65_536;
/// Seconds for which a letter lives at most: 30 days.
pub const MAX_LETTER_SECONDS: u64 = 2_592_000;
/// The lengths that a letter is padded to, in bytes.
pub const SIZE_CLASSES: [usize; 9] = [512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536, 131_072];

/// What tells the letters of one sender apart: 16 random bytes; the same where one is sent again.
pub type MessageId = [u8; 16];

/// What somebody writes. Its Debug shows no content.
///
/// ```
/// use didshake::{Misuse, UnixTime, mailbox::Letter};
/// let now = UnixTime(1_767_225_600);
/// let letter = Letter::new([7; 16], now, now.plus(3600), "text/plain", b"hello".to_vec())?;
/// assert_eq!((letter.content_type(), letter.content()), ("text/plain", &b"hello"[..]));
/// assert!(!format!("{letter:?}").contains("hello"));
/// assert_eq!(Letter::new([7; 16], now, now, "text/plain", Vec::new()), Err(Misuse::LetterTimes));
/// # Ok::<(), Misuse>(())
/// ```
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Letter {
    #[zeroize(skip)]
    id: MessageId,
    #[zeroize(skip)]
    sent: UnixTime,
    #[zeroize(skip)]
    expires: UnixTime,
    content_type: String,
    content: Vec<u8>,
}

impl Letter {
    /// A letter of at most 65,536 bytes that expires within 30 days. `content_type` is 1 to 255 visible ASCII characters.
    ///
    /// # Errors
    /// [`Misuse::LetterTimes`], [`Misuse::ContentType`], [`Misuse::TooLong`].
    pub fn new(
        id: MessageId,
        sent: UnixTime,
        expires: UnixTime,
        content_type: &str,
        content: Vec<u8>,
    ) -> Result<Self, Misuse> {
        if !are_times(sent, expires) {
            return Err(Misuse::LetterTimes);
        }
        if !is_content_type(content_type.as_bytes()) {
            return Err(Misuse::ContentType);
        }
        if content.len() > MAX_LETTER_CONTENT_BYTES {
            return Err(Misuse::TooLong);
        }
        Ok(Self { id, sent, expires, content_type: content_type.into(), content })
    }

    /// What tells it from others of its sender.
    #[must_use]
    pub fn id(&self) -> &MessageId {
        &self.id
    }

    /// When it was sent, by its sender's clock.
    #[must_use]
    pub fn sent(&self) -> UnixTime {
        self.sent
    }

    /// From then on nobody takes it.
    #[must_use]
    pub fn expires(&self) -> UnixTime {
        self.expires
    }

    /// What the content is: a media type, or a name that both sides know.
    #[must_use]
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    /// What was written.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        &self.content
    }

    /// Everything behind the signature, which the signature covers too.
    pub(super) fn put(&self, out: &mut Vec<u8>) -> Result<(), Misuse> {
        out.extend_from_slice(&self.id);
        out.extend_from_slice(&self.sent.0.to_be_bytes());
        out.extend_from_slice(&self.expires.0.to_be_bytes());
        put_vec8(out, self.content_type.as_bytes())?;
        let length = u32::try_from(self.content.len()).map_err(|_| Misuse::TooLong)?;
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(&self.content);
        Ok(())
    }

    /// The plain text of an envelope, padded.
    pub(super) fn encode(&self, sender: &LocalIdentity, signature: &Signature) -> Result<Vec<u8>, Misuse> {
        let mut plain = Vec::new();
        put_signer(&mut plain, sender)?;
        plain.extend_from_slice(signature);
        self.put(&mut plain)?;
        plain.resize(size_class(plain.len()).ok_or(Misuse::TooLong)?, 0);
        Ok(plain)
    }

    /// Step 4 of section 3.2, and the times of steps 5 and 6.
    pub(super) fn decode(plain: &[u8], now: UnixTime) -> Result<(Identity, Self), MailboxFault> {
        let malformed = |_| MailboxFault::LetterMalformed;
        let mut reader = Reader::new(plain);
        let sender = Signer::read(&mut reader, MailboxFault::LetterMalformed)?;
        let sender = sender.with(reader.array().map_err(malformed)?);
        let id = reader.array().map_err(malformed)?;
        let sent = UnixTime(reader.u64().map_err(malformed)?);
        let expires = UnixTime(reader.u64().map_err(malformed)?);
        let content_type = reader.vec8().map_err(malformed)?;
        if !is_content_type(content_type) {
            return Err(MailboxFault::LetterMalformed);
        }
        let content_type = core::str::from_utf8(content_type).map_err(|_| MailboxFault::LetterMalformed)?.into();
        let length = usize::try_from(reader.u32().map_err(malformed)?).map_err(|_| MailboxFault::LetterMalformed)?;
        if length > MAX_LETTER_CONTENT_BYTES {
            return Err(MailboxFault::LetterMalformed);
        }
        let content = reader.take(length).map_err(malformed)?.to_vec();
        let padding = reader.rest();
        let is_smallest = size_class(plain.len() - padding.len()) == Some(plain.len());
        if !is_smallest || padding.iter().any(|byte| *byte != 0) {
            return Err(MailboxFault::LetterMalformed);
        }
        let letter = Self { id, sent, expires, content_type, content };
        letter.check_times(now)?;
        Ok((sender, letter))
    }

    fn check_times(&self, now: UnixTime) -> Result<(), MailboxFault> {
        if !are_times(self.sent, self.expires) || self.sent > now.plus(SKEW_SECONDS) {
            return Err(MailboxFault::LetterTime);
        }
        if now >= self.expires { Err(MailboxFault::LetterExpired) } else { Ok(()) }
    }
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Letter({} bytes, redacted)", self.content.len())
    }
}

/// The smallest class that holds so many bytes.
fn size_class(length: usize) -> Option<usize> {
    SIZE_CLASSES.into_iter().find(|class| length <= *class)
}

fn are_times(sent: UnixTime, expires: UnixTime) -> bool {
    sent < expires && expires.0 - sent.0 <= MAX_LETTER_SECONDS
}

fn is_content_type(text: &[u8]) -> bool {
    (1..=255).contains(&text.len()) && text.iter().all(u8::is_ascii_graphic)
}
