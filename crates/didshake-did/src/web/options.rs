//! What an operator decides about did:web.

use std::collections::HashMap;
use std::str::FromStr;
use std::time::Duration;

use didshake::{Origin, OriginError};
use reqwest::Certificate;
use reqwest::header::HeaderValue;

use super::address::AddressKind;
use super::location::{Endpoint, Host, LocationFault, Scheme, parse_port};

/// How did:web is fetched; the default is what the public internet needs.
///
/// ```
/// use std::time::Duration;
/// use didshake_did::web::WebOptions;
/// let options = WebOptions::default()
///     .with_deadline(Duration::from_secs(2))
///     .allow_local("127.0.0.1:8400".parse()?)
///     .with_user_agent("example-agent/1.0")?;
/// # Ok::<(), didshake_did::web::WebOptionFault>(())
/// ```
#[derive(Clone, Debug)]
pub struct WebOptions {
    pub(super) local: HashMap<Endpoint, Scheme>,
    pub(super) roots: Vec<Certificate>,
    pub(super) deadline: Duration,
    pub(super) user_agent: HeaderValue,
}

/// Why an option is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WebOptionFault {
    /// The host or the port of a local host is malformed.
    #[error("{0}")]
    LocalHost(#[from] LocationFault),
    /// A local host is given without its port.
    #[error("a local host needs its port: 127.0.0.1:8400")]
    PortMissing,
    /// A local host is an address that is not of this machine or its network.
    #[error("the address is {0}, not local")]
    NotLocal(AddressKind),
    /// The file holds no PEM certificate, or one that cannot be read.
    #[error("there is no certificate in the PEM text")]
    Root,
    /// A character that no header can hold.
    #[error("the user agent holds a character that a header cannot")]
    UserAgent,
    /// There is no TLS: this machine has no trusted roots, or an extra one is malformed.
    #[error("TLS cannot start: no trusted root certificates, or a malformed extra one")]
    Tls,
}

/// A host with its port that may be asked although it is local: `127.0.0.1:8400` in plain HTTP, or
/// `https://localhost:8443`. A name may then lead to loopback and private addresses, and to no others.
///
/// ```
/// use didshake_did::web::LocalHost;
/// assert!("127.0.0.1:8400".parse::<LocalHost>().is_ok());
/// assert!("https://agents.lan:8443".parse::<LocalHost>().is_ok());
/// assert!("localhost".parse::<LocalHost>().is_err());
/// assert!("169.254.169.254:80".parse::<LocalHost>().is_err());
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LocalHost {
    endpoint: Endpoint,
    scheme: Scheme,
}

impl LocalHost {
    /// Its origin: scheme, host and port.
    ///
    /// ```
    /// use didshake_did::web::LocalHost;
    /// let host: LocalHost = "agents.lan:8400".parse()?;
    /// assert_eq!(host.origin()?.as_str(), "http://agents.lan:8400");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// None that a host of this type can cause.
    pub fn origin(&self) -> Result<Origin, OriginError> {
        let scheme = if self.scheme == Scheme::Https { "https" } else { "http" };
        Origin::parse(&format!("{scheme}://{}:{}", self.endpoint.host.as_str(), self.endpoint.port))
    }
}

impl FromStr for LocalHost {
    type Err = WebOptionFault;

    fn from_str(text: &str) -> Result<Self, WebOptionFault> {
        let (scheme, rest) = match text.strip_prefix("https://") {
            Some(rest) => (Scheme::Https, rest),
            None => (Scheme::PlainHttp, text.strip_prefix("http://").unwrap_or(text)),
        };
        let (host, port) = rest.rsplit_once(':').ok_or(WebOptionFault::PortMissing)?;
        let endpoint = Endpoint { host: Host::parse(host)?, port: parse_port(port)? };
        if let Host::Address(address, _) = &endpoint.host {
            let kind = AddressKind::of((*address).into());
            if !kind.is_local() {
                return Err(WebOptionFault::NotLocal(kind));
            }
        }
        Ok(Self { endpoint, scheme })
    }
}

impl Default for WebOptions {
    fn default() -> Self {
        Self {
            local: HashMap::new(),
            roots: Vec::new(),
            deadline: Duration::from_secs(5),
            user_agent: HeaderValue::from_static(concat!("didshake/", env!("CARGO_PKG_VERSION"))),
        }
    }
}

impl WebOptions {
    /// The same, with one more local host that may be asked.
    #[must_use]
    pub fn allow_local(mut self, host: LocalHost) -> Self {
        self.local.insert(host.endpoint, host.scheme);
        self
    }

    /// The same, with root certificates that are trusted beside those of the operating system, in PEM.
    ///
    /// # Errors
    /// [`WebOptionFault::Root`] where the text holds none, or anything that cannot be read as one.
    pub fn with_roots(mut self, pem: &[u8]) -> Result<Self, WebOptionFault> {
        let roots = Certificate::from_pem_bundle(pem).map_err(|_| WebOptionFault::Root)?;
        if roots.is_empty() {
            return Err(WebOptionFault::Root);
        }
        self.roots.extend(roots);
        Ok(self)
    }

    /// The same, with another time for the whole of a resolution, from the name to the last byte; 5 s.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// The same, with another `User-Agent`; `didshake/` and the version. Every host that is asked sees it.
    ///
    /// # Errors
    /// [`WebOptionFault::UserAgent`] where it holds control characters.
    pub fn with_user_agent(self, text: &str) -> Result<Self, WebOptionFault> {
        let user_agent = HeaderValue::from_str(text).map_err(|_| WebOptionFault::UserAgent)?;
        Ok(Self { user_agent, ..self })
    }
}
