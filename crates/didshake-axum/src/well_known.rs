//! What an origin says of itself, so that clients find the endpoint (R-BIND-16). Pages of other origins may read it too.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use didshake::Suite;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL};
use http::{HeaderName, StatusCode};
use serde_json::json;

use crate::problem::problem;
use crate::responder::Responder;
use crate::target;

pub(crate) const PATH: &str = "/.well-known/didshake";

const FOR_EVERYBODY: [(HeaderName, &str); 2] =
    [(ACCESS_CONTROL_ALLOW_ORIGIN, "*"), (CACHE_CONTROL, "public, max-age=60")];

pub(crate) async fn claim(State(responder): State<Arc<Responder>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let Some(origin) = responder.origins.select(&target::hosts(&parts)) else {
        return problem(StatusCode::MISDIRECTED_REQUEST);
    };
    let suites: Vec<u16> = Suite::ALL.iter().map(|suite| suite.id()).collect();
    let claim = json!({
        "did": responder.answering.now().active.first().map(|identity| identity.did().as_str()),
        "endpoint": format!("{origin}{}", responder.site.path()),
        "versions": [1],
        "suites": suites,
    });
    (FOR_EVERYBODY, Json(claim)).into_response()
}
