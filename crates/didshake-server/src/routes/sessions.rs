//! A holder's own sessions. A request here is signed, or comes with the cookie of a browser that has logged in; nobody sees or ends a session of another DID.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use didshake_axum::{SessionRecord, StoreError, parse_session_name};
use didshake_did::{Clock, SystemClock};
use http::StatusCode;
use http::header::SET_COOKIE;

use super::App;
use super::session_json::{SessionJson, SessionsJson};
use crate::cookie::{SESSION, forget};
use crate::problem::{problem, unavailable};
use crate::visitor::Visitor;

/// The session of this request.
#[utoipa::path(get, path = "/v1/session", tag = "sessions", responses(
    (status = 200, description = "The session", body = SessionJson),
    (status = 401, description = "Neither signed nor with a cookie, or refused"),
))]
pub(super) async fn show(State(app): State<App>, session: Visitor) -> Response {
    match app.0.sessions.find(session.session_id()).await {
        Ok(Some(record)) => Json(json(&app, &record, &session)).into_response(),
        // Ended in this moment by another request.
        Ok(None) => problem(StatusCode::UNAUTHORIZED),
        Err(error) => unavailable(&error),
    }
}

/// All live sessions of the DID of this request, the newest first.
#[utoipa::path(get, path = "/v1/sessions", tag = "sessions", responses(
    (status = 200, description = "The sessions", body = SessionsJson),
    (status = 401, description = "Neither signed nor with a cookie, or refused"),
))]
pub(super) async fn list(State(app): State<App>, session: Visitor) -> Response {
    match app.0.sessions.of(session.did(), SystemClock.now()).await {
        Ok(records) => {
            let sessions = records.iter().map(|record| json(&app, record, &session)).collect();
            Json(SessionsJson { sessions }).into_response()
        }
        Err(error) => unavailable(&error),
    }
}

/// Ends the session of this request.
#[utoipa::path(delete, path = "/v1/session", tag = "sessions", responses(
    (status = 204, description = "Ended"),
    (status = 401, description = "Neither signed nor with a cookie, or refused"),
))]
pub(super) async fn end(State(app): State<App>, session: Visitor) -> Response {
    match app.0.sessions.end(session.session_id()).await {
        Ok(_) => ended(),
        Err(error) => unavailable(&error),
    }
}

/// Ends one session of the same DID.
#[utoipa::path(delete, path = "/v1/sessions/{id}", tag = "sessions",
    params(("id" = String, Path, description = "The session's name")),
    responses(
        (status = 204, description = "Ended"),
        (status = 401, description = "Neither signed nor with a cookie, or refused"),
        (status = 404, description = "No such session of this DID"),
    ))]
pub(super) async fn end_one(State(app): State<App>, session: Visitor, Path(id): Path<String>) -> Response {
    match end_own(&app, &session, &id).await {
        Ok(true) => StatusCode::NO_CONTENT.into_response(),
        Ok(false) => problem(StatusCode::NOT_FOUND),
        Err(error) => unavailable(&error),
    }
}

/// Ends all sessions of the DID of this request, this one too.
#[utoipa::path(delete, path = "/v1/sessions", tag = "sessions", responses(
    (status = 204, description = "Ended"),
    (status = 401, description = "Neither signed nor with a cookie, or refused"),
))]
pub(super) async fn end_all(State(app): State<App>, session: Visitor) -> Response {
    match end_all_of(&app, &session).await {
        Ok(()) => ended(),
        Err(error) => unavailable(&error),
    }
}

async fn end_own(app: &App, session: &Visitor, name: &str) -> Result<bool, StoreError> {
    let Some(id) = parse_session_name(name) else { return Ok(false) };
    let found = app.0.sessions.find(&id).await?;
    // The answer is the same where it is another's: nobody learns which sessions there are.
    let live =
        |record: &SessionRecord| record.session.did() == session.did() && record.session.is_live(SystemClock.now());
    if found.as_ref().is_some_and(live) { app.0.sessions.end(&id).await } else { Ok(false) }
}

async fn end_all_of(app: &App, session: &Visitor) -> Result<(), StoreError> {
    for record in app.0.sessions.of(session.did(), SystemClock.now()).await? {
        app.0.sessions.end(record.session.id()).await?;
    }
    Ok(())
}

fn json(app: &App, record: &SessionRecord, session: &Visitor) -> SessionJson {
    SessionJson::of(record, &app.0.did, session.session_id())
}

/// Done; a browser may forget its cookie.
fn ended() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().extend(forget(SESSION).map(|field| (SET_COOKIE, field)));
    response
}
