//! A holder's own account: who one is here, with which DIDs.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use didshake::Did;
use didshake_axum::Authenticated;
use didshake_did::{Clock as _, SystemClock};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::App;
use super::account_json::{NewInviteJson, WhoJson};
use crate::posted::{self, Posted};
use crate::problem::{problem, unavailable, undone};
use crate::visitor::Visitor;

/// A further key.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewKey {
    /// 1 to 64 characters.
    #[serde(deserialize_with = "posted::name")]
    #[schema(example = "phone")]
    label: String,
}

/// Who asks, and the account that the DID belongs to.
#[utoipa::path(get, path = "/v1/account", tag = "account", responses(
    (status = 200, description = "The account, if there is one", body = WhoJson),
    (status = 401, description = "Neither signed nor with a cookie, or refused"),
))]
pub(super) async fn show(State(app): State<App>, visitor: Visitor) -> Response {
    match app.0.access.accounts.of(visitor.did()).await {
        Ok(account) => Json(WhoJson::of(account, visitor.did())).into_response(),
        Err(error) => unavailable(&error),
    }
}

/// Makes an invite to a further key of the own account, for ten minutes. A DID without an account gets one, unless an
/// invite alone lets it in: that is to be accepted first.
#[utoipa::path(post, path = "/v1/account/invites", tag = "account", request_body = NewKey, responses(
    (status = 201, description = "The invite", body = NewInviteJson),
    (status = 400, description = "No such body"),
    (status = 401, description = "Not signed, or refused; a cookie is no signature"),
    (status = 403, description = "The account is disabled"),
    (status = 409, description = "It has as many keys, or invites to them, as it may, or an invite alone lets the DID in"),
))]
pub(super) async fn invite(State(app): State<App>, session: Authenticated, Posted(key): Posted<NewKey>) -> Response {
    let policy = app.0.access.policy.current();
    match app.0.access.accounts.invite_own_key(session.did(), key.label, &policy, SystemClock.now()).await {
        Ok(made) => {
            tracing::info!(did = session.did().as_str(), invite = %made.id, "an invite was made: a further key");
            let details = json!({"by": session.did().as_str(), "invite": made.id.to_string()});
            app.0.audit.note("invite_made", details);
            let link = app.0.invite_link(&made.secret);
            (StatusCode::CREATED, Json(NewInviteJson::of(&made, link))).into_response()
        }
        Err(why) => undone(&why),
    }
}

/// Takes a DID out of the own account. It is refused from now on, and its sessions end.
#[utoipa::path(delete, path = "/v1/account/keys/{did}", tag = "account",
    params(("did" = String, Path, description = "The DID, percent-encoded")),
    responses(
        (status = 204, description = "Removed"),
        (status = 401, description = "Not signed, or refused; a cookie is no signature"),
        (status = 404, description = "Not of this account"),
        (status = 409, description = "The last one that lets its holder in"),
    ))]
pub(super) async fn remove_key(State(app): State<App>, session: Authenticated, Path(did): Path<String>) -> Response {
    let Ok(did) = Did::parse(&did) else { return problem(StatusCode::NOT_FOUND) };
    match app.0.access.accounts.remove_key(session.did(), &did, SystemClock.now()).await {
        Ok(account) => {
            let by = session.did().as_str();
            tracing::info!(by, did = did.as_str(), account = %account.id, "a key was removed from its account, and revoked");
            let details = json!({"by": by, "did": did.as_str(), "account": account.id.to_string()});
            app.0.audit.note("key_removed", details);
            StatusCode::NO_CONTENT.into_response()
        }
        Err(why) => undone(&why),
    }
}
