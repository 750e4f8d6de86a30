//! Web origins: the prologue of the WebSocket and HTTP bindings (R-BIND-5 to R-BIND-7). A relay at another origin puts
//! another prologue into th0, so its handshake fails.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};

use crate::error::Misuse;
use crate::transcript::{Binding, Context};

/// The origin of an http, https, ws or wss URL in its ASCII serialisation (RFC 6454 §6.2): the scheme (`http` for ws,
/// `https` for wss), the host in lower case, and the port where it is not the scheme's default.
///
/// Names come in their ASCII form (A-labels); a name in Unicode is refused, not converted.
///
/// ```
/// use didshake::{Origin, OriginError};
/// assert_eq!(Origin::parse("https://Example.com:443/login?x#y")?.as_str(), "https://example.com");
/// assert_eq!(Origin::parse("wss://example.com:8443/")?.as_str(), "https://example.com:8443");
/// assert_eq!(Origin::parse("ws://[0:0::1]:8080")?.as_str(), "http://[::1]:8080");
/// assert_eq!(Origin::parse("https://example.com@evil.example/"), Err(OriginError::UserInfo));
/// # Ok::<(), OriginError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    text: String,
    secure: bool,
    host: String,
    port: u16,
}

impl Origin {
    /// The origin of a URL, or an origin as it is written.
    ///
    /// # Errors
    /// [`OriginError`], always a fault of whoever wrote the URL.
    pub fn parse(url: &str) -> Result<Self, OriginError> {
        let (scheme, authority) = split(url)?;
        let (host, port) = read_authority(authority)?;
        let port = port.unwrap_or(default_port(scheme.secure));
        let name = if scheme.secure { "https" } else { "http" };
        let text = if port == default_port(scheme.secure) {
            alloc::format!("{name}://{host}")
        } else {
            alloc::format!("{name}://{host}:{port}")
        };
        Ok(Self { text, secure: scheme.secure, host, port })
    }

    /// The ASCII serialisation.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Host, and port where it is not the scheme's default: `Host` and RFC 9421's `@authority`.
    ///
    /// ```
    /// # use didshake::Origin;
    /// assert_eq!(Origin::parse("https://Example.com:443/")?.authority(), "example.com");
    /// assert_eq!(Origin::parse("http://[::1]:8080")?.authority(), "[::1]:8080");
    /// # Ok::<(), didshake::OriginError>(())
    /// ```
    #[must_use]
    pub fn authority(&self) -> &str {
        self.text.split_once("://").map_or("", |(_, authority)| authority)
    }

    /// Whether the scheme is `https`.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Whether the host is a loopback *address* (127.0.0.0/8 or ::1); the name `localhost` is none.
    ///
    /// ```
    /// # use didshake::Origin;
    /// assert!(Origin::parse("http://127.0.0.1:8080")?.is_loopback());
    /// assert!(!Origin::parse("http://localhost:8080")?.is_loopback());
    /// # Ok::<(), didshake::OriginError>(())
    /// ```
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let v6 = self.host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        v6.map_or_else(
            || self.host.parse().is_ok_and(|address: Ipv4Addr| address.is_loopback()),
            |host| host.parse().is_ok_and(|address: Ipv6Addr| address.is_loopback()),
        )
    }

    /// What a handshake over the HTTP binding at this origin starts from.
    ///
    /// # Errors
    /// None that an origin can cause.
    pub fn http_context(&self) -> Result<Context, Misuse> {
        Context::new(Binding::Http, self.text.as_bytes().to_vec())
    }

    /// What a handshake over the WebSocket binding at this origin starts from.
    ///
    /// # Errors
    /// None that an origin can cause.
    pub fn websocket_context(&self) -> Result<Context, Misuse> {
        Context::new(Binding::WebSocket, self.text.as_bytes().to_vec())
    }

    fn is_named_by(&self, host: &str, port: Option<u16>) -> bool {
        self.host == host && self.port == port.unwrap_or(default_port(self.secure))
    }

    fn has_default_port(&self) -> bool {
        self.port == default_port(self.secure)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Why a URL has no origin that can be a prologue. The fault is the one of whoever wrote the URL.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, thiserror::Error)]
pub enum OriginError {
    /// Not an absolute URL of the scheme http, https, ws or wss; an opaque origin (`null`) too.
    #[error("not an http, https, ws or wss URL")]
    Scheme,
    /// A character other than visible ASCII, or a backslash, which user agents read as a slash.
    #[error("the URL has characters that are not allowed in one")]
    Characters,
    /// A user name or password: what stands before the host can look like the host.
    #[error("the URL has a user name or password")]
    UserInfo,
    /// No host, a malformed one, or an address in a form that user agents rewrite.
    #[error("the URL's host is missing, malformed, or an address that is not written in full")]
    Host,
    /// The port is no number up to 65,535.
    #[error("the URL's port is not a number up to 65,535")]
    Port,
}

/// The origins that a responder is configured with. `Host` may select among them and nothing else has any influence:
/// there is no way to give a forwarded header to this type (R-BIND-7).
///
/// A responder of one origin may use the [`Origin`] itself and not look at `Host` at all.
///
/// ```
/// use didshake::{Origin, Origins};
/// let origins = Origins::new(vec![Origin::parse("https://a.example")?, Origin::parse("https://b.example:8443")?])?;
/// assert_eq!(origins.select(&[b"B.example:8443"]).map(Origin::as_str), Some("https://b.example:8443"));
/// assert_eq!(origins.select(&[b"evil.example"]), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origins(Vec<Origin>);

