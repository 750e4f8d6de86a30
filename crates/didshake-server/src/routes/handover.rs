//! How a login at this service becomes one at an application's own host, whose cookies nobody else can set:
//!
//! 1. `/_didshake/start` there notes a random state in the browser, and sends it here;
//! 2. `/authz/start` here has it log in if need be, and sends it back with a code, good once, for that state, for 30 s;
//! 3. `/_didshake/callback` there takes the code of the browser that has the state, and gives it its own cookie.

use axum::extract::{Request, State};
use axum::response::{Html, IntoResponse, Response};
use didshake::Origin;
use didshake_axum::{SessionRecord, StoreError, requested_origin, session_name};
use didshake_did::{Clock as _, SystemClock};
use http::header::{LOCATION, SET_COOKIE};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use super::App;
use crate::applications::Application;
use crate::cookie::{CookieSecret, SESSION, STATE, SecretHash, forget};
use crate::problem::{problem, unavailable};
use crate::store::LoginCode;
use crate::visitor::{LiveSession, live_session, seconds_until};

pub(super) const START: &str = "/_didshake/start";
pub(super) const CALLBACK: &str = "/_didshake/callback";
pub(super) const LOGOUT: &str = "/_didshake/logout";
pub(super) const PORTAL: &str = "/authz/start";

/// Seconds for which a code counts: a redirect takes one.
const CODE_SECONDS: u64 = 30;
/// Seconds that a person may take to log in.
const STATE_SECONDS: u64 = 600;
const MAX_PATH: usize = 2048;

/// At the application: who comes from nowhere gets a state, and goes to log in.
pub(super) async fn start(State(app): State<App>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let Some(application) = app.0.applications.by_host(&parts) else { return problem(StatusCode::NOT_FOUND) };
    // Two tabs at once have one state: neither has the other begin anew.
    let state = CookieSecret::of(&parts.headers, STATE).or_else(CookieSecret::generate);
    let Some(state) = state else { return problem(StatusCode::INTERNAL_SERVER_ERROR) };
    let (portal, origin) = (app.0.portal(), application.origin());
    let location = format!("{portal}{PORTAL}?state={}&app={origin}&to={}", state.hash().to_text(), wanted(&parts));
    see_other(&location, [state.set_cookie(STATE, STATE_SECONDS)])
}

/// Here: who is logged in, and may go there, gets a code.
pub(super) async fn portal(State(app): State<App>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let Some(here) = requested_origin(&parts, app.0.didshake.origins()) else { return problem(StatusCode::NOT_FOUND) };
    let query = parts.uri.query().unwrap_or_default();
    let state = parameter(query, "state").and_then(SecretHash::from_text);
    let application = parameter(query, "app").and_then(|url| Origin::parse(url).ok());
    let application = application.and_then(|origin| app.0.applications.by_origin(&origin));
    let Some((state, application)) = state.zip(application) else { return Notice::NoApplication.page() };
    let session = match session_at(&app, &parts, here).await {
        Ok(Some(session)) => session,
        Ok(None) => {
            let (state, app) = (state.to_text(), application.origin());
            let back = format!("{PORTAL}?state={state}&app={app}&to={}", wanted(&parts));
            return see_other(&format!("/login?to={}", utf8_percent_encode(&back, NON_ALPHANUMERIC)), []);
        }
        Err(error) => return unavailable(&error),
    };
    if !application.allows(session.record.session.did(), &session.standing, &app.0.access.policy) {
        note(&app, "application_refused", application, &session.record);
        return Notice::NotAllowed.page();
    }
    send_back(&app, &session.record, application, state, wanted(&parts)).await
}

async fn session_at(app: &App, parts: &Parts, here: &Origin) -> Result<Option<LiveSession>, StoreError> {
    match CookieSecret::of(&parts.headers, SESSION) {
        Some(cookie) => live_session(app, &cookie, here).await,
        None => Ok(None),
    }
}

