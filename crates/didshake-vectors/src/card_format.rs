//! The files in `card/` (`spec/card-1.md`).

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::format::{Document, Hex, VectorKind};

/// A vector of a contact card or of a link to one, as its file has it.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardVector {
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
    pub(crate) contents: Option<Contents>,
    pub(crate) reader_view: ReaderView,
    pub(crate) signed: Option<Hex>,
    pub(crate) card: Option<Hex>,
    pub(crate) link: Option<String>,
}

impl CardVector {
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

    /// Whether the card is to be taken.
    #[must_use]
    pub fn is_positive(&self) -> bool {
        self.kind == VectorKind::Positive
    }
}

/// What is refused, and how.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fails {
    pub(crate) step: Step,
    pub(crate) error: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Step {
    /// The text is no link.
    Link,
    /// The bytes are no card that is taken.
    Card,
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Owner {
    pub(crate) did: String,
    pub(crate) fragment: String,
    pub(crate) algorithm: u8,
    pub(crate) signing_key: Hex,
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Contents {
    pub(crate) issued: u64,
    pub(crate) ends: u64,
    pub(crate) endpoints: Vec<String>,
    pub(crate) name: String,
    pub(crate) mailbox: String,
    pub(crate) token: Hex,
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReaderView {
    pub(crate) now: u64,
    pub(crate) means: Option<String>,
    pub(crate) documents: BTreeMap<String, Document>,
}
