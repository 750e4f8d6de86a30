//! The document of the service's did:web, and what its origins say of that. Pages of other origins may read both.

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

/// The DID configuration: the origins of the service vouch for its did:web, which vouches for them.
#[utoipa::path(get, path = "/.well-known/did-configuration.json", tag = "discovery", responses(
    (status = 200, description = "Domain linkage credentials, one for each origin", content_type = "application/json"),
    (status = 404, description = "The service has no did:web"),
    (status = 503, description = "The key of the service cannot sign now"),
))]
pub(super) async fn did_configuration(State(app): State<App>) -> Response {
    let Some(configuration) = &app.0.did_configuration else { return problem(StatusCode::NOT_FOUND) };
    match configuration.body(SystemClock.now()).await {
        Ok(body) => (FOR_EVERYBODY, [(CONTENT_TYPE, "application/json")], body).into_response(),
        Err(error) => {
            tracing::error!(%error, "the DID configuration is not signed");
            problem(StatusCode::SERVICE_UNAVAILABLE)
        }
    }
}
