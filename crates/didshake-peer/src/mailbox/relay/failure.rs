//! Why a relay did not do what it was asked for.

use std::time::Duration;

use didshake::relay::RelayCode;
use didshake_did::discovery::ClaimError;

use crate::error::{Cause, HandshakeError};
use crate::failure::{HttpFailure, WebSocketFailure};
use crate::http::{ClientSessionError, DiscoverError, RequestError, WebResponse};
use crate::relay_answers::{AnswerMalformed, MAX_ANSWER_BYTES, read_refusal};

/// Why a relay did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The relay's origin does not say where to log in, or nobody answers there.
    #[error("the relay cannot be found: {0}")]
    Discover(#[from] DiscoverError),
    /// What it says of itself is for another relay, or for nobody.
    #[error("the relay's own description cannot be used: {0}")]
    Claim(#[from] ClaimError),
    /// We could not log in.
    #[error("cannot log in to the relay: {0}")]
    Login(#[from] Box<HandshakeError>),
    /// The login led to no session.
    #[error("cannot log in to the relay: {0}")]
    Session(#[from] ClientSessionError),
    /// The request did not go out, or no answer came.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The relay refuses, and says why.
    #[error("the relay refuses: {}", what(*code))]
    Refused {
        /// Why.
        code: RelayCode,
        /// When it may be tried again, as the relay says.
        retry_after: Option<Duration>,
    },
    /// The session is no longer good there.
    #[error("the relay no longer knows the session: log in again")]
    SessionOver,
    /// A status that is none of a relay.
    #[error("the service answers {0}: it is no relay, or not in order")]
    Status(u16),
    /// An answer that has not the form that it must have.
    #[error(transparent)]
    Answer(#[from] AnswerMalformed),
    /// The WebSocket did not come about, or ended in another way than in order.
    #[error(transparent)]
    Socket(#[from] WebSocketFailure),
}

impl RelayError {
    /// A fixed word for logs; of a refusal the code of the specification.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Discover(DiscoverError::Http(failure)) | Self::Request(RequestError::Http(failure)) => failure.code(),
            Self::Discover(_) => "relay_not_found",
            Self::Claim(_) => "relay_claim",
            Self::Login(error) => error.code(),
            Self::Session(_) | Self::SessionOver => "relay_session",
            Self::Request(_) => "relay_request",
            Self::Refused { code, .. } => code.as_str(),
            Self::Status(_) => "relay_status",
            Self::Answer(_) => "relay_answer",
            Self::Socket(failure) => failure.code(),
        }
    }

    /// What the relay says why it refuses, if it does.
    #[must_use]
    pub fn refusal(&self) -> Option<RelayCode> {
        if let Self::Refused { code, .. } = self { Some(*code) } else { None }
    }

    pub(super) fn of_opening(cause: Cause) -> Self {
        let refused = |code| Self::Refused { code, retry_after: None };
        match cause {
            // Of the opening only the status is read: these two say it all.
            Cause::WebSocket(WebSocketFailure::Refused(404)) => refused(RelayCode::Away),
            Cause::WebSocket(WebSocketFailure::Refused(429)) => refused(RelayCode::Rate),
            Cause::WebSocket(failure) => Self::Socket(failure),
            Cause::Http(failure) => Self::Request(RequestError::Http(failure)),
            Cause::TimedOut(limit) => Self::Request(RequestError::Http(HttpFailure::TimedOut(limit))),
            _ => Self::Socket(WebSocketFailure::Malformed),
        }
    }
}

impl From<HttpFailure> for RelayError {
    fn from(failure: HttpFailure) -> Self {
        Self::Request(RequestError::Http(failure))
    }
}

/// The answer where it has one of these statuses; what it says otherwise.
pub(super) async fn expect(response: WebResponse, statuses: &[u16]) -> Result<WebResponse, RelayError> {
    let status = response.status();
    if statuses.contains(&status) {
        return Ok(response);
    }
    let retry_after = response.headers().find(|(name, _)| *name == "retry-after").and_then(|(_, value)| {
        let seconds = std::str::from_utf8(value).ok()?.parse::<u32>().ok()?;
        Some(Duration::from_secs(seconds.into()))
    });
    let body = response.body(MAX_ANSWER_BYTES).await?;
    match read_refusal(&body) {
        Ok(code) if code.status() == status => Err(RelayError::Refused { code, retry_after }),
        _ => Err(RelayError::Status(status)),
    }
}

fn what(code: RelayCode) -> &'static str {
    match code {
        RelayCode::Token => "it does not take our deposit token, or has no such mailbox; ask for a new contact card",
        RelayCode::NoMailbox => "there is no mailbox; open one",
        RelayCode::NoToken => "it knows no such token",
        RelayCode::NoKey => "the recipient has published no mailbox key yet",
        RelayCode::Away => "the other is not connected now",
        RelayCode::NotAdmitted => "its policy opens no mailbox for this DID",
        RelayCode::Malformed => "it does not understand the request",
        RelayCode::EnvelopeMalformed => "it does not take the envelope for one",
        RelayCode::Expires => "the letter's expiry is over, or more than 30 days ahead; check the clock",
        RelayCode::MailboxKey => "it does not take the mailbox key; check the clock",
        RelayCode::TooLarge => "the request is too large",
        RelayCode::Full => "the recipient's mailbox is full, or our part of it",
        RelayCode::Rate => "too many requests of this address",
        RelayCode::Unavailable => "it is not available now",
    }
}
