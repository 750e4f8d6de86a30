//! The responder's answers: a closed set of status codes and header fields (R-BIND-9, R-BIND-11, R-BIND-15).

use alloc::vec::Vec;

use super::{
    CONTENT_TYPE, DIDSHAKE_STATE, MEDIA_TYPE, METHOD, Refusal, SCHEME, StateError, StateToken, WWW_AUTHENTICATE,
};
use crate::alert::AlertCode;
use crate::error::Error;
use crate::wire::{ACCEPT, REPLY, RETRY};

/// A response, ready to be sent. It cannot be given another header field: no credential leaves in clear (R-BIND-15).
///
/// ```
/// use didshake::http::Answer;
/// use didshake::{Error, Fault};
/// let answer = Answer::error(&Error::from(Fault::SignatureInvalid));
/// assert_eq!(answer.status(), 401);
/// assert!(answer.headers().any(|field| field == ("www-authenticate", "DIDShake")));
/// assert_eq!(answer.body(), [15, 49]);
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    kind: Kind,
    body: Vec<u8>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Kind {
    Message,
    Reply(StateToken),
    Alert,
    Plain(u16),
}

impl Answer {
    /// A Reply with its waiting state, as [`WaitingKeys::seal`](crate::WaitingKeys::seal) gives it.
    ///
    /// # Errors
    /// [`AnswerError`]: the caller's fault.
    pub fn reply(message: Vec<u8>, waiting_state: &[u8]) -> Result<Self, AnswerError> {
        let state = StateToken::encode(waiting_state)?;
        Self::of(REPLY, Kind::Reply(state), message)
    }

    /// A Retry. Nothing is kept and nothing counted: the next Hello is judged on its own (R-RETRY-7).
    ///
    /// # Errors
    /// [`AnswerError::MessageType`]: the caller's fault.
    pub fn retry(message: Vec<u8>) -> Result<Self, AnswerError> {
        Self::of(RETRY, Kind::Message, message)
    }

    /// An Accept.
    ///
    /// # Errors
    /// [`AnswerError::MessageType`]: the caller's fault.
    pub fn accept(message: Vec<u8>) -> Result<Self, AnswerError> {
        Self::of(ACCEPT, Kind::Message, message)
    }

    /// An Alert. The driver sends `denied` no earlier than the fixed delay of R-CHECK-8.
    #[must_use]
    pub fn alert(code: AlertCode) -> Self {
        Self { kind: Kind::Alert, body: code.message() }
    }

    /// What an error of the handshake is answered with: its Alert, or where it has none, since an Alert is never
    /// answered, 400 and no body. From check 1 on a failure of our own is [`Answer::alert`] with `denied` (R-CHECK-7).
    #[must_use]
    pub fn error(error: &Error) -> Self {
        error.alert().map_or_else(|| Self::plain(400), Self::alert)
    }

    /// What a refused request is answered with.
    #[must_use]
    pub fn refusal(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::Host => Self::plain(421),
            Refusal::Path => Self::plain(404),
            Refusal::Method => Self::plain(405),
            Refusal::MediaType => Self::plain(415),
            Refusal::Alert(_) => Self::plain(400),
            Refusal::Message(error) => Self::error(error),
        }
    }

    /// The status code.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self.kind {
            Kind::Message | Kind::Reply(_) => 200,
            Kind::Alert => 401,
            Kind::Plain(status) => status,
        }
    }

    /// The header fields: names in lower case, values of visible ASCII and spaces.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let (kind_field, is_message) = match &self.kind {
            Kind::Message => (None, true),
            Kind::Reply(state) => (Some((DIDSHAKE_STATE, state.as_str())), true),
            Kind::Alert => (Some((WWW_AUTHENTICATE, SCHEME)), true),
            // RFC 9110 §15.5.6: a 405 says what is allowed.
            Kind::Plain(405) => (Some(("allow", METHOD)), false),
            Kind::Plain(_) => (None, false),
        };
        let media_type = is_message.then_some((CONTENT_TYPE, MEDIA_TYPE));
        media_type.into_iter().chain(kind_field).chain([("cache-control", "no-store")])
    }

    /// The body: one message, or nothing.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body, taken out.
    #[must_use]
    pub fn into_body(self) -> Vec<u8> {
        self.body
    }

    fn of(message_type: u8, kind: Kind, body: Vec<u8>) -> Result<Self, AnswerError> {
        if body.first() == Some(&message_type) { Ok(Self { kind, body }) } else { Err(AnswerError::MessageType) }
    }

    fn plain(status: u16) -> Self {
        Self { kind: Kind::Plain(status), body: Vec::new() }
    }
}

/// What the caller did wrong; nothing was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, thiserror::Error)]
pub enum AnswerError {
    /// The message is of another type than the answer.
    #[error("the message is of another type than the answer")]
    MessageType,
    /// The waiting state is empty or longer than 3,072 bytes.
    #[error("the waiting state is empty or longer than 3,072 bytes")]
    State,
}

impl From<StateError> for AnswerError {
    fn from(_: StateError) -> Self {
        Self::State
    }
}
