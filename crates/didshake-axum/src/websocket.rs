//! A login over a WebSocket at the same path (specification, section 15.3). `didshake-peer` drives it; what is of the
//! service is the same as over HTTP: origin, rates, policy, and a session that stands before Accept goes out.

mod options;
mod socket;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{FromRequestParts as _, Request};
use axum::response::Response;
use didshake::http::Refusal;
use didshake::websocket::{SUBPROTOCOL, SUBPROTOCOL_FIELD, select_subprotocol};
use didshake::{MAX_RECORD_BYTES, Origin};
use didshake_peer::websocket::accept;
use didshake_peer::{Cause, ChannelError, HandshakeError};
use http::header::UPGRADE;
use http::request::Parts;
use http::{HeaderName, Method};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use socket::Frames;

use crate::failure::Failure;
use crate::outcome::{ACCEPTED, Doing, Report};
use crate::responder::Responder;
use crate::{client, target};

// How long a client may take to close after its login.
const FAREWELL: Duration = Duration::from_secs(5);
const READ_BUFFER: usize = 4096;
const SWITCHING: u16 = 101;

/// Whether a request opens a WebSocket.
pub(crate) fn is_opening(request: &Request) -> bool {
    let upgrade = request.headers().get(UPGRADE);
    request.method() == Method::GET && upgrade.is_some_and(|name| name.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Opens the WebSocket and runs the handshake over it, or says why not.
pub(crate) async fn open(responder: Arc<Responder>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let mut report = Report::begin(&responder.observer, Doing::WebSocket, client::address(&parts.extensions));
    let admitted = admit(&responder, &parts, &mut report);
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &()).await;
    match admitted.and_then(|admitted| Ok((admitted, upgrade.map_err(|_| Failure::NotAWebSocket)?))) {
        Ok(((origin, place), upgrade)) => upgrade
            .protocols([SUBPROTOCOL])
            .max_message_size(MAX_RECORD_BYTES)
            .max_frame_size(MAX_RECORD_BYTES)
            .read_buffer_size(READ_BUFFER)
            .on_upgrade(move |socket| async move {
                let _place = place;
                login(responder, Frames::new(socket), origin, report).await;
            }),
        Err(failure) => {
            let response = failure.response(false);
            report.end(failure.code(), response.status().as_u16());
            response
        }
    }
}

/// The configured origin, and a place among the WebSockets.
fn admit(responder: &Responder, parts: &Parts, report: &mut Report) -> Result<(Origin, OwnedSemaphorePermit), Failure> {
    let origin = responder.origins.select(&target::hosts(parts)).ok_or(Refusal::Host)?;
    report.origin = Some(origin.clone());
    if target::uri(parts).path() != responder.site.path() {
        return Err(Refusal::Path.into());
    }
    if responder.is_draining() {
        return Err(Failure::Draining);
    }
    let offered = target::values(&parts.headers, &HeaderName::from_static(SUBPROTOCOL_FIELD));
    select_subprotocol(&offered).map_err(|_| Failure::NoSubprotocol)?;
    // Over HTTP a handshake is two requests.
    responder.spend_request(report.client)?;
    responder.spend_request(report.client)?;
    let place = Arc::clone(&responder.sockets).try_acquire_owned().map_err(|_| Failure::Busy)?;
    Ok((origin.clone(), place))
}

async fn login(responder: Arc<Responder>, socket: Frames, origin: Origin, mut report: Report) {
    let options = options::of(&responder, &origin, report.client);
    match accept(socket, &origin, &options, &*responder.burned).await {
        Ok(mut connection) => {
            report.did = Some(connection.peer().did().clone());
            report.session_id = Some(connection.agreed().session_id);
            report.end(ACCEPTED, SWITCHING);
            // The session lives on over HTTP; this channel was for the login alone.
            let _ = timeout(FAREWELL, async {
                connection.close().await?;
                while connection.recv().await?.is_some() {}
                Ok::<(), ChannelError>(())
            })
            .await;
        }
        Err(error) => {
            let code = code(&error);
            report.did = error.claimed;
            report.end(code, SWITCHING);
        }
    }
}

fn code(error: &HandshakeError) -> &'static str {
    match error.cause {
        Cause::Keep(_) => "session_store",
        _ => error.code(),
    }
}
