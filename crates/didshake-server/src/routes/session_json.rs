//! A session as its holder sees it.

use didshake_axum::{SessionRecord, session_name};
use serde::Serialize;
use utoipa::ToSchema;

/// A session. Times are Unix seconds.
#[derive(Serialize, ToSchema)]
pub(super) struct SessionJson {
    /// Its name, which is no credential.
    #[schema(example = "nd_lhemp6Mj37MwR6zW65w")]
    session_id: String,
    /// Whose it is.
    #[schema(example = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK")]
    did: String,
    /// The verification method that signed the handshake: a DID URL, the DID alone for did:key and did:jwk.
    verification_method: String,
    /// `Ed25519` or `ES256`.
    algorithm: &'static str,
    /// The bytes of the key, in hexadecimal.
    public_key: String,
    /// The origin that it counts at.
    #[schema(example = "https://example.com")]
    origin: String,
    /// When it was made.
    created: u64,
    /// From when on it counts no more.
    expires: u64,
    /// The last request; none yet: `null`.
    last_used: Option<u64>,
    /// The address that it was made from, if known.
    client: Option<String>,
    /// Whether it is the one of this request.
    current: bool,
    /// Who the service is.
    service: ServiceJson,
}

/// Who the service is.
#[derive(Serialize, ToSchema)]
pub(super) struct ServiceJson {
    /// Its DID.
    did: String,
}

/// Sessions, the newest first.
#[derive(Serialize, ToSchema)]
pub(super) struct SessionsJson {
    pub(super) sessions: Vec<SessionJson>,
}

impl SessionJson {
    pub(super) fn of(record: &SessionRecord, service: &didshake::Did, current: &[u8; 16]) -> Self {
        let session = &record.session;
        let (algorithm, key) = session.key();
        let did = session.did().as_str().to_owned();
        let verification_method = match session.fragment().as_str() {
            "" => did.clone(),
            fragment => format!("{did}#{fragment}"),
        };
        Self {
            session_id: session_name(session.id()),
            did,
            verification_method,
            algorithm: algorithm.name(),
            public_key: hex::encode(key),
            origin: record.origin.as_str().to_owned(),
            created: session.parts().accepted.0,
            expires: session.expires().0,
            last_used: record.last_used.map(|time| time.0),
            client: record.client.map(|address| address.to_string()),
            current: session.id() == current,
            service: ServiceJson { did: service.as_str().to_owned() },
        }
    }
}