async fn send_back(
    app: &App,
    session: &SessionRecord,
    application: &Application,
    state: SecretHash,
    path: &str,
) -> Response {
    let Some(secret) = CookieSecret::generate() else { return problem(StatusCode::INTERNAL_SERVER_ERROR) };
    let code = LoginCode {
        session_id: *session.session.id(),
        origin: application.origin().clone(),
        state,
        ends: SystemClock.now().plus(CODE_SECONDS),
    };
    match app.0.codes.add(&secret.hash(), &code).await {
        Ok(()) => see_other(&format!("{}{CALLBACK}?code={}&to={path}", code.origin, *secret.to_text()), []),
        Err(error) => unavailable(&error),
    }
}

/// At the application: the browser that began it gets its cookie.
pub(super) async fn callback(State(app): State<App>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let Some(application) = app.0.applications.by_host(&parts) else { return problem(StatusCode::NOT_FOUND) };
    let code = parameter(parts.uri.query().unwrap_or_default(), "code").and_then(CookieSecret::from_text);
    let state = CookieSecret::of(&parts.headers, STATE).map(|state| state.hash());
    let taken = match code.zip(state) {
        Some((code, state)) => app.0.codes.take(&code.hash(), &state, application.origin(), SystemClock.now()).await,
        None => Ok(None),
    };
    match taken {
        Ok(Some(code)) => log_in(&app, application, &code, wanted(&parts)).await,
        Ok(None) => used_up(&app, application, &parts, state.is_some()).await,
        Err(error) => unavailable(&error),
    }
}

/// A code that is none: another tab was faster, or somebody went back. Who is logged in, or about to log in, goes on.
async fn used_up(app: &App, application: &Application, parts: &Parts, has_state: bool) -> Response {
    match session_at(app, parts, application.origin()).await {
        Ok(Some(_)) => see_other(wanted(parts), []),
        Ok(None) if has_state => see_other(&format!("{START}?to={}", wanted(parts)), []),
        Ok(None) => Notice::CodeOver.page(),
        Err(error) => unavailable(&error),
    }
}

async fn log_in(app: &App, application: &Application, code: &LoginCode, path: &str) -> Response {
    let Some(cookie) = CookieSecret::generate() else { return problem(StatusCode::INTERNAL_SERVER_ERROR) };
    let issued = async {
        let issued = app.0.cookies.issue(&cookie.hash(), &code.session_id, application.origin()).await?;
        if issued { app.0.sessions.find(&code.session_id).await } else { Ok(None) }
    };
    match issued.await {
        Ok(Some(record)) => {
            note(app, "application_login", application, &record);
            let seconds = seconds_until(record.session.expires());
            see_other(path, [cookie.set_cookie(SESSION, seconds), forget(STATE)])
        }
        // Ended in these seconds.
        Ok(None) => Notice::CodeOver.page(),
        Err(error) => unavailable(&error),
    }
}

/// For the audit.
fn note(app: &App, event: &'static str, application: &Application, session: &SessionRecord) {
    let (did, name) = (session.session.did().as_str(), session_name(session.session.id()));
    app.0.audit.note(event, json!({"did": did, "session": name, "application": application.origin().as_str()}));
}

/// At the application: sessions end where they are shown.
pub(super) async fn logout(State(app): State<App>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    match app.0.applications.by_host(&parts) {
        Some(_) => see_other(&format!("{}/account", app.0.portal()), []),
        None => problem(StatusCode::NOT_FOUND),
    }
}

