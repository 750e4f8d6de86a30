//! The vector files (specification, section 16.2).

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

/// Bytes, in JSON lower-case hexadecimal.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(crate) struct Hex(pub(crate) Vec<u8>);

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = hex::decode(&text).map_err(serde::de::Error::custom)?;
        if hex::encode(&bytes) == text { Ok(Self(bytes)) } else { Err(serde::de::Error::custom("hex in capitals")) }
    }
}

/// One of the two sides.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Sends Hello.
    Initiator,
    /// Answers it.
    Responder,
}

impl Side {
    /// As the files write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Initiator => "initiator",
            Self::Responder => "responder",
        }
    }
}

/// Whether a handshake or channel goes well.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum VectorKind {
    Positive,
    Negative,
}

/// A vector as its file has it.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vector {
    pub(crate) format: String,
    pub(crate) id: String,
    pub(crate) kind: VectorKind,
    pub(crate) area: String,
    pub(crate) about: String,
    requirements: Vec<String>,
    base: Option<String>,
    mutation: Option<serde_json::Value>,
    pub(crate) fails: Option<Fails>,
    pub(crate) config: Config,
    pub(crate) messages: Vec<Message>,
    pub(crate) handshake: Option<BTreeMap<String, Hex>>,
    #[serde(default)]
    pub(crate) channel: Vec<Record>,
    #[serde(default)]
    pub(crate) exports: Vec<Export>,
}

impl Vector {
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

    /// Whether it is to succeed.
    #[must_use]
    pub fn is_positive(&self) -> bool {
        self.kind == VectorKind::Positive
    }
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fails {
    pub(crate) role: Side,
    pub(crate) at: String,
    pub(crate) error: String,
    pub(crate) alert: Option<u8>,
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Message {
    pub(crate) from: Side,
    pub(crate) message: String,
    pub(crate) wire: Hex,
    pub(crate) waiting_state: Option<WaitingState>,
    #[serde(default)]
    pub(crate) repeat: bool,
}

/// What the harness does to the responder's waiting state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WaitingState {
    Ok,
    Missing,
    Altered,
    Truncated,
    Expired,
    OtherEndpoint,
    OtherKey,
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    pub(crate) from: Side,
    pub(crate) repeat: Option<u64>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<RecordKind>,
    pub(crate) content: Option<Hex>,
    pub(crate) padding: Option<usize>,
    pub(crate) generation: Option<u64>,
    pub(crate) sequence: Option<u64>,
    pub(crate) wire: Option<Hex>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RecordKind {
    Data,
    Close,
    KeyUpdate,
    Alert,
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Export {
    pub(crate) label: String,
    pub(crate) context: Hex,
    pub(crate) length: u16,
    pub(crate) output: Hex,
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) now: u64,
    pub(crate) binding: u8,
    pub(crate) prologue: Hex,
    pub(crate) initiator: Initiator,
    pub(crate) responder: Responder,
    pub(crate) documents: BTreeMap<String, Document>,
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Initiator {
    pub(crate) identity: Identity,
    pub(crate) suites: Vec<u16>,
    pub(crate) first_group: u16,
    pub(crate) application_protocol: String,
    pub(crate) recipient: bool,
    pub(crate) hello_extensions: Vec<Extension>,
    pub(crate) finish_extensions: Vec<Extension>,
    pub(crate) expect: Admission,
    pub(crate) policy: Policy,
    pub(crate) ephemeral_secrets: Vec<Hex>,
    pub(crate) nonces: Vec<Hex>,
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Responder {
    pub(crate) identities: Vec<Identity>,
    pub(crate) default_identity: usize,
    pub(crate) suites: Vec<u16>,
    pub(crate) application_protocols: Vec<String>,
    pub(crate) reply_extensions: Vec<Extension>,
    pub(crate) accept_extensions: Vec<Extension>,
    pub(crate) lifetime: u32,
    pub(crate) admit: Admission,
    pub(crate) policy: Policy,
    pub(crate) ephemeral_secret: Hex,
    pub(crate) nonce: Hex,
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Identity {
    pub(crate) did: String,
    pub(crate) fragment: String,
    pub(crate) algorithm: u8,
    pub(crate) secret_key: Hex,
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Extension {
    pub(crate) id: u16,
    pub(crate) critical: bool,
    pub(crate) body: Hex,
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(crate) enum Admission {
    Any { any: bool },
    Did { did: String },
    Methods { methods: Vec<String> },
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(crate) enum Policy {
    Allow { allow: bool },
    RefuseFragments { refuse_fragments: Vec<String> },
    RefuseDids { refuse_dids: Vec<String> },
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(crate) enum Document {
    Found { text: String, deactivated: bool },
    Missing { missing: bool },
}
