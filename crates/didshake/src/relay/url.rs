//! Where depositors come to.

use alloc::string::String;
use core::fmt;

use super::MailboxName;
use crate::origin::Origin;

/// The longest mailbox URL, in bytes.
pub const MAX_URL_BYTES: usize = 255;

/// A mailbox URL: the relay's origin, `/m/`, the mailbox's name; nothing else, and in one form. Over `http` only at a loopback
/// address, for trials on one machine.
///
/// ```
/// use didshake::relay::{MailboxUrl, MailboxUrlError};
/// let url = MailboxUrl::parse("https://relay.example:8443/m/AAAAAAAAAAAAAAAAAAAAAA")?;
/// assert_eq!(url.origin().as_str(), "https://relay.example:8443");
/// assert_eq!(MailboxUrl::new(url.origin(), url.name())?, url);
/// assert_eq!(MailboxUrl::parse("https://relay.example/m/x"), Err(MailboxUrlError::Name));
/// assert_eq!(MailboxUrl::parse("http://relay.example/m/AAAAAAAAAAAAAAAAAAAAAA"), Err(MailboxUrlError::Origin));
/// # Ok::<(), MailboxUrlError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MailboxUrl {
    text: String,
    origin: Origin,
    name: MailboxName,
}

impl MailboxUrl {
    /// The URL of a mailbox at a relay.
    ///
    /// # Errors
    /// [`MailboxUrlError::Origin`], [`MailboxUrlError::Long`].
    pub fn new(origin: &Origin, name: &MailboxName) -> Result<Self, MailboxUrlError> {
        if !origin.is_secure() && !origin.is_loopback() {
            return Err(MailboxUrlError::Origin);
        }
        let text = alloc::format!("{origin}/m/{name}");
        if text.len() > MAX_URL_BYTES {
            return Err(MailboxUrlError::Long);
        }
        Ok(Self { text, origin: origin.clone(), name: *name })
    }

    /// Reads one. Another spelling of the same URL is refused: circuits have the text as their prologue.
    ///
    /// # Errors
    /// [`MailboxUrlError`], always a fault of whoever wrote it.
    pub fn parse(text: &str) -> Result<Self, MailboxUrlError> {
        if text.len() > MAX_URL_BYTES {
            return Err(MailboxUrlError::Long);
        }
        let (origin, name) = text.rsplit_once("/m/").ok_or(MailboxUrlError::Path)?;
        let parsed = Origin::parse(origin).map_err(|_| MailboxUrlError::Origin)?;
        if parsed.as_str() != origin {
            return Err(MailboxUrlError::Origin);
        }
        let name = name.parse().map_err(|_| MailboxUrlError::Name)?;
        Self::new(&parsed, &name)
    }

    /// The URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The relay's origin.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The mailbox's name.
    #[must_use]
    pub fn name(&self) -> &MailboxName {
        &self.name
    }

    /// The path of a request of section 4: `/m/NAME` and what stands behind it (empty, `/key`, `/states`, `/circuit`).
    #[must_use]
    pub fn path(&self, rest: &str) -> String {
        alloc::format!("/m/{}{rest}", self.name)
    }
}

impl fmt::Display for MailboxUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for MailboxUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Why a text is no mailbox URL.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, thiserror::Error)]
pub enum MailboxUrlError {
    /// Longer than [`MAX_URL_BYTES`].
    #[error("a mailbox URL has at most 255 bytes")]
    Long,
    /// It does not begin with an https origin as browsers write it (http only at a loopback address).
    #[error("a mailbox URL begins with an https origin, in lower case and without the default port")]
    Origin,
    /// There is no `/m/` after the origin.
    #[error("a mailbox URL has the path /m/ and the mailbox's name")]
    Path,
    /// The name is none.
    #[error("the name of a mailbox is 22 characters of base64url")]
    Name,
}
