//! What a relay answers: states of deposits, and codes of refusals.

use core::fmt;
use core::str::FromStr;

use super::NameMalformed;

/// What became of a deposit (section 4).
///
/// ```
/// use didshake::relay::DepositState;
/// assert_eq!("taken".parse(), Ok(DepositState::Taken));
/// assert_eq!(DepositState::Expired.to_string(), "expired");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum DepositState {
    /// Durable at the relay; the owner has not answered.
    Waiting,
    /// The owner has it, durably.
    Taken,
    /// The owner did not take it.
    Refused,
    /// Nobody took it in time.
    Expired,
    /// None of this token, or long over.
    Unknown,
}

impl DepositState {
    const ALL: [Self; 5] = [Self::Waiting, Self::Taken, Self::Refused, Self::Expired, Self::Unknown];

    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Taken => "taken",
            Self::Refused => "refused",
            Self::Expired => "expired",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for DepositState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for DepositState {
    type Err = NameMalformed;

    fn from_str(text: &str) -> Result<Self, NameMalformed> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(NameMalformed)
    }
}

/// Why a relay refuses (section 7).
///
/// ```
/// use didshake::relay::RelayCode;
/// assert_eq!("full".parse(), Ok(RelayCode::Full));
/// assert_eq!((RelayCode::Full.as_str(), RelayCode::Full.status()), ("full", 507));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum RelayCode {
    /// No good deposit token, or no such mailbox.
    Token,
    /// The owner has no mailbox.
    NoMailbox,
    /// The owner has let no such token in.
    NoToken,
    /// The mailbox has no mailbox key.
    NoKey,
    /// No circuit.
    Away,
    /// The relay's policy opens no mailbox for this DID.
    NotAdmitted,
    /// A body, a query or a header that the page does not allow.
    Malformed,
    /// Length, type or version of an envelope.
    EnvelopeMalformed,
    /// `expires` out of its bounds.
    Expires,
    /// A check of the mailbox key.
    MailboxKey,
    /// The body is too large.
    TooLarge,
    /// A limit of the token or of the mailbox.
    Full,
    /// Too many requests of one address.
    Rate,
    /// Not now; nothing was kept.
    Unavailable,
}

impl RelayCode {
    const ALL: [Self; 14] = [
        Self::Token,
        Self::NoMailbox,
        Self::NoToken,
        Self::NoKey,
        Self::Away,
        Self::NotAdmitted,
        Self::Malformed,
        Self::EnvelopeMalformed,
        Self::Expires,
        Self::MailboxKey,
        Self::TooLarge,
        Self::Full,
        Self::Rate,
        Self::Unavailable,
    ];

    /// The member `code`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.row().0
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(self) -> u16 {
        self.row().1
    }

    fn row(self) -> (&'static str, u16) {
        match self {
            Self::Token => ("token", 401),
            Self::NoMailbox => ("no_mailbox", 404),
            Self::NoToken => ("no_token", 404),
            Self::NoKey => ("no_key", 404),
            Self::Away => ("away", 404),
            Self::NotAdmitted => ("not_admitted", 403),
            Self::Malformed => ("malformed", 400),
            Self::EnvelopeMalformed => ("envelope_malformed", 400),
            Self::Expires => ("expires", 400),
            Self::MailboxKey => ("mailbox_key", 400),
            Self::TooLarge => ("too_large", 413),
            Self::Full => ("full", 507),
            Self::Rate => ("rate", 429),
            Self::Unavailable => ("unavailable", 503),
        }
    }
}

impl fmt::Display for RelayCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RelayCode {
    type Err = NameMalformed;

    fn from_str(text: &str) -> Result<Self, NameMalformed> {
        Self::ALL.into_iter().find(|code| code.as_str() == text).ok_or(NameMalformed)
    }
}
