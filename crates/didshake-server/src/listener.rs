//! A listener, and what slow or many clients can do to it.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use axum::Router;
use axum_server::tls_rustls::RustlsAcceptor;
use axum_server::{Control, Handle};

use crate::error::ServerError;
use crate::routes::App;
use crate::tls::Tls;

/// A client that has not sent the head of a request by then is dropped, so that slow ones hold nothing for long.
const HEAD: Duration = Duration::from_secs(10);
const MAX_HEAD_BYTES: usize = 32 * 1024;
const MAX_HEAD_BYTES_HTTP2: u32 = 32 * 1024;
const MAX_STREAMS: u32 = 64;
/// Of one stream, where the client does not read.
const MAX_SENT_HTTP2: usize = 64 * 1024;
const PING: Duration = Duration::from_secs(20);

/// An address that is taken, and not served yet.
pub(crate) struct Listener {
    socket: TcpListener,
    pub(crate) address: SocketAddr,
}

impl Listener {
    pub(crate) fn bind(address: SocketAddr) -> Result<Self, ServerError> {
        let failed = |source| ServerError::Listen { address, source };
        let socket = TcpListener::bind(address).map_err(failed)?;
        Ok(Self { address: socket.local_addr().map_err(failed)?, socket })
    }

    pub(crate) fn serve(
        self,
        routes: Router,
        tls: Option<Tls>,
        app: &App,
        control: Control,
    ) -> impl Future<Output = io::Result<()>> + Send + use<> {
        let (room, handle) = (app.0.connections.clone(), Handle::with_control(control));
        let routes = routes.into_make_service_with_connect_info::<SocketAddr>();
        async move {
            let mut server = axum_server::from_tcp(self.socket)?
                .handle(handle)
                .first_request_timeout(HEAD)
                .accept_error_handler(|peer, error| {
                    let error: &dyn std::error::Error = error;
                    tracing::debug!(?peer, error, "a connection was not taken");
                });
            let builder = server.http_builder();
            builder.http1().header_read_timeout(HEAD).max_buf_size(MAX_HEAD_BYTES);
            let mut http2 = builder.http2();
            http2.max_send_buf_size(MAX_SENT_HTTP2);
            http2.max_concurrent_streams(MAX_STREAMS).max_header_list_size(MAX_HEAD_BYTES_HTTP2);
            http2.keep_alive_interval(PING).keep_alive_timeout(HEAD);
            match tls {
                Some(tls) => {
                    let acceptor = RustlsAcceptor::new(tls.rustls).handshake_timeout(HEAD).acceptor(room);
                    server.acceptor(acceptor).serve(routes).await
                }
                None => server.acceptor(room).serve(routes).await,
            }
        }
    }
}
