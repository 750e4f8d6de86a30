//! What both roles are given: the fixed inputs of a vector.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes, in JSON as lower-case hex.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hex(pub(crate) Vec<u8>);

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        hex::decode(text).map(Hex).map_err(serde::de::Error::custom)
    }
}

impl From<&[u8]> for Hex {
    fn from(bytes: &[u8]) -> Self {
        Hex(bytes.to_vec())
    }
}

/// A DID with the secret key of the method that signs for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Identity {
    pub(crate) did: String,
    pub(crate) fragment: String,
    pub(crate) algorithm: u8,
    pub(crate) secret_key: Hex,
}

/// An extension of Hello, Reply, Finish or Accept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Extension {
    pub(crate) id: u16,
    pub(crate) critical: bool,
    pub(crate) body: Hex,
}

/// Whom a role may meet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(crate) enum Admission {
    Any { any: bool },
    Did { did: String },
    Methods { methods: Vec<String> },
}

/// The application's policy over the verified peer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(crate) enum Policy {
    Allow { allow: bool },
    RefuseFragments { refuse_fragments: Vec<String> },
    RefuseDids { refuse_dids: Vec<String> },
}

/// What resolution of a DID gives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(crate) enum Document {
    Found { text: String, deactivated: bool },
    Missing { missing: bool },
}

/// The initiator's inputs; one ephemeral secret and one nonce per Hello.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InitiatorConfig {
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

/// The responder's inputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResponderConfig {
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

/// Everything that is fixed before the first message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) now: u64,
    pub(crate) binding: u8,
    pub(crate) prologue: Hex,
    pub(crate) initiator: InitiatorConfig,
    pub(crate) responder: ResponderConfig,
    pub(crate) documents: BTreeMap<String, Document>,
}
