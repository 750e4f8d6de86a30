//! The closed registry of error codes and the alert that each one puts on the wire.

macro_rules! codes {
    ($($variant:ident $name:literal $alert:expr;)*) => {
        /// Why a message was refused. Vectors and implementations use the same names.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(
                #[doc = concat!("`", $name, "`")]
                $variant,
            )*
        }

        impl Code {
            /// Every code, in the order of the specification.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// The name that vectors use.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Code::$variant => $name,)* }
            }

            /// The alert that is sent, if the fault is answered at all.
            #[must_use]
            pub const fn alert(self) -> Option<u8> {
                match self { $(Code::$variant => $alert,)* }
            }
        }
    };
}

codes! {
    MessageTooLong "message_too_long" Some(50);
    MessageTruncated "message_truncated" Some(50);
    TrailingBytes "trailing_bytes" Some(50);
    UnexpectedMessage "unexpected_message" Some(10);
    UnsupportedVersion "unsupported_version" Some(70);
    SuiteListMalformed "suite_list_malformed" Some(50);
    SuiteListDuplicate "suite_list_duplicate" Some(47);
    SuiteListWithoutGroup "suite_list_without_group" Some(47);
    NoCommonSuite "no_common_suite" Some(40);
    ApplicationProtocolEmpty "application_protocol_empty" Some(50);
    UnknownApplicationProtocol "unknown_application_protocol" Some(120);
    ExtensionOrder "extension_order" Some(50);
    ExtensionCriticalByte "extension_critical_byte" Some(50);
    RecipientMalformed "recipient_malformed" Some(50);
    UnknownCriticalExtension "unknown_critical_extension" Some(110);
    UnknownRecipient "unknown_recipient" Some(112);
    ShareInvalid "share_invalid" Some(47);
    RetrySuiteNotOffered "retry_suite_not_offered" Some(47);
    RetrySameGroup "retry_same_group" Some(47);
    SecondRetry "second_retry" Some(10);
    SecondHelloNeedsRetry "second_hello_needs_retry" Some(47);
    ReplySuiteNotOffered "reply_suite_not_offered" Some(47);
    ReplySuiteWrongGroup "reply_suite_wrong_group" Some(47);
    SealedPartNotOpened "sealed_part_not_opened" Some(20);
    IdentityMalformed "identity_malformed" Some(49);
    IdentityPadding "identity_padding" Some(49);
    DidSyntax "did_syntax" Some(49);
    FragmentRule "fragment_rule" Some(49);
    UnknownAlgorithm "unknown_algorithm" Some(49);
    IdentityExtensions "identity_extensions" Some(49);
    OwnDid "own_did" Some(49);
    NotAdmitted "not_admitted" Some(49);
    DidMethodUnsupported "did_method_unsupported" Some(49);
    DidNotFound "did_not_found" Some(49);
    DidResolutionFailed "did_resolution_failed" Some(49);
    DidKeyMalformed "did_key_malformed" Some(49);
    DidJwkMalformed "did_jwk_malformed" Some(49);
    DidPeerMalformed "did_peer_malformed" Some(49);
    DocumentJson "document_json" Some(49);
    DocumentLimits "document_limits" Some(49);
    DocumentShape "document_shape" Some(49);
    DocumentDuplicateId "document_duplicate_id" Some(49);
    DocumentIdMismatch "document_id_mismatch" Some(49);
    DidDeactivated "did_deactivated" Some(49);
    MethodAbsent "method_absent" Some(49);
    MethodNotAuthentication "method_not_authentication" Some(49);
    MethodController "method_controller" Some(49);
    MethodTime "method_time" Some(49);
    MethodRevoked "method_revoked" Some(49);
    MethodExpired "method_expired" Some(49);
    MethodKeyForm "method_key_form" Some(49);
    AlgorithmMismatch "algorithm_mismatch" Some(49);
    KeyInvalid "key_invalid" Some(49);
    SignatureInvalid "signature_invalid" Some(49);
    PolicyRefused "policy_refused" Some(49);
    FinishReplayed "finish_replayed" Some(49);
    WaitingStateInvalid "waiting_state_invalid" Some(49);
    WaitingStateExpired "waiting_state_expired" Some(49);
    AcceptMalformed "accept_malformed" Some(50);
    PeerAlert "peer_alert" None;
    MalformedAlert "malformed_alert" None;
    RecordTooLong "record_too_long" Some(50);
    RecordNotOpened "record_not_opened" Some(20);
    RecordZerosOnly "record_zeros_only" Some(10);
    RecordUnknownContentType "record_unknown_content_type" Some(10);
    RecordAfterClose "record_after_close" Some(10);
    KeyUpdateOverdue "key_update_overdue" Some(10);
    RecordContentLength "record_content_length" Some(50);
    NotARecord "not_a_record" None;
    Truncated "truncated" None;
}

/// Codes that no vector can show, each with the reason.
pub const NOT_SHOWN: &[(Code, &str)] = &[
    (Code::DidResolutionFailed, "a network failure is not in the bytes: `documents` has no entry for it"),
    (Code::Truncated, "a transport that ends is not a message: no bytes to replay"),
];

/// Alert codes that a peer may send.
pub(crate) const KNOWN_ALERTS: &[u8] = &[10, 20, 40, 47, 49, 50, 70, 80, 110, 112, 120];
