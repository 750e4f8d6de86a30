//! Errors, sorted by whose fault they are, and the one place where they become alerts.

use crate::alert::AlertCode;

/// Why an operation of the protocol failed.
///
/// ```
/// use didshake::{AlertCode, Error, Fault};
/// let error = Error::from(Fault::SignatureInvalid);
/// assert_eq!(error.alert(), Some(AlertCode::Denied));
/// assert_eq!(error.code(), "signature_invalid");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// The peer sent something that the protocol refuses, or is not whom it must be.
    #[error("the peer is at fault: {0}")]
    Peer(#[from] Fault),
    /// The caller asked for something that the protocol does not allow.
    #[error("the caller is at fault: {0}")]
    Caller(#[from] Misuse),
    /// This side failed by itself.
    #[error("internal failure: {0}")]
    Ours(#[from] Internal),
}

impl Error {
    /// What the peer is told; `None` where nothing is sent (an alert is never answered). A failure of our own is
    /// `internal`; whoever drives the handshake says `denied` instead once the peer's Identity has opened (R-CHECK-7).
    #[must_use]
    pub fn alert(&self) -> Option<AlertCode> {
        match self {
            Self::Peer(fault) => fault.alert(),
            Self::Caller(_) | Self::Ours(_) => Some(AlertCode::Internal),
        }
    }

    /// The name of the cause for logs: for the peer's faults the code of the specification's registry.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Peer(fault) => fault.code(),
            Self::Caller(_) => "misuse",
            Self::Ours(_) => "internal",
        }
    }
}

/// What the caller did wrong; nothing was sent for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Misuse {
    /// No suite was configured.
    #[error("no suite is configured")]
    NoSuite,
    /// A suite was configured twice.
    #[error("a suite is configured twice")]
    DuplicateSuite,
    /// More suites than a Hello can list (127).
    #[error("more than 127 suites are configured")]
    TooManySuites,
    /// The first share's group belongs to none of the configured suites.
    #[error("the first share's group belongs to no configured suite")]
    GroupWithoutSuite,
    /// A private-use suite or group outside 0xFE00 to 0xFEFF.
    #[error("private-use suites and groups lie between 0xFE00 and 0xFEFF")]
    NotPrivateUse,
    /// An application protocol is 1 to 255 bytes.
    #[error("an application protocol is 1 to 255 bytes")]
    ApplicationProtocolLength,
    /// No application protocol was configured.
    #[error("no application protocol is configured")]
    NoApplicationProtocol,
    /// An identity's fragment breaks the rule of its DID.
    #[error("the fragment is empty for did:key and did:jwk, and for no other DID")]
    IdentityFragment,
    /// No identity was configured.
    #[error("no identity is configured")]
    NoIdentity,
    /// `recipient` needs an exact DID, not a policy.
    #[error("`recipient` needs the exact DID of the peer")]
    RecipientNeedsDid,
    /// Extension ids must ascend strictly, and the list must fit 65,535 bytes.
    #[error("extension ids must ascend strictly and the list must fit 65,535 bytes")]
    ExtensionList,
    /// The message would be longer than the protocol allows.
    #[error("the message would be longer than the protocol allows")]
    TooLong,
    /// The prologue is longer than 65,535 bytes.
    #[error("the prologue is longer than 65,535 bytes")]
    PrologueTooLong,
    /// The next record of this direction must be a key_update.
    #[error("the next record of this direction must be a key_update")]
    KeyUpdateDue,
    /// This direction was closed.
    #[error("this direction was closed")]
    Closed,
    /// A label is 1 to 255 bytes, a context at most 65,535, a length 1 to 8,160 (R-EXP).
    #[error("a label is 1 to 255 bytes, a context at most 65,535 bytes, a length 1 to 8,160 bytes")]
    ExportLength,
    /// A mailbox key is good for 1 second to 90 days.
    #[error("a mailbox key is good for 1 second to 90 days")]
    MailboxPeriod,
    /// A letter expires after it is sent, within 30 days.
    #[error("a letter expires after it is sent, within 30 days")]
    LetterTimes,
    /// A content type is 1 to 255 visible ASCII characters.
    #[error("a content type is 1 to 255 visible ASCII characters")]
    ContentType,
    /// A contact card ends after it was issued.
    #[error("a contact card ends after it was issued")]
    CardPeriod,
    /// A contact card has at most 8 endpoints.
    #[error("a contact card has at most 8 endpoints")]
    CardEndpoints,
}

