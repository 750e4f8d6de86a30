//! What a browser needs beside the handshake: its cookie.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use didshake::{Origin, UnixTime};
use didshake_axum::{Authenticated, StoreError};
use http::header::SET_COOKIE;
use http::{HeaderMap, Method, StatusCode};

use super::App;
use crate::cookie::{CookieSecret, SESSION};
use crate::problem::{problem, unavailable};
use crate::visitor::{is_of_origin, seconds_until};

/// Has the browser keep a cookie for the session that signed this request, until the session ends. Signed, and from a page
/// of the session's own origin (R-BIND-15); the cookie before it counts no more, nor does another session that it stood for.
#[utoipa::path(post, path = "/v1/session/cookie", tag = "sessions", responses(
    (status = 204, description = "`Set-Cookie` has the cookie"),
    (status = 401, description = "Not signed, or refused; a cookie is no signature"),
    (status = 403, description = "`Origin` is missing or another, or `Sec-Fetch-Site` is not `same-origin`"),
))]
pub(super) async fn cookie(State(app): State<App>, session: Authenticated, headers: HeaderMap) -> Response {
    if !is_of_origin(&Method::POST, &headers, session.origin()) {
        return problem(StatusCode::FORBIDDEN);
    }
    let expires = session.session().expires();
    match keep(&app, &headers, session.session_id(), session.origin(), expires).await {
        Ok(Some(kept)) => kept,
        // Ended in this moment by another request.
        Ok(None) => problem(StatusCode::UNAUTHORIZED),
        Err(error) => unavailable(&error),
    }
}

/// Has a browser keep a cookie for a session at an origin; `None` where the session has ended. The one that its cookie stood for
/// before ends, as if its holder had logged out here first.
pub(super) async fn keep(
    app: &App,
    headers: &HeaderMap,
    session: &[u8; 16],
    origin: &Origin,
    expires: UnixTime,
) -> Result<Option<Response>, StoreError> {
    let Some(cookie) = CookieSecret::generate() else {
        return Ok(Some(problem(StatusCode::INTERNAL_SERVER_ERROR)));
    };
    let before = match CookieSecret::of(headers, SESSION) {
        Some(before) => app.0.cookies.find(&before.hash(), origin).await?,
        None => None,
    };
    if !app.0.cookies.issue(&cookie.hash(), session, origin).await? {
        return Ok(None);
    }
    if let Some(before) = before.filter(|before| before.session.id() != session) {
        app.0.sessions.end(before.session.id()).await?;
    }
    let field = cookie.set_cookie(SESSION, seconds_until(expires));
    Ok(Some(field.map_or_else(
        || problem(StatusCode::INTERNAL_SERVER_ERROR),
        |field| (StatusCode::NO_CONTENT, [(SET_COOKIE, field)]).into_response(),
    )))
}
