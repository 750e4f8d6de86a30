//! What is wrong with a contact card or a link to one.

use crate::error::Fault;

/// Why a contact card is refused; nobody is told but whoever reads it.
///
/// ```
/// use didshake::Fault;
/// use didshake::card::CardFault;
/// assert_eq!(CardFault::Link.code(), "card_link");
/// assert_eq!(CardFault::from(Fault::SignatureInvalid).code(), "signature_invalid");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CardFault {
    /// The text is no link to a card.
    #[error(
        "this is no contact card: a card begins with didshake:card/ and is copied whole, without spaces or line breaks"
    )]
    Link,
    /// The card does not decode.
    #[error("the contact card does not decode")]
    Malformed,
    /// An endpoint is no URL of 1 to 255 visible ASCII characters.
    #[error("an endpoint of the contact card is no URL of 1 to 255 visible ASCII characters")]
    Endpoint,
    /// The name is longer than 64 bytes, or has something invisible in it.
    #[error("the name in the contact card is longer than 64 bytes, or has something invisible in it")]
    Name,
    /// The mailbox is no https or http URL, has a user name, a query or a fragment, or is longer than 255 characters.
    #[error(
        "the mailbox of the contact card is no https or http URL of at most 255 characters, without user name, query and fragment"
    )]
    Mailbox,
    /// The deposit token is not 32 bytes long, or there is one without a mailbox.
    #[error("the deposit token of the contact card is not 32 bytes long, or is for no mailbox")]
    Token,
    /// It ends before it was issued.
    #[error("the contact card ends before it was issued")]
    Period,
    /// It is over, or was issued more than a minute from now.
    #[error("the contact card is over, or is from the future: ask for a new one, or set the clock")]
    Time,
    /// Something with whose it is: as in a handshake.
    #[error(transparent)]
    Identity(#[from] Fault),
}

impl CardFault {
    /// The name of the cause in the specification, for logs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Link => "card_link",
            Self::Malformed => "card_malformed",
            Self::Endpoint => "card_endpoint",
            Self::Name => "card_name",
            Self::Mailbox => "card_mailbox",
            Self::Token => "card_token",
            Self::Period => "card_period",
            Self::Time => "card_time",
            Self::Identity(fault) => fault.code(),
        }
    }
}
