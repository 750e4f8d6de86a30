//! The document of the service's did:web. Pages of other origins may read it too.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
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
