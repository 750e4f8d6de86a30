//! What admins do: whose account is in the group `admin`, and nobody else.

pub(super) mod accounts;
pub(super) mod invites;
pub(super) mod revocations;
pub(super) mod sessions;

use axum::Router;
use axum::routing::{delete, get};

use super::App;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/admin/accounts", get(accounts::list))
        .route("/v1/admin/accounts/{id}", get(accounts::show).patch(accounts::change).delete(accounts::remove))
        .route("/v1/admin/invites", get(invites::list).post(invites::make))
        .route("/v1/admin/invites/{id}", delete(invites::cancel))
        .route("/v1/admin/sessions", get(sessions::list))
        .route("/v1/admin/sessions/{id}", delete(sessions::end))
        .route("/v1/admin/revocations", get(revocations::list).post(revocations::revoke))
        .route("/v1/admin/revocations/{did}", delete(revocations::restore))
}
