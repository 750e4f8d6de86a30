//! Sessions of whomever.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use didshake::Did;
use didshake_axum::parse_session_name;
use didshake_did::{Clock as _, SystemClock};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;

use super::super::App;
use super::super::session_json::{SessionJson, SessionsJson};
use crate::problem::{problem, unavailable};
use crate::visitor::Admin;

const NEWEST: u32 = 100;

/// Whose they are.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct Whose {
    /// A DID; the newest hundred of all unless said.
    did: Option<String>,
}

/// The live sessions of a DID, or the newest hundred of all.
#[utoipa::path(get, path = "/v1/admin/sessions", tag = "admin", params(Whose), responses(
    (status = 200, description = "The sessions", body = SessionsJson),
    (status = 400, description = "No DID"),
    (status = 401, description = "Neither signed nor with a cookie, or refused"),
    (status = 403, description = "No admin"),
))]
pub(in super::super) async fn list(State(app): State<App>, admin: Admin, Query(whose): Query<Whose>) -> Response {
    let now = SystemClock.now();
    let found = match whose.did.as_deref().map(Did::parse) {
        Some(Ok(did)) => app.0.sessions.of(&did, now).await,
        Some(Err(_)) => return problem(StatusCode::BAD_REQUEST),
        None => app.0.access.accounts.newest_sessions(now, NEWEST).await,
    };
    match found {
        Ok(records) => {
            let json = |record| SessionJson::of(record, &app.0.did, admin.0.session_id());
            Json(SessionsJson { sessions: records.iter().map(json).collect() }).into_response()
        }
        Err(error) => unavailable(&error),
    }
}

/// Ends a session of whomever.
#[utoipa::path(delete, path = "/v1/admin/sessions/{id}", tag = "admin",
    params(("id" = String, Path, description = "The session's name")),
    responses(
        (status = 204, description = "Ended"),
        (status = 401, description = "Neither signed nor with a cookie, or refused"),
        (status = 403, description = "No admin"),
        (status = 404, description = "No such session"),
    ))]
pub(in super::super) async fn end(State(app): State<App>, admin: Admin, Path(name): Path<String>) -> Response {
    let Some(id) = parse_session_name(&name) else { return problem(StatusCode::NOT_FOUND) };
    match app.0.sessions.end(&id).await {
        Ok(true) => {
            tracing::info!(by = admin.0.did().as_str(), session = name, "an admin ended a session");
            app.0.audit.note("session_ended", json!({"by": admin.0.did().as_str(), "session": name}));
            StatusCode::NO_CONTENT.into_response()
        }
        Ok(false) => problem(StatusCode::NOT_FOUND),
        Err(error) => unavailable(&error),
    }
}
