//! Why an agent did not do what it was asked for.

use didshake::mailbox::{MAX_LETTER_CONTENT_BYTES, MailboxFault};
use didshake::{Did, Error, Internal, Misuse, Origin};
use didshake_did::SignerError;

use crate::error::HandshakeError;
use crate::http::WebClientError;
use crate::mailbox::relay::RelayError;
use crate::mailbox::store::StoreError;
use crate::streams::StreamError;

/// Why an agent did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// The store failed; nothing was changed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The relay failed, or refuses.
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// There is no HTTP client.
    #[error(transparent)]
    Client(#[from] WebClientError),
    /// The store belongs to another DID than the identity: the caller's fault.
    #[error("the store is of another identity")]
    OtherStore,
    /// The letter is too long: the caller's fault.
    #[error(
        "a letter has at most {MAX_LETTER_CONTENT_BYTES} bytes, this one {bytes}: send it over a live channel, or in parts"
    )]
    TooLong {
        /// How long it is.
        bytes: usize,
    },
    /// Its content type, or when it expires, cannot be: the caller's fault.
    #[error(transparent)]
    Letter(Misuse),
    /// There is no mailbox of ours at this relay.
    #[error("there is no mailbox at {0}: open one there first")]
    NoMailbox(Origin),
    /// They are no contact, or one whose card names no mailbox.
    #[error("there is no mailbox of {0}: ask for a contact card that names one")]
    NoAddress(Did),
    /// The handshake on a circuit failed.
    #[error(transparent)]
    Handshake(Box<HandshakeError>),
    /// Our own identity could not sign.
    #[error("we could not sign: {0}")]
    Signer(#[from] SignerError),
    /// A live channel that carried letters ended other than in order.
    #[error(transparent)]
    Channel(#[from] StreamError),
    /// What came over a live channel is no letter, and no answer to one.
    #[error("the peer broke the rules of letters over a channel")]
    Letters,
    /// The recipient's mailbox key is not good: nothing is sealed to it.
    #[error("the recipient's mailbox key is not good: {0}")]
    Key(MailboxFault),
    /// The protocol failed on our side.
    #[error(transparent)]
    Protocol(#[from] Error),
}

impl AgentError {
    /// A fixed word for logs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::Relay(error) => error.code(),
            Self::Client(_) => "client",
            Self::OtherStore => "other_store",
            Self::TooLong { .. } => "letter_too_long",
            Self::Letter(_) => "letter",
            Self::NoMailbox(_) => "no_mailbox",
            Self::NoAddress(_) => "no_address",
            Self::Handshake(error) => error.code(),
            Self::Signer(_) => "signer",
            Self::Channel(error) => error.code(),
            Self::Letters => "letters",
            Self::Key(fault) => fault.code(),
            Self::Protocol(error) => error.code(),
        }
    }
}

impl From<Internal> for AgentError {
    fn from(internal: Internal) -> Self {
        Self::Protocol(internal.into())
    }
}
