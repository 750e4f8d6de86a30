//! The files in `mailbox/` (`spec/mailbox-1.md`).

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::format::{Document, Hex, VectorKind};

/// A vector of a mailbox key and an envelope as its file has it.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailboxVector {
    pub(crate) format: String,
    pub(crate) id: String,
    pub(crate) kind: VectorKind,
    pub(crate) area: String,
    pub(crate) about: String,
    requirements: Vec<String>,
    base: Option<String>,
    mutation: Option<serde_json::Value>,
    pub(crate) fails: Option<Fails>,
    pub(crate) owner: Owner,
    pub(crate) sender: Option<Sender>,
    pub(crate) sender_view: SenderView,
    pub(crate) recipient_view: Option<RecipientView>,
    pub(crate) mailbox_key: Hex,
    pub(crate) envelope: Option<Hex>,
    pub(crate) intermediates: Option<Intermediates>,
}

impl MailboxVector {
    /// Its name.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What it is about.
    #[must_use]
    pub fn area(&self) -> &str {
        &self.area
    }

    /// What it proves, in one sentence.
    #[must_use]
    pub fn about(&self) -> &str {
        &self.about
    }

    /// Whether the letter is to be taken.
    #[must_use]
    pub fn is_positive(&self) -> bool {
        self.kind == VectorKind::Positive
    }
}

/// Who refuses what.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fails {
    pub(crate) step: Step,
    pub(crate) error: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Step {
    /// The sender refuses the mailbox key.
    MailboxKey,
    /// The recipient refuses the envelope.
    Letter,
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Owner {
    pub(crate) did: String,
    pub(crate) fragment: String,
    pub(crate) algorithm: u8,
    pub(crate) signing_key: Hex,
    pub(crate) mailbox_secret: Hex,
    pub(crate) begins: u64,
    pub(crate) ends: u64,
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sender {
    pub(crate) did: String,
    pub(crate) fragment: String,
    pub(crate) algorithm: u8,
    pub(crate) signing_key: Hex,
    pub(crate) ephemeral_ikm: Hex,
    pub(crate) message_id: Hex,
    pub(crate) sent: u64,
    pub(crate) expires: u64,
    pub(crate) content_type: String,
    pub(crate) content: Hex,
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SenderView {
    pub(crate) now: u64,
    pub(crate) means: String,
    pub(crate) documents: BTreeMap<String, Document>,
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecipientView {
    pub(crate) now: u64,
    pub(crate) admits: Option<Vec<String>>,
    pub(crate) documents: BTreeMap<String, Document>,
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "what HPKE computes inside, the crate that does it shows nobody")]
pub(crate) struct Intermediates {
    pub(crate) mailbox_key_signed: Hex,
    pub(crate) key_id: Hex,
    pub(crate) enc: Hex,
    shared_secret: Hex,
    key: Hex,
    base_nonce: Hex,
    letter: Hex,
    pub(crate) letter_signed: Hex,
}
