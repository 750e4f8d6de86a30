//! Every check of a mailbox key and of an envelope by name, in order. One at a time can be switched off.

use crate::card::CardCheck;
use crate::check::{Check, Stop};
use crate::webvh::WebvhCheck;

/// The checks of a page, in order, with the names, codes and requirements that they have.
macro_rules! checks {
    ($kind:ident: $doc:literal; $($variant:ident $name:literal $code:literal $requirement:literal $meaning:literal;)*) => {
        #[doc = $doc]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $kind {
            $(
                #[doc = $meaning]
                $variant,
            )*
        }

        impl $kind {
            /// Every check, in order.
            pub(crate) const ALL: &'static [$kind] = &[$($kind::$variant,)*];

            /// The name that vectors use in `mutation.check`.
            pub(crate) const fn name(self) -> &'static str {
                match self { $($kind::$variant => $name,)* }
            }

            /// The error code of what fails this check.
            pub(crate) const fn code(self) -> &'static str {
                match self { $($kind::$variant => $code,)* }
            }

            /// The requirement of the specification that demands it.
            pub(crate) const fn requirement(self) -> &'static str {
                match self { $($kind::$variant => $requirement,)* }
            }

            /// What it means, in one line.
            pub(crate) const fn meaning(self) -> &'static str {
                match self { $($kind::$variant => $meaning,)* }
            }
        }
    };
}
pub(crate) use checks;

