//! DIDs that are refused, whatever the policy says.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use didshake::Did;
use didshake_did::{Clock as _, SystemClock};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::super::App;
use crate::posted::{self, Posted};
use crate::problem::{problem, unavailable, undone};
use crate::store::Revocation;
use crate::visitor::Admin;

const PAGE: u32 = 1000;

/// Where to go on.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct AfterDid {
    /// The `next` of the page before.
    after: Option<String>,
}

/// A DID to be refused.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct NewRevocation {
    #[serde(deserialize_with = "posted::did")]
    #[schema(value_type = String)]
    did: Did,
    /// At most 200 characters.
    #[serde(default, deserialize_with = "posted::reason")]
    reason: String,
}

/// A DID that is refused.
#[derive(Serialize, ToSchema)]
pub(in super::super) struct RevocationJson {
    did: String,
    /// Unix seconds.
    since: u64,
    reason: String,
}

/// DIDs that are refused.
#[derive(Serialize, ToSchema)]
pub(in super::super) struct RevocationsJson {
    revocations: Vec<RevocationJson>,
    /// What to ask for the next ones after; `null`: these are the last.
    next: Option<String>,
}

/// The revoked DIDs, a thousand at a time.
#[utoipa::path(get, path = "/v1/admin/revocations", tag = "admin", params(AfterDid), responses(
    (status = 200, description = "Revoked DIDs", body = RevocationsJson),
    (status = 400, description = "No DID to go on after"),
    (status = 401, description = "Neither signed nor with a cookie, or refused"),
    (status = 403, description = "No admin"),
))]
pub(in super::super) async fn list(State(app): State<App>, _: Admin, Query(after): Query<AfterDid>) -> Response {
    let Ok(after) = after.after.as_deref().map(Did::parse).transpose() else {
        return problem(StatusCode::BAD_REQUEST);
    };
    match app.0.access.accounts.revocations(after.as_ref(), PAGE).await {
        Ok(found) => {
            let next = found.last().filter(|_| found.len() >= PAGE as usize).map(|last| last.did.clone());
            let json = |Revocation { did, since, reason }| RevocationJson { did, since: since.0, reason };
            Json(RevocationsJson { revocations: found.into_iter().map(json).collect(), next }).into_response()
        }
        Err(error) => unavailable(&error),
    }
}

/// Refuses a DID from now on, and ends its sessions.
#[utoipa::path(post, path = "/v1/admin/revocations", tag = "admin", request_body = NewRevocation, responses(
    (status = 204, description = "Revoked; also if it was before"),
    (status = 400, description = "No such body"),
    (status = 401, description = "Neither signed nor with a cookie, or refused"),
    (status = 403, description = "No admin"),
))]
pub(in super::super) async fn revoke(
    State(app): State<App>,
    admin: Admin,
    Posted(new): Posted<NewRevocation>,
) -> Response {
    match app.0.access.accounts.revoke(&new.did, &new.reason, admin.0.did(), SystemClock.now()).await {
        Ok(()) => {
            tracing::info!(
                by = admin.0.did().as_str(),
                did = new.did.as_str(),
                reason = new.reason,
                "a DID was revoked"
            );
            let by = admin.0.did().as_str();
            app.0.audit.note("did_revoked", json!({"by": by, "did": new.did.as_str(), "reason": new.reason}));
            StatusCode::NO_CONTENT.into_response()
        }
        Err(why) => undone(&why),
    }
}

/// Refuses a DID no more. It comes back into no account by that.
#[utoipa::path(delete, path = "/v1/admin/revocations/{did}", tag = "admin",
    params(("did" = String, Path, description = "The DID, percent-encoded")),
    responses(
        (status = 204, description = "Revoked no more"),
        (status = 401, description = "Neither signed nor with a cookie, or refused"),
        (status = 403, description = "No admin"),
        (status = 404, description = "Not revoked"),
    ))]
pub(in super::super) async fn restore(State(app): State<App>, admin: Admin, Path(did): Path<String>) -> Response {
    let Ok(did) = Did::parse(&did) else { return problem(StatusCode::NOT_FOUND) };
    match app.0.access.accounts.restore(&did, admin.0.did(), SystemClock.now()).await {
        Ok(true) => {
            tracing::info!(by = admin.0.did().as_str(), did = did.as_str(), "a DID is revoked no more");
            app.0.audit.note("did_restored", json!({"by": admin.0.did().as_str(), "did": did.as_str()}));
            StatusCode::NO_CONTENT.into_response()
        }
        Ok(false) => problem(StatusCode::NOT_FOUND),
        Err(why) => undone(&why),
    }
}