/// What failed on this side.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Internal {
    /// The source of randomness failed.
    #[error("the source of randomness failed")]
    Randomness,
    /// A primitive refused an input that the protocol never gives it.
    #[error("a cryptographic primitive failed")]
    Primitive,
    /// A direction has used up its 2^64 sequence numbers.
    #[error("the sequence numbers of this direction are used up")]
    SequenceExhausted,
}

macro_rules! faults {
    ($($variant:ident, $code:literal, $alert:expr, $text:literal;)*) => {
        /// The closed registry of what a peer can do wrong. Each has a code (the name in the specification and in the
        /// vectors) and at most one alert; several causes share `denied`, so that the peer cannot tell them apart.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, thiserror::Error)]
        pub enum Fault {
            $(#[doc = $text] #[error($text)] $variant,)*
            /// The peer ended the attempt with an alert; a clear one is a hint that anyone can forge.
            #[error("the peer sent the alert {}", .0.name())]
            PeerAlert(AlertCode),
        }

        impl Fault {
            /// Every fault but `PeerAlert`, in the order of the registry.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code in the specification's registry.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* Self::PeerAlert(_) => "peer_alert" }
            }

            /// The alert that tells the peer, if any.
            #[must_use]
            pub fn alert(self) -> Option<AlertCode> {
                match self { $(Self::$variant => $alert,)* Self::PeerAlert(_) => None }
            }
        }
    };
}

use AlertCode as A;

