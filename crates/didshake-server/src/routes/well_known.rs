//! What the origin says of itself, to everybody: pages of other origins may read it too.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use didshake::Suite;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderName, StatusCode, Uri};
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use crate::identity::endpoint;
use crate::problem::problem;

const FOR_EVERYBODY: [(HeaderName, &str); 2] =
    [(ACCESS_CONTROL_ALLOW_ORIGIN, "*"), (CACHE_CONTROL, "public, max-age=60")];

/// The claim of an origin (specification, 15.5).
#[derive(Serialize, ToSchema)]
pub(super) struct Claim {
    /// The DID that answers here.
    #[schema(example = "did:web:example.com")]
    did: String,
    /// Where to post to.
    #[schema(example = "https://example.com/didshake")]
    endpoint: String,
    /// Versions of the protocol.
    versions: Vec<u8>,
    /// Suites, as numbers.
    suites: Vec<u16>,
}

/// Which DID answers here, and where: a claim that only a handshake proves.
#[utoipa::path(get, path = "/.well-known/didshake", tag = "discovery", responses(
    (status = 200, description = "The claim", body = Claim),
    (status = 421, description = "`Host` names none of the origins"),
))]
pub(super) async fn didshake(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Response {
    // Over HTTP/2 the authority stands in the URI.
    let authority = uri.authority().map(|authority| authority.as_str().as_bytes());
    let hosts: Vec<&[u8]> = match authority {
        Some(authority) => vec![authority],
        None => headers.get_all(HOST).iter().map(http::HeaderValue::as_bytes).collect(),
    };
    let Some(origin) = app.0.origins.select(&hosts) else {
        return problem(StatusCode::MISDIRECTED_REQUEST);
    };
    let claim = Claim {
        did: app.0.did.as_str().to_owned(),
        endpoint: endpoint(origin),
        versions: vec![1],
        suites: Suite::ALL.iter().map(|suite| suite.id()).collect(),
    };
    (FOR_EVERYBODY, Json(claim)).into_response()
}

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
