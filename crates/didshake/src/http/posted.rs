//! The responder's requests: where they may come, and which message a body is.

use alloc::string::String;
use alloc::vec::Vec;

use super::{MEDIA_TYPE, METHOD, StateToken, is_media_type};
use crate::alert::refuse_alert;
use crate::error::{Error, Fault, Misuse};
use crate::origin::Origins;
use crate::transcript::Context;
use crate::wire::{ALERT, FINISH, MAX_HELLO_BYTES, MAX_MESSAGE_BYTES};

/// The responder's configuration of the binding: its origins, and the path of its one endpoint at each.
///
/// ```
/// use didshake::http::{MEDIA_TYPE, Posted, RequestHead, Site};
/// use didshake::{Origin, Origins};
/// let site = Site::new(Origins::new(vec![Origin::parse("https://example.com")?])?, "/didshake")?;
/// let head = RequestHead {
///     method: "POST",
///     path: "/didshake",
///     host: &[b"example.com"],
///     content_type: &[MEDIA_TYPE.as_bytes()],
///     state: &[],
/// };
/// let mut body = site.admit(&head)?;
/// body.push(&[1, 1])?;
/// let Posted::Hello { message, context } = body.finish()? else { panic!("type 1 is a Hello") };
/// assert_eq!(context.prologue(), b"https://example.com");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Site {
    origins: Origins,
    path: String,
}

/// What the protocol looks at of a request, besides its body. There is no place for anything else: no forwarded header
/// can have an influence (R-BIND-7). Each list has the values of all fields of that name.
#[derive(Clone, Copy, Debug)]
pub struct RequestHead<'a> {
    /// The method, `POST`.
    pub method: &'a str,
    /// The path, without the query.
    pub path: &'a str,
    /// `Host`; over HTTP/2 and 3 `:authority`.
    pub host: &'a [&'a [u8]],
    /// `Content-Type`.
    pub content_type: &'a [&'a [u8]],
    /// `DIDShake-State`.
    pub state: &'a [&'a [u8]],
}

impl Site {
    /// A site of these origins.
    ///
    /// # Errors
    /// [`SiteError::Path`], a fault of the configuration.
    pub fn new(origins: Origins, path: &str) -> Result<Self, SiteError> {
        let allowed = |byte: u8| byte.is_ascii_graphic() && byte != b'?' && byte != b'#';
        if !path.starts_with('/') || !path.bytes().all(allowed) {
            return Err(SiteError::Path);
        }
        Ok(Self { origins, path: String::from(path) })
    }

    /// The path: what tells endpoints apart for [`WaitingKeys::seal`](crate::WaitingKeys::seal).
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Checks the head of a request, before anything of its body is read.
    ///
    /// # Errors
    /// [`Refusal::Host`], [`Refusal::Path`], [`Refusal::Method`], [`Refusal::MediaType`]: the peer's fault, or the one of
    /// something between; the answer has no Alert.
    pub fn admit(&self, head: &RequestHead<'_>) -> Result<RequestBody, Refusal> {
        let origin = self.origins.select(head.host).ok_or(Refusal::Host)?;
        if head.path != self.path {
            return Err(Refusal::Path);
        }
        if head.method != METHOD {
            return Err(Refusal::Method);
        }
        if !is_media_type(head.content_type, MEDIA_TYPE) {
            return Err(Refusal::MediaType);
        }
        // A state that is no state counts as none; with a Hello it does not matter (specification, section 15.4).
        let token = StateToken::read(head.state).ok().map(|state| state.decode().to_vec());
        Ok(RequestBody { context: origin.http_context()?, token, bytes: Vec::new() })
    }
}

/// The fault of a configuration.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, thiserror::Error)]
pub enum SiteError {
    /// The path of an endpoint begins with a slash and has no query, fragment, space or character outside ASCII.
    #[error("the path must begin with a slash and have no query, fragment, space or character outside ASCII")]
    Path,
}

/// The body of an admitted request, as it arrives.
#[derive(Debug)]
pub struct RequestBody {
    context: Context,
    token: Option<Vec<u8>>,
    bytes: Vec<u8>,
}

impl RequestBody {
    /// The longest body that begins with this byte (R-BIND-18): 65,535 bytes for a Finish, otherwise 4,096.
    ///
    /// ```
    /// use didshake::http::RequestBody;
    /// assert_eq!([RequestBody::limit(3), RequestBody::limit(1)], [65_535, 4_096]);
    /// ```
    #[must_use]
    pub const fn limit(first_byte: u8) -> usize {
        if first_byte == FINISH { MAX_MESSAGE_BYTES } else { MAX_HELLO_BYTES }
    }

    /// Takes the next bytes, or none of them where the body gets too long. Nothing has to be read after an error.
    ///
    /// # Errors
    /// [`Refusal::Message`] with `message_too_long`; [`Refusal::Alert`] where it would be an answer to an Alert.
    pub fn push(&mut self, chunk: &[u8]) -> Result<(), Refusal> {
        let Some(first) = self.bytes.first().or(chunk.first()) else { return Ok(()) };
        if self.bytes.len().saturating_add(chunk.len()) > Self::limit(*first) {
            let fault = Fault::MessageTooLong;
            return Err(if *first == ALERT { Refusal::Alert(fault) } else { Refusal::Message(fault.into()) });
        }
        self.bytes.extend_from_slice(chunk);
        Ok(())
    }

    /// Says what the whole body is. Its first byte decides, not the presence of `DIDShake-State`.
    ///
    /// # Errors
    /// [`Refusal::Alert`]: an Alert ends here, unanswered (R-BIND-13).
    pub fn finish(self) -> Result<Posted, Refusal> {
        refuse_alert(&self.bytes).map_err(Refusal::Alert)?;
        let Self { context, token, bytes: message } = self;
        if message.first() == Some(&FINISH) {
            Ok(Posted::Finish { message, token, context })
        } else {
            Ok(Posted::Hello { message, context })
        }
    }
}

/// A body, by whom it is to be read. Each request is judged on its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Posted {
    /// Anything but a Finish, an empty body too: for [`AwaitingHello::read`](crate::AwaitingHello::read).
    Hello {
        /// The body.
        message: Vec<u8>,
        /// Binding and origin, from the configuration.
        context: Context,
    },
    /// For [`WaitingKeys::read_finish`](crate::WaitingKeys::read_finish).
    Finish {
        /// The body.
        message: Vec<u8>,
        /// The waiting state; `None` where `DIDShake-State` was missing, came twice or is malformed.
        token: Option<Vec<u8>>,
        /// Binding and origin, from the configuration.
        context: Context,
    },
}

/// Why a request leads to no step of the handshake; [`Answer::refusal`](super::Answer::refusal) says it to the peer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// `Host` names no configured origin, or there is not exactly one: 421. The peer's fault, or a proxy's.
    #[error("Host names no configured origin")]
    Host,
    /// Another path: 404. The peer's fault.
    #[error("no endpoint at this path")]
    Path,
    /// Another method than `POST`: 405. The peer's fault.
    #[error("the method is not POST")]
    Method,
    /// Another media type than `application/didshake`, or not exactly one: 415. The peer's fault.
    #[error("the media type is not application/didshake")]
    MediaType,
    /// An Alert was posted: 400 without a body. The peer's fault.
    #[error("an Alert was posted: {0}")]
    Alert(Fault),
    /// The protocol refuses; whose fault it is, the error says: 401 with an Alert.
    #[error(transparent)]
    Message(#[from] Error),
}

impl From<Misuse> for Refusal {
    fn from(misuse: Misuse) -> Self {
        Self::Message(misuse.into())
    }
}