fn see_other<const N: usize>(location: &str, cookies: [Option<HeaderValue>; N]) -> Response {
    let Ok(location) = HeaderValue::from_str(location) else { return problem(StatusCode::BAD_REQUEST) };
    let mut response = (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response();
    for cookie in cookies {
        let Some(cookie) = cookie else { return problem(StatusCode::INTERNAL_SERVER_ERROR) };
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// Where in the application a person wants to go: all that stands after `to=`, as it is, since proxies append what was
/// asked for without encoding it. What is no path of one host is `/`.
fn wanted(parts: &Parts) -> &str {
    let query = parts.uri.query().unwrap_or_default();
    let at = if query.starts_with("to=") { Some(3) } else { query.find("&to=").map(|at| at.saturating_add(4)) };
    at.and_then(|at| query.get(at..)).filter(|path| is_path(path)).unwrap_or("/")
}

/// Browsers take two slashes, or a slash and a backslash, for the beginning of another host, and drop what is invisible.
fn is_path(text: &str) -> bool {
    let own = text.starts_with('/') && !text.starts_with("//");
    own && text.len() <= MAX_PATH && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

/// The value of a parameter that stands before `to=`, whose value may look like anything.
fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    let pairs = query.split('&').take_while(|pair| !pair.starts_with("to="));
    pairs.filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// What a person is told who cannot go on.
enum Notice {
    NoApplication,
    NotAllowed,
    CodeOver,
}

impl Notice {
    fn page(&self) -> Response {
        let (status, title, text, link, label) = match self {
            Self::NoApplication => (
                StatusCode::BAD_REQUEST,
                "No application of this service",
                "The link that led here names an application that this service does not know, and it sends nobody there.",
                "/account",
                "My account",
            ),
            Self::NotAllowed => (
                StatusCode::FORBIDDEN,
                "You may not use this application",
                "You are logged in, and the application does not let your identity in. Ask its operator, and give them the \
                 DID that your account shows.",
                "/account",
                "My account",
            ),
            Self::CodeOver => (
                StatusCode::FORBIDDEN,
                "This link is used up",
                "It works once, within half a minute, in the browser that asked for it.",
                "/_didshake/start?to=/",
                "Log in again",
            ),
        };
        let page = format!(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
             content=\"width=device-width\">\n<meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n\
             <main>\n<h1>{title}</h1>\n<p>{text}</p>\n<p><a href=\"{link}\">{label}</a></p>\n</main>\n</html>\n"
        );
        (status, Html(page)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wants(query: &str) -> String {
        let (parts, ()) = Request::builder().uri(format!("/x?{query}")).body(()).unwrap().into_parts();
        wanted(&parts).to_owned()
    }

    #[test]
    fn nobody_is_sent_to_another_host() {
        assert_eq!(wants("to=/a?b=c&d=/e&to=/f"), "/a?b=c&d=/e&to=/f");
        assert_eq!(wants("state=s&app=https://a.example&to=/a%2Fb"), "/a%2Fb");
        let others =
            ["https://evil.example", "//evil.example", "/\\evil.example", "\\/evil", "evil", "", "javascript:alert(1)"];
        for other in others {
            assert_eq!(wants(&format!("to={other}")), "/", "{other}");
        }
        assert_eq!(wants(&format!("to=/{}", "a".repeat(MAX_PATH))), "/");
        assert_eq!(wants("app=x"), "/");
    }

    proptest! {
        // Whatever it is made of: what begins other hosts, and what browsers drop, more often than chance has it.
        #[test]
        fn whatever_is_asked_for_is_at_this_host(query in "(to=|&to=|&)?([/\\\\a-z:@?#%=&.]|%2F|%5C|//|\\PC){0,40}") {
            let Ok(request) = Request::builder().uri(format!("/x?{query}")).body(()) else { return Ok(()) };
            let (parts, ()) = request.into_parts();
            let path = wanted(&parts);
            prop_assert!(path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\t', '\n', '\r']));
            let there = format!("https://wiki.example{path}");
            let origin = Origin::parse(&there).unwrap();
            prop_assert_eq!(origin.as_str(), "https://wiki.example");
        }
    }

    #[test]
    fn what_is_asked_for_sets_no_parameter() {
        let query = "state=s&to=/a&app=https://evil.example&state=t";
        assert_eq!((parameter(query, "state"), parameter(query, "app")), (Some("s"), None));
        assert_eq!(parameter("app=a&app=b", "app"), Some("a"));
        assert_eq!(parameter("application=a", "app"), None);
    }
}