checks! {
    MailboxCheck: "One check of the mailbox page that no other page has.";
    KeyTruncated "mailbox_key_truncated" "mailbox_key_malformed" "R-MBOX-2" "No field of a mailbox key runs past the end; off: the owner's whole key.";
    KeyType "mailbox_key_type" "mailbox_key_malformed" "R-MBOX-2" "The type is 32.";
    KeyVersion "mailbox_key_version" "mailbox_key_malformed" "R-MBOX-2" "The version is 1.";
    KeyTrailing "mailbox_key_trailing" "mailbox_key_malformed" "R-MBOX-2" "Nothing follows the signature; off: the rest is ignored.";
    KeyOrder "mailbox_key_order" "mailbox_key_period" "R-MBOX-2" "The key ends after it begins.";
    KeyPeriod "mailbox_key_period" "mailbox_key_period" "R-MBOX-2" "The key ends no more than 90 days after it begins.";
    KeyBegins "mailbox_key_begins" "mailbox_key_time" "R-MBOX-2" "The key begins no later than 60 s from now.";
    KeyEnds "mailbox_key_ends" "mailbox_key_time" "R-MBOX-2" "The key has not ended.";
    KeyMeant "mailbox_key_meant" "not_admitted" "R-MBOX-2" "The key's DID is the one that is meant.";
    KeySignedLabel "mailbox_key_signed_label" "signature_invalid" "R-MBOX-1" "The owner signs the label of mailbox keys; off: the owner's.";
    KeySignedType "mailbox_key_signed_type" "signature_invalid" "R-MBOX-1" "The signed type is the one that is sent; off: the owner's.";
    KeySignedVersion "mailbox_key_signed_version" "signature_invalid" "R-MBOX-1" "The signed version is the one that is sent; off: the owner's.";
    KeySignedPublicKey "mailbox_key_signed_public_key" "signature_invalid" "R-MBOX-1" "The signed public key is the one that is sent; off: the owner's.";
    KeySignedBegins "mailbox_key_signed_begins" "signature_invalid" "R-MBOX-1" "The signed `begins` is the one that is sent; off: the owner's.";
    KeySignedEnds "mailbox_key_signed_ends" "signature_invalid" "R-MBOX-1" "The signed `ends` is the one that is sent; off: the owner's.";
    KeySignedDid "mailbox_key_signed_did" "signature_invalid" "R-MBOX-1" "The signed DID is the one that is sent; off: the owner's.";
    KeySignedFragment "mailbox_key_signed_fragment" "signature_invalid" "R-MBOX-1" "The signed fragment is the one that is sent; off: the owner's.";
    KeySignedAlgorithm "mailbox_key_signed_algorithm" "signature_invalid" "R-MBOX-1" "The signed algorithm byte is the one that is sent; off: the owner's.";
    EnvelopeLength "envelope_length" "envelope_malformed" "R-MBOX-5" "The length is that of a size class + 66; off: the sender's whole envelope, and any length is a class.";
    EnvelopeType "envelope_type" "envelope_malformed" "R-MBOX-5" "The type is 33.";
    EnvelopeVersion "envelope_version" "envelope_malformed" "R-MBOX-5" "The version is 1.";
    EnvelopeKey "envelope_key" "envelope_key_unknown" "R-MBOX-5" "The key id is that of a key of ours; off: our key.";
    EnvelopeGrace "envelope_grace" "envelope_key_unknown" "R-MBOX-6" "The key has not been over for 2,592,060 s.";
    DhNotZero "envelope_dh_not_zero" "envelope_not_opened" "R-MBOX-5" "The Diffie-Hellman result is not all zero.";
    SealEnc "envelope_enc" "envelope_not_opened" "R-MBOX-3" "`enc` is the key that the letter is sealed with; off: the sender's.";
    SealKey "envelope_sealed_to" "envelope_not_opened" "R-MBOX-3" "The letter is sealed to our key; off: the sender's Diffie-Hellman result and the key that it is of.";
    SealMode "envelope_mode" "envelope_not_opened" "R-MBOX-3" "HPKE is in base mode; off: the sender's.";
    SealKem "envelope_kem" "envelope_not_opened" "R-MBOX-3" "HPKE's KEM is 0x0020; off: the sender's number.";
    SealKdf "envelope_kdf" "envelope_not_opened" "R-MBOX-3" "HPKE's KDF is 0x0001; off: the sender's number.";
    SealAead "envelope_aead" "envelope_not_opened" "R-MBOX-3" "HPKE's AEAD is 0x0003; off: the sender's number.";
    SealInfo "envelope_info" "envelope_not_opened" "R-MBOX-3" "HPKE's info is that of envelopes; off: the sender's.";
    SealData "envelope_associated_data" "envelope_not_opened" "R-MBOX-3" "The associated data is the first 18 bytes of the envelope; off: the sender's.";
    SealSequence "envelope_sequence" "envelope_not_opened" "R-MBOX-3" "The sequence number is 0; off: the sender's.";
    SealTag "envelope_tag" "envelope_not_opened" "R-MBOX-5" "The AEAD tag is right; off: the text that the sender sealed.";
    LetterTruncated "letter_truncated" "letter_malformed" "R-MBOX-5" "No field of a letter runs past the end; off: the sender's whole letter.";
    ContentTypeEmpty "letter_content_type_empty" "letter_malformed" "R-MBOX-5" "The content type is not empty.";
    ContentTypeCharacters "letter_content_type_characters" "letter_malformed" "R-MBOX-5" "The content type is visible ASCII.";
    ContentLimit "letter_content_limit" "letter_malformed" "R-MBOX-5" "The content is at most 65,536 bytes.";
    PaddingZero "letter_padding_zero" "letter_malformed" "R-MBOX-5" "The padding is zero.";
    PaddingClass "letter_padding_class" "letter_malformed" "R-MBOX-4" "The size class is the smallest that holds the letter.";
    LetterOrder "letter_order" "letter_time" "R-MBOX-5" "The letter expires after it was sent.";
    LetterLifetime "letter_lifetime" "letter_time" "R-MBOX-5" "The letter expires no more than 30 days after it was sent.";
    LetterSent "letter_sent" "letter_time" "R-MBOX-5" "The letter was sent no later than 60 s from now.";
    LetterExpired "letter_expired" "letter_expired" "R-MBOX-5" "The letter has not expired.";
    LetterAdmitted "letter_admitted" "not_admitted" "R-MBOX-5" "The sender is one that we take letters of.";
    SignedLabel "letter_signed_label" "signature_invalid" "R-MBOX-3" "The sender signs the label of envelopes; off: the sender's.";
    SignedDid "letter_signed_did" "signature_invalid" "R-MBOX-3" "The signed DID is that of the letter; off: the sender's.";
    SignedFragment "letter_signed_fragment" "signature_invalid" "R-MBOX-3" "The signed fragment is that of the letter; off: the sender's.";
    SignedAlgorithm "letter_signed_algorithm" "signature_invalid" "R-MBOX-3" "The signed algorithm byte is that of the letter; off: the sender's.";
    SignedRecipient "letter_signed_recipient" "signature_invalid" "R-MBOX-3" "The signed recipient is our DID; off: the sender's.";
    SignedKey "letter_signed_mailbox_key" "signature_invalid" "R-MBOX-3" "The signed mailbox key is ours; off: the sender's.";
    SignedEnc "letter_signed_enc" "signature_invalid" "R-MBOX-3" "The signed `enc` is that of the envelope; off: the sender's.";
    SignedId "letter_signed_message_id" "signature_invalid" "R-MBOX-3" "The signed message id is that of the letter; off: the sender's.";
    SignedSent "letter_signed_sent" "signature_invalid" "R-MBOX-3" "The signed `sent` is that of the letter; off: the sender's.";
    SignedExpires "letter_signed_expires" "signature_invalid" "R-MBOX-3" "The signed `expires` is that of the letter; off: the sender's.";
    SignedContentType "letter_signed_content_type" "signature_invalid" "R-MBOX-3" "The signed content type is that of the letter; off: the sender's.";
    SignedLength "letter_signed_length" "signature_invalid" "R-MBOX-3" "The signed length is that of the content; off: the sender's.";
    SignedContent "letter_signed_content" "signature_invalid" "R-MBOX-3" "The signed content is that of the letter; off: the sender's.";
}

