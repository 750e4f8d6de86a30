//! The files in `webvh/`, field by field in the order in which they are written.

use serde::{Deserialize, Serialize};

use crate::vector::{Kind, Mutation};

/// The value of `format`.
pub(crate) const FORMAT: &str = "didshake-webvh-vectors/1";

/// What a resolver goes by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct View {
    pub(crate) did: String,
    pub(crate) now: u64,
    /// The versionId of the newest entry that it saw before; null: none.
    pub(crate) seen: Option<String>,
}

/// How a negative must fail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebvhFails {
    pub(crate) error: String,
    pub(crate) cause: String,
}

/// What a positive resolves to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Resolution {
    pub(crate) version_id: String,
    pub(crate) deactivated: bool,
    pub(crate) ttl: u64,
    /// JCS of the last state.
    pub(crate) document: String,
}

/// One vector file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebvhVector {
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
    pub(crate) fails: Option<WebvhFails>,
    pub(crate) view: View,
    /// `did.jsonl`.
    pub(crate) log: String,
    /// So many spaces stand before each line feed of the log that are not in `log`.
    pub(crate) line_spaces: usize,
    /// `did-witness.json`; null: there is none.
    pub(crate) witness: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resolution: Option<Resolution>,
}
