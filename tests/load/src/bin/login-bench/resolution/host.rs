//! A host of documents and logs, over HTTPS, that counts how often it is asked.

use std::collections::HashMap;
use std::net::TcpListener;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum_server::accept::NoDelayAcceptor;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};

/// It serves until the process ends, on a thread of its own: who asks at the same moment does not keep it waiting.
#[derive(Clone)]
pub(crate) struct Host {
    pub(crate) port: u16,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    files: RwLock<HashMap<&'static str, File>>,
    asked: AtomicU64,
}

type File = (&'static str, String);

impl Host {
    /// On a free port of 127.0.0.1, with a certificate chain and its key in PEM; without anything to give yet.
    pub(crate) fn start(chain: Vec<u8>, key: Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let host = Self { port: listener.local_addr().unwrap().port(), shared: Arc::default() };
        let app = Router::new().fallback(answer).with_state(host.shared.clone());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let tls = RustlsConfig::from_pem(chain, key).await.unwrap();
                // As the service does it: an answer would wait up to 40 ms for the client to acknowledge the tickets of TLS.
                let acceptor = RustlsAcceptor::new(tls).acceptor(NoDelayAcceptor);
                let server = axum_server::from_tcp(listener).unwrap().acceptor(acceptor);
                server.serve(app.into_make_service()).await.unwrap();
            });
        });
        host
    }

    /// From here on it has this there.
    pub(crate) fn publish(&self, path: &'static str, media_type: &'static str, text: String) {
        self.shared.files.write().unwrap().insert(path, (media_type, text));
    }

    /// How many requests came so far, whatever for.
    pub(crate) fn asked(&self) -> u64 {
        self.shared.asked.load(Ordering::SeqCst)
    }
}

async fn answer(State(shared): State<Arc<Shared>>, uri: Uri) -> Response {
    shared.asked.fetch_add(1, Ordering::SeqCst);
    match shared.files.read().unwrap().get(uri.path()) {
        Some((media_type, text)) => ([(CONTENT_TYPE, *media_type)], text.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
