//! What is wrong with a mailbox key or an envelope.

use crate::error::Fault;

/// Why a mailbox key or an envelope is refused; nobody is told but the log.
///
/// ```
/// use didshake::Fault;
/// use didshake::mailbox::MailboxFault;
/// assert_eq!(MailboxFault::EnvelopeNotOpened.code(), "envelope_not_opened");
/// assert_eq!(MailboxFault::from(Fault::SignatureInvalid).code(), "signature_invalid");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MailboxFault {
    /// The mailbox key does not decode.
    #[error("the mailbox key does not decode")]
    KeyMalformed,
    /// It ends before it begins, or is for more than 90 days.
    #[error("the mailbox key is for no time, or for more than 90 days")]
    KeyPeriod,
    /// It is over, or begins more than a minute from now.
    #[error("the mailbox key is over, or has not begun")]
    KeyTime,
    /// The envelope has no length, type or version of one.
    #[error("the envelope does not decode")]
    EnvelopeMalformed,
    /// It is sealed to no key that we have, or to one that is over for too long.
    #[error("the envelope is sealed to no mailbox key of ours")]
    EnvelopeKeyUnknown,
    /// It does not open.
    #[error("the envelope does not open")]
    EnvelopeNotOpened,
    /// What it holds does not decode.
    #[error("the letter does not decode")]
    LetterMalformed,
    /// The letter expires before it is sent, lives for more than 30 days, or was sent more than a minute from now.
    #[error("the letter's times are impossible")]
    LetterTime,
    /// The letter has expired.
    #[error("the letter has expired")]
    LetterExpired,
    /// Something with whose it is: as in a handshake.
    #[error(transparent)]
    Identity(#[from] Fault),
}

impl MailboxFault {
    /// The name of the cause in the specification, for logs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::KeyMalformed => "mailbox_key_malformed",
            Self::KeyPeriod => "mailbox_key_period",
            Self::KeyTime => "mailbox_key_time",
            Self::EnvelopeMalformed => "envelope_malformed",
            Self::EnvelopeKeyUnknown => "envelope_key_unknown",
            Self::EnvelopeNotOpened => "envelope_not_opened",
            Self::LetterMalformed => "letter_malformed",
            Self::LetterTime => "letter_time",
            Self::LetterExpired => "letter_expired",
            Self::Identity(fault) => fault.code(),
        }
    }
}
