//! Errors outside of the protocol, as RFC 9457 writes them.

use axum::body::Body;
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};

/// Says the status and nothing else about the cause.
pub(crate) fn problem(status: StatusCode) -> Response {
    let (code, title) = (status.as_u16(), status.canonical_reason().unwrap_or("Error"));
    let body = format!(r#"{{"type":"about:blank","title":"{title}","status":{code}}}"#);
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(didshake::http::SCHEME));
    }
    response
}

/// The same, with when to come back.
pub(crate) fn problem_for(status: StatusCode, seconds: u64) -> Response {
    let mut response = problem(status);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    response
}