impl Origins {
    /// One or more origins that `Host` can tell apart.
    ///
    /// # Errors
    /// [`OriginsError`], a fault of the configuration.
    pub fn new(origins: Vec<Origin>) -> Result<Self, OriginsError> {
        if origins.is_empty() {
            return Err(OriginsError::Empty);
        }
        let one_host = |a: &Origin, b: &Origin| {
            a.host == b.host && (a.port == b.port || (a.has_default_port() && b.has_default_port()))
        };
        let ambiguous = |(at, origin): (usize, &Origin)| origins.iter().take(at).any(|other| one_host(origin, other));
        if origins.iter().enumerate().any(ambiguous) { Err(OriginsError::Ambiguous) } else { Ok(Self(origins)) }
    }

    /// The configured origin that a request is for. `hosts` are the values of all its `Host` fields, or over HTTP/2 and 3
    /// its `:authority`; `None` unless there is exactly one and it names a configured origin.
    #[must_use]
    pub fn select(&self, hosts: &[&[u8]]) -> Option<&Origin> {
        let [host] = hosts else { return None };
        let (host, port) = read_authority(core::str::from_utf8(host).ok()?).ok()?;
        self.0.iter().find(|origin| origin.is_named_by(&host, port))
    }

    /// The origins, in the order of the configuration.
    pub fn iter(&self) -> impl Iterator<Item = &Origin> {
        self.0.iter()
    }
}

/// What is wrong with a list of origins. The fault is the configuration's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, thiserror::Error)]
pub enum OriginsError {
    /// No origin.
    #[error("no origin is configured")]
    Empty,
    /// Two origins that one `Host` can name: the same twice, or http and https of one host. They need two responders.
    #[error("two of the configured origins cannot be told apart by `Host`")]
    Ambiguous,
}

/// The scheme of a URL, as far as it matters here.
#[derive(Clone, Copy)]
pub(crate) struct Scheme {
    pub(crate) secure: bool,
    pub(crate) web_socket: bool,
}

/// The scheme and the authority of a URL.
pub(crate) fn split(url: &str) -> Result<(Scheme, &str), OriginError> {
    if !url.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
        return Err(OriginError::Characters);
    }
    let (name, rest) = url.split_once("://").ok_or(OriginError::Scheme)?;
    let known = [("http", false, false), ("https", true, false), ("ws", false, true), ("wss", true, true)];
    let (_, secure, web_socket) =
        known.into_iter().find(|(known, ..)| known.eq_ignore_ascii_case(name)).ok_or(OriginError::Scheme)?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    Ok((Scheme { secure, web_socket }, authority))
}

fn default_port(secure: bool) -> u16 {
    if secure { 443 } else { 80 }
}

pub(crate) fn read_authority(authority: &str) -> Result<(String, Option<u16>), OriginError> {
    if authority.contains('@') {
        return Err(OriginError::UserInfo);
    }
    // The colons of an IPv6 address stand inside its brackets.
    let (host, port) = match authority.rfind(']') {
        Some(bracket) => authority.split_at_checked(bracket.saturating_add(1)).ok_or(OriginError::Host)?,
        None => authority.split_at_checked(authority.find(':').unwrap_or(authority.len())).ok_or(OriginError::Host)?,
    };
    Ok((read_host(host)?, read_port(port)?))
}

fn read_port(text: &str) -> Result<Option<u16>, OriginError> {
    let Some(digits) = text.strip_prefix(':') else {
        return if text.is_empty() { Ok(None) } else { Err(OriginError::Host) };
    };
    // `parse` alone would take a sign.
    match digits {
        "" => Ok(None),
        _ if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().map(Some).map_err(|_| OriginError::Port)
        }
        _ => Err(OriginError::Port),
    }
}

fn read_host(text: &str) -> Result<String, OriginError> {
    if let Some(inner) = text.strip_prefix('[') {
        let address = inner.strip_suffix(']').and_then(|inner| inner.parse().ok());
        return address.map(serialise_v6).ok_or(OriginError::Host);
    }
    let name = text.to_ascii_lowercase();
    if !is_name(&name) {
        return Err(OriginError::Host);
    }
    // User agents read 127.1 or 0x7f.0.0.1 as an address and rewrite it: only the written-out form is one origin.
    let is_address = name.parse::<Ipv4Addr>().is_ok();
    if ends_in_number(&name) && !is_address { Err(OriginError::Host) } else { Ok(name) }
}

/// RFC 5952 without the mixed notation, which user agents do not write.
fn serialise_v6(address: Ipv6Addr) -> String {
    match address.segments() {
        [0, 0, 0, 0, 0, 0xFFFF, high, low] => alloc::format!("[::ffff:{high:x}:{low:x}]"),
        _ => alloc::format!("[{address}]"),
    }
}

fn is_name(name: &str) -> bool {
    let label_ok = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte))
    };
    name.len() <= 253 && name.strip_suffix('.').unwrap_or(name).split('.').all(label_ok)
}

fn ends_in_number(name: &str) -> bool {
    let last = name.strip_suffix('.').unwrap_or(name).rsplit('.').next().unwrap_or_default();
    let hexadecimal = last.strip_prefix("0x").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_hexdigit()));
    hexadecimal || last.bytes().all(|byte| byte.is_ascii_digit())
}
