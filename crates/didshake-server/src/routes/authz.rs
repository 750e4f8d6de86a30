//! Forward-auth: a proxy asks here, for each request to an application, whether it may pass, and who it is.
//!
//! What the proxy says of the host chooses the application, so that the proxy itself has to say it: one that passes on what
//! a client wrote there would let whoever may use one application into another.

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use didshake::{Did, Origin};
use didshake_axum::StoreError;
use http::header::{ACCEPT, LOCATION};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::App;
use super::handover::START;
use crate::applications::Application;
use crate::cookie::{CookieSecret, SESSION};
use crate::problem::{problem, unavailable};
use crate::store::Member;
use crate::visitor::{LiveSession, live_session};

/// Before the path that a client asked for.
pub(crate) const EXT_AUTHZ: &str = "/authz/ext-authz/";

/// What is said of who may pass, on every 200 and empty where there is nothing to say: a proxy that copies them then never
/// leaves standing what the client wrote.
const REMOTE: [HeaderName; 5] = [
    HeaderName::from_static("remote-user"),
    HeaderName::from_static("remote-did"),
    HeaderName::from_static("remote-groups"),
    HeaderName::from_static("remote-name"),
    HeaderName::from_static("remote-email"),
];

const PERCENT: AsciiSet = CONTROLS.add(b'%');

/// What becomes of a request.
enum Decision {
    Passes(Box<Person>),
    /// Nobody we know: who it is can log in.
    Unknown,
    /// Somebody who may not, or no application of ours.
    Refused,
    Unavailable(StoreError),
}

/// Who it is, as applications are told.
struct Person {
    did: Did,
    account: Option<Member>,
    groups: Vec<String>,
}

/// nginx's `auth_request`: 200, 401 or 403, and nothing else, since it makes 500 of everything else.
#[utoipa::path(get, path = "/authz/auth-request", tag = "forward-auth",
    params(("X-Original-URL" = String, Header, description = "The URL that the client asked for")),
    responses(
        (status = 200, description = "It may pass; the `Remote-…` fields say who it is"),
        (status = 401, description = "Nobody is logged in"),
        (status = 403, description = "It may not pass, or nobody can tell at this time"),
    ))]
pub(super) async fn auth_request(State(app): State<App>, headers: HeaderMap) -> Response {
    let origin = one(&headers, "x-original-url").and_then(|url| Origin::parse(url).ok());
    match decide(&app, of_origin(&app, origin), &headers).await {
        Decision::Passes(person) => passes(&person),
        Decision::Unknown => problem(StatusCode::UNAUTHORIZED),
        Decision::Refused => problem(StatusCode::FORBIDDEN),
        Decision::Unavailable(error) => {
            let _ = unavailable(&error);
            problem(StatusCode::FORBIDDEN)
        }
    }
}

/// Caddy's `forward_auth` and Traefik's `ForwardAuth`: what is answered is what the client gets, so that a page leads to
/// the login.
#[utoipa::path(get, path = "/authz/forward-auth", tag = "forward-auth",
    params(
        ("X-Forwarded-Proto" = String, Header, description = "`https`"),
        ("X-Forwarded-Host" = String, Header, description = "The host that the client asked"),
        ("X-Forwarded-Uri" = String, Header, description = "Path and query that the client asked for"),
        ("X-Forwarded-Method" = String, Header, description = "The method of the client's request"),
    ),
    responses(
        (status = 200, description = "It may pass; the `Remote-…` fields say who it is"),
        (status = 302, description = "Nobody is logged in, and a person waits for a page"),
        (status = 401, description = "Nobody is logged in"),
        (status = 403, description = "It may not pass"),
        (status = 503, description = "Nobody can tell at this time"),
    ))]
pub(super) async fn forward_auth(State(app): State<App>, headers: HeaderMap) -> Response {
    let field = |name| one(&headers, name);
    let origin = field("x-forwarded-proto").zip(field("x-forwarded-host"));
    let origin = origin.and_then(|(scheme, host)| Origin::parse(&format!("{scheme}://{host}")).ok());
    let method = field("x-forwarded-method").and_then(|method| method.parse().ok()).unwrap_or(Method::GET);
    let path = field("x-forwarded-uri").unwrap_or("/");
    answer(&app, of_origin(&app, origin), &headers, &method, path).await
}

