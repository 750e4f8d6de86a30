//! Why a signed request is refused, and the one place where that becomes an answer.

use axum::response::Response;
use didshake::request::RequestFault;
use http::StatusCode;

use crate::problem::{problem, problem_for};
use crate::store::StoreError;

/// By whose fault: the client's first, then the network's, then ours.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestFailure {
    /// It is not one of a session.
    #[error(transparent)]
    Fault(#[from] RequestFault),
    /// The policy no longer honours the session.
    #[error("the policy no longer honours the session")]
    Policy,
    /// The body is longer than the service buffers.
    #[error("the body is too long")]
    BodyTooLong,
    /// The body did not come in time.
    #[error("the body did not come in time")]
    BodyTimedOut,
    /// The body did not come to its end.
    #[error("the connection failed in the middle of the body")]
    BodyFailed,
    /// As many bodies as there may be are being read.
    #[error("too many bodies are being read")]
    Busy,
    /// The store of sessions failed.
    #[error("{0}")]
    Sessions(#[from] StoreError),
}

impl RequestFailure {
    /// The name of the cause for logs and metrics.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Fault(fault) => fault.code(),
            Self::Policy => "policy_refused",
            Self::BodyTooLong => "body_too_long",
            Self::BodyTimedOut => "body_timed_out",
            Self::BodyFailed => "body_failed",
            Self::Busy => "busy",
            Self::Sessions(_) => "session_store",
        }
    }

    /// The answer. Whatever of the request's proof failed, the client learns the same (R-REQ-10).
    pub(crate) fn response(&self) -> Response {
        match self {
            Self::Fault(_) | Self::Policy => problem(StatusCode::UNAUTHORIZED),
            Self::BodyTooLong => problem(StatusCode::PAYLOAD_TOO_LARGE),
            Self::BodyTimedOut => problem(StatusCode::REQUEST_TIMEOUT),
            Self::BodyFailed => problem(StatusCode::BAD_REQUEST),
            Self::Busy | Self::Sessions(_) => problem_for(StatusCode::SERVICE_UNAVAILABLE, 1),
        }
    }

    /// What only the operator can mend goes to the log with its cause.
    pub(crate) fn log(&self) {
        if let Self::Sessions(error) = self {
            let cause = std::error::Error::source(error).map(tracing::field::display);
            tracing::error!(code = self.code(), cause, "a request failed by our own fault: {error}");
        }
    }
}
