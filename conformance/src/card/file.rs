//! The files in `card/`, field by field in the order in which they are written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::config::{Document, Hex};
use crate::vector::{Kind, Mutation};

/// The value of `format`.
pub(crate) const FORMAT: &str = "didshake-card-vectors/1";

/// An identity that makes a card.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Owner {
    pub(crate) did: String,
    pub(crate) fragment: String,
    pub(crate) algorithm: u8,
    pub(crate) signing_key: Hex,
}

/// What a card says beside whose it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Contents {
    pub(crate) issued: u64,
    pub(crate) ends: u64,
    pub(crate) endpoints: Vec<String>,
    pub(crate) name: String,
    pub(crate) mailbox: String,
    pub(crate) token: Hex,
}

/// What a reader goes by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReaderView {
    pub(crate) now: u64,
    /// Whose card it is to be; null: whoever's it is.
    pub(crate) means: Option<String>,
    pub(crate) documents: BTreeMap<String, Document>,
}

/// How a negative must fail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CardFails {
    pub(crate) step: Stage,
    pub(crate) error: String,
}

/// What is refused: a link, or the bytes of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    Link,
    Card,
}

/// One vector file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CardVector {
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
    pub(crate) fails: Option<CardFails>,
    pub(crate) owner: Owner,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) contents: Option<Contents>,
    pub(crate) reader_view: ReaderView,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) signed: Option<Hex>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) card: Option<Hex>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) link: Option<String>,
}