/// Envoy's `ext_authz` over HTTP: the original method, host and path, behind our prefix.
pub(super) async fn ext_authz(State(app): State<App>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let asked = parts.uri.path_and_query().and_then(|asked| asked.as_str().strip_prefix(EXT_AUTHZ));
    let path = format!("/{}", asked.unwrap_or_default().trim_start_matches('/'));
    let application = app.0.applications.by_host(&parts);
    let Parts { headers, method, .. } = &parts;
    answer(&app, application, headers, method, &path).await
}

async fn answer(
    app: &App,
    application: Option<&Application>,
    headers: &HeaderMap,
    method: &Method,
    path: &str,
) -> Response {
    match (decide(app, application, headers).await, application) {
        (Decision::Passes(person), _) => passes(&person),
        (Decision::Unknown, Some(application)) if wants_page(method, headers) => to_login(application, path),
        (Decision::Unknown, _) => problem(StatusCode::UNAUTHORIZED),
        (Decision::Refused, _) => problem(StatusCode::FORBIDDEN),
        (Decision::Unavailable(error), _) => unavailable(&error),
    }
}

async fn decide(app: &App, application: Option<&Application>, headers: &HeaderMap) -> Decision {
    let Some(application) = application else { return Decision::Refused };
    let Some(cookie) = CookieSecret::of(headers, SESSION) else { return Decision::Unknown };
    match live_session(app, &cookie, application.origin()).await {
        Ok(Some(LiveSession { record, standing }))
            if application.allows(record.session.did(), &standing, &app.0.access.policy) =>
        {
            let did = record.session.did().clone();
            let groups = application.groups(&did, &standing, &app.0.access.policy);
            Decision::Passes(Box::new(Person { groups, account: standing.account().cloned(), did }))
        }
        Ok(Some(_)) => Decision::Refused,
        Ok(None) => Decision::Unknown,
        Err(error) => Decision::Unavailable(error),
    }
}

/// `Remote-User` is the account's first DID, so that a person is the same with every key; without an account, the DID.
fn passes(Person { did, account, groups }: &Person) -> Response {
    let mut response = StatusCode::OK.into_response();
    let subject = account.as_ref().map_or(did.as_str(), |account| account.subject.as_str());
    let name = account.as_ref().map(|account| encoded(&account.name)).unwrap_or_default();
    let email = account.as_ref().and_then(|account| account.email.as_deref()).map(encoded).unwrap_or_default();
    let values = [subject, did.as_str(), &groups.join(","), &name, &email];
    for (name, value) in REMOTE.into_iter().zip(values) {
        response.headers_mut().insert(name, HeaderValue::from_str(value).unwrap_or(HeaderValue::from_static("")));
    }
    response
}

/// Text of people in a header field: visible ASCII and spaces as they are, all else, and `%`, percent-encoded UTF-8, so that
/// whoever decodes it always has the text again.
fn encoded(text: &str) -> String {
    utf8_percent_encode(text, &PERCENT).to_string()
}

fn to_login(application: &Application, path: &str) -> Response {
    match HeaderValue::from_str(&format!("{}{START}?to={path}", application.origin())) {
        Ok(location) => (StatusCode::FOUND, [(LOCATION, location)]).into_response(),
        Err(_) => problem(StatusCode::UNAUTHORIZED),
    }
}

/// Whether a person waits for it, in a browser.
fn wants_page(method: &Method, headers: &HeaderMap) -> bool {
    let accepts = headers.get_all(ACCEPT).iter().filter_map(|field| field.to_str().ok());
    method.is_safe() && accepts.flat_map(|field| field.split(',')).any(|kind| kind.trim().starts_with("text/html"))
}

fn of_origin(app: &App, origin: Option<Origin>) -> Option<&Application> {
    app.0.applications.by_origin(&origin?)
}

/// The value of a field that came exactly once.
fn one<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut fields = headers.get_all(name).iter();
    let field = fields.next()?.to_str().ok()?;
    if fields.next().is_none() { Some(field) } else { None }
}
