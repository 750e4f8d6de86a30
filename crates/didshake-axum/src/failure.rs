//! Why a handshake goes no further here, and the one place where that becomes an answer.

use axum::body::Body;
use axum::response::Response;
use didshake::http::{Answer, Refusal};
use didshake::{AlertCode, Error, Fault, Misuse};
use didshake_did::{SignerError, Wait};
use didshake_peer::BurnError;
use http::{HeaderName, HeaderValue, StatusCode};

use crate::logins::LoginError;
use crate::problem::{problem, problem_for};
use crate::store::StoreError;

/// By whose fault, as far as it can be told: the peer's first, then the network's, then ours.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The request or the message in it is refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A WebSocket is to be opened without our subprotocol.
    #[error("the subprotocol didshake.1 is not offered")]
    NoSubprotocol,
    /// What is to open a WebSocket does not.
    #[error("the request does not open a WebSocket")]
    NotAWebSocket,
    /// Its source has begun too many handshakes.
    #[error(transparent)]
    RateLimited(#[from] Wait),
    /// The body did not come in time.
    #[error("the body did not come in time")]
    BodyTimedOut,
    /// The body did not come to its end.
    #[error("the connection failed in the middle of the body")]
    BodyFailed,
    /// As many handshakes as there may be are in progress.
    #[error("too many handshakes are in progress")]
    Busy,
    /// The service is about to stop.
    #[error("the service takes no new handshakes any more")]
    Draining,
    /// The whole attempt took too long, or our signature did.
    #[error("the attempt took too long")]
    TimedOut,
    /// Our own identity could not sign.
    #[error("we could not sign: {0}")]
    Signer(#[source] SignerError),
    /// th3 could not be burned.
    #[error("{0}")]
    Burned(#[source] BurnError),
    /// The session could not be kept.
    #[error("{0}")]
    Sessions(#[source] StoreError),
}

impl Failure {
    /// The name of the cause for logs and metrics.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Refused(Refusal::Host) => "host",
            Self::Refused(Refusal::Path) => "path",
            Self::Refused(Refusal::Method) => "method",
            Self::Refused(Refusal::MediaType) => "media_type",
            Self::Refused(Refusal::Alert(fault)) => fault.code(),
            Self::Refused(Refusal::Message(error)) => error.code(),
            Self::NoSubprotocol => "no_subprotocol",
            Self::NotAWebSocket => "no_websocket",
            Self::RateLimited(_) => "rate_limited",
            Self::BodyTimedOut => "body_timed_out",
            Self::BodyFailed => "body_failed",
            Self::Busy => "busy",
            Self::Draining => "draining",
            Self::TimedOut => "timed_out",
            Self::Signer(_) => "signer",
            Self::Burned(_) => "burn_store",
            Self::Sessions(_) => "session_store",
        }
    }

    /// What the peer is told by the protocol. From check 1 on everything of ours is `denied` too (R-CHECK-7).
    pub(crate) fn alert(&self, identity_opened: bool) -> Option<AlertCode> {
        let ours = if identity_opened { AlertCode::Denied } else { AlertCode::Internal };
        match self {
            Self::Refused(Refusal::Message(Error::Peer(fault))) => fault.alert(),
            Self::Refused(Refusal::Message(Error::Caller(_) | Error::Ours(_))) => Some(ours),
            Self::TimedOut | Self::Signer(_) | Self::Burned(_) | Self::Sessions(_) => Some(ours),
            Self::Refused(_) | Self::RateLimited(_) | Self::BodyTimedOut | Self::BodyFailed => None,
            Self::NoSubprotocol | Self::NotAWebSocket | Self::Busy | Self::Draining => None,
        }
    }

    /// The answer over HTTP.
    pub(crate) fn response(&self, identity_opened: bool) -> Response {
        if let Some(alert) = self.alert(identity_opened) {
            return response(Answer::alert(alert));
        }
        match self {
            Self::Refused(refusal) => response(Answer::refusal(refusal)),
            Self::RateLimited(wait) => problem_for(StatusCode::TOO_MANY_REQUESTS, wait.seconds),
            Self::BodyTimedOut => problem(StatusCode::REQUEST_TIMEOUT),
            Self::NoSubprotocol | Self::NotAWebSocket | Self::BodyFailed => problem(StatusCode::BAD_REQUEST),
            Self::Busy => problem_for(StatusCode::SERVICE_UNAVAILABLE, 1),
            Self::Draining => problem_for(StatusCode::SERVICE_UNAVAILABLE, 10),
            Self::TimedOut | Self::Signer(_) | Self::Burned(_) | Self::Sessions(_) => {
                problem(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }

    /// What only the operator can mend goes to the log with its cause.
    pub(crate) fn log(&self) {
        if matches!(self, Self::Signer(_) | Self::Burned(_) | Self::Sessions(_)) {
            let cause = std::error::Error::source(self).and_then(std::error::Error::source);
            let cause = cause.map(tracing::field::display);
            tracing::error!(code = self.code(), cause, "a handshake failed by our own fault: {self}");
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused => Fault::PolicyRefused.into(),
            error => Self::Sessions(error),
        }
    }
}

impl From<LoginError> for Failure {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::Burns(error) => Self::Burned(error),
            LoginError::Sessions(error) => error.into(),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Refused(error.into())
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Error::from(fault).into()
    }
}

impl From<Misuse> for Failure {
    fn from(misuse: Misuse) -> Self {
        Error::from(misuse).into()
    }
}

/// An answer of the protocol as a response: its status, its fields, its body, and nothing else (R-BIND-15).
pub(crate) fn response(answer: Answer) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::from_u16(answer.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in answer.headers() {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    *response.body_mut() = Body::from(answer.into_body());
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours() -> [Failure; 4] {
        [
            Failure::TimedOut,
            Failure::Signer(SignerError::WrongSignature),
            Failure::Burned(BurnError::Full),
            Failure::Sessions(StoreError::Full),
        ]
    }

    // R-CHECK-7
    #[test]
    fn what_fails_on_our_side_is_denied_once_an_identity_is_open() {
        for failure in ours().into_iter().chain([Failure::from(Misuse::TooLong)]) {
            assert_eq!(failure.alert(true), Some(AlertCode::Denied), "{failure}");
            assert_eq!(failure.alert(false), Some(AlertCode::Internal), "{failure}");
            assert_eq!(failure.response(true).status(), 401);
        }
        for fault in [Fault::WaitingStateInvalid, Fault::WaitingStateExpired] {
            assert_eq!(Failure::from(fault).alert(false), Some(AlertCode::Denied));
        }
    }

    // R-BIND-9, R-BIND-13
    #[test]
    fn what_the_http_layer_refuses_has_no_alert() {
        let cases = [
            (Failure::Refused(Refusal::Host), 421),
            (Failure::Refused(Refusal::Path), 404),
            (Failure::Refused(Refusal::Method), 405),
            (Failure::Refused(Refusal::MediaType), 415),
            (Failure::Refused(Refusal::Alert(Fault::MalformedAlert)), 400),
            (Failure::RateLimited(Wait { seconds: 7 }), 429),
            (Failure::NoSubprotocol, 400),
            (Failure::NotAWebSocket, 400),
            (Failure::BodyTimedOut, 408),
            (Failure::BodyFailed, 400),
            (Failure::Busy, 503),
            (Failure::Draining, 503),
        ];
        for (failure, status) in cases {
            assert_eq!(failure.alert(true), None, "{failure}");
            let response = failure.response(true);
            assert_eq!(response.status(), status, "{failure}");
            assert!(!response.headers().contains_key("www-authenticate"), "{failure}");
            assert_eq!(response.headers().contains_key("retry-after"), matches!(status, 429 | 503), "{failure}");
        }
    }
}
