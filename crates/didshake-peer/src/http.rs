//! The HTTP binding for clients: what an origin says of itself, login in two requests, and requests that prove the session
//! (specification, sections 15.4 to 15.6). Feature `http`.
//!
//! ```no_run
//! use didshake::{Did, Origin, UnixTime};
//! use didshake_did::{SigningIdentity, SystemClock, Clock as _};
//! use didshake_peer::http::{ClientSession, LOGIN_PROTOCOL, SessionRequest, WebClient, WebClientOptions};
//! use didshake_peer::{Expect, InitiatorOptions};
//!
//! # async fn f(identity: SigningIdentity, service: Did) -> Result<(), Box<dyn std::error::Error>> {
//! let client = WebClient::new(&WebClientOptions::default())?;
//! let claim = client.discover(&Origin::parse("https://example.com")?).await?;
//! let endpoint = claim.endpoint_on_origin()?;
//!
//! // Whom is meant: the user, or a pin, never the claim.
//! let options = InitiatorOptions::new(identity, LOGIN_PROTOCOL, Expect::Did(service));
//! let agreed = client.login(endpoint, &options).await?;
//! let session = ClientSession::new(&agreed, endpoint.origin(), SystemClock.now())?;
//!
//! let response = client.request(&session, &SessionRequest::get("/v1/session")).await?;
//! println!("{}: {} bytes", response.status(), response.body(65_536).await?.len());
//! # Ok(()) }
//! ```

mod client;
mod login;
mod options;
mod request;
mod response;
mod session;
mod tls;

pub use client::{DiscoverError, WebClient};
pub use options::{WebClientError, WebClientOptions};
pub use request::{RequestError, SessionRequest};
pub use response::WebResponse;
pub use session::{ClientSession, ClientSessionError, ClientSessionParts};

/// The application protocol whose handshakes lead to a session (specification, section 15.6).
pub const LOGIN_PROTOCOL: &[u8] = b"didshake.login/1";
