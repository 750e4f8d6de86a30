//! The description of the HTTP interface, for machines and for people. The page asks nobody but this origin.

use axum::Json;
use axum::response::{Html, IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use utoipa::{OpenApi, ToSchema};
use utoipa_scalar::Scalar;

use super::{
    account, admin, authz, browser, circuits, deposits, health, invites, links, mailbox, mailbox_events, mailbox_feed,
    mailbox_socket, session_json, sessions, well_known,
};

/// Where the page's script is; see `assets/README.md`.
pub(super) const SCRIPT: &str = "/docs/scalar.js";

static SCALAR: &[u8] = include_bytes!("../../assets/scalar.js.gz");

/// `$spec` is the description, as data: no script stands in the page itself.
const PAGE: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>didshake</title>
</head>
<body>
<script id="api-reference" type="application/json"
  data-configuration='{"withDefaultFonts":false,"telemetry":false,"hideClientButton":true,"agent":{"disabled":true}}'>
$spec
</script>
<script src="/docs/scalar.js"></script>
</body>
</html>
"#;

/// Scalar puts its style sheets into the page, so that those are allowed; scripts are ours alone.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "didshake",
        description = "Mutual authentication of DID holders. `POST /didshake` carries the handshake, two requests of \
            binary messages (specification, 15.4); requests to `/v1` are signed with the key that both sides have from \
            it (15.6), each one, with `Content-Digest`, `Signature-Input` and `Signature`. Where the service is a relay, `/v1/mailbox` is a \
            mailbox's owner's, and requests to `/m` are of whoever has a deposit token, and are not signed \
            (spec/relay-1.md)."
    ),
    paths(
        handshake,
        sessions::show,
        sessions::end,
        sessions::list,
        sessions::end_all,
        sessions::end_one,
        browser::cookie,
        links::make,
        links::look,
        links::enter,
        account::show,
        account::invite,
        account::remove_key,
        invites::look,
        invites::claim,
        invites::accept,
        admin::accounts::list,
        admin::accounts::show,
        admin::accounts::change,
        admin::accounts::remove,
        admin::invites::make,
        admin::invites::list,
        admin::invites::cancel,
        admin::sessions::list,
        admin::sessions::end,
        admin::revocations::list,
        admin::revocations::revoke,
        admin::revocations::restore,
        mailbox::open,
        mailbox::show,
        mailbox::close,
        mailbox::set_key,
        mailbox::let_in,
        mailbox::revoke,
        mailbox::tokens,
        mailbox_feed::list,
        mailbox_feed::answer,
        mailbox_events::open,
        mailbox_socket::open,
        circuits::answer,
        circuits::ask,
        deposits::key,
        deposits::deposit,
        deposits::states,
        authz::auth_request,
        authz::forward_auth,
        claim,
        well_known::did_document,
        well_known::did_configuration,
        well_known::log,
        well_known::witnesses,
        health::live,
        health::ready,
        health::metrics_on_main
    ),
    components(schemas(session_json::SessionJson, session_json::SessionsJson))
)]
struct Api;

/// A message of the handshake: Hello, then Finish with the `DIDShake-State` of Reply's response.
#[utoipa::path(post, path = "/didshake", tag = "handshake",
    request_body(content = Vec<u8>, content_type = "application/didshake"),
    responses(
        (status = 200, description = "Reply, Retry or Accept", content_type = "application/didshake"),
        (status = 401, description = "An alert", content_type = "application/didshake"),
        (status = 429, description = "Too many handshakes from this source; see `Retry-After`"),
        (status = 503, description = "Too many handshakes at this time, or the service is ending"),
    ))]
#[allow(dead_code, reason = "the route is didshake-axum's; this describes it")]
fn handshake() {}

/// The claim of an origin (specification, 15.5).
#[derive(ToSchema)]
#[allow(dead_code, reason = "the route is didshake-axum's; this describes it")]
struct Claim {
    /// The DID that answers here.
    #[schema(example = "did:web:example.com")]
    did: String,
    /// Where to post to.
    #[schema(example = "https://example.com/didshake")]
    endpoint: String,
    /// Versions of the protocol.
    versions: Vec<u8>,
    /// Suites, as numbers.
    suites: Vec<u16>,
}

/// Which DID answers here, and where: a claim that only a handshake proves.
#[utoipa::path(get, path = "/.well-known/didshake", tag = "discovery", responses(
    (status = 200, description = "The claim", body = Claim),
    (status = 421, description = "`Host` names none of the origins"),
))]
#[allow(dead_code, reason = "the route is didshake-axum's; this describes it")]
fn claim() {}

pub(super) async fn openapi() -> Response {
    Json(Api::openapi()).into_response()
}

pub(super) async fn page() -> Response {
    let page = Scalar::new(Api::openapi()).custom_html(PAGE).to_html();
    ([(CONTENT_SECURITY_POLICY, POLICY)], Html(page)).into_response()
}

pub(super) async fn script() -> Response {
    let fields = [
        (CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (CONTENT_ENCODING, "gzip"),
        (CACHE_CONTROL, "public, max-age=86400"),
    ];
    (fields, SCALAR).into_response()
}
