//! Alert codes: all that a peer ever learns of a failure.

use alloc::vec::Vec;

use crate::error::Fault;

/// The code of an alert; the numbers follow TLS (RFC 8446 §6). Every alert is fatal and none is answered.
///
/// ```
/// use didshake::AlertCode;
/// assert_eq!(AlertCode::Denied as u8, 49);
/// assert_eq!(AlertCode::from_byte(49), Some(AlertCode::Denied));
/// assert_eq!(AlertCode::from_byte(200), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[repr(u8)]
pub enum AlertCode {
    /// A message or record that this state does not wait for.
    UnexpectedMessage = 10,
    /// A sealed part or a record that does not open.
    BadRecord = 20,
    /// The responder accepts none of the offered suites.
    NoCommonSuite = 40,
    /// A value that is well formed and not allowed.
    IllegalParameter = 47,
    /// Everything that fails once an identity was opened; the cause stays in the local log.
    Denied = 49,
    /// A message that does not decode.
    DecodeError = 50,
    /// A protocol version that the responder does not speak.
    Version = 70,
    /// A fault of the sender itself.
    Internal = 80,
    /// An extension that is critical and unknown.
    UnknownCritical = 110,
    /// The responder has no such identity.
    UnknownRecipient = 112,
    /// The responder does not serve the application protocol.
    UnknownApplicationProtocol = 120,
}

impl AlertCode {
    /// Every code, in ascending order.
    pub const ALL: [Self; 11] = [
        Self::UnexpectedMessage,
        Self::BadRecord,
        Self::NoCommonSuite,
        Self::IllegalParameter,
        Self::Denied,
        Self::DecodeError,
        Self::Version,
        Self::Internal,
        Self::UnknownCritical,
        Self::UnknownRecipient,
        Self::UnknownApplicationProtocol,
    ];

    /// The code with this number; `None` where version 1 defines none.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|code| *code as u8 == byte)
    }

    /// The standard name, as the specification's registry writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::UnexpectedMessage => "unexpected_message",
            Self::BadRecord => "bad_record",
            Self::NoCommonSuite => "no_common_suite",
            Self::IllegalParameter => "illegal_parameter",
            Self::Denied => "denied",
            Self::DecodeError => "decode_error",
            Self::Version => "version",
            Self::Internal => "internal",
            Self::UnknownCritical => "unknown_critical",
            Self::UnknownRecipient => "unknown_recipient",
            Self::UnknownApplicationProtocol => "unknown_application_protocol",
        }
    }

    /// The Alert message that carries this code in clear: 2 bytes.
    #[must_use]
    pub fn message(self) -> Vec<u8> {
        alloc::vec![crate::wire::ALERT, self as u8]
    }
}

/// Recognises an Alert among the messages of a handshake, as the fault that ends the attempt unanswered.
pub(crate) fn refuse_alert(message: &[u8]) -> Result<(), Fault> {
    match message {
        [crate::wire::ALERT, code] => Err(AlertCode::from_byte(*code).map_or(Fault::MalformedAlert, Fault::PeerAlert)),
        [crate::wire::ALERT, ..] => Err(Fault::MalformedAlert),
        _ => Ok(()),
    }
}
