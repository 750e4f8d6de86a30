//! Who asks: the session of a signed request, or that of a browser's cookie.

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use didshake::{Did, Origin, UnixTime};
use didshake_axum::{Authenticated, SessionRecord, StoreError, Unauthenticated, requested_origin, session_name};
use didshake_did::{Clock as _, SystemClock};
use http::header::ORIGIN;
use http::request::Parts;
use http::{HeaderMap, HeaderName, Method, StatusCode};
use serde_json::json;

use crate::cookie::{CookieSecret, SESSION};
use crate::problem::{problem, unavailable};
use crate::routes::App;
use crate::store::{ADMIN, Standing};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The session behind a request, as an argument of a handler; every other request is refused with 401.
#[derive(Debug)]
pub(crate) struct Visitor {
    did: Did,
    session_id: [u8; 16],
}

impl Visitor {
    pub(crate) fn did(&self) -> &Did {
        &self.did
    }

    pub(crate) fn session_id(&self) -> &[u8; 16] {
        &self.session_id
    }
}

impl FromRequestParts<App> for Visitor {
    type Rejection = Stranger;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Stranger> {
        if let Some(session) = parts.extensions.get::<Authenticated>() {
            return Ok(Self { did: session.did().clone(), session_id: *session.session_id() });
        }
        if let Some(cookie) = CookieSecret::of(&parts.headers, SESSION) {
            return of_cookie(parts, app, &cookie).await;
        }
        // It tells whoever counts, and refuses.
        match Authenticated::from_request_parts(parts, app).await {
            Ok(session) => Ok(Self { did: session.did().clone(), session_id: *session.session_id() }),
            Err(unauthenticated) => Err(Stranger::Unsigned(unauthenticated)),
        }
    }
}

/// The same, of somebody who may administer; everyone else is refused with 403.
#[derive(Debug)]
pub(crate) struct Admin(pub(crate) Visitor);

impl FromRequestParts<App> for Admin {
    type Rejection = Stranger;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Stranger> {
        let visitor = Visitor::from_request_parts(parts, app).await?;
        // Asked each time: whoever was one is none from this moment on.
        let standing = app.0.access.of_session(visitor.did()).await?;
        let groups = standing.as_ref().and_then(Standing::groups).unwrap_or_default();
        if groups.iter().any(|group| group == ADMIN) { Ok(Self(visitor)) } else { Err(Stranger::NoAdmin) }
    }
}

async fn of_cookie(parts: &Parts, app: &App, cookie: &CookieSecret) -> Result<Visitor, Stranger> {
    let origin = requested_origin(parts, app.0.didshake.origins()).ok_or(Stranger::Unknown)?;
    if !is_of_origin(&parts.method, &parts.headers, origin) {
        return Err(Stranger::OtherOrigin);
    }
    let LiveSession { record, .. } = live_session(app, cookie, origin).await?.ok_or(Stranger::Unknown)?;
    Ok(Visitor { did: record.session.did().clone(), session_id: *record.session.id() })
}

/// A session that counts, and what the store knows of whose it is.
#[derive(Debug)]
pub(crate) struct LiveSession {
    pub(crate) record: SessionRecord,
    pub(crate) standing: Standing,
}

/// The live session that a cookie stands for at an origin, and that the policy still allows; it counts as used now.
pub(crate) async fn live_session(
    app: &App,
    cookie: &CookieSecret,
    origin: &Origin,
) -> Result<Option<LiveSession>, StoreError> {
    let Some(record) = app.0.cookies.find(&cookie.hash(), origin).await? else { return Ok(None) };
    let Some(session) = if_allowed(app, record).await? else { return Ok(None) };
    if let Err(error) = app.0.cookies.note_use(&session.record, SystemClock.now()).await {
        // What is shown of the session is a little old; that locks nobody out.
        tracing::error!(error = &error as &dyn std::error::Error, "the use of a session was not noted");
    }
    Ok(Some(session))
}

/// A session that was found, if it is live and the policy still allows it; what the policy allows no more is ended.
pub(crate) async fn if_allowed(app: &App, record: SessionRecord) -> Result<Option<LiveSession>, StoreError> {
    if !record.session.is_live(SystemClock.now()) {
        return Ok(None);
    }
    let Some(standing) = app.0.access.of_session(record.session.did()).await? else {
        app.0.sessions.end(record.session.id()).await?;
        let did = record.session.did().as_str();
        tracing::warn!(did, "the policy ended a session");
        app.0.audit.note("policy_ended", json!({"did": did, "session": session_name(record.session.id())}));
        return Ok(None);
    };
    Ok(Some(LiveSession { record, standing }))
}

