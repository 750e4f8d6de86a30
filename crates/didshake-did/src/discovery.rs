//! Where a DID's holder can be reached, and what an origin says of itself (specification, section 15.5; R-BIND-16,
//! R-BIND-19). Bytes and documents in, endpoints and claims out: no network, and no redirect is followed anywhere.

use didshake::http::is_media_type;
use didshake::{Did, Endpoint, Origin};
use serde::Deserialize;

use crate::document::DidDocument;
use crate::json::{self, Json, Object};

/// The longest `/.well-known/didshake` that is read, in bytes (specification, section 13).
pub const MAX_WELL_KNOWN_BYTES: usize = 65_536;

/// The type of the service entries that list endpoints.
pub const SERVICE_TYPE: &str = "DIDShake";

const LINKED_DOMAINS: &str = "LinkedDomains";
const PATH: &str = "/.well-known/didshake";

/// The endpoints that a DID document lists, in the holder's order of preference: the URLs of its service entries of type
/// `DIDShake`. Entries of another form, other schemes than https and wss, and http or ws to anything but a loopback
/// address are left out.
///
/// They are the holder's words as far as the document is; a handshake proves who answers there.
///
/// ```
/// use didshake::Did;
/// use didshake_did::{DidDocument, discovery};
/// let did = Did::parse("did:web:example.com")?;
/// let document = DidDocument::parse(br##"{"id": "did:web:example.com", "service": [
///     {"id": "#didshake", "type": "DIDShake", "serviceEndpoint": ["wss://example.com/ds", "ftp://example.com/"]}
/// ]}"##, &did)?;
/// let endpoints = discovery::listed_endpoints(&document);
/// assert_eq!(endpoints.len(), 1);
/// assert_eq!(endpoints[0].as_str(), "wss://example.com/ds");
/// # Ok::<(), didshake::Fault>(())
/// ```
#[must_use]
pub fn listed_endpoints(document: &DidDocument) -> Vec<Endpoint> {
    let entries = services(document, SERVICE_TYPE).into_iter();
    let urls = entries.flat_map(|entry| texts(entry.get("serviceEndpoint")));
    urls.filter_map(|url| usable(&url)).collect()
}

/// The service entry with which a DID's holder lists endpoints in its document, in order of preference, as JSON (R-BIND-19).
///
/// ```
/// use didshake::Endpoint;
/// use didshake_did::discovery;
/// let endpoint = Endpoint::parse("https://example.com/didshake")?;
/// assert_eq!(
///     discovery::service_entry("#didshake", &[endpoint])?,
///     r##"{"id":"#didshake","type":"DIDShake","serviceEndpoint":["https://example.com/didshake"]}"##,
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`NotListable`]: the caller's fault.
pub fn service_entry(id: &str, endpoints: &[Endpoint]) -> Result<String, NotListable> {
    if endpoints.is_empty() || !endpoints.iter().all(is_usable) {
        return Err(NotListable);
    }
    let json = |text: &str| serde_json::Value::from(text).to_string();
    let urls = endpoints.iter().map(|endpoint| json(endpoint.as_str())).collect::<Vec<_>>().join(",");
    Ok(format!(r#"{{"id":{},"type":"{SERVICE_TYPE}","serviceEndpoint":[{urls}]}}"#, json(id)))
}

/// No endpoint, or one that every reader ignores: http or ws to anything but a loopback address. The caller's fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, thiserror::Error)]
#[error("a DID document lists https and wss endpoints, and http and ws at loopback addresses only")]
pub struct NotListable;

/// What `/.well-known/didshake` of an origin says. **All of it is a claim** that nobody has verified: whoever holds the
/// origin writes it. The type gives out nothing as more than that; each way on names the ground that it stands on.
///
/// ```
/// use didshake::Origin;
/// use didshake_did::discovery::{OriginClaim, WellKnownResponse};
/// let origin = Origin::parse("https://example.com")?;
/// assert_eq!(OriginClaim::url(&origin)?, "https://example.com/.well-known/didshake");
/// let body = br#"{"did": "did:web:example.com", "endpoint": "https://example.com/didshake", "versions": [1],
///     "suites": [1, 2]}"#;
/// let claim = OriginClaim::read(&origin, &WellKnownResponse { status: 200, content_type: &[b"application/json"], body })?;
/// assert_eq!(claim.endpoint_on_origin()?.as_str(), "https://example.com/didshake");
/// assert_eq!(claim.unverified_did().as_str(), "did:web:example.com");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OriginClaim {
    origin: Origin,
    did: Did,
    endpoint: Endpoint,
    versions: Vec<u64>,
    suites: Vec<u64>,
}

/// The response to the request for [`OriginClaim::url`].
#[derive(Clone, Copy, Debug)]
pub struct WellKnownResponse<'a> {
    /// The status; only 200 is one.
    pub status: u16,
    /// The values of all `Content-Type` fields.
    pub content_type: &'a [&'a [u8]],
    /// The body; of a longer one than [`MAX_WELL_KNOWN_BYTES`] a driver reads one byte more and no further.
    pub body: &'a [u8],
}

