//! One client for all that is asked of services: where it may go, and how it fails.

use std::collections::HashSet;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use didshake::Origin;
use didshake_did::Clock;
use didshake_did::discovery::{ClaimError, MAX_WELL_KNOWN_BYTES, OriginClaim, WellKnownResponse};
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Client, Method, Request, Response, Url, redirect, retry};
use tokio::time::timeout;

use super::options::{WebClientError, WebClientOptions};
use super::response::read_up_to;
use super::tls;
use crate::failure::HttpFailure;

/// Asks services over HTTP. It follows no redirect, uses no proxy, keeps no cookie, and sends nothing twice on its own.
/// Plain http goes to loopback addresses, and to hosts that were allowed.
///
/// Clones share their connections. It needs a tokio runtime.
#[derive(Clone)]
pub struct WebClient {
    client: Client,
    plain: Arc<HashSet<Origin>>,
    pub(super) timeout: Duration,
    pub(super) clock: Arc<dyn Clock>,
}

impl WebClient {
    /// Reads the trusted root certificates, unless another client has: those of the operating system are shared.
    ///
    /// # Errors
    /// [`WebClientError::Tls`] where there are none, or an extra one is malformed.
    pub fn new(options: &WebClientOptions) -> Result<Self, WebClientError> {
        let client = Client::builder()
            .tls_backend_preconfigured(tls::config(&options.roots)?)
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .no_proxy()
            .http1_only()
            .user_agent(options.user_agent.clone())
            .build()
            .map_err(|_| WebClientError::Tls)?;
        let plain = Arc::new(options.plain.clone());
        Ok(Self { client, plain, timeout: options.timeout, clock: options.clock.clone() })
    }

    /// What an origin claims of itself: `/.well-known/didshake`.
    ///
    /// # Errors
    /// [`DiscoverError`].
    pub async fn discover(&self, origin: &Origin) -> Result<OriginClaim, DiscoverError> {
        let url = self.url(&OriginClaim::url(origin)?, origin)?;
        let asking = async {
            let mut response = self.execute(Request::new(Method::GET, url)).await?;
            let body = read_up_to(&mut response, MAX_WELL_KNOWN_BYTES).await?;
            Ok::<_, HttpFailure>((response, body))
        };
        let (response, body) = within(self.timeout, asking).await?;
        let status = response.status().as_u16();
        if status != 200 {
            return Err(DiscoverError::Status(status));
        }
        let content_type = &values(response.headers(), CONTENT_TYPE.as_str());
        Ok(OriginClaim::read(origin, &WellKnownResponse { status, content_type, body: &body })?)
    }

    /// The URL as it is asked, where its origin is the one that is meant and may be asked.
    pub(crate) fn url(&self, text: &str, origin: &Origin) -> Result<Url, HttpFailure> {
        if !origin.is_secure() && !origin.is_loopback() && !self.plain.contains(origin) {
            return Err(HttpFailure::PlainHttp);
        }
        let url = Url::parse(text).map_err(|_| HttpFailure::Url)?;
        // A second reader of the same text: the origin that is bound is the one that is connected to (R-BIND-6).
        if Origin::parse(url.as_str()).as_ref() == Ok(origin) { Ok(url) } else { Err(HttpFailure::Url) }
    }

    /// How long it waits for the head of an answer.
    #[cfg(feature = "mailbox")]
    pub(crate) fn patience(&self) -> Duration {
        self.timeout
    }

    /// What its clock says: sessions are judged by it.
    #[cfg(feature = "mailbox")]
    pub(crate) fn now(&self) -> didshake::UnixTime {
        self.clock.now()
    }

    /// Sends a request and waits for the head of the answer.
    pub(crate) async fn execute(&self, request: Request) -> Result<Response, HttpFailure> {
        self.client.execute(request).await.map_err(|error| {
            let failure = failure(&error);
            tracing::debug!(code = failure.code(), "no answer: {}", Causes(&error));
            failure
        })
    }
}

impl fmt::Debug for WebClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { plain, timeout, .. } = self;
        f.debug_struct("WebClient").field("plain", plain).field("timeout", timeout).finish_non_exhaustive()
    }
}

/// Why an origin's claim is not there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DiscoverError {
    /// HTTP gave nothing.
    #[error(transparent)]
    Http(#[from] HttpFailure),
    /// Another status than 200: the origin publishes nothing, or redirects, which is not followed.
    #[error("the origin answers /.well-known/didshake with {0}")]
    Status(u16),
    /// What it publishes is no claim.
    #[error(transparent)]
    Claim(#[from] ClaimError),
}

/// A deadline for several steps.
pub(super) async fn within<T>(
    limit: Duration,
    steps: impl Future<Output = Result<T, HttpFailure>>,
) -> Result<T, HttpFailure> {
    timeout(limit, steps).await.unwrap_or(Err(HttpFailure::TimedOut(limit)))
}

/// The values of all fields of a name.
pub(super) fn values<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a [u8]> {
    headers.get_all(name).iter().map(reqwest::header::HeaderValue::as_bytes).collect()
}

fn failure(error: &reqwest::Error) -> HttpFailure {
    if is_tls(error) {
        HttpFailure::Tls
    } else if error.is_connect() {
        HttpFailure::Connect
    } else {
        HttpFailure::Broken
    }
}

/// rustls's refusals come as invalid data, somewhere below.
fn is_tls(error: &(dyn Error + 'static)) -> bool {
    if let Some(io) = error.downcast_ref::<io::Error>() {
        // An io::Error's source is its inner error's, so that the inner one would be passed over.
        let inner = io.get_ref().is_some_and(|inner| is_tls(inner));
        return inner || io.kind() == io::ErrorKind::InvalidData;
    }
    error.source().is_some_and(is_tls)
}

/// An error with all its causes, for the log.
struct Causes<'a>(&'a (dyn Error + 'static));

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
