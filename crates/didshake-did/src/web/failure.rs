//! Why a did:web did not resolve: exactly, for the operator's log; the peer learns none of it.

use didshake::Fault;

use super::address::AddressKind;
use super::location::LocationFault;
use crate::linkage::LinkageFault;

/// Why a did:web did not resolve.
///
/// ```
/// use didshake::Fault;
/// use didshake_did::web::WebFailure;
/// assert_eq!(WebFailure::NotFound.fault(), Fault::DidNotFound);
/// assert_eq!(WebFailure::Redirect(302).fault(), Fault::DidResolutionFailed);
/// assert_eq!(WebFailure::TooLong.code(), "too_long");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WebFailure {
    /// The DID itself is refused; nothing was looked up.
    #[error("{0}")]
    Location(#[from] LocationFault),
    /// The name has no address, or looking it up failed.
    #[error("the name has no address")]
    Name,
    /// The name leads to an address that may not be connected to; nothing was connected.
    #[error("the name leads to an address that is {0}")]
    Address(AddressKind),
    /// No connection, or it broke before the response began.
    #[error("no connection, or no HTTP, to the host")]
    Connect,
    /// The server's certificate is not of this host, not valid now, or of nobody whom this machine trusts; or no TLS.
    #[error("the host did not authenticate itself by TLS")]
    Tls,
    /// The deadline passed.
    #[error("the host took too long")]
    Deadline,
    /// The server pointed elsewhere (the status), which is never followed.
    #[error("the server redirects ({0})")]
    Redirect(u16),
    /// 404 or 410.
    #[error("the server has no such document")]
    NotFound,
    /// Another status than 200.
    #[error("the server answered {0}")]
    Status(u16),
    /// Not exactly one `Content-Type`, or one that is no DID document's.
    #[error("the response is not of a content type of DID documents")]
    ContentType,
    /// Any `Content-Encoding` but `identity`.
    #[error("the response is compressed")]
    ContentEncoding,
    /// Longer than a document may be; the rest was not read.
    #[error("the response is longer than a document may be")]
    TooLong,
    /// The response broke off or is malformed.
    #[error("the response broke off")]
    Body,
    /// What was fetched is no document of the DID.
    #[error("{0}")]
    Document(Fault),
}

impl WebFailure {
    /// What the handshake fails with (section 9.6 of the specification).
    #[must_use]
    pub fn fault(self) -> Fault {
        match self {
            Self::NotFound => Fault::DidNotFound,
            Self::TooLong => Fault::DocumentLimits,
            Self::Document(fault) => fault,
            Self::Location(LocationFault::Method) => Fault::DidMethodUnsupported,
            Self::Location(_)
            | Self::Name
            | Self::Address(_)
            | Self::Connect
            | Self::Tls
            | Self::Deadline
            | Self::Redirect(_)
            | Self::Status(_)
            | Self::ContentType
            | Self::ContentEncoding
            | Self::Body => Fault::DidResolutionFailed,
        }
    }

    /// A fixed word for logs and metrics.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Location(_) => "location",
            Self::Name => "name",
            Self::Address(_) => "address",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Deadline => "deadline",
            Self::Redirect(_) => "redirect",
            Self::NotFound => "not_found",
            Self::Status(_) => "status",
            Self::ContentType => "content_type",
            Self::ContentEncoding => "content_encoding",
            Self::TooLong => "too_long",
            Self::Body => "body",
            Self::Document(fault) => fault.code(),
        }
    }
}

/// Why an origin and a DID are not known to be linked.
///
/// ```
/// use didshake_did::linkage::LinkageFault;
/// use didshake_did::web::{LinkageFailure, WebFailure};
/// assert_eq!(LinkageFailure::from(WebFailure::NotFound).code(), "not_found");
/// assert_eq!(LinkageFailure::from(LinkageFault::Time).code(), "linkage_time");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LinkageFailure {
    /// The origin's DID configuration could not be fetched.
    #[error(transparent)]
    Fetch(#[from] WebFailure),
    /// It was, and does not link the two.
    #[error(transparent)]
    Fault(#[from] LinkageFault),
}

impl LinkageFailure {
    /// A fixed word for logs and JSON.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Fetch(failure) => failure.code(),
            Self::Fault(fault) => fault.code(),
        }
    }
}