faults! {
    MessageTooLong, "message_too_long", Some(A::DecodeError), "a message is longer than its state allows";
    MessageTruncated, "message_truncated", Some(A::DecodeError), "a field runs past the end of the message";
    TrailingBytes, "trailing_bytes", Some(A::DecodeError), "bytes follow the last field";
    UnexpectedMessage, "unexpected_message", Some(A::UnexpectedMessage), "a message of a type that is not waited for";
    UnsupportedVersion, "unsupported_version", Some(A::Version), "a version other than 1";
    SuiteListMalformed, "suite_list_malformed", Some(A::DecodeError), "the suite list is empty or odd";
    SuiteListDuplicate, "suite_list_duplicate", Some(A::IllegalParameter), "the suite list names a suite twice";
    SuiteListWithoutGroup, "suite_list_without_group", Some(A::IllegalParameter), "no listed suite is of the share's group";
    NoCommonSuite, "no_common_suite", Some(A::NoCommonSuite), "no offered suite is accepted";
    ApplicationProtocolEmpty, "application_protocol_empty", Some(A::DecodeError), "the application protocol is empty";
    UnknownApplicationProtocol, "unknown_application_protocol", Some(A::UnknownApplicationProtocol), "the application protocol is not served";
    ExtensionOrder, "extension_order", Some(A::DecodeError), "extension ids do not ascend strictly";
    ExtensionCriticalByte, "extension_critical_byte", Some(A::DecodeError), "an extension's critical byte is neither 0 nor 1";
    RecipientMalformed, "recipient_malformed", Some(A::DecodeError), "the recipient extension is not 16 bytes";
    UnknownCriticalExtension, "unknown_critical_extension", Some(A::UnknownCritical), "a critical extension is unknown";
    UnknownRecipient, "unknown_recipient", Some(A::UnknownRecipient), "no identity of ours is the one that is meant";
    ShareInvalid, "share_invalid", Some(A::IllegalParameter), "the key share has the wrong length or is of low order";
    RetrySuiteNotOffered, "retry_suite_not_offered", Some(A::IllegalParameter), "Retry names a suite that was not offered";
    RetrySameGroup, "retry_same_group", Some(A::IllegalParameter), "Retry names a suite of the group already sent";
    SecondRetry, "second_retry", Some(A::UnexpectedMessage), "a second Retry";
    SecondHelloNeedsRetry, "second_hello_needs_retry", Some(A::IllegalParameter), "the Hello after a Retry needs a Retry again";
    ReplySuiteNotOffered, "reply_suite_not_offered", Some(A::IllegalParameter), "Reply names a suite that was not offered";
    ReplySuiteWrongGroup, "reply_suite_wrong_group", Some(A::IllegalParameter), "Reply's suite is not of the share's group";
    SealedPartNotOpened, "sealed_part_not_opened", Some(A::BadRecord), "a sealed part does not open";
    IdentityMalformed, "identity_malformed", Some(A::Denied), "the identity does not decode";
    IdentityPadding, "identity_padding", Some(A::Denied), "the identity's padding is not the one that the rule allows";
    DidSyntax, "did_syntax", Some(A::Denied), "not a DID";
    FragmentRule, "fragment_rule", Some(A::Denied), "the fragment breaks the rule of its DID method";
    UnknownAlgorithm, "unknown_algorithm", Some(A::Denied), "the signature algorithm is unknown";
    IdentityExtensions, "identity_extensions", Some(A::Denied), "the extensions of the identity do not decode";
    IdentityUnknownCritical, "unknown_critical_extension", Some(A::Denied), "a critical extension of the identity is unknown";
    OwnDid, "own_did", Some(A::Denied), "the claimed DID is one of our own";
    NotAdmitted, "not_admitted", Some(A::Denied), "the claimed DID is not one that we may meet";
    DidMethodUnsupported, "did_method_unsupported", Some(A::Denied), "no resolver for this DID method";
    DidNotFound, "did_not_found", Some(A::Denied), "the DID resolves to nothing";
    DidResolutionFailed, "did_resolution_failed", Some(A::Denied), "the DID could not be resolved";
    DidKeyMalformed, "did_key_malformed", Some(A::Denied), "a did:key that is not canonical or of a key nobody signs with";
    DidJwkMalformed, "did_jwk_malformed", Some(A::Denied), "a did:jwk that is not canonical or of a key nobody signs with";
    DidPeerMalformed, "did_peer_malformed", Some(A::Denied), "a did:peer that does not decode, or whose document is not the one of its hash";
    DocumentJson, "document_json", Some(A::Denied), "the DID document is not one JSON object without duplicate members";
    DocumentLimits, "document_limits", Some(A::Denied), "the DID document exceeds a limit";
    DocumentShape, "document_shape", Some(A::Denied), "a member of the DID document has the wrong type or is missing";
    DocumentDuplicateId, "document_duplicate_id", Some(A::Denied), "two verification methods have one id";
    DocumentIdMismatch, "document_id_mismatch", Some(A::Denied), "the document's id is not the DID";
    DidDeactivated, "did_deactivated", Some(A::Denied), "the DID is deactivated";
    MethodAbsent, "method_absent", Some(A::Denied), "the document has no such verification method";
    MethodNotAuthentication, "method_not_authentication", Some(A::Denied), "the verification method is not under authentication";
    MethodController, "method_controller", Some(A::Denied), "the verification method's controller is not the DID";
    MethodTime, "method_time", Some(A::Denied), "a time of the verification method cannot be read";
    MethodRevoked, "method_revoked", Some(A::Denied), "the verification method is revoked";
    MethodExpired, "method_expired", Some(A::Denied), "the verification method has expired";
    MethodKeyForm, "method_key_form", Some(A::Denied), "the verification method has not exactly one key of a known form";
    AlgorithmMismatch, "algorithm_mismatch", Some(A::Denied), "the signature algorithm is not the key's";
    KeyInvalid, "key_invalid", Some(A::Denied), "the bytes are no valid public key";
    SignatureInvalid, "signature_invalid", Some(A::Denied), "the signature does not verify";
    PolicyRefused, "policy_refused", Some(A::Denied), "the application's policy refuses the verified peer";
    FinishReplayed, "finish_replayed", Some(A::Denied), "this handshake was finished before";
    WaitingStateInvalid, "waiting_state_invalid", Some(A::Denied), "the waiting state is missing, altered or of another endpoint";
    WaitingStateExpired, "waiting_state_expired", Some(A::Denied), "the waiting state has expired";
    AcceptMalformed, "accept_malformed", Some(A::DecodeError), "Accept opened but does not decode";
    MalformedAlert, "malformed_alert", None, "an alert that is malformed or of an unknown code";
    RecordTooLong, "record_too_long", Some(A::DecodeError), "a record is longer than 65,553 bytes";
    RecordNotOpened, "record_not_opened", Some(A::BadRecord), "a record does not open";
    RecordZerosOnly, "record_zeros_only", Some(A::UnexpectedMessage), "a record holds only zeros";
    RecordUnknownContentType, "record_unknown_content_type", Some(A::UnexpectedMessage), "a record of an unknown content type";
    RecordAfterClose, "record_after_close", Some(A::UnexpectedMessage), "a record after close";
    RecordAfterAlert, "record_after_close", None, "a record after an alert";
    KeyUpdateOverdue, "key_update_overdue", Some(A::UnexpectedMessage), "the last record under a secret is not key_update";
    RecordContentLength, "record_content_length", Some(A::DecodeError), "a control record with content of the wrong length";
    NotARecord, "not_a_record", None, "a message that is no record, after the handshake";
    Truncated, "truncated", None, "the transport ended without close";
}
