//! From a did:web to where its document is. Pure: nothing is looked up.

use std::fmt;
use std::net::Ipv4Addr;

use didshake::{Did, Origin};

/// The last labels of names that the public DNS does not answer for (RFC 6761, 6762, 7686, 8375, 9476; `.internal`).
const LOCAL_SUFFIXES: [&str; 7] = ["alt", "arpa", "internal", "invalid", "local", "localhost", "onion"];

/// Where the document of a did:web or the log of a did:webvh is: host, port and path, with nothing in them that two readers could read
/// differently.
///
/// ```
/// use didshake::Did;
/// use didshake_did::web::Location;
/// let alice = Did::parse("did:web:example.com%3A8443:agents:alice")?;
/// let location = Location::of(&alice).unwrap();
/// assert_eq!((location.host(), location.port()), ("example.com", 8443));
/// assert_eq!(location.path(), "/agents/alice/did.json");
/// assert_eq!(location.to_string(), "https://example.com:8443/agents/alice/did.json");
///
/// assert!(Location::of(&Did::parse("did:web:example.com:..:alice")?).is_err());
/// # Ok::<(), didshake::Fault>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Location {
    pub(super) endpoint: Endpoint,
    path: String,
}

/// A host and a port: what the operator lists, and what a name must not slip past.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub(super) struct Endpoint {
    pub(super) host: Host,
    pub(super) port: u16,
}

#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub(super) enum Host {
    /// In lower case.
    Name(String),
    Address(Ipv4Addr, String),
}

/// Why a DID leads nowhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LocationFault {
    /// The DID is of another method.
    #[error("the DID is neither a did:web nor a did:webvh")]
    Method,
    /// The host is no domain name: a wrong character, an empty or too long label, credentials, a path in disguise.
    #[error("the host is no domain name")]
    Host,
    /// A number that some readers take for an IP address: `2130706433`, `0x7f.1`, `0177.0.0.1`, `127.1`.
    #[error("the host is a number that some read as an IP address")]
    Number,
    /// An IP address, which did:web does not allow, and which the operator has not listed with this port.
    #[error("the host is an IP address")]
    Literal,
    /// A name without a dot, or under a suffix such as `.local`, which the operator has not listed with this port.
    #[error("the host is a local name")]
    LocalName,
    /// What follows the host is not `%3A` and a port from 1 to 65535 without leading zeros.
    #[error("the port is malformed")]
    Port,
    /// An empty segment, `.` or `..` in the path.
    #[error("the path holds an empty segment or one of dots")]
    Path,
    /// A percent-encoding that hides a character which means something in a path, or which needs none.
    #[error("the path hides a character in a percent-encoding")]
    Encoding,
}

impl Location {
    /// Reads a did:web. Whether the host may be asked is for the resolver to decide.
    ///
    /// # Errors
    /// [`LocationFault`], all but `Literal` and `LocalName`.
    pub fn of(did: &Did) -> Result<Self, LocationFault> {
        if did.method() != "web" {
            return Err(LocationFault::Method);
        }
        Self::read(did.method_specific_id(), "did.json")
    }

    /// Reads a did:webvh: where its log is. The SCID is no part of it.
    ///
    /// ```
    /// use didshake::Did;
    /// use didshake_did::web::Location;
    /// let did = Did::parse("did:webvh:QmdmPkUdYzbr9txmx8gM2rsHPgr5L6m3gHjJGAf4vUFoGE:example.com:agents:alice")?;
    /// assert_eq!(Location::of_log(&did).unwrap().to_string(), "https://example.com/agents/alice/did.jsonl");
    /// # Ok::<(), didshake::Fault>(())
    /// ```
    ///
    /// # Errors
    /// [`LocationFault`], all but `Literal` and `LocalName`.
    pub fn of_log(did: &Did) -> Result<Self, LocationFault> {
        if did.method() != "webvh" {
            return Err(LocationFault::Method);
        }
        let (_, place) = did.method_specific_id().split_once(':').ok_or(LocationFault::Host)?;
        Self::read(place, "did.jsonl")
    }

    /// Another file beside it.
    #[must_use]
    pub fn beside(&self, file: &str) -> Self {
        let directory = self.path.rsplit_once('/').map_or("", |(directory, _)| directory);
        Self { path: format!("{directory}/{file}"), ..self.clone() }
    }

    fn read(place: &str, file: &str) -> Result<Self, LocationFault> {
        let mut segments = place.split(':');
        let endpoint = Endpoint::of_did(segments.next().unwrap_or_default())?;
        let mut path = String::new();
        for segment in segments {
            check_segment(segment)?;
            path.push('/');
            path.push_str(segment);
        }
        if path.is_empty() {
            path.push_str("/.well-known");
        }
        path.push('/');
        path.push_str(file);
        Ok(Self { endpoint, path })
    }