/// The origin of ours that a request came to, from a page of the same; every other request is refused with 403.
#[derive(Debug)]
pub(crate) struct SameOrigin(pub(crate) Origin);

impl FromRequestParts<App> for SameOrigin {
    type Rejection = Stranger;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Stranger> {
        let origin = requested_origin(parts, app.0.didshake.origins()).ok_or(Stranger::OtherOrigin)?;
        let of_ours = is_of_origin(&parts.method, &parts.headers, origin);
        if of_ours { Ok(Self(origin.clone())) } else { Err(Stranger::OtherOrigin) }
    }
}

/// Whether a page of this origin asks: browsers send a cookie along with what other pages ask for, and say whose they are.
/// What changes something needs `Origin`, which every browser sends with it; what reads may come without any sign.
pub(crate) fn is_of_origin(method: &Method, headers: &HeaderMap, origin: &Origin) -> bool {
    let mut origins = headers.get_all(ORIGIN).iter();
    let told = match (origins.next(), origins.next()) {
        (Some(told), None) => told.as_bytes() == origin.as_str().as_bytes(),
        (None, _) => method.is_safe(),
        (Some(_), Some(_)) => false,
    };
    // `none`: the person, through the address bar or a bookmark.
    let site = |value: &[u8]| value == b"same-origin" || (value == b"none" && method.is_safe());
    told && headers.get_all(SEC_FETCH_SITE).iter().all(|value| site(value.as_bytes()))
}

/// Why there is no session behind a request.
#[derive(Debug)]
pub(crate) enum Stranger {
    /// Neither signature nor cookie.
    Unsigned(Unauthenticated),
    /// A cookie that stands for no live session at this origin.
    Unknown,
    /// A page of another origin asks with a browser's cookie: 403.
    OtherOrigin,
    /// Somebody who may not administer: 403.
    NoAdmin,
    /// 503.
    Store(StoreError),
}

impl From<StoreError> for Stranger {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl IntoResponse for Stranger {
    fn into_response(self) -> Response {
        match self {
            Self::Unsigned(unauthenticated) => unauthenticated.into_response(),
            Self::Unknown => Unauthenticated::Unsigned.into_response(),
            Self::OtherOrigin | Self::NoAdmin => problem(StatusCode::FORBIDDEN),
            Self::Store(error) => unavailable(&error),
        }
    }
}

/// Seconds from now until a time.
pub(crate) fn seconds_until(time: UnixTime) -> u64 {
    time.0.saturating_sub(SystemClock.now().0)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn asks(method: &Method, fields: &[(&str, &str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap());
        }
        is_of_origin(method, &headers, &Origin::parse("https://a.example").unwrap())
    }

    #[test]
    fn a_page_of_another_origin_does_not_ask_with_our_cookie() {
        let (own, site) = ("https://a.example", "sec-fetch-site");
        assert!(asks(&Method::POST, &[("origin", own)]));
        assert!(asks(&Method::DELETE, &[("origin", own), (site, "same-origin")]));
        assert!(asks(&Method::GET, &[]) && asks(&Method::GET, &[(site, "none")]));
        assert!(!asks(&Method::POST, &[]) && !asks(&Method::POST, &[(site, "same-origin")]));
        for other in
            ["null", "https://b.example", "http://a.example", "https://a.example:8443", "https://a.example.evil", ""]
        {
            assert!(!asks(&Method::POST, &[("origin", other)]), "{other}");
            assert!(!asks(&Method::GET, &[("origin", other)]), "{other}");
        }
        assert!(!asks(&Method::POST, &[("origin", own), ("origin", own)]));
        for other in ["same-site", "cross-site", "", "SAME-ORIGIN"] {
            assert!(!asks(&Method::GET, &[(site, other)]) && !asks(&Method::POST, &[("origin", own), (site, other)]));
        }
        assert!(!asks(&Method::POST, &[("origin", own), (site, "none")]));
        assert!(!asks(&Method::POST, &[("origin", own), (site, "same-origin"), (site, "cross-site")]));
    }
}
