//! The initiator over a WebSocket: the opening handshake over the same client as everything else, so that roots, hosts and
//! redirects have one rule.

use didshake::Endpoint;
use didshake::websocket::{SUBPROTOCOL, SUBPROTOCOL_FIELD};
use didshake::{Binding, Context};
use reqwest::header::{
    CONNECTION, HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use reqwest::{Method, Request, StatusCode, Upgraded};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::transport::WebSocket;
use super::tungstenite::{Tungstenite, limits};
use crate::attempt::{Claimed, Progress};
use crate::connect::initiate;
use crate::connection::PeerConnection;
use crate::error::{Cause, HandshakeError, Step};
use crate::failure::{HttpFailure, WebSocketFailure};
use crate::http::WebClient;
use crate::options::InitiatorOptions;

/// A channel over a WebSocket that we opened.
pub type ClientConnection = PeerConnection<WebSocket<Tungstenite<Upgraded>>>;

/// Opens a WebSocket and runs a handshake as initiator over it.
///
/// Binding and origin are those of the endpoint that is connected to (R-BIND-6); the context of `options` is not used.
///
/// # Errors
/// [`HandshakeError`], as for [`connect`](crate::connect()) over a stream; [`HttpFailure`] and [`WebSocketFailure`] where no
/// WebSocket with the subprotocol `didshake.1` came about (R-BIND-4).
pub async fn connect(
    client: &WebClient,
    endpoint: &Endpoint,
    options: &InitiatorOptions,
) -> Result<ClientConnection, HandshakeError> {
    let limit = options.surroundings.timeouts.message.min(options.surroundings.timeouts.attempt);
    let opened = timeout(limit, open(client, endpoint)).await.unwrap_or(Err(Cause::TimedOut(limit)));
    match opened {
        Ok((socket, context)) => initiate(WebSocket::new(socket), context, options).await,
        Err(cause) => {
            let progress = Progress::new(&options.surroundings, Claimed::default(), Step::SendHello);
            Err(progress.fail(cause, None))
        }
    }
}

async fn open(client: &WebClient, endpoint: &Endpoint) -> Result<(Tungstenite<Upgraded>, Context), Cause> {
    if endpoint.binding() != Binding::WebSocket {
        return Err(HttpFailure::Url.into());
    }
    // ws is http and wss is https: the same port, the same origin.
    let after_ws = endpoint.as_str().get("ws".len()..).unwrap_or_default();
    let url = client.url(&format!("http{after_ws}"), endpoint.origin())?;
    let socket = upgrade(client, Request::new(Method::GET, url), SUBPROTOCOL, limits()).await?;
    Ok((Tungstenite::new(socket), endpoint.context()?))
}

/// Opens a WebSocket with a request that has everything but the opening handshake's own fields.
pub(crate) async fn upgrade(
    client: &WebClient,
    mut request: Request,
    subprotocol: &'static str,
    limits: WebSocketConfig,
) -> Result<WebSocketStream<Upgraded>, Cause> {
    let key = generate_key();
    opening(request.headers_mut(), &key, subprotocol)?;
    let response = client.execute(request).await?;
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Err(WebSocketFailure::Refused(response.status().as_u16()).into());
    }
    check(response.headers(), &key, subprotocol)?;
    let upgraded = response.upgrade().await.map_err(|_| HttpFailure::Broken)?;
    Ok(WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(limits)).await)
}

/// RFC 6455, section 4.1.
fn opening(headers: &mut HeaderMap, key: &str, subprotocol: &'static str) -> Result<(), HttpFailure> {
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    headers.insert(SEC_WEBSOCKET_KEY, HeaderValue::from_str(key).map_err(|_| HttpFailure::Url)?);
    headers.insert(HeaderName::from_static(SUBPROTOCOL_FIELD), HeaderValue::from_static(subprotocol));
    Ok(())
}

/// What the responder must have answered; we offer no extension, so that it may select none.
fn check(headers: &HeaderMap, key: &str, subprotocol: &str) -> Result<(), WebSocketFailure> {
    let is = |name: &HeaderName, expected: &str, alike: fn(&[u8], &[u8]) -> bool| {
        headers.get(name).is_some_and(|value| alike(value.as_bytes(), expected.as_bytes()))
    };
    let accepted = is(&SEC_WEBSOCKET_ACCEPT, &derive_accept_key(key.as_bytes()), <[u8]>::eq);
    let upgraded = is(&UPGRADE, "websocket", <[u8]>::eq_ignore_ascii_case)
        && is(&CONNECTION, "upgrade", <[u8]>::eq_ignore_ascii_case);
    if !accepted || !upgraded || headers.contains_key(SEC_WEBSOCKET_EXTENSIONS) {
        return Err(WebSocketFailure::Malformed);
    }
    let selected: Vec<&[u8]> = headers.get_all(SUBPROTOCOL_FIELD).iter().map(HeaderValue::as_bytes).collect();
    let is_selected = matches!(selected[..], [name] if name == subprotocol.as_bytes());
    if is_selected { Ok(()) } else { Err(WebSocketFailure::NoSubprotocol) }
}
