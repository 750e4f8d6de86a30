//! Every check of the model by name. One of them at a time can be switched off.

use crate::registry::Code;

macro_rules! checks {
    ($($variant:ident $name:literal $code:ident $requirement:literal $meaning:literal;)*) => {
        /// One check of the specification. `all_but` switches one off to prove that a vector has a single fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Check {
            $(
                #[doc = $meaning]
                $variant,
            )*
        }

        impl Check {
            /// Every check, in the order in which the handshake meets them.
            pub const ALL: &'static [Check] = &[$(Check::$variant,)*];

            /// The name that vectors use in `mutation.check`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Check::$variant => $name,)* }
            }

            /// The error code of a message that fails this check.
            #[must_use]
            pub const fn code(self) -> Code {
                match self { $(Check::$variant => Code::$code,)* }
            }

            /// The requirement of the specification that demands it.
            #[must_use]
            pub const fn requirement(self) -> &'static str {
                match self { $(Check::$variant => $requirement,)* }
            }

            /// What it means, in one line.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Check::$variant => $meaning,)* }
            }
        }
    };
}

checks! {
    MessageLength "message_length" MessageTooLong "R-WIRE-2" "The message is within the limit of the state that waits for it.";
    MessageTruncated "message_truncated" MessageTruncated "R-WIRE-3" "No field runs past the end; off: what is missing comes from the sender's whole message.";
    TrailingBytes "trailing_bytes" TrailingBytes "R-WIRE-4" "Nothing follows the last field; off: the rest is ignored.";
    MessageType "message_type" UnexpectedMessage "R-WIRE-5" "The type byte is the one waited for; off: it is taken for that.";
    Version "version" UnsupportedVersion "R-WIRE-6" "Hello's version is 1.";
    SuiteListForm "suite_list_form" SuiteListMalformed "R-SUITE-4" "The suite list is not empty and even; off: the sender's own list.";
    SuiteListDuplicate "suite_list_duplicate" SuiteListDuplicate "R-SUITE-5" "No suite is listed twice.";
    SuiteListGroup "suite_list_group" SuiteListWithoutGroup "R-SUITE-6" "Not every suite is known and of another group.";
    CommonSuite "common_suite" NoCommonSuite "R-SUITE-9" "A listed suite is accepted; off: suite 1.";
    ProtocolEmpty "application_protocol_empty" ApplicationProtocolEmpty "R-RESP-2" "The application protocol is not empty; off: the sender's own.";
    ProtocolServed "application_protocol_served" UnknownApplicationProtocol "R-RESP-3" "The application protocol is served.";
    ExtensionOrder "extension_order" ExtensionOrder "R-EXT-1" "Extension ids ascend strictly.";
    ExtensionCriticalByte "extension_critical_byte" ExtensionCriticalByte "R-EXT-2" "The critical byte is 0 or 1; off: everything but 1 is 0.";
    RecipientLength "recipient_length" RecipientMalformed "R-EXT-7" "`recipient` is 16 bytes; off: it is ignored.";
    HelloCriticalExtension "hello_critical_extension" UnknownCriticalExtension "R-EXT-3" "Hello has no unknown critical extension.";
    RecipientMatch "recipient_match" UnknownRecipient "R-RESP-4" "`recipient` names one of our identities; off: the default one answers.";
    ShareLength "share_length" ShareInvalid "R-SUITE-10" "The key share has the length of its group; off: the sender's real share.";
    DhNotZero "dh_not_zero" ShareInvalid "R-SUITE-11" "The DH result is not all zero.";
    RetryOffered "retry_suite_offered" RetrySuiteNotOffered "R-RETRY-2" "Retry names a suite of our list.";
    RetryGroup "retry_group" RetrySameGroup "R-RETRY-3" "Retry names a suite of another group than was sent.";
    RetryOnce "retry_once" SecondRetry "R-RETRY-4" "There is one Retry in an attempt.";
    SecondHello "second_hello" SecondHelloNeedsRetry "R-RETRY-6" "The Hello after a Retry needs no Retry (streams).";
    ReplySuiteOffered "reply_suite_offered" ReplySuiteNotOffered "R-INIT-3" "Reply's suite was offered.";
    ReplySuiteGroup "reply_suite_group" ReplySuiteWrongGroup "R-INIT-4" "Reply's suite is of the share's group.";
    SealedLength "sealed_length" SealedPartNotOpened "R-SCHED-4" "A sealed part holds a tag; off: the sender's whole sealed part.";
    SealedTag "sealed_tag" SealedPartNotOpened "R-SCHED-4" "The AEAD tag of a sealed part is right; off: decrypted without it.";
    SealedAssociatedData "sealed_associated_data" SealedPartNotOpened "R-SCHED-3" "The associated data is the transcript hash; off: the sender's.";
    SealedNonce "sealed_nonce" SealedPartNotOpened "R-SCHED-3" "The nonce of a sealed part is zero; off: the sender's.";
    TranscriptBinding "transcript_binding" SealedPartNotOpened "R-SCHED-1" "Both sides hash one binding; off: the sender's.";
    TranscriptPrologue "transcript_prologue" SealedPartNotOpened "R-SCHED-1" "Both sides hash one prologue; off: the sender's.";
    TranscriptLabel "transcript_label" SealedPartNotOpened "R-SCHED-1" "th0 starts with the protocol's name; off: the sender's.";
    TranscriptSuites "transcript_suites" SealedPartNotOpened "R-SCHED-1" "Both sides hash one suite list; off: the sender's.";
    TranscriptProtocol "transcript_application_protocol" SealedPartNotOpened "R-SCHED-1" "Both sides hash one application protocol; off: the sender's.";
    TranscriptHelloNonce "transcript_hello_nonce" SealedPartNotOpened "R-SCHED-1" "Both sides hash one nonce of the initiator; off: the sender's.";
    TranscriptHelloShare "transcript_hello_share" SealedPartNotOpened "R-SCHED-1" "Both sides hash one share of the initiator; off: the sender's.";
    TranscriptHelloExtensions "transcript_hello_extensions" SealedPartNotOpened "R-SCHED-1" "Both sides hash one list of Hello's extensions; off: the sender's.";
    TranscriptReplyNonce "transcript_reply_nonce" SealedPartNotOpened "R-SCHED-1" "Both sides hash one nonce of the responder; off: the sender's.";
    TranscriptReplyShare "transcript_reply_share" SealedPartNotOpened "R-SCHED-1" "Both sides hash one share of the responder; off: the sender's.";
    TranscriptReplySuite "transcript_reply_suite" SealedPartNotOpened "R-SCHED-1" "Both sides hash one chosen suite; off: the sender's.";
    TranscriptReplyIdentity "transcript_reply_identity" SealedPartNotOpened "R-SCHED-1" "th3 holds the responder's Identity as sent; off: the sender's.";
    TranscriptFinishIdentity "transcript_finish_identity" SealedPartNotOpened "R-SCHED-1" "th4 holds the initiator's Identity as sent; off: the sender's.";
    LabelReply "label_reply" SealedPartNotOpened "R-SCHED-2" "k_reply has its own label; off: the sender's.";
    LabelFinish "label_finish" SealedPartNotOpened "R-SCHED-2" "k_finish has its own label; off: the sender's.";
    LabelDerived "label_derived" SealedPartNotOpened "R-SCHED-2" "ms comes from hs under its own label; off: the sender's.";
    LabelAccept "label_accept" SealedPartNotOpened "R-SCHED-2" "k_accept has its own label; off: the sender's.";
    IdentityTruncated "identity_truncated" IdentityMalformed "R-ID-2" "No field of an Identity runs past the end; off: what is missing comes from the sender's whole Identity.";
    DidLength "did_length" DidSyntax "R-ID-4" "The DID is at most 2,048 bytes; off: the key that the sender signs with.";
    DidSyntax "did_syntax" DidSyntax "R-ID-5" "The DID follows DID Core's ABNF; off: the key that the sender signs with.";
    FragmentCharacters "fragment_characters" FragmentRule "R-ID-8" "The fragment has RFC 3986's fragment characters; off: others are left out.";
    AlgorithmKnown "algorithm_known" UnknownAlgorithm "R-ID-9" "The algorithm byte is 1 or 2; off: the sender's real algorithm.";
    IdentityExtensions "identity_extensions" IdentityExtensions "R-ID-10" "The extensions of an Identity are well formed; off: what is not is skipped.";
    IdentityPaddingZero "identity_padding_zero" IdentityPadding "R-ID-3" "The padding is zero.";
    IdentityPaddingLength "identity_padding_length" IdentityPadding "R-ID-3" "The padding has the one length that the rule allows.";
    FragmentPresence "fragment_presence" FragmentRule "R-ID-7" "A fragment for every method but key and jwk; off: one too many is ignored, one too few means the first method.";
    IdentityCriticalExtension "identity_critical_extension" UnknownCriticalExtension "R-ID-11" "An Identity has no unknown critical extension.";
    OwnDid "own_did" OwnDid "R-CHECK-2" "The claimed DID is none of our own.";
    Admission "admission" NotAdmitted "R-CHECK-3" "The claimed DID is one that we may meet.";
    MethodSupported "did_method_supported" DidMethodUnsupported "R-DID-10" "We resolve this DID method; off: the key that the sender signs with.";
    DidFound "did_found" DidNotFound "R-DID-10" "Resolution finds a document; off: the key that the sender signs with.";
    DidKeyMultibase "did_key_multibase" DidKeyMalformed "R-DID-3" "did:key is base58btc `z`; off: the key that the sender signs with.";
    DidKeyMulticodec "did_key_multicodec" DidKeyMalformed "R-DID-3" "did:key is of Ed25519 or P-256; off: the key that the sender signs with.";
    DidKeyLength "did_key_length" DidKeyMalformed "R-DID-3" "did:key has the length of its key; off: the key that the sender signs with.";
    DidJwkEncoding "did_jwk_encoding" DidJwkMalformed "R-DID-4" "did:jwk is canonical unpadded base64url; off: the key that the sender signs with.";
    DidJwkJson "did_jwk_json" DidJwkMalformed "R-DID-4" "did:jwk holds one JSON object; off: the key that the sender signs with.";
    DidJwkDuplicate "did_jwk_duplicate" DidJwkMalformed "R-DID-4" "No member of a did:jwk is named twice; off: the last counts.";
    DidJwkPrivate "did_jwk_private" DidJwkMalformed "R-DID-7" "A did:jwk has no `d`.";
    DidJwkUse "did_jwk_use" DidJwkMalformed "R-DID-6" "`use` is absent or `sig`.";
    DidJwkAlg "did_jwk_alg" DidJwkMalformed "R-DID-6" "`alg` is absent or fits the key.";
    DidJwkType "did_jwk_type" DidJwkMalformed "R-DID-5" "`kty` and `crv` are Ed25519's or P-256's; off: the key that the sender signs with.";
    DidJwkCoordinates "did_jwk_coordinates" DidJwkMalformed "R-DID-5" "Coordinates are canonical base64url of 32 bytes; off: the key that the sender signs with.";
    DidPeerElements "did_peer_elements" DidPeerMalformed "R-DID-12" "did:peer:2 is elements of the grammar; off: the key that the sender signs with.";
    DidPeerServiceEncoding "did_peer_service_encoding" DidPeerMalformed "R-DID-15" "A service of did:peer:2 is canonical unpadded base64url; off: the key that the sender signs with.";
    DidPeerServiceJson "did_peer_service_json" DidPeerMalformed "R-DID-15" "A service of did:peer:2 is one JSON object; off: the key that the sender signs with.";
    DidPeerServiceDuplicate "did_peer_service_duplicate" DidPeerMalformed "R-DID-15" "No member of a service of did:peer:2 is named twice, written out or not; off: the last counts.";
    DidPeerServiceId "did_peer_service_id" DidPeerMalformed "R-DID-15" "The ids in a did:peer:2 are relative and distinct.";
    DidPeerHash "did_peer_hash" DidPeerMalformed "R-DID-16" "The hash of a did:peer:4 is the SHA-256 of its encoded document.";
    DidPeerLong "did_peer_long" DidNotFound "R-DID-20" "A did:peer:4 is a long form; off: the key that the sender signs with.";
    DidPeerEncoding "did_peer_encoding" DidPeerMalformed "R-DID-17" "The document of a did:peer:4 is base58btc of multicodec JSON; off: the key that the sender signs with.";
    DidPeerJson "did_peer_json" DidPeerMalformed "R-DID-17" "The document of a did:peer:4 is one JSON object; off: the key that the sender signs with.";
    DidPeerDuplicate "did_peer_duplicate" DidPeerMalformed "R-DID-17" "No member of the document of a did:peer:4 is named twice; off: the last counts.";
    DidPeerMembers "did_peer_members" DidPeerMalformed "R-DID-17" "The document of a did:peer:4 has no `id`, and `alsoKnownAs` only as a list; off: they are left out.";
    DidPeerIds "did_peer_ids" DidPeerMalformed "R-DID-17" "The ids in a did:peer:4 are relative and distinct.";
    JsonSyntax "document_json" DocumentJson "R-DOC-1" "The document is one JSON object; off: the key that the sender signs with.";
    JsonDuplicate "document_duplicate_member" DocumentJson "R-DOC-1" "No member is named twice; off: the last counts.";
    DocumentLimits "document_limits" DocumentLimits "R-DOC-2" "Size, depth and counts are within the limits.";
    DocumentShape "document_shape" DocumentShape "R-DOC-3" "Every member has its JSON type; off: what has another shape is skipped.";
    DocumentDuplicateId "document_duplicate_id" DocumentDuplicateId "R-DOC-5" "No two methods have one id; off: the first counts.";
    DocumentId "document_id" DocumentIdMismatch "R-DOC-6" "The document's id is the DID.";
    Deactivated "did_deactivated" DidDeactivated "R-DOC-7" "The DID is not deactivated.";
    MethodPresent "method_present" MethodAbsent "R-DOC-8" "The named method is in the document; off: the key that the sender signs with.";
    MethodAuthentication "method_authentication" MethodNotAuthentication "R-DOC-9" "`authentication` embeds or references the method.";
    MethodController "method_controller" MethodController "R-DOC-10" "The method's controller is the DID.";
    MethodTime "method_time" MethodTime "R-DOC-11" "`expires` and `revoked` can be read; off: one that cannot does not count.";
    MethodRevoked "method_revoked" MethodRevoked "R-DOC-12" "The method is not revoked.";
    MethodExpired "method_expired" MethodExpired "R-DOC-13" "The method has not expired.";
    MethodType "method_type" MethodKeyForm "R-DOC-14" "The method's type is known; off: the key that the sender signs with.";
    MethodKeyMembers "method_key_members" MethodKeyForm "R-DOC-14" "There is exactly one key member; off: others than the type's do not count, and none means the key that the sender signs with.";
    MethodKeyMember "method_key_member" MethodKeyForm "R-DOC-14" "The key member is that of the type; off: the key that the sender signs with.";
    MethodKeyEncoding "method_key_encoding" MethodKeyForm "R-DOC-15" "The key is encoded as its form demands; off: the key that the sender signs with.";
    Ed25519KeyCanonical "ed25519_key_canonical" KeyInvalid "R-SIG-4" "An Ed25519 key is canonically encoded.";
    Ed25519KeyPoint "ed25519_key_point" KeyInvalid "R-SIG-4" "An Ed25519 key is a point; off: the key that the sender signs with.";
    Ed25519KeyOrder "ed25519_key_order" KeyInvalid "R-SIG-4" "An Ed25519 key is none of the eight small-order encodings.";
    P256KeyPoint "p256_key_point" KeyInvalid "R-SIG-8" "A P-256 key is a point; off: the key that the sender signs with.";
    AlgorithmFits "algorithm_fits" AlgorithmMismatch "R-SIG-12" "The algorithm byte is the key's; off: the key decides.";
    SignatureLabel "signature_label" SignatureInvalid "R-SIG-2" "The signed label is that of the sender's role; off: the sender's.";
    SignatureTranscript "signature_transcript" SignatureInvalid "R-SIG-3" "The signed hash is that of this transcript; off: the sender's.";
    SignatureDid "signature_did" SignatureInvalid "R-SIG-2" "The signed DID is the claimed one; off: the sender's.";
    SignatureFragment "signature_fragment" SignatureInvalid "R-SIG-2" "The signed fragment is the claimed one; off: the sender's.";
    SignatureAlgorithm "signature_algorithm" SignatureInvalid "R-SIG-2" "The signed algorithm byte is the claimed one; off: the sender's.";
    SignatureExtensions "signature_extensions" SignatureInvalid "R-SIG-2" "The signed extensions are those of the Identity; off: the sender's.";
    SignaturePeerDid "signature_peer_did" SignatureInvalid "R-SIG-3" "The initiator signs the responder's DID; off: the sender's.";
    SignaturePeerFragment "signature_peer_fragment" SignatureInvalid "R-SIG-3" "The initiator signs the responder's fragment; off: the sender's.";
    Ed25519SRange "ed25519_s_range" SignatureInvalid "R-SIG-5" "S is below L; off: reduced.";
    Ed25519ROrder "ed25519_r_order" SignatureInvalid "R-SIG-6" "R is none of the eight small-order encodings.";
    Ed25519REncoding "ed25519_r_encoding" SignatureInvalid "R-SIG-7" "R is compared as bytes; off: as a point.";
    Ed25519Cofactorless "ed25519_cofactorless" SignatureInvalid "R-SIG-7" "The equation holds without the cofactor; off: with it.";
    Es256Range "es256_range" SignatureInvalid "R-SIG-9" "r and s are in [1, n-1]; off: reduced modulo n, or the sender's real signature where that does not hold.";
    Signature "signature" SignatureInvalid "R-SIG-7" "The signature's equation holds.";
    Policy "policy" PolicyRefused "R-CHECK-5" "The application's policy allows the verified peer.";
    WaitingPresent "waiting_state_present" WaitingStateInvalid "R-STATE-2" "A waiting state comes with Finish.";
    WaitingSeal "waiting_state_seal" WaitingStateInvalid "R-STATE-2" "The waiting state opens under the sealing key.";
    WaitingEndpoint "waiting_state_endpoint" WaitingStateInvalid "R-STATE-2" "The waiting state was made for this endpoint.";
    WaitingExpiry "waiting_state_expiry" WaitingStateExpired "R-STATE-1" "The waiting state is not expired.";
    FinishOnce "finish_once" FinishReplayed "R-STATE-5" "th3 is not burned yet.";
    AcceptTruncated "accept_truncated" AcceptMalformed "R-INIT-7" "No field of Accept's plain text runs past the end; off: the sender's whole text.";
    AcceptTrailing "accept_trailing" AcceptMalformed "R-INIT-7" "Nothing follows Accept's extensions.";
    AcceptExtensions "accept_extensions" AcceptMalformed "R-INIT-7" "Accept's extensions are well formed; off: what is not is skipped.";
    AcceptCriticalExtension "accept_critical_extension" UnknownCriticalExtension "R-INIT-8" "Accept has no unknown critical extension.";
    PeerAlert "peer_alert" PeerAlert "R-ALERT-3" "An alert ends the attempt; off: it is ignored.";
    AlertForm "alert_form" MalformedAlert "R-ALERT-4" "An alert is two bytes; off: it is ignored.";
    AlertKnown "alert_known" MalformedAlert "R-ALERT-4" "An alert's code is known; off: it is ignored.";
    IsRecord "is_record" NotARecord "R-CHAN-14" "In the channel every message is a record; off: it is ignored.";
    RecordLength "record_length" RecordTooLong "R-CHAN-4" "A record is at most 65,553 bytes.";
    RecordAfterAlert "record_after_alert" RecordAfterClose "R-CHAN-12" "Nothing follows an alert, in either direction.";
    RecordAfterClose "record_after_close" RecordAfterClose "R-CHAN-12" "Nothing follows a close in its direction.";
    RecordTagPresent "record_tag_present" RecordNotOpened "R-CHAN-5" "A record holds a tag; off: the sender's whole record.";
    RecordTag "record_tag" RecordNotOpened "R-CHAN-5" "The AEAD tag of a record is right; off: decrypted without it.";
    RecordSequence "record_sequence" RecordNotOpened "R-CHAN-2" "The nonce counts the records; off: the sender's number.";
    RecordDirection "record_direction" RecordNotOpened "R-SCHED-2" "The key is that of the direction; off: the sender's.";
    RecordGeneration "record_generation" RecordNotOpened "R-CHAN-9" "The key is that of the newest key_update; off: the sender's.";
    RecordAssociatedData "record_associated_data" RecordNotOpened "R-CHAN-1" "The associated data is the type byte; off: the sender's.";
    LabelDirection "label_direction" RecordNotOpened "R-SCHED-2" "i2r_0 and r2i_0 have their own labels; off: the sender's.";
    LabelKey "label_key" RecordNotOpened "R-CHAN-9" "A record key has its own label; off: the sender's.";
    LabelIv "label_iv" RecordNotOpened "R-CHAN-2" "A record iv has its own label; off: the sender's.";
    LabelUpdate "label_update" RecordNotOpened "R-CHAN-9" "The next secret has its own label; off: the sender's.";
    RecordZeros "record_zeros" RecordZerosOnly "R-CHAN-6" "A record holds a content type; off: it counts as empty data.";
    KeyUpdateDue "key_update_due" KeyUpdateOverdue "R-CHAN-10" "Record 2^20 of a secret is a key_update.";
    RecordType "record_type" RecordUnknownContentType "R-CHAN-7" "The content type is known; off: it counts as data.";
    RecordContent "record_content" RecordContentLength "R-CHAN-13" "close and key_update are empty, an alert is one byte; off: the content is ignored.";
    RecordAlertKnown "record_alert_known" MalformedAlert "R-ALERT-4" "The code of an alert in a record is known.";
}

