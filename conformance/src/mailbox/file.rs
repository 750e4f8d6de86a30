//! The files in `mailbox/`, field by field in the order in which they are written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::config::{Document, Hex};
use crate::vector::{Kind, Mutation};

/// The value of `format`.
pub(crate) const FORMAT: &str = "didshake-mailbox-vectors/1";

/// An identity with a mailbox key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Owner {
    pub(crate) did: String,
    pub(crate) fragment: String,
    pub(crate) algorithm: u8,
    pub(crate) signing_key: Hex,
    /// The X25519 secret of the mailbox key, clamped on use.
    pub(crate) mailbox_secret: Hex,
    pub(crate) begins: u64,
    pub(crate) ends: u64,
}

/// An identity that writes a letter, and the letter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sender {
    pub(crate) did: String,
    pub(crate) fragment: String,
    pub(crate) algorithm: u8,
    pub(crate) signing_key: Hex,
    /// HPKE's ephemeral key pair is `DeriveKeyPair` of it.
    pub(crate) ephemeral_ikm: Hex,
    pub(crate) message_id: Hex,
    pub(crate) sent: u64,
    pub(crate) expires: u64,
    pub(crate) content_type: String,
    pub(crate) content: Hex,
}

/// What a sender goes by when it checks a mailbox key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SenderView {
    pub(crate) now: u64,
    /// The DID to which it wants to write.
    pub(crate) means: String,
    pub(crate) documents: BTreeMap<String, Document>,
}

/// What a recipient goes by when it opens an envelope.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecipientView {
    pub(crate) now: u64,
    /// Of whom it takes letters; of everybody if there is no list.
    pub(crate) admits: Option<Vec<String>>,
    pub(crate) documents: BTreeMap<String, Document>,
}

/// How a negative must fail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MailboxFails {
    pub(crate) step: Stage,
    pub(crate) error: String,
}

/// Who refuses: a sender the mailbox key, or a recipient the envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    MailboxKey,
    Letter,
}

/// Every intermediate value of a good envelope.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Intermediates {
    pub(crate) mailbox_key_signed: Hex,
    pub(crate) key_id: Hex,
    pub(crate) enc: Hex,
    pub(crate) shared_secret: Hex,
    pub(crate) key: Hex,
    pub(crate) base_nonce: Hex,
    pub(crate) letter: Hex,
    pub(crate) letter_signed: Hex,
}

/// One vector file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MailboxVector {
    pub(crate) format: String,
    pub(crate) id: String,
    pub(crate) kind: Kind,
    pub(crate) area: String,
    pub(crate) about: String,
    pub(crate) requirements: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) base: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mutation: Option<Mutation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fails: Option<MailboxFails>,
    pub(crate) owner: Owner,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sender: Option<Sender>,
    pub(crate) sender_view: SenderView,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) recipient_view: Option<RecipientView>,
    pub(crate) mailbox_key: Hex,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) envelope: Option<Hex>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) intermediates: Option<Intermediates>,
}
