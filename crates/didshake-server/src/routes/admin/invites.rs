//! Invites, to new accounts mostly.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use didshake_did::{Clock as _, SystemClock};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::super::App;
use super::super::account_json::{InviteJson, InvitesJson, NewInviteJson};
use crate::id::Id;
use crate::posted::{self, Posted};
use crate::problem::{problem, unavailable, undone};
use crate::store::Purpose;
use crate::visitor::Admin;

const HOUR: u64 = 3600;

/// An invite to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct NewInvite {
    /// Of the account; with `account_id`, of the further key. 1 to 64 characters.
    #[serde(deserialize_with = "posted::name")]
    name: String,
    #[serde(default, deserialize_with = "posted::email")]
    #[schema(value_type = Option<String>)]
    email: Option<String>,
    #[serde(default, deserialize_with = "posted::groups")]
    #[schema(value_type = Vec<String>)]
    groups: Vec<String>,
    /// How long it can be used, 1 to 720; 24 unless said.
    hours: Option<u16>,
    /// The account that gets a further key, for somebody who has lost theirs.
    account_id: Option<String>,
}

impl NewInvite {
    /// `None` where its members do not go together.
    fn read(self) -> Option<(Purpose, u64)> {
        let hours = self.hours.unwrap_or(24);
        let purpose = match self.account_id {
            None => Purpose::Account { name: self.name, email: self.email, groups: self.groups },
            Some(_) if self.email.is_some() || !self.groups.is_empty() => return None,
            Some(account) => Purpose::Key { account: Id::from_text(&account)?, label: self.name },
        };
        (1..=720).contains(&hours).then(|| (purpose, u64::from(hours) * HOUR))
    }
}

/// Makes an invite to an account, or to a further key of one.
#[utoipa::path(post, path = "/v1/admin/invites", tag = "admin", request_body = NewInvite, responses(
    (status = 201, description = "The invite", body = NewInviteJson),
    (status = 400, description = "No such body"),
    (status = 401, description = "Neither signed nor with a cookie, or refused"),
    (status = 403, description = "No admin, or the account is disabled"),
    (status = 404, description = "No such account"),
    (status = 409, description = "The account has as many keys, or invites to them, as it may"),
))]
pub(in super::super) async fn make(State(app): State<App>, admin: Admin, Posted(new): Posted<NewInvite>) -> Response {
    let Some((purpose, seconds)) = new.read() else { return problem(StatusCode::BAD_REQUEST) };
    let by = admin.0.did();
    match app.0.access.accounts.invite(&purpose, by, seconds, SystemClock.now()).await {
        Ok(made) => {
            let by = by.as_str();
            match &purpose {
                Purpose::Account { name, groups, .. } => {
                    tracing::info!(by, invite = %made.id, name, groups = groups.join(","), "an invite was made: an account");
                    let details = json!({"by": by, "invite": made.id.to_string(), "name": name, "groups": groups});
                    app.0.audit.note("invite_made", details);
                }
                Purpose::Key { account, label } => {
                    tracing::info!(by, invite = %made.id, %account, label, "an invite was made: a further key");
                    let (invite, account) = (made.id.to_string(), account.to_string());
                    let details = json!({"by": by, "invite": invite, "account": account, "label": label});
                    app.0.audit.note("invite_made", details);
                }
            }
            let link = app.0.invite_link(&made.secret);
            (StatusCode::CREATED, Json(NewInviteJson::of(&made, link))).into_response()
        }
        Err(why) => undone(&why),
    }
}

/// The invites that can be used.
#[utoipa::path(get, path = "/v1/admin/invites", tag = "admin", responses(
    (status = 200, description = "The invites", body = InvitesJson),
    (status = 401, description = "Neither signed nor with a cookie, or refused"),
    (status = 403, description = "No admin"),
))]
pub(in super::super) async fn list(State(app): State<App>, _: Admin) -> Response {
    match app.0.access.accounts.invites(SystemClock.now()).await {
        Ok(invites) => Json(InvitesJson { invites: invites.into_iter().map(InviteJson::of).collect() }).into_response(),
        Err(error) => unavailable(&error),
    }
}

/// Takes an invite back.
#[utoipa::path(delete, path = "/v1/admin/invites/{id}", tag = "admin",
    params(("id" = String, Path, description = "The invite")),
    responses(
        (status = 204, description = "Nobody can use it any more"),
        (status = 401, description = "Neither signed nor with a cookie, or refused"),
        (status = 403, description = "No admin"),
        (status = 404, description = "No such invite, or used up"),
    ))]
pub(in super::super) async fn cancel(State(app): State<App>, admin: Admin, Path(id): Path<String>) -> Response {
    let Some(id) = Id::from_text(&id) else { return problem(StatusCode::NOT_FOUND) };
    match app.0.access.accounts.cancel(id, admin.0.did(), SystemClock.now()).await {
        Ok(true) => {
            tracing::info!(by = admin.0.did().as_str(), invite = %id, "an invite was taken back");
            app.0.audit.note("invite_cancelled", json!({"by": admin.0.did().as_str(), "invite": id.to_string()}));
            StatusCode::NO_CONTENT.into_response()
        }
        Ok(false) => problem(StatusCode::NOT_FOUND),
        Err(why) => undone(&why),
    }
}