    /// A path at an origin that a document lists. Its scheme does not count: which one is used is the operator's to say.
    pub(super) fn of_origin(origin: &Origin, path: &str) -> Result<Self, LocationFault> {
        let authority = origin.authority();
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, parse_port(port)?),
            None => (authority, if origin.is_secure() { 443 } else { 80 }),
        };
        Ok(Self { endpoint: Endpoint { host: Host::parse(host)?, port }, path: path.to_owned() })
    }

    /// The host, in lower case.
    #[must_use]
    pub fn host(&self) -> &str {
        self.endpoint.host.as_str()
    }

    /// The port; 443 where the DID has none.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.endpoint.port
    }

    /// The path, as it is sent.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether the host is one that the public DNS answers for.
    pub(super) fn check_public(&self) -> Result<(), LocationFault> {
        let Host::Name(name) = &self.endpoint.host else { return Err(LocationFault::Literal) };
        match name.rsplit_once('.') {
            Some((_, suffix)) if !LOCAL_SUFFIXES.contains(&suffix) => Ok(()),
            _ => Err(LocationFault::LocalName),
        }
    }

    pub(super) fn url(&self, scheme: Scheme) -> String {
        let (host, port) = (self.host(), self.port());
        let (scheme, usual) = match scheme {
            Scheme::Https => ("https", 443),
            Scheme::PlainHttp => ("http", 80),
        };
        let port = if port == usual { String::new() } else { format!(":{port}") };
        format!("{scheme}://{host}{port}{}", self.path)
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url(Scheme::Https))
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Scheme {
    Https,
    PlainHttp,
}

impl Host {
    pub(super) fn parse(text: &str) -> Result<Self, LocationFault> {
        let name = text.to_ascii_lowercase();
        if name.len() > 253 || !name.split('.').all(is_label) {
            return Err(LocationFault::Host);
        }
        let last = name.rsplit('.').next().unwrap_or_default();
        if !is_number(last) {
            return Ok(Self::Name(name));
        }
        // The one notation that every reader reads alike: four decimal numbers without leading zeros.
        name.parse().map(|address| Self::Address(address, name)).map_err(|_| LocationFault::Number)
    }

    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Name(name) | Self::Address(_, name) => name,
        }
    }
}

impl Endpoint {
    fn of_did(text: &str) -> Result<Self, LocationFault> {
        let Some((host, encoded)) = text.split_once('%') else {
            return Ok(Self { host: Host::parse(text)?, port: 443 });
        };
        let host = Host::parse(host)?;
        let port = encoded.strip_prefix("3A").or_else(|| encoded.strip_prefix("3a")).ok_or(LocationFault::Host)?;
        Ok(Self { host, port: parse_port(port)? })
    }
}

pub(super) fn parse_port(text: &str) -> Result<u16, LocationFault> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || text.starts_with('0') {
        return Err(LocationFault::Port);
    }
    text.parse().map_err(|_| LocationFault::Port)
}

fn is_label(label: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=63).contains(&label.len()) && label.bytes().all(allowed) && !label.starts_with('-') && !label.ends_with('-')
}

// As in the URL Standard: a host whose last label is a number is an IPv4 address or nothing.
fn is_number(label: &str) -> bool {
    let hex = label.strip_prefix("0x").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_hexdigit()));
    hex || label.bytes().all(|byte| byte.is_ascii_digit())
}

fn check_segment(segment: &str) -> Result<(), LocationFault> {
    if matches!(segment, "" | "." | "..") {
        return Err(LocationFault::Path);
    }
    let mut hidden = Vec::new();
    let mut rest = segment;
    while let Some((_, encoded)) = rest.split_once('%') {
        let (digits, after) = encoded.split_at_checked(2).ok_or(LocationFault::Encoding)?;
        hidden.push(u8::from_str_radix(digits, 16).map_err(|_| LocationFault::Encoding)?);
        let ends = !after.starts_with('%');
        if ends && !may_be_encoded(&hidden) {
            return Err(LocationFault::Encoding);
        }
        if ends {
            hidden.clear();
        }
        rest = after;
    }
    Ok(())
}

// What a DID cannot hold otherwise and a path may: RFC 3986's pchar without `;`, which some servers cut off, the space,
// and characters outside ASCII. Everything else either needs no encoding, so that it hides, or has a meaning.
fn may_be_encoded(run: &[u8]) -> bool {
    let harmless = |c: char| if c.is_ascii() { "~!$&'()*+,=:@ ".contains(c) } else { !c.is_control() };
    std::str::from_utf8(run).is_ok_and(|text| text.chars().all(harmless))
}
