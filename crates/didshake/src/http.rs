//! The HTTP binding without HTTP: what the two requests of an attempt and their answers are (specification, section
//! 15.4; R-BIND-8 to R-BIND-15, R-BIND-18). A driver only moves bytes between these types and its HTTP library.
//!
//! ```text
//! initiator                                                  responder
//! HelloSent::start ──── POST, Hello ───────────────────────▶ Site::admit, RequestBody::finish → Posted::Hello
//! HelloSent::read ◀──── 200, Reply, DIDShake-State ───────── Answer::reply
//! FinishSlot::sign ──── POST, DIDShake-State, Finish ──────▶ Site::admit, RequestBody::finish → Posted::Finish
//! FinishSent::read ◀─── 200, Accept ──────────────────────── Answer::accept
//! ```
//!
//! The bodies decide. Header values are handed over as bytes, all values of a field together, since "exactly one" is a
//! rule of the protocol. No type here has room for a forwarded header, a cookie or another credential.

mod answer;
mod attempt;
mod posted;
mod state;

pub use answer::{Answer, AnswerError};
pub use attempt::{
    AttemptError, FinishSent, FinishSlot, GaveUp, HelloAnswer, HelloSent, Request, Response, ResponseBody,
};
pub use posted::{Posted, Refusal, RequestBody, RequestHead, Site, SiteError};
pub use state::{MAX_STATE_CHARS, StateError, StateToken};

/// The media type of every message. Media types are compared without regard to case, and parameters are ignored.
pub const MEDIA_TYPE: &str = "application/didshake";
/// The one method of both requests.
pub const METHOD: &str = "POST";
/// The field that carries [`MEDIA_TYPE`]. Names of fields are in lower case here, as HTTP/2 has them.
pub const CONTENT_TYPE: &str = "content-type";
/// `DIDShake-State`: the waiting state, from Reply's response to Finish's request.
pub const DIDSHAKE_STATE: &str = "didshake-state";
/// The field that an answer of status 401 has, with the value [`SCHEME`].
pub const WWW_AUTHENTICATE: &str = "www-authenticate";
/// The authentication scheme in [`WWW_AUTHENTICATE`].
pub const SCHEME: &str = "DIDShake";

/// Whether the values of `Content-Type` are one, of this media type.
///
/// ```
/// use didshake::http::{MEDIA_TYPE, is_media_type};
/// assert!(is_media_type(&[b"Application/DIDShake; x=y"], MEDIA_TYPE));
/// assert!(!is_media_type(&[b"application/json"], MEDIA_TYPE));
/// assert!(!is_media_type(&[], MEDIA_TYPE));
/// ```
#[must_use]
pub fn is_media_type(values: &[&[u8]], media_type: &str) -> bool {
    let [value] = values else { return false };
    let essence = value.split(|byte| *byte == b';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(media_type.as_bytes())
}
