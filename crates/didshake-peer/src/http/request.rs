//! Requests that prove a session (R-REQ-1, R-REQ-2).

use didshake::request::{CONTENT_DIGEST, SIGNATURE, SIGNATURE_INPUT, Target};
use didshake::{Error, Origin};
use getrandom::SysRng;
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Method, Request, Url};

use super::client::{WebClient, within};
use super::response::WebResponse;
use super::session::ClientSession;
use crate::failure::HttpFailure;

/// Fields that are ours or the HTTP library's: a caller's value would contradict what is signed or sent.
const RESERVED: [&str; 9] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "upgrade",
    "te",
    CONTENT_DIGEST,
    SIGNATURE,
    SIGNATURE_INPUT,
];

/// A request to the origin of a session.
///
/// ```
/// use didshake_peer::http::SessionRequest;
/// let headers = [("content-type", &b"application/json"[..])];
/// let put = SessionRequest { method: "PUT", headers: &headers, body: b"{}", ..SessionRequest::get("/v1/x?y=1") };
/// assert_eq!(put.path_and_query, "/v1/x?y=1");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SessionRequest<'a> {
    /// The method.
    pub method: &'a str,
    /// From the first slash after the host on.
    pub path_and_query: &'a str,
    /// Further header fields. Host, length, connection and the three fields of the signature are not among them.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The body, whole: its digest is signed.
    pub body: &'a [u8],
}

impl<'a> SessionRequest<'a> {
    /// `GET`, without a body.
    #[must_use]
    pub const fn get(path_and_query: &'a str) -> Self {
        Self { method: "GET", path_and_query, headers: &[], body: &[] }
    }

    /// `DELETE`, without a body.
    #[must_use]
    pub const fn delete(path_and_query: &'a str) -> Self {
        Self { method: "DELETE", ..Self::get(path_and_query) }
    }
}

impl WebClient {
    /// Sends a request that proves the session, signed anew each time, to the session's origin and to no other (R-REQ-2).
    /// Whatever the service answers is the result, a 401 too.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn request(
        &self,
        session: &ClientSession,
        request: &SessionRequest<'_>,
    ) -> Result<WebResponse, RequestError> {
        let prepared = self.signed(session, request)?;
        let response = within(self.timeout, self.execute(prepared)).await?;
        Ok(WebResponse::new(response, self.timeout))
    }

    /// Sends a request that proves nothing, before there is a session. Whatever the service answers is the result.
    ///
    /// # Errors
    /// [`RequestError`], [`Over`](RequestError::Over) and [`Protocol`](RequestError::Protocol) apart.
    pub async fn request_unsigned(
        &self,
        origin: &Origin,
        request: &SessionRequest<'_>,
    ) -> Result<WebResponse, RequestError> {
        let prepared = self.prepare(origin, request)?;
        let response = within(self.timeout, self.execute(prepared)).await?;
        Ok(WebResponse::new(response, self.timeout))
    }

    /// A request that proves the session, not yet sent.
    pub(crate) fn signed(
        &self,
        session: &ClientSession,
        request: &SessionRequest<'_>,
    ) -> Result<Request, RequestError> {
        let now = self.clock.now();
        if session.is_over(now) {
            return Err(RequestError::Over);
        }
        let mut prepared = self.prepare(session.origin(), request)?;
        let url = prepared.url().clone();
        let target = Target { method: request.method, origin: session.origin(), path: url.path(), query: url.query() };
        let fields = session.key().sign(&target, request.body, session.id(), now, &mut SysRng)?;
        for (name, value) in fields.headers() {
            let value = HeaderValue::from_str(value).map_err(|_| RequestError::Header)?;
            prepared.headers_mut().insert(HeaderName::from_static(name), value);
        }
        Ok(prepared)
    }

    pub(crate) fn prepare(&self, origin: &Origin, request: &SessionRequest<'_>) -> Result<Request, RequestError> {
        let method = Method::from_bytes(request.method.as_bytes()).map_err(|_| RequestError::Target)?;
        // CONNECT has no path; without a slash first, what follows the host would still belong to it.
        if method == Method::CONNECT || !request.path_and_query.starts_with('/') {
            return Err(RequestError::Target);
        }
        let url = self.url(&format!("{origin}{}", request.path_and_query), origin)?;
        // What is asked for is what the caller wrote: a parser that took out `..` would ask for something else.
        if as_sent(&url) != request.path_and_query {
            return Err(RequestError::Target);
        }
        let mut prepared = Request::new(method, url);
        for (name, value) in request.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| RequestError::Header)?;
            if RESERVED.contains(&name.as_str()) {
                return Err(RequestError::Header);
            }
            let value = HeaderValue::from_bytes(value).map_err(|_| RequestError::Header)?;
            prepared.headers_mut().append(name, value);
        }
        if !request.body.is_empty() {
            *prepared.body_mut() = Some(request.body.to_vec().into());
        }
        Ok(prepared)
    }
}

/// Path and query as the client's parser has them.
fn as_sent(url: &Url) -> String {
    url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
}

/// Why a request was not sent, or not answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RequestError {
    /// The session is over: log in again. Nothing was sent.
    #[error("the session is over: log in again")]
    Over,
    /// The method is none, or the path would not be sent as it is written: it begins with no slash, has `.` or `..` as a
    /// segment, a fragment, or characters that have to be percent-encoded. The caller's fault; nothing was sent.
    #[error("the method is none, or the path is not in the form that is sent (/…, percent-encoded, without . and ..)")]
    Target,
    /// A header field is malformed, or one that is not the caller's to set. Nothing was sent.
    #[error("a header field is malformed, or not the caller's to set")]
    Header,
    /// Signing failed: internal.
    #[error(transparent)]
    Protocol(#[from] Error),
    /// HTTP gave no answer.
    #[error(transparent)]
    Http(#[from] HttpFailure),
}
