//! What whoever has an invite's secret asks, before anybody knows who it is.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use didshake::Did;
use didshake_did::{Clock as _, SystemClock};
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::App;
use super::account_json::OfferJson;
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

/// An invite, and who will use it.
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

/// Says for which DID an invite will be used: it may log in within the next ten minutes, and that uses the invite up. A
/// later claim replaces this one.
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
            tracing::info!(did = claimed.did.as_str(), invite = %invite.id, "an invite was claimed (not proved yet)");
            Json(OfferJson::of(invite)).into_response()
        }
        Err(why) => undone(&why),
    }
}

fn hash(secret: &str) -> Option<SecretHash> {
    CookieSecret::from_text(secret).map(|secret| secret.hash())
}
