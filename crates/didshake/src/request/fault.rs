//! Why a request is not one of a session.

/// Why a request is refused; always the client's fault, or that of something between. The client learns one answer,
/// 401, whatever it was: the cause goes to the service's log.
///
/// ```
/// use didshake::request::RequestFault;
/// assert_eq!(RequestFault::Replayed.code(), "request_replayed");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, thiserror::Error)]
pub enum RequestFault {
    /// None of the three fields is there.
    #[error("the request is not signed")]
    Unsigned,
    /// A field is missing, comes twice, or has another form.
    #[error("the request's signature fields do not have the one form that they may have")]
    Malformed,
    /// `created` is too far from the service's clock.
    #[error("the request was made too long ago, or the clocks differ")]
    Time,
    /// No such session, one that is over, or one of another origin.
    #[error("there is no such session at this origin, or it is over")]
    Session,
    /// The signature does not verify.
    #[error("the request's signature does not verify")]
    Signature,
    /// The body is not the one that was signed.
    #[error("the request's body is not the one that was signed")]
    Digest,
    /// The nonce was burned before.
    #[error("the request came before")]
    Replayed,
}

impl RequestFault {
    /// The name for logs and metrics, as the specification's registry writes it (section 15.6).
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Unsigned => "request_unsigned",
            Self::Malformed => "request_malformed",
            Self::Time => "request_time",
            Self::Session => "request_session",
            Self::Signature => "request_signature",
            Self::Digest => "request_digest",
            Self::Replayed => "request_replayed",
        }
    }
}
