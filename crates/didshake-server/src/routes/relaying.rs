//! The routes of the relay, and whose requests are which (spec/relay-1.md, section 2).

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{FromRequestParts, Path};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use didshake::relay::{DepositToken, MailboxName, RelayCode, TokenHash};
use didshake::request::{SIGNATURE, SIGNATURE_INPUT};
use didshake_axum::{Authenticated, ClientAddress, Didshake};
use didshake_did::{Clock as _, SystemClock};
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, RETRY_AFTER};
use http::request::Parts;
use http::{Method, StatusCode};
use serde::de::DeserializeOwned;
use tower_http::cors::{Any, CorsLayer};

use super::{App, circuits, deposits, mailbox, mailbox_events, mailbox_feed, mailbox_socket};
use crate::relay::{Refusal, Relay};
use crate::store::Mailbox;

/// What the routes of a relay need.
#[derive(Clone)]
pub(super) struct RelayApp {
    pub(super) app: App,
    pub(super) relay: Arc<Relay>,
}

/// Paths that depositors come to begin with it.
pub(crate) const DEPOSITORS: &str = "/m/";

pub(super) fn routes(app: &App, relay: &Arc<Relay>, didshake: &Didshake) -> Router<App> {
    let owner = Router::new()
        .route("/v1/mailbox", get(mailbox::show).put(mailbox::open).delete(mailbox::close))
        .route("/v1/mailbox/key", put(mailbox::set_key))
        .route("/v1/mailbox/tokens", get(mailbox::tokens))
        .route("/v1/mailbox/tokens/{hash}", delete(mailbox::revoke).put(mailbox::let_in))
        .route("/v1/mailbox/deposits", get(mailbox_feed::list))
        .route("/v1/mailbox/answers", post(mailbox_feed::answer))
        .route("/v1/mailbox/events", get(mailbox_events::open))
        .route("/v1/mailbox/socket", get(mailbox_socket::open))
        .route("/v1/mailbox/circuits/{id}", get(circuits::answer))
        .layer(didshake.layer());
    // Without a handler of their own, OPTIONS would fall to the service's 405, which no layer of these routes sees.
    let options = || async { StatusCode::NO_CONTENT };
    let depositor = Router::new()
        .route("/m/{name}", post(deposits::deposit).options(options))
        .route("/m/{name}/key", get(deposits::key).options(options))
        .route("/m/{name}/states", post(deposits::states).options(options))
        .layer(from_any_page());
    Router::new()
        .merge(owner)
        .merge(depositor)
        .route("/m/{name}/circuit", get(circuits::ask))
        .with_state(RelayApp { app: app.clone(), relay: Arc::clone(relay) })
}

/// What a browser asks for before a page of another origin may deposit (R-RLY-12): the token alone decides, and no cookie counts.
fn from_any_page() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([AUTHORIZATION, CONTENT_TYPE])
        .expose_headers([RETRY_AFTER])
        .max_age(Duration::from_secs(7_200))
}

/// The JSON object that a body is.
pub(super) fn object<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    // serde would read a list for it too, member by member.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(RelayCode::Malformed.into());
    }
    serde_json::from_slice(body).map_err(|_| RelayCode::Malformed.into())
}

/// Who has a session and a mailbox, as an argument of a handler.
pub(super) struct Owner {
    pub(super) session: Authenticated,
    pub(super) mailbox: Mailbox,
}

impl FromRequestParts<RelayApp> for Owner {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &RelayApp) -> Result<Self, Response> {
        let session = <Authenticated as FromRequestParts<RelayApp>>::from_request_parts(parts, state).await;
        let session = session.map_err(IntoResponse::into_response)?;
        let found = state.relay.mailboxes.of(session.did()).await;
        match found.map_err(Refusal::from).and_then(|found| found.ok_or_else(|| RelayCode::NoMailbox.into())) {
            Ok(mailbox) => Ok(Self { session, mailbox }),
            Err(refusal) => Err(refusal.into_response()),
        }
    }
}

/// Whoever has a mailbox's name and a token that counts there, as an argument of a handler. There is no place for anything
/// else of whom it is.
pub(super) struct Depositor {
    pub(super) mailbox: MailboxName,
    pub(super) token: TokenHash,
}

impl FromRequestParts<RelayApp> for Depositor {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &RelayApp) -> Result<Self, Refusal> {
        if [COOKIE.as_str(), SIGNATURE, SIGNATURE_INPUT].iter().any(|name| parts.headers.contains_key(*name)) {
            return Err(RelayCode::Malformed.into());
        }
        let now = SystemClock.now();
        let client = parts.extensions.get::<ClientAddress>().map(|client| client.0);
        state.relay.spend(client, now).map_err(|wait| Refusal::rate(wait.seconds))?;
        let values: Vec<&[u8]> = parts.headers.get_all(AUTHORIZATION).iter().map(http::HeaderValue::as_bytes).collect();
        let token = DepositToken::read_authorization(&values).map(|token| token.hash());
        let name = Path::<String>::from_request_parts(parts, state).await.ok().and_then(|name| name.parse().ok());
        // What is no token, and no name, is one that nobody knows.
        let (Ok(token), Some(mailbox)) = (token, name) else { return Err(RelayCode::Token.into()) };
        if state.relay.mailboxes.knows(&mailbox, &token, now).await? {
            Ok(Self { mailbox, token })
        } else {
            Err(RelayCode::Token.into())
        }
    }
}
