//! What operators and their machines ask.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Extension, State};
use axum::response::{IntoResponse, Response};
use didshake::Origin;
use didshake_axum::ClientAddress;
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderMap, StatusCode};
use ipnet::IpNet;

use super::App;
use crate::metrics::Gauges;
use crate::problem::problem;
use crate::proxies::is_forwarded;
use crate::store::Table;

/// The process runs.
#[utoipa::path(get, path = "/livez", tag = "operations", responses((status = 200, description = "It runs")))]
pub(super) async fn live() -> &'static str {
    "ok\n"
}

/// It takes requests, and its database answers.
#[utoipa::path(get, path = "/readyz", tag = "operations", responses(
    (status = 200, description = "It takes requests"),
    (status = 503, description = "It is ending, or its database does not answer"),
))]
pub(super) async fn ready(State(app): State<App>) -> Response {
    if app.0.is_draining() || app.0.database.rows(Table::Sessions).await.is_err() {
        return problem(StatusCode::SERVICE_UNAVAILABLE);
    }
    "ok\n".into_response()
}

/// The metrics, for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "operations", responses(
    (status = 200, description = "Metrics in Prometheus' text format", content_type = "text/plain"),
    (status = 404, description = "Not for this client"),
))]
pub(super) async fn metrics_on_main(
    State(app): State<App>,
    Extension(ClientAddress(client)): Extension<ClientAddress>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response {
    // A proxy on this machine that is not listed as trusted would make everybody local.
    let direct = peer.ip().to_canonical() == client && !is_forwarded(&headers);
    let local = client.is_loopback() && direct && asks_this_machine(&headers);
    let listed = |networks: &[IpNet]| networks.iter().any(|network| network.contains(&client));
    let believed = direct || peer.ip().to_canonical() != client;
    if app.0.metrics_allow.as_deref().is_some_and(|networks| local || (believed && listed(networks))) {
        return metrics(State(app)).await;
    }
    problem(StatusCode::NOT_FOUND)
}

/// A proxy passes on the name that it was asked by, and a page in a browser of this machine can have its own name lead
/// here (DNS rebinding): only an address is nobody's name.
fn asks_this_machine(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok()).filter(|_| hosts.next().is_none());
    host.is_some_and(|host| Origin::parse(&format!("http://{host}")).is_ok_and(|origin| origin.is_loopback()))
}

pub(super) async fn metrics(State(app): State<App>) -> Response {
    let mut rows = Vec::new();
    for table in Table::ALL {
        // Without the database there are still the counters, which may say why.
        if let Ok(count) = app.0.database.rows(table).await {
            rows.push((table.name(), count));
        }
    }
    let relay = match &app.0.relay {
        Some(relay) => relay.gauges().await,
        None => None,
    };
    let gauges = Gauges { rows, connections: app.0.connections.count(), draining: app.0.is_draining(), relay };
    let text = app.0.metrics.render(&gauges);
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}
