//! What a browser needs beside the handshake: its cookie.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use didshake_axum::Authenticated;
use http::header::SET_COOKIE;
use http::{HeaderMap, Method, StatusCode};

use super::App;
use crate::cookie::{CookieSecret, SESSION};
use crate::problem::{problem, unavailable};
use crate::visitor::{is_of_origin, seconds_until};

/// Has the browser keep a cookie for the session that signed this request, until the session ends. Signed, and from a page
/// of the session's own origin (R-BIND-15); the cookie before it counts no more.
#[utoipa::path(post, path = "/v1/session/cookie", tag = "sessions", responses(
    (status = 204, description = "`Set-Cookie` has the cookie"),
    (status = 401, description = "Not signed, or refused; a cookie is no signature"),
    (status = 403, description = "`Origin` is missing or another, or `Sec-Fetch-Site` is not `same-origin`"),
))]
pub(super) async fn cookie(State(app): State<App>, session: Authenticated, headers: HeaderMap) -> Response {
    if !is_of_origin(&Method::POST, &headers, session.origin()) {
        return problem(StatusCode::FORBIDDEN);
    }
    let Some(cookie) = CookieSecret::generate() else { return problem(StatusCode::INTERNAL_SERVER_ERROR) };
    match app.0.cookies.issue(&cookie.hash(), session.session_id(), session.origin()).await {
        Ok(true) => {}
        // Ended in this moment by another request.
        Ok(false) => return problem(StatusCode::UNAUTHORIZED),
        Err(error) => return unavailable(&error),
    }
    let field = cookie.set_cookie(SESSION, seconds_until(session.session().expires()));
    field.map_or_else(
        || problem(StatusCode::INTERNAL_SERVER_ERROR),
        |field| (StatusCode::NO_CONTENT, [(SET_COOKIE, field)]).into_response(),
    )
}
