//! The files in `request/`, field by field in the order in which they are written.

use serde::{Deserialize, Serialize};

use crate::config::Hex;
use crate::vector::{Kind, Mutation};

/// The value of `format`.
pub(crate) const FORMAT: &str = "didshake-request-vectors/1";

/// What a client signs with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Client {
    /// ASCII serialisation of the origin of the URL that it asks.
    pub(crate) origin: String,
    /// Of the handshake.
    pub(crate) exporter: Hex,
    pub(crate) session_id: Hex,
    /// Its clock.
    pub(crate) created: u64,
    pub(crate) nonce: Hex,
}

/// A session as a service keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Session {
    pub(crate) id: Hex,
    /// Where it was made.
    pub(crate) origin: String,
    pub(crate) exporter: Hex,
    /// When Accept was sent.
    pub(crate) accepted: u64,
    pub(crate) lifetime: u32,
    /// Whether it was used before, and is provisional no longer.
    pub(crate) used: bool,
}

/// A nonce that was burned before the request came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Burned {
    pub(crate) session_id: Hex,
    pub(crate) nonce: Hex,
}

/// A service when the request comes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Service {
    pub(crate) now: u64,
    /// The configured origin that the request is for.
    pub(crate) origin: String,
    pub(crate) sessions: Vec<Session>,
    pub(crate) burned: Vec<Burned>,
}

/// A request as it comes. Each list has the values of all fields of that name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Without `?`; null where there is no `?`.
    pub(crate) query: Option<String>,
    pub(crate) body: Hex,
    pub(crate) content_digest: Vec<String>,
    pub(crate) signature_input: Vec<String>,
    pub(crate) signature: Vec<String>,
}

/// Every intermediate value of a good signature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Signed {
    pub(crate) request_key: Hex,
    pub(crate) digest: Hex,
    pub(crate) signature_params: String,
    pub(crate) signature_base: String,
    pub(crate) mac: Hex,
}

/// What a service burns for a good request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Burns {
    pub(crate) session_id: Hex,
    pub(crate) nonce: Hex,
    /// The earliest time at which it may be forgotten.
    pub(crate) until: u64,
}

/// How a negative must fail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestFails {
    pub(crate) error: String,
}

/// One vector file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestVector {
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
    pub(crate) fails: Option<RequestFails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client: Option<Client>,
    pub(crate) service: Service,
    pub(crate) request: Request,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) signed: Option<Signed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) burns: Option<Burns>,
}
