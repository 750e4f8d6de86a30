//! The session behind a request, as a handler asks for it.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::response::{IntoResponse, Response};
use didshake::request::RequestFault;
use didshake::{Did, Origin, Session, UnixTime};
use http::StatusCode;
use http::request::Parts;

use crate::names::session_name;
use crate::outcome::{Doing, Report};
use crate::problem::problem;
use crate::responder::Responder;
use crate::store::SessionRecord;

/// The session that signed this request. The request is proved: method, origin, path, query and body are what its client
/// signed, and it came for the first time.
///
/// As an argument of a handler it refuses every other request with 401; `Option<Authenticated>` lets them in.
///
/// ```
/// use didshake_axum::Authenticated;
/// async fn me(session: Authenticated) -> String {
///     format!("{} until {}", session.did(), session.session().expires().0)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Authenticated(Arc<Proved>);

// The record without its key, which handlers have no business with.
#[derive(Debug)]
struct Proved {
    session: Session,
    origin: Origin,
    client: Option<IpAddr>,
    last_used: Option<UnixTime>,
}

impl Authenticated {
    pub(crate) fn new(record: SessionRecord) -> Self {
        let SessionRecord { session, origin, client, last_used, request_key: _ } = record;
        Self(Arc::new(Proved { session, origin, client, last_used }))
    }

    /// Who it is.
    #[must_use]
    pub fn did(&self) -> &Did {
        self.0.session.did()
    }

    /// Who, with which verification method and key (R-CHECK-6), until when.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.0.session
    }

    /// The session's id: a name and no credential.
    #[must_use]
    pub fn session_id(&self) -> &[u8; 16] {
        self.0.session.id()
    }

    /// The same as text, as [`session_name`] writes it.
    #[must_use]
    pub fn session_name(&self) -> String {
        session_name(self.session_id())
    }

    /// The origin at which it was made, and to which this request came.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.0.origin
    }

    /// Where its handshake came from, as far as the service knows.
    #[must_use]
    pub fn client(&self) -> Option<IpAddr> {
        self.0.client
    }

    /// Its last use before this one; `None` for the first.
    #[must_use]
    pub fn last_used(&self) -> Option<UnixTime> {
        self.0.last_used
    }
}

impl<S: Sync> FromRequestParts<S> for Authenticated {
    type Rejection = Unauthenticated;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Unauthenticated> {
        if let Some(session) = parts.extensions.get::<Self>() {
            return Ok(session.clone());
        }
        let Some(unproved) = parts.extensions.get::<Unproved>() else {
            tracing::error!("a handler asks for a session, and there is no didshake layer around it");
            return Err(Unauthenticated::NoLayer);
        };
        unproved.refuse();
        Err(Unauthenticated::Unsigned)
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for Authenticated {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned())
    }
}

/// There is no session behind the request.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unauthenticated {
    /// It is not signed: 401 with `WWW-Authenticate: DIDShake` (R-REQ-3, R-REQ-10).
    #[error("the request is not signed")]
    Unsigned,
    /// The app's fault: the route is outside of [`Didshake::layer`](crate::Didshake::layer). 500.
    #[error("there is no didshake layer around this route")]
    NoLayer,
}

impl IntoResponse for Unauthenticated {
    fn into_response(self) -> Response {
        match self {
            Self::Unsigned => problem(StatusCode::UNAUTHORIZED),
            Self::NoLayer => problem(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}

/// Says of a request that the layer saw it, and that it is not signed. That is told where a handler refuses it for that.
#[derive(Clone)]
pub(crate) struct Unproved {
    responder: Arc<Responder>,
    client: Option<IpAddr>,
    told: Arc<AtomicBool>,
}

impl Unproved {
    pub(crate) fn new(responder: &Arc<Responder>, client: Option<IpAddr>) -> Self {
        Self { responder: Arc::clone(responder), client, told: Arc::default() }
    }

    fn refuse(&self) {
        if !self.told.swap(true, Ordering::SeqCst) {
            let mut report = Report::begin(&self.responder.observer, Doing::Request, self.client);
            report.end(RequestFault::Unsigned.code(), StatusCode::UNAUTHORIZED.as_u16());
        }
    }
}
