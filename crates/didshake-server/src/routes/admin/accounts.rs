//! All accounts.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use didshake_did::{Clock as _, SystemClock};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::super::App;
use super::super::account_json::{AccountJson, AccountsJson};
use crate::id::Id;
use crate::posted::{self, Posted};
use crate::problem::{problem, unavailable, undone};
use crate::store::{Account, Change};
use crate::visitor::Admin;

const PAGE: u32 = 100;

/// Where to go on.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct After {
    /// The `next` of the page before.
    after: Option<String>,
}

/// What is to change; the rest stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct ChangeJson {
    /// 1 to 64 characters.
    #[serde(default, deserialize_with = "posted::optional_name")]
    name: Option<String>,
    /// `null`: none.
    #[serde(default, deserialize_with = "posted::optional_email")]
    #[schema(value_type = Option<String>)]
    email: Option<Option<String>>,
    /// All of its groups from now on.
    #[serde(default, deserialize_with = "posted::optional_groups")]
    groups: Option<Vec<String>>,
    /// `true` ends its sessions.
    disabled: Option<bool>,
}

/// All accounts, a hundred at a time.
#[utoipa::path(get, path = "/v1/admin/accounts", tag = "admin", params(After), responses(
    (status = 200, description = "Accounts", body = AccountsJson),
    (status = 400, description = "No such account to go on after"),
    (status = 401, description = "Neither signed nor with a cookie, or refused"),
    (status = 403, description = "No admin"),
))]
pub(in super::super) async fn list(State(app): State<App>, admin: Admin, Query(after): Query<After>) -> Response {
    let after = after.after.as_deref().map_or(Some(Id::FIRST), Id::from_text);
    let Some(after) = after else { return problem(StatusCode::BAD_REQUEST) };
    match app.0.access.accounts.page(after, PAGE).await {
        Ok(accounts) => {
            let last = accounts.last().filter(|_| accounts.len() >= PAGE as usize);
            let next = last.map(|account| account.id.to_string());
            let accounts = accounts.into_iter().map(|account| AccountJson::of(account, admin.0.did())).collect();
            Json(AccountsJson { accounts, next }).into_response()
        }
        Err(error) => unavailable(&error),
    }
}

/// One account.
#[utoipa::path(get, path = "/v1/admin/accounts/{id}", tag = "admin",
    params(("id" = String, Path, description = "The account")),
    responses(
        (status = 200, description = "The account", body = AccountJson),
        (status = 401, description = "Neither signed nor with a cookie, or refused"),
        (status = 403, description = "No admin"),
        (status = 404, description = "No such account"),
    ))]
pub(in super::super) async fn show(State(app): State<App>, admin: Admin, Path(id): Path<String>) -> Response {
    let Some(id) = Id::from_text(&id) else { return problem(StatusCode::NOT_FOUND) };
    match app.0.access.accounts.find(id).await {
        Ok(Some(account)) => Json(AccountJson::of(account, admin.0.did())).into_response(),
        Ok(None) => problem(StatusCode::NOT_FOUND),
        Err(error) => unavailable(&error),
    }
}

/// Changes an account. A disabled one is refused everywhere, and its sessions end.
#[utoipa::path(patch, path = "/v1/admin/accounts/{id}", tag = "admin", request_body = ChangeJson,
    params(("id" = String, Path, description = "The account")),
    responses(
        (status = 200, description = "The account as it is now", body = AccountJson),
        (status = 400, description = "No such body"),
        (status = 401, description = "Neither signed nor with a cookie, or refused"),
        (status = 403, description = "No admin"),
        (status = 404, description = "No such account"),
        (status = 409, description = "Nobody could administer any more"),
    ))]
pub(in super::super) async fn change(
    State(app): State<App>,
    admin: Admin,
    Path(id): Path<String>,
    Posted(change): Posted<ChangeJson>,
) -> Response {
    let Some(id) = Id::from_text(&id) else { return problem(StatusCode::NOT_FOUND) };
    let ChangeJson { name, email, groups, disabled } = change;
    let change = Change { name, email, groups, disabled };
    match app.0.access.accounts.change(id, &change, admin.0.did(), SystemClock.now()).await {
        Ok(account) => {
            let (by, disabled) = (admin.0.did().as_str(), account.disabled.is_some());
            tracing::info!(by, account = %id, name = account.name, groups = account.groups.join(","), disabled, "an account was changed");
            let Account { name, email, groups, .. } = &account;
            let details = json!({"by": by, "account": id.to_string(), "name": name, "email": email, "groups": groups, "disabled": disabled});
            app.0.audit.note("account_changed", details);
            Json(AccountJson::of(account, admin.0.did())).into_response()
        }
        Err(why) => undone(&why),
    }
}

/// Removes an account. Its DIDs are refused from now on, and their sessions end.
#[utoipa::path(delete, path = "/v1/admin/accounts/{id}", tag = "admin",
    params(("id" = String, Path, description = "The account")),
    responses(
        (status = 204, description = "Removed"),
        (status = 401, description = "Neither signed nor with a cookie, or refused"),
        (status = 403, description = "No admin"),
        (status = 404, description = "No such account"),
        (status = 409, description = "Nobody could administer any more"),
    ))]
pub(in super::super) async fn remove(State(app): State<App>, admin: Admin, Path(id): Path<String>) -> Response {
    let Some(id) = Id::from_text(&id) else { return problem(StatusCode::NOT_FOUND) };
    match app.0.access.accounts.remove(id, admin.0.did(), SystemClock.now()).await {
        Ok(account) => {
            let by = admin.0.did().as_str();
            tracing::info!(by, account = %id, name = account.name, "an account was removed, and its DIDs revoked");
            app.0.audit.note("account_removed", json!({"by": by, "account": id.to_string(), "name": account.name}));
            StatusCode::NO_CONTENT.into_response()
        }
        Err(why) => undone(&why),
    }
}
