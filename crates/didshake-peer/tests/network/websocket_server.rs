//! Both ends of a WebSocket: a responder as a service would have one, and ends that do what a test wants.
#![allow(clippy::result_large_err, reason = "the callback's signature is tungstenite's")]

use std::net::Ipv4Addr;
use std::sync::Arc;

use didshake::Origin;
use didshake_peer::websocket::{SUBPROTOCOL, Tungstenite, WebSocket, accept, limits};
use didshake_peer::{HandshakeError, MemoryBurnStore, PeerConnection, ResponderOptions};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async_with_config, client_async};

pub(crate) type Accepted = Result<PeerConnection<WebSocket<Tungstenite<TcpStream>>>, HandshakeError>;

/// Accepts handshakes; each outcome comes out of `outcomes`.
pub(crate) struct Listening {
    pub(crate) port: u16,
    pub(crate) outcomes: mpsc::Receiver<Accepted>,
    task: JoinHandle<()>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Listening {
    /// At the origin that `origin` makes of the port.
    pub(crate) async fn start(options: ResponderOptions, origin: impl FnOnce(u16) -> String) -> Self {
        let (listener, port) = listener().await;
        let origin = Origin::parse(&origin(port)).unwrap();
        let (sender, outcomes) = mpsc::channel(4);
        let task = tokio::spawn(async move {
            let burned = MemoryBurnStore::default();
            while let Ok((stream, _)) = listener.accept().await {
                let Some(socket) = open(stream, Some(SUBPROTOCOL)).await else { continue };
                let outcome = accept(Tungstenite::new(socket), &origin, &options, &burned).await;
                if sender.send(outcome).await.is_err() {
                    return;
                }
            }
        });
        Self { port, outcomes, task }
    }

    pub(crate) async fn outcome(&mut self) -> Accepted {
        self.outcomes.recv().await.unwrap()
    }
}

pub(crate) fn origin(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

pub(crate) async fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// The opening handshake of a server that selects this subprotocol, whatever is offered.
pub(crate) async fn open(stream: TcpStream, select: Option<&'static str>) -> Option<WebSocketStream<TcpStream>> {
    let choose = |request: &Request, response| chosen(request, response, select);
    accept_hdr_async_with_config(stream, choose, Some(limits())).await.ok()
}

#[expect(clippy::result_large_err, reason = "tungstenite's callback has this type")]
fn chosen(request: &Request, mut response: Response, select: Option<&str>) -> Result<Response, ErrorResponse> {
    assert_eq!(request.headers()["sec-websocket-protocol"], SUBPROTOCOL);
    if let Some(select) = select {
        response.headers_mut().insert("sec-websocket-protocol", select.parse().unwrap());
    }
    Ok(response)
}

/// One TLS connection, served by the responder.
pub(crate) async fn accept_tls(listener: TcpListener, tls: ServerConfig, options: ResponderOptions, origin: Origin) {
    let (stream, _) = listener.accept().await.unwrap();
    let stream = TlsAcceptor::from(Arc::new(tls)).accept(stream).await.unwrap();
    let choose = |request: &Request, response| chosen(request, response, Some(SUBPROTOCOL));
    let socket = accept_hdr_async_with_config(stream, choose, Some(limits())).await.unwrap();
    let burned = MemoryBurnStore::default();
    let mut connection = accept(Tungstenite::new(socket), &origin, &options, &burned).await.unwrap();
    while let Some(message) = connection.recv().await.unwrap() {
        connection.send(&message).await.unwrap();
    }
    connection.close().await.unwrap();
}

/// A client without a handshake.
pub(crate) async fn raw_client(port: u16) -> WebSocketStream<TcpStream> {
    let mut request = format!("ws://127.0.0.1:{port}/didshake").into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", SUBPROTOCOL.parse().unwrap());
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
    client_async(request, stream).await.unwrap().0
}
