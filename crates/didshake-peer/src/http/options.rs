//! What a client's user decides.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use didshake::Origin;
use didshake_did::web::LocalHost;
use didshake_did::{Clock, SystemClock};
use reqwest::header::HeaderValue;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

/// How services are asked; the default is what the public internet needs.
///
/// ```
/// use std::time::Duration;
/// use didshake_peer::http::WebClientOptions;
/// let options = WebClientOptions::default()
///     .with_timeout(Duration::from_secs(5))
///     .allow_local("agents.lan:8400".parse()?)
///     .with_user_agent("example-agent/1.0")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct WebClientOptions {
    pub(super) plain: HashSet<Origin>,
    pub(super) roots: Vec<CertificateDer<'static>>,
    pub(super) timeout: Duration,
    pub(super) user_agent: HeaderValue,
    pub(super) clock: Arc<dyn Clock>,
}

/// Why there is no client; the caller's fault, or that of this machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WebClientError {
    /// The text holds no PEM certificate, or one that cannot be read.
    #[error("there is no certificate in the PEM text")]
    Root,
    /// A character that no header can hold.
    #[error("the user agent holds a character that a header cannot")]
    UserAgent,
    /// There is no TLS: this machine has no trusted roots, or an extra one is malformed.
    #[error("TLS cannot start: no trusted root certificates, or a malformed extra one")]
    Tls,
}

impl Default for WebClientOptions {
    fn default() -> Self {
        Self {
            plain: HashSet::new(),
            roots: Vec::new(),
            timeout: Duration::from_secs(30),
            user_agent: HeaderValue::from_static(concat!("didshake/", env!("CARGO_PKG_VERSION"))),
            clock: Arc::new(SystemClock),
        }
    }
}

impl WebClientOptions {
    /// The same, with one more host that may be asked over plain http. Loopback addresses may be without.
    #[must_use]
    pub fn allow_local(mut self, host: LocalHost) -> Self {
        self.plain.extend(host.origin());
        self
    }

    /// The same, with root certificates that are trusted beside those of the operating system, in PEM.
    ///
    /// # Errors
    /// [`WebClientError::Root`] where the text holds none, or anything that cannot be read as one.
    pub fn with_roots(mut self, pem: &[u8]) -> Result<Self, WebClientError> {
        let roots = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
        let roots = roots.map_err(|_| WebClientError::Root)?;
        if roots.is_empty() {
            return Err(WebClientError::Root);
        }
        self.roots.extend(roots);
        Ok(self)
    }

    /// The same, with another time for discovery, for the head of an answer, and for each silence within a body; 30 s.
    /// A login has the [`Timeouts`](crate::Timeouts) of its own options.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// The same, with another `User-Agent`; `didshake/` and the version. Every service that is asked sees it.
    ///
    /// # Errors
    /// [`WebClientError::UserAgent`] where it holds control characters.
    pub fn with_user_agent(self, text: &str) -> Result<Self, WebClientError> {
        let user_agent = HeaderValue::from_str(text).map_err(|_| WebClientError::UserAgent)?;
        Ok(Self { user_agent, ..self })
    }

    /// The same, with another clock: what it says is in every signed request.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }
}

impl fmt::Debug for WebClientOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { plain, roots, timeout, .. } = self;
        f.debug_struct("WebClientOptions")
            .field("plain", plain)
            .field("roots", &roots.len())
            .field("timeout", timeout)
            .finish_non_exhaustive()
    }
}
