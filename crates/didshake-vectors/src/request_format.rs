//! The files in `request/` (specification, section 16.2).

use serde::Deserialize;

use crate::format::{Hex, VectorKind};

/// A vector of a signed request as its file has it.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestVector {
    pub(crate) format: String,
    pub(crate) id: String,
    pub(crate) kind: VectorKind,
    pub(crate) area: String,
    pub(crate) about: String,
    requirements: Vec<String>,
    base: Option<String>,
    mutation: Option<serde_json::Value>,
    pub(crate) fails: Option<Fails>,
    pub(crate) client: Option<Client>,
    pub(crate) service: Service,
    pub(crate) request: Request,
    pub(crate) signed: Option<Signed>,
    pub(crate) burns: Option<Burns>,
}

impl RequestVector {
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

    /// Whether the request is to be taken.
    #[must_use]
    pub fn is_positive(&self) -> bool {
        self.kind == VectorKind::Positive
    }
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fails {
    pub(crate) error: String,
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Client {
    pub(crate) origin: String,
    pub(crate) exporter: Hex,
    pub(crate) session_id: Hex,
    pub(crate) created: u64,
    pub(crate) nonce: Hex,
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Service {
    pub(crate) now: u64,
    pub(crate) origin: String,
    pub(crate) sessions: Vec<KeptSession>,
    pub(crate) burned: Vec<Burned>,
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeptSession {
    pub(crate) id: Hex,
    pub(crate) origin: String,
    pub(crate) exporter: Hex,
    pub(crate) accepted: u64,
    pub(crate) lifetime: u32,
    pub(crate) used: bool,
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Burned {
    pub(crate) session_id: Hex,
    pub(crate) nonce: Hex,
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) body: Hex,
    pub(crate) content_digest: Vec<String>,
    pub(crate) signature_input: Vec<String>,
    pub(crate) signature: Vec<String>,
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Signed {
    pub(crate) request_key: Hex,
    pub(crate) digest: Hex,
    pub(crate) signature_params: String,
    pub(crate) signature_base: String,
    pub(crate) mac: Hex,
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Burns {
    pub(crate) session_id: Hex,
    pub(crate) nonce: Hex,
    pub(crate) until: u64,
}
