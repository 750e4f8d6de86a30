//! What happens to every request, whatever it is for: an id, the client's address, a line in the log, a count, header
//! fields that browsers want.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use didshake_axum::ClientAddress;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use tracing::Instrument;

use crate::metrics::Metrics;
use crate::problem::with_problem;
use crate::proxies::{Proxies, REQUEST_ID};
use crate::routes::authz::EXT_AUTHZ;
use crate::routes::{DEPOSITORS, ENDPOINT};

/// For whatever does not say otherwise.
const FIELDS: [(HeaderName, HeaderValue); 4] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
];
/// Where every origin of ours is https.
const HTTPS_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000");

#[derive(Clone)]
pub(crate) struct Front {
    pub(crate) proxies: Proxies,
    pub(crate) metrics: Metrics,
    pub(crate) https_only: bool,
}

/// The middleware.
pub(crate) async fn front(
    State(front): State<Front>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    let begun = Instant::now();
    let client = front.proxies.client(peer.ip(), request.headers());
    // The proxy's id would lead to whatever the proxy logs about a depositor.
    let told = front.proxies.request_id(peer.ip(), request.headers()).filter(|_| !is_depositors(request.uri().path()));
    let id = told.map_or_else(new_id, str::to_owned);
    request.extensions_mut().insert(ClientAddress(client));
    let line = Line::of(&request, client);
    // Of the level of errors, so that whatever is logged says which request it is about.
    let span = tracing::error_span!("request", id);
    async {
        let response = next.run(request).await;
        // What the protocol answers it answers by itself (specification, section 15.4).
        let mut response = if line.path == ENDPOINT { response } else { with_problem(response) };
        front.finish(&line, &response, begun.elapsed());
        front.add_fields(response.headers_mut(), &id);
        response
    }
    .instrument(span)
    .await
}

/// What the log says of a request; the query stays out of it, and header fields do.
struct Line {
    method: Method,
    path: String,
    route: Option<MatchedPath>,
    /// Nobody, where somebody deposits (R-RLY-5).
    client: Option<IpAddr>,
}

fn is_depositors(path: &str) -> bool {
    path.starts_with(DEPOSITORS)
}

impl Line {
    fn of(request: &Request, client: IpAddr) -> Self {
        let route = request.extensions().get::<MatchedPath>().cloned();
        // What applications have in their paths is theirs.
        let path = request.uri().path();
        let (shown, client) = match path {
            path if path.starts_with(EXT_AUTHZ) => (EXT_AUTHZ, Some(client)),
            path if is_depositors(path) => (DEPOSITORS, None),
            path => (path, Some(client)),
        };
        Self { method: request.method().clone(), path: shown.chars().take(256).collect(), route, client }
    }
}

impl Front {
    fn finish(&self, line: &Line, response: &Response, took: Duration) {
        let Line { method, path, route, client } = line;
        let client = client.map(tracing::field::display);
        let status = response.status();
        let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let route = route.as_ref().map_or("none", MatchedPath::as_str);
        self.metrics.request(method, route, status, took);
        match route {
            // Asked for all day long by machines.
            "/livez" | "/readyz" | "/metrics" if status == StatusCode::OK => {
                tracing::debug!(%method, path, status = status.as_u16(), milliseconds, client, "answered");
            }
            _ => tracing::info!(%method, path, status = status.as_u16(), milliseconds, client, "answered"),
        }
    }

    fn add_fields(&self, headers: &mut HeaderMap, id: &str) {
        for (name, value) in FIELDS {
            headers.entry(name).or_insert(value);
        }
        if self.https_only {
            headers.insert(STRICT_TRANSPORT_SECURITY, HTTPS_ONLY);
        }
        if let Ok(id) = HeaderValue::from_str(id) {
            headers.insert(REQUEST_ID, id);
        }
    }
}

/// 16 random bytes. Without randomness nothing else works either, and the id only joins lines of a log.
fn new_id() -> String {
    let mut bytes = [0; 16];
    let _ = getrandom::fill(&mut bytes);
    hex::encode(bytes)
}
