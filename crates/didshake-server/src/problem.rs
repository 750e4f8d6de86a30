//! Errors outside the protocol: `application/problem+json` (RFC 9457) that says what the status says, and no more.

use axum::body::Body;
use axum::response::Response;
use didshake_axum::StoreError;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

use crate::store::Undone;

const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");

/// An answer of this status.
pub(crate) fn problem(status: StatusCode) -> Response {
    let mut response = Response::new(body(status));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, MEDIA_TYPE);
    response
}

/// An answer of this status, with further members.
pub(crate) fn problem_with(status: StatusCode, members: &Value) -> Response {
    let mut whole = members_of(status);
    if let (Some(whole), Some(members)) = (whole.as_object_mut(), members.as_object()) {
        whole.extend(members.clone());
    }
    let mut response = problem(status);
    *response.body_mut() = Body::from(whole.to_string());
    response
}

/// The store failed: the client learns that, the log has the cause.
pub(crate) fn unavailable(error: &StoreError) -> Response {
    let error: &dyn std::error::Error = error;
    tracing::error!(error, "the store failed");
    problem(StatusCode::SERVICE_UNAVAILABLE)
}

/// Why something about accounts is not done.
pub(crate) fn undone(why: &Undone) -> Response {
    match why {
        Undone::Unknown => problem(StatusCode::NOT_FOUND),
        Undone::Over => problem(StatusCode::GONE),
        Undone::Conflict => problem(StatusCode::CONFLICT),
        Undone::Disabled | Undone::NoAdmin => problem(StatusCode::FORBIDDEN),
        Undone::Store(error) => unavailable(error),
    }
}

/// Gives an error without a body, of a library mostly, the body that all errors have.
pub(crate) fn with_problem(mut response: Response) -> Response {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    if is_error && !has_type_of_its_own(&response) {
        *response.body_mut() = body(status);
        response.headers_mut().remove(CONTENT_LENGTH);
        response.headers_mut().insert(CONTENT_TYPE, MEDIA_TYPE);
    }
    response
}

/// Text is what libraries say; we say nothing in it.
fn has_type_of_its_own(response: &Response) -> bool {
    let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.is_some_and(|content_type| !content_type.starts_with("text/plain"))
}

fn body(status: StatusCode) -> Body {
    Body::from(members_of(status).to_string())
}

fn members_of(status: StatusCode) -> Value {
    let title = status.canonical_reason().unwrap_or("Error");
    json!({"type": "about:blank", "title": title, "status": status.as_u16()})
}
