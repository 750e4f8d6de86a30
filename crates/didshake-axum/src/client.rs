//! Where a request comes from, for rates and logs. It proves nothing.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::ConnectInfo;
use didshake_did::Source;
use http::Extensions;

/// The client's address, as an extension of the request. An app behind a proxy that it trusts sets it, from whatever that
/// proxy says, in a middleware outside of didshake's layer and routes. Without it the address of the connection counts
/// (axum's `ConnectInfo<SocketAddr>`).
///
/// ```
/// use didshake_axum::ClientAddress;
/// let mut request = http::Request::new(());
/// request.extensions_mut().insert(ClientAddress("192.0.2.1".parse()?));
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClientAddress(pub IpAddr);

pub(crate) fn address(extensions: &Extensions) -> Option<IpAddr> {
    let told = extensions.get::<ClientAddress>().map(|client| client.0);
    let connected = || extensions.get::<ConnectInfo<SocketAddr>>().map(|connected| connected.0.ip());
    told.or_else(connected).map(|address| address.to_canonical())
}

/// Whose rate counts. All whose address is unknown are one: better too strict than no limit at all.
pub(crate) fn source(address: Option<IpAddr>) -> Source {
    Source::of(address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)))
}
