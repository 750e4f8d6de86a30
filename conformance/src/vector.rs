//! The vector files, field by field in the order in which they are written.

use serde::{Deserialize, Serialize};

use crate::config::{Config, Hex};

/// The value of `format`.
pub(crate) const FORMAT: &str = "didshake-vectors/1";

/// One of the two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    Initiator,
    Responder,
}

impl Role {
    pub(crate) fn other(self) -> Role {
        match self {
            Role::Initiator => Role::Responder,
            Role::Responder => Role::Initiator,
        }
    }
}

/// Whether a vector is to succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Positive,
    Negative,
}

/// The one change of a negative.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mutation {
    pub(crate) at: String,
    pub(crate) stage: String,
    pub(crate) change: String,
    pub(crate) check: String,
}

/// How a negative must fail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fails {
    pub(crate) role: Role,
    pub(crate) at: String,
    pub(crate) error: String,
    pub(crate) alert: Option<u8>,
}

/// A message of the handshake, in wire order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Message {
    pub(crate) from: Role,
    pub(crate) message: String,
    pub(crate) wire: Hex,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) waiting_state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) repeat: Option<bool>,
}

/// Every intermediate value of a finished handshake.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Handshake {
    pub(crate) th0: Hex,
    pub(crate) hello_th1: Hex,
    pub(crate) th2: Hex,
    pub(crate) th3: Hex,
    pub(crate) th4: Hex,
    pub(crate) dh: Hex,
    pub(crate) hs: Hex,
    pub(crate) k_reply: Hex,
    pub(crate) k_finish: Hex,
    pub(crate) derived: Hex,
    pub(crate) ms: Hex,
    pub(crate) k_accept: Hex,
    pub(crate) i2r_0: Hex,
    pub(crate) r2i_0: Hex,
    pub(crate) i2r_0_key: Hex,
    pub(crate) i2r_0_iv: Hex,
    pub(crate) r2i_0_key: Hex,
    pub(crate) r2i_0_iv: Hex,
    pub(crate) exporter: Hex,
    pub(crate) session_id: Hex,
    pub(crate) resume: Hex,
    pub(crate) reply_identity: Hex,
    pub(crate) finish_identity: Hex,
    pub(crate) reply_signature_input: Hex,
    pub(crate) finish_signature_input: Hex,
    pub(crate) reply_signature: Hex,
    pub(crate) finish_signature: Hex,
    pub(crate) accept_plain: Hex,
    pub(crate) initiator_public_key: Hex,
    pub(crate) responder_public_key: Hex,
}

/// A record, or a run of records that are not listed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    pub(crate) from: Role,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) repeat: Option<u64>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content: Option<Hex>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) padding: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) generation: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sequence: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) wire: Option<Hex>,
}

/// An exporter output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Export {
    pub(crate) label: String,
    pub(crate) context: Hex,
    pub(crate) length: u16,
    pub(crate) output: Hex,
}

/// One vector file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vector {
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
    pub(crate) fails: Option<Fails>,
    pub(crate) config: Config,
    pub(crate) messages: Vec<Message>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) handshake: Option<Handshake>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) channel: Option<Vec<Record>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) exports: Option<Vec<Export>>,
}
