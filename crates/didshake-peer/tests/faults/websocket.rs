//! Over a WebSocket, from its first byte on.

use didshake::{Endpoint, Origin};
use didshake_peer::MemoryBurnStore;
use didshake_peer::http::{WebClient, WebClientOptions};
use didshake_peer::websocket::{SUBPROTOCOL, SUBPROTOCOL_FIELD, Tungstenite, accept, connect, limits};
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_tungstenite::accept_hdr_async_with_config;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};

use crate::conversation::{End, LIMIT, Saw, impatient, initiator, responder};
use crate::frames::{Frame, What, of_websocket};
use crate::proxy::Way;
use crate::run::{Binding, every_fault};

struct WebSocket(WebClient);

/// Whatever is offered: that is not what is tested here.
#[expect(clippy::result_large_err, reason = "tungstenite's callback has this type")]
fn select(_: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    response.headers_mut().insert(SUBPROTOCOL_FIELD, SUBPROTOCOL.parse().unwrap());
    Ok(response)
}

impl Binding for WebSocket {
    async fn initiator(&self, port: u16) -> Saw {
        let endpoint = Endpoint::parse(&format!("ws://127.0.0.1:{port}/didshake")).unwrap();
        initiator(connect(&self.0, &endpoint, &impatient().0).await).await
    }

    async fn responder(&self, listener: &TcpListener, port: u16) -> Saw {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let opening = accept_hdr_async_with_config(stream, select, Some(limits()));
        let Ok(Ok(socket)) = timeout(LIMIT, opening).await else { return Saw::without_channel(End::NoWebSocket) };
        let origin = Origin::parse(&format!("http://127.0.0.1:{port}")).unwrap();
        let burned = MemoryBurnStore::default();
        responder(accept(Tungstenite::new(socket), &origin, &impatient().1, &burned).await).await
    }

    fn frames(way: Way, bytes: &[u8]) -> Vec<Frame> {
        use What::{Accept, Close, Data, Handshake};
        match way {
            Way::ToResponder => of_websocket(bytes, &[Handshake, Handshake, Data, Data, Data, Close]),
            Way::ToInitiator => of_websocket(bytes, &[Handshake, Accept, Data, Data, Close]),
        }
    }
}

// R-CHAN-5, R-CHAN-15, R-CHAN-17, R-LIMIT-2
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_at_any_byte_of_a_websocket_is_an_error_and_never_a_wrong_message() {
    every_fault(WebSocket(WebClient::new(&WebClientOptions::default()).unwrap())).await;
}
