//! What is answered to a request that is refused (spec/relay-1.md, section 7).

use axum::response::{IntoResponse, Response};
use didshake::relay::RelayCode;
use didshake_axum::StoreError;
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde_json::json;

use crate::problem::problem_with;

/// Seconds after which a full mailbox may be tried again, and a relay that had no room for a moment.
const FULL_SECONDS: u64 = 60;
const BUSY_SECONDS: u64 = 1;

/// A refusal, with its code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Refusal {
    pub(crate) code: RelayCode,
    retry_after: Option<u64>,
}

impl Refusal {
    /// Too many requests of one address.
    pub(crate) fn rate(seconds: u64) -> Self {
        Self { code: RelayCode::Rate, retry_after: Some(seconds) }
    }
}

impl From<RelayCode> for Refusal {
    fn from(code: RelayCode) -> Self {
        let retry_after = match code {
            RelayCode::Full => Some(FULL_SECONDS),
            RelayCode::Unavailable => Some(BUSY_SECONDS),
            _ => None,
        };
        Self { code, retry_after }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        if matches!(error, StoreError::Full) {
            return RelayCode::Full.into();
        }
        tracing::error!(error = &error as &dyn std::error::Error, "the store failed");
        RelayCode::Unavailable.into()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = problem_with(status, &json!({"code": self.code.as_str()}));
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.code == RelayCode::Token {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("DIDShake-Deposit"));
        }
        response
    }
}
