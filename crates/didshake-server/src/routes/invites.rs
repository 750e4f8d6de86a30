//! What whoever has an invite's secret asks: what it is for, that a DID be admitted, and, as that DID, to have it.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use didshake::Did;
use didshake_axum::Authenticated;
use didshake_did::{Clock as _, SystemClock};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::App;
use super::account_json::{OfferJson, WhoJson};
use crate::cookie::{CookieSecret, SecretHash};
use crate::posted::{self, Posted};
use crate::problem::{problem, undone};

/// An invite.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Shown {
    /// What stands after `#invite=`.
    #[serde(deserialize_with = "posted::secret")]
    #[schema(value_type = String)]
    secret: Zeroizing<String>,
}

/// An invite, and whom it is to admit.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Claimed {
    /// What stands after `#invite=`.
    #[serde(deserialize_with = "posted::secret")]
    #[schema(value_type = String)]
    secret: Zeroizing<String>,
    /// The DID that will prove itself.
    #[serde(deserialize_with = "posted::did")]
    #[schema(value_type = String)]
    did: Did,
}

/// What an invite is good for.
#[utoipa::path(post, path = "/v1/invites/look", tag = "invites", request_body = Shown, responses(
    (status = 200, description = "It can be used", body = OfferJson),
    (status = 400, description = "No such body"),
    (status = 404, description = "There is no such invite"),
    (status = 410, description = "It is used up, or its time is over"),
))]
pub(super) async fn look(State(app): State<App>, Posted(shown): Posted<Shown>) -> Response {
    let Some(secret) = hash(&shown.secret) else { return problem(StatusCode::NOT_FOUND) };
    match app.0.access.accounts.look(&secret, SystemClock.now()).await {
        Ok(invite) => Json(OfferJson::of(invite)).into_response(),
        Err(why) => undone(&why),
    }
}

/// Has an invite admit a DID, for ten minutes: it may log in, and accept the invite. It has no account by that. A later
/// claim of the invite, or of another one for the DID, replaces this one.
#[utoipa::path(post, path = "/v1/invites/claim", tag = "invites", request_body = Claimed, responses(
    (status = 200, description = "The DID may log in with it", body = OfferJson),
    (status = 400, description = "No such body"),
    (status = 404, description = "There is no such invite"),
    (status = 409, description = "The DID has an account, or is revoked, or the account takes no further key"),
    (status = 410, description = "It is used up, or its time is over"),
))]
pub(super) async fn claim(State(app): State<App>, Posted(claimed): Posted<Claimed>) -> Response {
    let Some(secret) = hash(&claimed.secret) else { return problem(StatusCode::NOT_FOUND) };
    match app.0.access.accounts.claim(&secret, &claimed.did, SystemClock.now()).await {
        Ok(invite) => {
            let (did, id) = (claimed.did.as_str(), invite.id.to_string());
            tracing::info!(did, invite = id, "an invite was claimed (not proved yet)");
            app.0.audit.note("invite_claimed", json!({"did": did, "invite": id}));
            Json(OfferJson::of(invite)).into_response()
        }
        Err(why) => undone(&why),
    }
}

/// Accepts an invite that was claimed for the DID of this session, and so uses it up: the DID has an account, or is a
/// further key of one, from now on.
#[utoipa::path(post, path = "/v1/invites/accept", tag = "invites", request_body = Shown, responses(
    (status = 200, description = "The account", body = WhoJson),
    (status = 400, description = "No such body"),
    (status = 401, description = "Not signed, or refused; a cookie is no signature"),
    (status = 404, description = "There is no such invite"),
    (status = 409, description = "It is claimed for another DID, or the DID has an account or is revoked, or the policy \
        keeps the account out, or that takes no further key"),
    (status = 410, description = "It is used up, or its time is over, or that of the claim"),
))]
pub(super) async fn accept(State(app): State<App>, session: Authenticated, Posted(shown): Posted<Shown>) -> Response {
    let Some(secret) = hash(&shown.secret) else { return problem(StatusCode::NOT_FOUND) };
    let (did, policy) = (session.did(), app.0.access.policy.current());
    match app.0.access.accounts.accept(&secret, did, &policy, SystemClock.now()).await {
        Ok((invite, account)) => {
            let (invite, is_new, id, by) = (invite.id, invite.account.is_none(), account.id, did.as_str());
            if is_new {
                tracing::info!(did = by, %invite, account = %id, "an invite was used: a new account");
            } else {
                tracing::info!(did = by, %invite, account = %id, "an invite was used: a further key of an account");
            }
            let details =
                json!({"did": by, "invite": invite.to_string(), "account": id.to_string(), "new_account": is_new});
            app.0.audit.note("invite_used", details);
            Json(WhoJson::of(Some(account), did)).into_response()
        }
        Err(why) => undone(&why),
    }
}

fn hash(secret: &str) -> Option<SecretHash> {
    CookieSecret::from_text(secret).map(|secret| secret.hash())
}