impl Check {
    /// The alert that a refusal puts on the wire: the code's, except that everything inside an Identity is `denied`, and
    /// that nothing is answered after an alert.
    #[must_use]
    pub const fn alert(self) -> Option<u8> {
        match self {
            Check::IdentityCriticalExtension => Some(49),
            Check::RecordAfterAlert => None,
            _ => self.code().alert(),
        }
    }
}

impl Check {
    /// The check that refuses while all are on. What is bound into a transcript, a key or a signature input is not
    /// compared anywhere: a difference shows as a sealed part, record or signature that is not right.
    pub(crate) const fn shows_as(self) -> Check {
        match self {
            Check::SealedAssociatedData
            | Check::SealedNonce
            | Check::TranscriptBinding
            | Check::TranscriptPrologue
            | Check::TranscriptLabel
            | Check::TranscriptSuites
            | Check::TranscriptProtocol
            | Check::TranscriptHelloNonce
            | Check::TranscriptHelloShare
            | Check::TranscriptHelloExtensions
            | Check::TranscriptReplyNonce
            | Check::TranscriptReplyShare
            | Check::TranscriptReplySuite
            | Check::TranscriptReplyIdentity
            | Check::TranscriptFinishIdentity
            | Check::LabelReply
            | Check::LabelFinish
            | Check::LabelDerived
            | Check::LabelAccept => Check::SealedTag,
            Check::SignatureLabel
            | Check::SignatureTranscript
            | Check::SignatureDid
            | Check::SignatureFragment
            | Check::SignatureAlgorithm
            | Check::SignatureExtensions
            | Check::SignaturePeerDid
            | Check::SignaturePeerFragment => Check::Signature,
            Check::RecordAssociatedData
            | Check::RecordSequence
            | Check::RecordDirection
            | Check::RecordGeneration
            | Check::LabelDirection
            | Check::LabelKey
            | Check::LabelIv
            | Check::LabelUpdate => Check::RecordTag,
            own => own,
        }
    }
}

/// Which checks are on: all, or all but one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Checks {
    off: Option<Check>,
}

impl Checks {
    pub(crate) const fn all() -> Self {
        Self { off: None }
    }

    pub(crate) const fn all_but(check: Check) -> Self {
        Self { off: Some(check) }
    }

    pub(crate) fn on(self, check: Check) -> bool {
        self.off != Some(check)
    }

    /// Refuses when the check is on and does not hold.
    pub(crate) fn need(self, check: Check, holds: bool) -> Step<()> {
        if holds || !self.on(check) { Ok(()) } else { Err(Stop::Refused(check)) }
    }
}

/// Why the model stopped: the peer's message was refused by a check, or the generator itself is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    Refused(Check),
    /// With the named check off, this one refuses: not a single fault.
    SecondFault(Check),
    Broken(&'static str),
}

/// The result of a step of the model.
pub(crate) type Step<T> = Result<T, Stop>;
