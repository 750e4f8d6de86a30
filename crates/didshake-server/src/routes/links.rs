//! How an identity that lives in a program logs a browser in: the program has made the session, and gets a link to it, good
//! once and for half a minute; the page behind the link says who is coming in, and asks.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use didshake_axum::{Authenticated, StoreError, session_name};
use didshake_did::{Clock as _, SystemClock};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::{App, browser};
use crate::cookie::{CookieSecret, SecretHash};
use crate::posted::{self, Posted};
use crate::problem::{problem, unavailable};
use crate::visitor::{LiveSession, SameOrigin, if_allowed};

/// Seconds for which a link counts: a browser opens in less.
const LINK_SECONDS: u64 = 30;

/// A link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Shown {
    /// What stands after `#link=`.
    #[serde(deserialize_with = "posted::secret")]
    #[schema(value_type = String)]
    secret: Zeroizing<String>,
}

/// A link that was made.
#[derive(Serialize, ToSchema)]
pub(super) struct NewLinkJson {
    /// What stands after `#link=`.
    secret: String,
    /// What a browser opens.
    #[schema(example = "https://example.com/login#link=…")]
    link: String,
    /// From when on it counts no more.
    expires: u64,
}

/// Who is coming in with a link.
#[derive(Serialize, ToSchema)]
pub(super) struct ComingJson {
    did: String,
    /// Whose key was verified, as a DID URL; of did:key and did:jwk the DID alone.
    verification_method: String,
    /// What the account is called, if there is one.
    name: Option<String>,
    /// The address that the program logged in from, if known.
    client: Option<String>,
    /// When it logged in.
    created: u64,
    /// Until when the session lasts.
    expires: u64,
}

/// Makes a link that logs a browser in to the session of this request, once, within 30 s. The one before it counts no more.
#[utoipa::path(post, path = "/v1/session/link", tag = "sessions", responses(
    (status = 201, description = "The link", body = NewLinkJson),
    (status = 401, description = "Not signed, or refused; a cookie is no signature"),
))]
pub(super) async fn make(State(app): State<App>, session: Authenticated) -> Response {
    let Some(secret) = CookieSecret::generate() else { return problem(StatusCode::INTERNAL_SERVER_ERROR) };
    let ends = SystemClock.now().plus(LINK_SECONDS);
    match app.0.links.add(&secret.hash(), session.session_id(), ends).await {
        Ok(true) => {
            let secret = secret.to_text().to_string();
            let link = format!("{}/login#link={secret}", session.origin());
            (StatusCode::CREATED, Json(NewLinkJson { secret, link, expires: ends.0 })).into_response()
        }
        // Ended in this moment by another request.
        Ok(false) => problem(StatusCode::UNAUTHORIZED),
        Err(error) => unavailable(&error),
    }
}

/// Who is coming in with a link, for the page that asks; the link stays good.
#[utoipa::path(post, path = "/v1/link/look", tag = "sessions", request_body = Shown, responses(
    (status = 200, description = "Who it is", body = ComingJson),
    (status = 403, description = "`Origin` is missing or another, or `Sec-Fetch-Site` is not `same-origin`"),
    (status = 404, description = "There is no such link, or it was used, or its time is over"),
))]
pub(super) async fn look(State(app): State<App>, here: SameOrigin, Posted(shown): Posted<Shown>) -> Response {
    match coming(&app, &here, &shown).await {
        Ok(Some((_, session))) => Json(ComingJson::of(&session)).into_response(),
        Ok(None) => problem(StatusCode::NOT_FOUND),
        Err(error) => unavailable(&error),
    }
}

/// Has the browser keep a cookie for the session that a link leads to; the link is used up.
#[utoipa::path(post, path = "/v1/link/enter", tag = "sessions", request_body = Shown, responses(
    (status = 204, description = "`Set-Cookie` has the cookie"),
    (status = 403, description = "`Origin` is missing or another, or `Sec-Fetch-Site` is not `same-origin`"),
    (status = 404, description = "There is no such link, or it was used, or its time is over"),
))]
pub(super) async fn enter(
    State(app): State<App>,
    here: SameOrigin,
    headers: HeaderMap,
    Posted(shown): Posted<Shown>,
) -> Response {
    match use_up(&app, &here, &headers, &shown).await {
        Ok(Some(kept)) => kept,
        Ok(None) => problem(StatusCode::NOT_FOUND),
        Err(error) => unavailable(&error),
    }
}

/// `None` where the link is good for nobody any more.
async fn use_up(
    app: &App,
    here: &SameOrigin,
    headers: &HeaderMap,
    shown: &Shown,
) -> Result<Option<Response>, StoreError> {
    let Some((link, LiveSession { record, .. })) = coming(app, here, shown).await? else { return Ok(None) };
    if !app.0.links.take(&link, SystemClock.now()).await? {
        return Ok(None);
    }
    let (session, expires) = (record.session.id(), record.session.expires());
    let Some(kept) = browser::keep(app, headers, session, &here.0, expires).await? else { return Ok(None) };
    let did = record.session.did().as_str();
    tracing::info!(did, "a browser came in by a link");
    app.0.audit.note("browser_login", json!({"did": did, "session": session_name(session)}));
    Ok(Some(kept))
}

/// The session that a link leads to, at the origin that it was made at.
async fn coming(app: &App, here: &SameOrigin, shown: &Shown) -> Result<Option<(SecretHash, LiveSession)>, StoreError> {
    let Some(link) = CookieSecret::from_text(&shown.secret).map(|secret| secret.hash()) else { return Ok(None) };
    let found = app.0.links.find(&link, SystemClock.now()).await?;
    let Some(record) = found.filter(|record| record.origin == here.0) else { return Ok(None) };
    Ok(if_allowed(app, record).await?.map(|session| (link, session)))
}

impl ComingJson {
    fn of(session: &LiveSession) -> Self {
        let LiveSession { record, standing } = session;
        let did = record.session.did().as_str().to_owned();
        let verification_method = match record.session.fragment().as_str() {
            "" => did.clone(),
            fragment => format!("{did}#{fragment}"),
        };
        Self {
            did,
            verification_method,
            name: standing.account().map(|account| account.name.clone()),
            client: record.client.map(|address| address.to_string()),
            created: record.session.parts().accepted.0,
            expires: record.session.expires().0,
        }
    }
}
