//! The document of the service's did:web or the log of its did:webvh, and what its origins say of that. Pages of other origins
//! may read all of it.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use didshake_did::{Clock as _, SystemClock};
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderName, StatusCode};

use super::App;
use crate::problem::problem;

const FOR_EVERYBODY: [(HeaderName, &str); 2] =
    [(ACCESS_CONTROL_ALLOW_ORIGIN, "*"), (CACHE_CONTROL, "public, max-age=60")];

/// The document of the service's did:web.
#[utoipa::path(get, path = "/.well-known/did.json", tag = "discovery", responses(
    (status = 200, description = "The DID document", content_type = "application/did+json"),
    (status = 404, description = "The service has no did:web"),
))]
pub(super) async fn did_document(State(app): State<App>) -> Response {
    match &app.0.web_document {
        Some(document) => {
            (FOR_EVERYBODY, [(CONTENT_TYPE, "application/did+json")], document.to_string()).into_response()
        }
        None => problem(StatusCode::NOT_FOUND),
    }
}

/// The DID configuration: the origins of the service vouch for its did:web or did:webvh, which vouches for them.
#[utoipa::path(get, path = "/.well-known/did-configuration.json", tag = "discovery", responses(
    (status = 200, description = "Domain linkage credentials, one for each origin", content_type = "application/json"),
    (status = 404, description = "The service has no did:web and no did:webvh"),
    (status = 503, description = "The key of the service cannot sign now"),
))]
pub(super) async fn did_configuration(State(app): State<App>) -> Response {
    let Some(configuration) = &app.0.did_configuration else { return problem(StatusCode::NOT_FOUND) };
    let identities = app.0.didshake.identities();
    let identity = identities.iter().find(|identity| identity.did() == configuration.did());
    let Some(identity) = identity else { return problem(StatusCode::NOT_FOUND) };
    match configuration.body(identity, SystemClock.now()).await {
        Ok(body) => (FOR_EVERYBODY, [(CONTENT_TYPE, "application/json")], body).into_response(),
        Err(error) => {
            tracing::error!(%error, "the DID configuration is not signed");
            problem(StatusCode::SERVICE_UNAVAILABLE)
        }
    }
}

/// The log of the service's did:webvh, at the place that the DID names.
#[utoipa::path(get, path = "/.well-known/did.jsonl", tag = "discovery", responses(
    (status = 200, description = "One JSON object a line: a version of the DID", content_type = "text/jsonl"),
    (status = 404, description = "The service has no did:webvh"),
))]
pub(super) async fn log(State(app): State<App>) -> Response {
    let log = app.0.own_log.as_ref().map(|log| log.now().log.clone());
    served(log, "text/jsonl")
}

/// The proofs of the witnesses of that log.
#[utoipa::path(get, path = "/.well-known/did-witness.json", tag = "discovery", responses(
    (status = 200, description = "Proofs, by version", content_type = "application/json"),
    (status = 404, description = "The service has no did:webvh, or that no witnesses"),
))]
pub(super) async fn witnesses(State(app): State<App>) -> Response {
    let proofs = app.0.own_log.as_ref().and_then(|log| log.now().witnesses.clone());
    served(proofs, "application/json")
}

/// For everybody, and for no cache: whoever has an older version meets keys that are gone.
fn served(bytes: Option<Vec<u8>>, media_type: &'static str) -> Response {
    let fields = [(ACCESS_CONTROL_ALLOW_ORIGIN, "*"), (CACHE_CONTROL, "no-cache"), (CONTENT_TYPE, media_type)];
    bytes.map_or_else(|| problem(StatusCode::NOT_FOUND), |bytes| (fields, bytes).into_response())
}