impl OriginClaim {
    /// What is to be fetched, without following redirects.
    ///
    /// # Errors
    /// [`ClaimError::NotHttps`]: the caller's fault.
    pub fn url(origin: &Origin) -> Result<String, ClaimError> {
        let speaks = origin.is_secure() || origin.is_loopback();
        if speaks { Ok(format!("{origin}{PATH}")) } else { Err(ClaimError::NotHttps) }
    }

    /// Reads what `origin` answered.
    ///
    /// # Errors
    /// [`ClaimError::NotHttps`], the caller's fault; [`ClaimError::Response`], [`ClaimError::TooLong`],
    /// [`ClaimError::Json`], [`ClaimError::Member`]: the origin's fault.
    pub fn read(origin: &Origin, response: &WellKnownResponse<'_>) -> Result<Self, ClaimError> {
        Self::url(origin)?;
        if response.status != 200 || !is_media_type(response.content_type, "application/json") {
            return Err(ClaimError::Response);
        }
        if response.body.len() > MAX_WELL_KNOWN_BYTES {
            return Err(ClaimError::TooLong);
        }
        // The strict reader first: it refuses duplicate members and depth anywhere, and keeps no numbers.
        json::read_object(response.body).map_err(|_| ClaimError::Json)?;
        let members: Members = serde_json::from_slice(response.body).map_err(|_| ClaimError::Member)?;
        Ok(Self {
            origin: origin.clone(),
            did: Did::parse(&members.did).map_err(|_| ClaimError::Member)?,
            endpoint: usable(&members.endpoint).ok_or(ClaimError::Member)?,
            versions: members.versions,
            suites: members.suites,
        })
    }

    /// The origin that makes the claim.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The DID that the origin names: to show it to the user, or to resolve it. Whom a handshake means is decided by the
    /// user, by [`OriginClaim::did_by_pin`] or by [`OriginClaim::did_by_link`].
    #[must_use]
    pub fn unverified_did(&self) -> &Did {
        &self.did
    }

    /// The versions that the origin names, for display: they choose nothing that the handshake does not check.
    #[must_use]
    pub fn unverified_versions(&self) -> &[u64] {
        &self.versions
    }

    /// The suites that the origin names, for display: they choose nothing that the handshake does not check.
    #[must_use]
    pub fn unverified_suites(&self) -> &[u64] {
        &self.suites
    }

    /// The DID, where it is the one that was pinned for this origin before.
    ///
    /// # Errors
    /// [`ClaimError::OtherDid`]: the origin's fault. It is not a reason to change the pin.
    pub fn did_by_pin(&self, pinned: &Did) -> Result<&Did, ClaimError> {
        if *pinned == self.did { Ok(&self.did) } else { Err(ClaimError::OtherDid) }
    }

    /// The DID, where its own document links to the origin with a `LinkedDomains` service entry.
    ///
    /// # Errors
    /// [`ClaimError::OtherDid`] for the document of another DID, the caller's fault; [`ClaimError::NotLinked`], the
    /// origin's or the document's.
    pub fn did_by_link(&self, document: &DidDocument) -> Result<&Did, ClaimError> {
        self.check_document(document)?;
        let linked = |text: &String| text.strip_suffix('/').unwrap_or(text) == self.origin.as_str();
        if linked_domains(document).iter().any(linked) { Ok(&self.did) } else { Err(ClaimError::NotLinked) }
    }

    /// The endpoint, where it lies on the origin itself.
    ///
    /// # Errors
    /// [`ClaimError::EndpointElsewhere`]: the origin's fault. [`OriginClaim::endpoint_in`] may still give it.
    pub fn endpoint_on_origin(&self) -> Result<&Endpoint, ClaimError> {
        if *self.endpoint.origin() == self.origin { Ok(&self.endpoint) } else { Err(ClaimError::EndpointElsewhere) }
    }

