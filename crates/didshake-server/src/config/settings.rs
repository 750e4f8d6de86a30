//! What an operator writes, before anybody has looked at the values.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// Settings as a file, the environment or the command line give them; what is `None` was not given there. The names are
/// those of the TOML file; a flag has `-` for `_`, a variable of the environment is `DIDSHAKE_` and the name in capitals.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs, reason = "deploy/didshake.toml says what each is, and `Config` what becomes of it")]
pub struct Settings {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "one_or_many")]
    pub public_url: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<StoreUrl>,
    #[serde(rename = "as", skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub did_web: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub did_log: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_did: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_cert: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "one_or_many")]
    pub trusted_proxy: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "one_or_many")]
    pub application: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "one_or_many")]
    pub allow_local: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "one_or_many")]
    pub root_cert: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "one_or_many")]
    pub documents: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_handshakes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics_listen: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "one_or_many")]
    pub metrics_allow: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drain_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recheck_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recheck_bound_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_sessions: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_connections: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "one_or_many")]
    pub mailboxes: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_mailboxes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mailbox_waiting: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mailbox_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_deposits: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub circuit_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk_reserve: Option<u64>,
}

/// The URL of the database: it may hold a password, so that it is not shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StoreUrl(pub String);

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreUrl(redacted)")
    }
}

/// The names of all settings.
pub(super) const KEYS: [&str; 32] = [
    "listen",
    "public_url",
    "data",
    "store",
    "as",
    "did_web",
    "did_log",
    "default_did",
    "tls_cert",
    "tls_key",
    "trusted_proxy",
    "policy",
    "application",
    "lifetime",
    "allow_local",
    "root_cert",
    "documents",
    "rate_handshakes",
    "metrics_listen",
    "metrics_allow",
    "drain_seconds",
    "recheck_seconds",
    "recheck_bound_seconds",
    "max_sessions",
    "max_connections",
    "mailboxes",
    "max_mailboxes",
    "mailbox_waiting",
    "mailbox_bytes",
    "rate_deposits",
    "circuit_bytes",
    "disk_reserve",
];

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// A list, or one text with commas, which is how a variable of the environment holds several.
fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    let given = Option::<OneOrMany>::deserialize(deserializer).map_err(|_| {
        serde::de::Error::invalid_type(serde::de::Unexpected::Other("something else"), &"a list of texts")
    })?;
    Ok(given.map(|given| match given {
        OneOrMany::One(text) => text.split(',').map(|item| item.trim().to_owned()).collect(),
        OneOrMany::Many(items) => items,
    }))
}
