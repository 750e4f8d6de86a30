//! How HTTP and WebSockets fail: the transport, and never the peer's identity. Here without either, so that an error is
//! the same type whatever is built in.

use std::fmt;
use std::time::Duration;

use didshake::http::GaveUp;

/// Why HTTP gave nothing that can be used.
///
/// ```
/// use didshake::http::GaveUp;
/// use didshake_peer::HttpFailure;
/// let failure = HttpFailure::Answer { status: 429, why: GaveUp::MediaType, retry_after: Some(7) };
/// assert_eq!(failure.to_string(), "the service answered 429: too many attempts; it says to wait 7 s");
/// assert_eq!(failure.code(), "http_answer");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HttpFailure {
    /// Plain http to a host that is neither a loopback address nor one that was allowed. The caller's fault; nothing was
    /// sent.
    #[error("plain http is for loopback addresses and for hosts that were allowed by name")]
    PlainHttp,
    /// Not a URL of the binding, or one that another reader reads otherwise. The caller's fault; nothing was sent.
    #[error("the URL is not one of this binding, or not written in the one form that all readers read alike")]
    Url,
    /// No connection: nothing was sent.
    #[error("no connection to the host")]
    Connect,
    /// The host's certificate is not its own, not valid now, or of nobody whom this machine trusts; nothing was sent.
    #[error("the host did not authenticate itself by TLS")]
    Tls,
    /// No answer in time.
    #[error("no answer within {} s", .0.as_secs_f32())]
    TimedOut(Duration),
    /// The connection broke, or what came is not HTTP.
    #[error("the connection broke before the answer was complete")]
    Broken,
    /// The answer is longer than may be; the rest was not read.
    #[error("the answer is longer than it may be")]
    TooLong,
    /// An answer that is no message of the handshake.
    #[error("{}", Answered(*status, *why, *retry_after))]
    Answer {
        /// The status.
        status: u16,
        /// What is wrong with it.
        why: GaveUp,
        /// `Retry-After`, in seconds, where it came in that form.
        retry_after: Option<u32>,
    },
    /// The answer to Finish did not come. The service may have a session, but there is none here: the only way on is a new
    /// attempt (R-BIND-14).
    #[error("the answer to Finish was lost ({0}); the attempt has to be made anew")]
    AcceptLost(Lost),
}

/// How an answer was lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Lost {
    /// The connection broke.
    #[error("the connection broke")]
    Broken,
    /// It did not come in time.
    #[error("nothing came within {} s", .0.as_secs_f32())]
    TimedOut(Duration),
}

impl HttpFailure {
    /// A fixed word for logs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::PlainHttp => "http_plain",
            Self::Url => "http_url",
            Self::Connect => "http_connect",
            Self::Tls => "http_tls",
            Self::TimedOut(_) => "http_timed_out",
            Self::Broken => "http_broken",
            Self::TooLong => "http_too_long",
            Self::Answer { .. } => "http_answer",
            Self::AcceptLost(_) => "http_accept_lost",
        }
    }

    /// Whether the caller asked for something that is not done.
    #[must_use]
    pub fn is_callers(&self) -> bool {
        matches!(self, Self::PlainHttp | Self::Url)
    }
}

/// What an answer says to its reader.
struct Answered(u16, GaveUp, Option<u32>);

impl fmt::Display for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(status, why, retry_after) = self;
        write!(f, "the service answered {status}: ")?;
        match (why, status) {
            (GaveUp::MediaType, 404) => f.write_str("there is no didshake endpoint at this URL"),
            (GaveUp::MediaType, 413) => f.write_str("our message is longer than it allows"),
            (GaveUp::MediaType, 421) => f.write_str("it does not serve this host name"),
            (GaveUp::MediaType, 429) => f.write_str("too many attempts"),
            (GaveUp::MediaType, 502..=504) => f.write_str("it is not available now"),
            (why, _) => write!(f, "{why}"),
        }?;
        retry_after.map_or(Ok(()), |seconds| write!(f, "; it says to wait {seconds} s"))
    }
}

/// Why a WebSocket gave nothing that can be used: the peer's fault, or that of something between.
///
/// ```
/// use didshake_peer::WebSocketFailure;
/// assert_eq!(WebSocketFailure::Refused(404).to_string(), "the service answered 404 and opened no WebSocket");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WebSocketFailure {
    /// Another status than 101; a redirect is not followed.
    #[error("the service answered {0} and opened no WebSocket")]
    Refused(u16),
    /// The subprotocol `didshake.1` was not selected (R-BIND-4).
    #[error("the service does not speak didshake.1 over this WebSocket")]
    NoSubprotocol,
    /// A text message came in the handshake (R-BIND-3).
    #[error("a text message came in the handshake")]
    Text,
    /// What came is not the WebSocket protocol.
    #[error("what came is not the WebSocket protocol")]
    Malformed,
}

impl WebSocketFailure {
    /// A fixed word for logs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(_) => "websocket_refused",
            Self::NoSubprotocol => "websocket_no_subprotocol",
            Self::Text => "websocket_text",
            Self::Malformed => "websocket_malformed",
        }
    }
}