/// A check by name: one of this page or of that of cards, one of logs, or one of checks 1 and 4 to 6 of section 11.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    Mailbox(MailboxCheck),
    Card(CardCheck),
    Log(WebvhCheck),
    Handshake(Check),
}

impl From<MailboxCheck> for Named {
    fn from(check: MailboxCheck) -> Self {
        Named::Mailbox(check)
    }
}

impl From<CardCheck> for Named {
    fn from(check: CardCheck) -> Self {
        Named::Card(check)
    }
}

impl From<WebvhCheck> for Named {
    fn from(check: WebvhCheck) -> Self {
        Named::Log(check)
    }
}

impl From<Check> for Named {
    fn from(check: Check) -> Self {
        Named::Handshake(check)
    }
}

impl Named {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Named::Mailbox(check) => check.name(),
            Named::Card(check) => check.name(),
            Named::Log(check) => check.name(),
            Named::Handshake(check) => check.name(),
        }
    }

    pub(crate) fn code(self) -> &'static str {
        match self {
            Named::Mailbox(check) => check.code(),
            Named::Card(check) => check.code(),
            Named::Log(check) => check.error(),
            Named::Handshake(check) => check.code().name(),
        }
    }

    /// The check that refuses while all are on: what is signed or sealed is not compared part by part, a difference
    /// shows in the signature or the tag.
    pub(crate) fn shows_as(self) -> Named {
        if !matches!(self, Named::Handshake(_)) && self.code() == "signature_invalid" {
            return Check::Signature.into();
        }
        let Named::Mailbox(check) = self else { return self };
        match check {
            MailboxCheck::SealEnc
            | MailboxCheck::SealKey
            | MailboxCheck::SealMode
            | MailboxCheck::SealKem
            | MailboxCheck::SealKdf
            | MailboxCheck::SealAead
            | MailboxCheck::SealInfo
            | MailboxCheck::SealData
            | MailboxCheck::SealSequence => MailboxCheck::SealTag.into(),
            own => own.into(),
        }
    }
}

/// Which checks are on: all, or all but one.
#[derive(Clone, Copy)]
pub(crate) struct Checks {
    off: Option<Named>,
}

impl Checks {
    pub(crate) const fn all() -> Self {
        Self { off: None }
    }

    pub(crate) fn all_but(check: impl Into<Named>) -> Self {
        Self { off: Some(check.into()) }
    }

    pub(crate) fn off(self, check: impl Into<Named>) -> bool {
        self.off == Some(check.into())
    }

    /// Refuses when the check is on and does not hold.
    pub(crate) fn need(self, check: impl Into<Named>, holds: bool) -> Judged<()> {
        let check = check.into();
        if holds || self.off(check) { Ok(()) } else { Err(Halt::Refused(check)) }
    }

    /// The same for the model's checks of identities.
    pub(crate) const fn of_handshakes(self) -> crate::check::Checks {
        match self.off {
            Some(Named::Handshake(check)) => crate::check::Checks::all_but(check),
            _ => crate::check::Checks::all(),
        }
    }
}

/// Why the model stopped: something was refused by a check, or the generator itself is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Halt {
    Refused(Named),
    /// With the named check off, this one refuses: not a single fault.
    SecondFault(Named),
    Broken(&'static str),
}

/// The result of a step of the model.
pub(crate) type Judged<T> = Result<T, Halt>;

impl From<Stop> for Halt {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Refused(check) => Halt::Refused(check.into()),
            Stop::SecondFault(check) => Halt::SecondFault(check.into()),
            Stop::Broken(what) => Halt::Broken(what),
        }
    }
}
