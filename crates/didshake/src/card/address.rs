//! Where an owner is reached: endpoints for a live channel, and a mailbox at a relay (section 2 of the page).

use alloc::string::String;
use core::fmt;

use super::CardFault;
use crate::endpoint::Endpoint;
use crate::origin::read_authority;
use crate::relay::{MailboxUrl, MailboxUrlError};

/// The longest URL in a card, in bytes.
pub const MAX_URL_BYTES: usize = 255;

/// A URL at which the owner says that they answer. What it stands for is [`reach`](Self::reach)'s to say.
///
/// ```
/// use didshake::card::{CardEndpoint, Reach};
/// let endpoint = CardEndpoint::parse("tcp://agent.example:4000")?;
/// assert_eq!(endpoint.reach(), Reach::Stream { host: "agent.example".into(), port: 4000 });
/// assert!(matches!(CardEndpoint::parse("wss://agent.example/ds")?.reach(), Reach::Web(_)));
/// assert!(matches!(CardEndpoint::parse("ws://agent.example/ds")?.reach(), Reach::ClearWeb(_)));
/// assert_eq!(CardEndpoint::parse("carrier-pigeon:roof")?.reach(), Reach::Unknown);
/// assert!(CardEndpoint::parse("agent.example").is_err());
/// # Ok::<(), didshake::card::CardFault>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CardEndpoint(String);

impl CardEndpoint {
    /// Reads a URL; it is kept as it is written.
    ///
    /// # Errors
    /// [`CardFault::Endpoint`] where it is not 1 to 255 visible ASCII characters that begin with a scheme in lower case
    /// and a colon.
    pub fn parse(url: &str) -> Result<Self, CardFault> {
        let is_of_scheme = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte);
        let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
        let begins = scheme.bytes().next().is_some_and(|first| first.is_ascii_lowercase());
        let visible = url.bytes().all(|byte| byte.is_ascii_graphic());
        let fits = begins && scheme.bytes().all(is_of_scheme) && visible && url.len() <= MAX_URL_BYTES;
        if fits { Ok(Self(String::from(url))) } else { Err(CardFault::Endpoint) }
    }

    /// The URL as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How it is reached.
    #[must_use]
    pub fn reach(&self) -> Reach {
        if let Some(authority) = self.0.strip_prefix("tcp://") {
            return stream(authority).unwrap_or(Reach::Unknown);
        }
        match Endpoint::parse(&self.0) {
            Ok(endpoint) if endpoint.origin().is_secure() || endpoint.origin().is_loopback() => Reach::Web(endpoint),
            Ok(endpoint) => Reach::ClearWeb(endpoint),
            Err(_) => Reach::Unknown,
        }
    }
}

impl fmt::Display for CardEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for CardEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How an endpoint of a card is reached.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reach {
    /// By TCP, with the stream binding and an empty prologue.
    Stream {
        /// A name in lower case, or an address, an IPv6 one in brackets.
        host: String,
        /// The port, 1 to 65,535.
        port: u16,
    },
    /// By https or wss, or by http or ws at a loopback address.
    Web(Endpoint),
    /// By http or ws elsewhere: only where the user wants that, for it shows to everybody on the way who is reached.
    ClearWeb(Endpoint),
    /// In a way that version 1 does not know, or a URL of a way that it knows and in which nobody is named: not used.
    Unknown,
}

/// The https or http URL of a mailbox, as its owner wrote it. Whether it is one of a relay is [`at_relay`](Self::at_relay)'s to
/// say: a card with another one is good for the rest.
///
/// ```
/// use didshake::card::CardMailboxUrl;
/// let mailbox = CardMailboxUrl::parse("https://relay.example/m/AAAAAAAAAAAAAAAAAAAAAA")?;
/// assert_eq!(mailbox.at_relay()?.origin().as_str(), "https://relay.example");
/// let elsewhere = CardMailboxUrl::parse("https://relay.example/mailbox/4f2a")?;
/// assert!(elsewhere.at_relay().is_err());
/// assert!(CardMailboxUrl::parse("https://relay.example/?mailbox=4f2a").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CardMailboxUrl(String);

impl CardMailboxUrl {
    /// Reads a URL; it is kept as it is written.
    ///
    /// # Errors
    /// [`CardFault::Mailbox`] where it is longer than 255 bytes, does not begin with `https://` or `http://` and a host,
    /// or has other characters than letters, digits and ``-._~!$&'()*+,;=:/%[]``.
    pub fn parse(url: &str) -> Result<Self, CardFault> {
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or_default();
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:/%[]".contains(&byte);
        let names_a_host = !rest.is_empty() && !rest.starts_with('/');
        let fits = names_a_host && rest.bytes().all(allowed) && url.len() <= MAX_URL_BYTES;
        if fits { Ok(Self(String::from(url))) } else { Err(CardFault::Mailbox) }
    }

    /// The URL as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The mailbox of a relay that it is.
    ///
    /// # Errors
    /// [`MailboxUrlError`] where it is none: such a mailbox is not used.
    pub fn at_relay(&self) -> Result<MailboxUrl, MailboxUrlError> {
        MailboxUrl::parse(&self.0)
    }
}

impl From<&MailboxUrl> for CardMailboxUrl {
    fn from(url: &MailboxUrl) -> Self {
        Self(String::from(url.as_str()))
    }
}

impl fmt::Display for CardMailboxUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for CardMailboxUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn stream(authority: &str) -> Option<Reach> {
    match read_authority(authority) {
        Ok((host, Some(port))) if port != 0 => Some(Reach::Stream { host, port }),
        _ => None,
    }
}
