//! What is answered where.

mod account;
mod account_json;
mod admin;
pub(crate) mod authz;
mod browser;
mod circuits;
mod deposits;
mod docs;
mod handover;
mod health;
mod held;
mod invites;
mod links;
mod mailbox;
mod mailbox_events;
mod mailbox_feed;
mod mailbox_json;
mod mailbox_socket;
mod pages;
mod relaying;
mod session_json;
mod sessions;
mod well_known;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{any, get, post};
use didshake::{Did, Origin};
use didshake_axum::{Didshake, SessionStore};
use http::StatusCode;
use ipnet::IpNet;
use serde_json::Value;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

use crate::access::Access;
use crate::applications::Applications;
use crate::audit::Audit;
use crate::connections::Bounded;
use crate::cookie::CookieSecret;
use crate::did_configuration::DidConfiguration;
use crate::front::{Front, front};
use crate::metrics::Metrics;
use crate::own_log::OwnLog;
use crate::problem::problem;
use crate::relay::Relay;
use crate::store::{Database, SqlCodes, SqlCookies, SqlLinks};

pub(crate) use relaying::DEPOSITORS;

/// Where initiators post to.
pub(crate) const ENDPOINT: &str = "/didshake";

/// How long anything may take until a response begins; a handshake has limits of its own, which are shorter.
const LONGEST: Duration = Duration::from_secs(60);

/// What the routes need.
#[derive(Clone)]
pub(crate) struct App(pub(crate) Arc<Parts>);

pub(crate) struct Parts {
    pub(crate) did: Did,
    pub(crate) web_document: Option<Value>,
    pub(crate) did_configuration: Option<DidConfiguration>,
    pub(crate) own_log: Option<Arc<OwnLog>>,
    pub(crate) didshake: Didshake,
    pub(crate) sessions: Arc<dyn SessionStore>,
    pub(crate) cookies: SqlCookies,
    pub(crate) codes: SqlCodes,
    pub(crate) links: SqlLinks,
    pub(crate) applications: Applications,
    pub(crate) access: Access,
    pub(crate) database: Database,
    pub(crate) metrics: Metrics,
    pub(crate) audit: Audit,
    pub(crate) connections: Bounded,
    pub(crate) draining: AtomicBool,
    /// Where this service is a relay.
    pub(crate) relay: Option<Arc<Relay>>,
    /// Who may read metrics on the main listener; `None` where they have a listener of their own.
    pub(crate) metrics_allow: Option<Vec<IpNet>>,
}

impl Parts {
    /// Where people log in: the first of the origins.
    pub(crate) fn portal(&self) -> &str {
        self.didshake.origins().iter().next().map_or("", Origin::as_str)
    }

    /// What is opened to use an invite. The secret is in the fragment, which no log of a server ever sees.
    pub(crate) fn invite_link(&self, secret: &CookieSecret) -> String {
        format!("{}/login#invite={}", self.portal(), *secret.to_text())
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }
}

/// Everything that the main listener answers.
pub(crate) fn main(app: &App, didshake: &Didshake, before: Front) -> Router {
    let signed = Router::new()
        .route("/v1/session", get(sessions::show).delete(sessions::end))
        .route("/v1/sessions", get(sessions::list).delete(sessions::end_all))
        .route("/v1/sessions/{id}", axum::routing::delete(sessions::end_one))
        .route("/v1/session/cookie", post(browser::cookie))
        .route("/v1/session/link", post(links::make))
        .route("/v1/account", get(account::show))
        .route("/v1/account/invites", post(account::invite))
        .route("/v1/account/keys/{did}", axum::routing::delete(account::remove_key))
        .route("/v1/invites/accept", post(invites::accept))
        .merge(admin::routes())
        .layer(didshake.layer());
    let mut router = Router::new()
        .merge(signed)
        .merge(pages::routes())
        .merge(forward_auth())
        .route("/v1/link/look", post(links::look))
        .route("/v1/link/enter", post(links::enter))
        .route("/v1/invites/look", post(invites::look))
        .route("/v1/invites/claim", post(invites::claim))
        .route("/livez", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics_on_main))
        .route("/openapi.json", get(docs::openapi))
        .route("/docs", get(docs::page))
        .route(docs::SCRIPT, get(docs::script));
    if app.0.web_document.is_some() {
        router = router.route("/.well-known/did.json", get(well_known::did_document));
    }
    if app.0.did_configuration.is_some() {
        router = router.route("/.well-known/did-configuration.json", get(well_known::did_configuration));
    }
    if let Some(log) = &app.0.own_log {
        let [entries, witnesses] = log.paths();
        router = router.route(&entries, get(well_known::log)).route(&witnesses, get(well_known::witnesses));
    }
    if let Some(relay) = &app.0.relay {
        router = router.merge(relaying::routes(app, relay, didshake));
    }
    let router = router.merge(didshake.routes());
    with_layers(router, app, before)
}

/// What proxies ask, and what leads people to the applications behind them.
fn forward_auth() -> Router<App> {
    Router::new()
        .route("/authz/auth-request", get(authz::auth_request))
        .route("/authz/forward-auth", get(authz::forward_auth))
        .route(authz::EXT_AUTHZ, any(authz::ext_authz))
        .route(&format!("{}{{*path}}", authz::EXT_AUTHZ), any(authz::ext_authz))
        .route(handover::PORTAL, get(handover::portal))
        .route(handover::START, get(handover::start))
        .route(handover::CALLBACK, get(handover::callback))
        .route(handover::LOGOUT, get(handover::logout))
}

/// What the listener for operations answers, until the very end.
pub(crate) fn operations(app: &App, before: Front) -> Router {
    let router = Router::new()
        .route("/livez", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics));
    with_layers(router, app, before)
}

fn with_layers(router: Router<App>, app: &App, before: Front) -> Router {
    router
        .fallback(|| async { problem(StatusCode::NOT_FOUND) })
        .method_not_allowed_fallback(|| async { problem(StatusCode::METHOD_NOT_ALLOWED) })
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, LONGEST))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(before, front))
        .with_state(app.clone())
}

/// The panic itself is on standard error already; it may hold what nobody outside should see.
#[allow(clippy::needless_pass_by_value, reason = "the signature is tower-http's")]
fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    tracing::error!("a request panicked");
    problem(StatusCode::INTERNAL_SERVER_ERROR)
}