    /// The endpoint, where it lies on the origin or is listed in the document of the claimed DID, byte for byte.
    ///
    /// # Errors
    /// [`ClaimError::OtherDid`] for the document of another DID, the caller's fault; [`ClaimError::EndpointElsewhere`],
    /// the origin's.
    pub fn endpoint_in(&self, document: &DidDocument) -> Result<&Endpoint, ClaimError> {
        self.check_document(document)?;
        let listed = listed_endpoints(document).contains(&self.endpoint);
        if listed { Ok(&self.endpoint) } else { self.endpoint_on_origin() }
    }

    fn check_document(&self, document: &DidDocument) -> Result<(), ClaimError> {
        if *document.did() == self.did { Ok(()) } else { Err(ClaimError::OtherDid) }
    }
}

/// Why a claim is not used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, thiserror::Error)]
pub enum ClaimError {
    /// Only https origins make claims, and http origins whose host is a loopback address. The caller's fault.
    #[error("only https origins have /.well-known/didshake, and http ones at a loopback address")]
    NotHttps,
    /// The status is not 200 (a redirect is not followed), or the media type is not `application/json`. The origin's fault.
    #[error("the origin does not answer with 200 and application/json")]
    Response,
    /// The body is longer than [`MAX_WELL_KNOWN_BYTES`]. The origin's fault.
    #[error("/.well-known/didshake is longer than 65,536 bytes")]
    TooLong,
    /// Not one JSON object, a member twice, or nested too deep. The origin's fault.
    #[error("/.well-known/didshake is not one JSON object without duplicate members")]
    Json,
    /// A member is missing, of the wrong type, no DID, or no URL that an endpoint may have. The origin's fault.
    #[error("a member of /.well-known/didshake is missing or has the wrong form")]
    Member,
    /// The origin names another DID than the pinned one, or the document is of another DID than the claimed one.
    #[error("the claimed DID is another one")]
    OtherDid,
    /// The DID's document does not link to the origin. The origin's fault, or that of the document's holder.
    #[error("the DID document has no LinkedDomains entry for the origin")]
    NotLinked,
    /// The endpoint lies on another origin and the DID document does not list it. The origin's fault.
    #[error("the endpoint is neither on the origin nor listed in the DID document")]
    EndpointElsewhere,
}

#[derive(Deserialize)]
struct Members {
    did: String,
    endpoint: String,
    versions: Vec<u64>,
    suites: Vec<u64>,
}

fn usable(url: &str) -> Option<Endpoint> {
    Endpoint::parse(url).ok().filter(is_usable)
}

fn is_usable(endpoint: &Endpoint) -> bool {
    endpoint.origin().is_secure() || endpoint.origin().is_loopback()
}

/// What the document lists under `LinkedDomains`, as it is written there.
pub(crate) fn linked_domains(document: &DidDocument) -> Vec<String> {
    services(document, LINKED_DOMAINS).iter().flat_map(linked_origins).collect()
}

// Read anew from the text: `Service` also takes the `uri` of objects, which section 15.5 does not know.
fn services(document: &DidDocument, service_type: &str) -> Vec<Object> {
    let Ok(mut members) = json::read_object(document.text().as_bytes()) else { return Vec::new() };
    let Some(Json::List(entries)) = members.remove("service") else { return Vec::new() };
    let object = |entry| if let Json::Object(entry) = entry { Some(entry) } else { None };
    let of_type = |entry: &Object| texts(entry.get("type")).iter().any(|name| name == service_type);
    entries.into_iter().filter_map(object).filter(of_type).collect()
}

/// One text, or the texts of a list.
fn texts(value: Option<&Json>) -> Vec<String> {
    let items = value.map(|value| value.as_list().unwrap_or(std::slice::from_ref(value))).unwrap_or_default();
    items.iter().filter_map(Json::as_text).map(str::to_owned).collect()
}

/// `LinkedDomains` writes its origins as a text, as a list, or as an object with the list `origins`.
fn linked_origins(entry: &Object) -> Vec<String> {
    let value = entry.get("serviceEndpoint");
    value.and_then(Json::as_object).map_or_else(|| texts(value), |object| texts(object.get("origins")))
}
