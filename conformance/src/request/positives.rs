//! The catalogue of requests that are taken.

use super::case::Positive;
use super::client::Target;
use super::file::{Burned, Client, Service, Session};
use crate::check::{Step, Stop};
use crate::config::Hex;
use crate::fixed::{NOW, secret};
use crate::positives;

/// The handshake whose session most requests are of.
const HANDSHAKE: &str = "p-binding-http";
const ORIGIN: &str = "https://login.example:8443";

fn sixteen(name: &str) -> Hex {
    Hex(secret(name).get(..16).unwrap_or_default().to_vec())
}

/// A `GET` in the session of [`HANDSHAKE`], ten seconds after Accept.
fn first() -> Step<Positive> {
    let handshakes = positives::all()?;
    let handshake = handshakes.iter().find(|positive| positive.id == HANDSHAKE);
    let keys = handshake.ok_or(Stop::Broken("no handshake over HTTP"))?.vector()?.handshake;
    let keys = keys.ok_or(Stop::Broken("a positive without keys"))?;
    let session = Session {
        id: keys.session_id.clone(),
        origin: ORIGIN.to_owned(),
        exporter: keys.exporter.clone(),
        accepted: NOW,
        lifetime: 3600,
        used: true,
    };
    let client = Client {
        origin: ORIGIN.to_owned(),
        exporter: keys.exporter,
        session_id: keys.session_id,
        created: NOW + 10,
        nonce: sixteen("request nonce"),
    };
    Ok(Positive {
        id: "r-get",
        about: "a GET in the session that the handshake p-binding-http makes, used for the first time",
        requirements: vec!["R-REQ-1", "R-REQ-5"],
        client,
        target: Target { method: "GET".to_owned(), path: "/v1/session".to_owned(), query: None, body: Vec::new() },
        service: Service { now: NOW + 10, origin: ORIGIN.to_owned(), sessions: vec![session], burned: Vec::new() },
    })
}

impl Positive {
    fn named(&self, id: &'static str, about: &'static str, requirements: &[&'static str]) -> Positive {
        Positive { id, about, requirements: requirements.to_vec(), ..self.clone() }
    }

    fn asks(mut self, method: &str, path: &str, query: Option<&str>, body: &[u8]) -> Self {
        let (method, path, query) = (method.to_owned(), path.to_owned(), query.map(str::to_owned));
        self.target = Target { method, path, query, body: body.to_vec() };
        self
    }

    /// Everything at another origin, with keys of its own.
    fn at(mut self, origin: &str) -> Self {
        let exporter = Hex(secret(&format!("exporter {origin}")));
        origin.clone_into(&mut self.client.origin);
        origin.clone_into(&mut self.service.origin);
        self.client.exporter = exporter.clone();
        for session in &mut self.service.sessions {
            origin.clone_into(&mut session.origin);
            session.exporter = exporter.clone();
        }
        self
    }

    fn edit(mut self, edit: impl FnOnce(&mut Client, &mut Service)) -> Self {
        edit(&mut self.client, &mut self.service);
        self
    }

    fn session(self, edit: impl Fn(&mut Session)) -> Self {
        self.edit(|_, service| service.sessions.iter_mut().for_each(edit))
    }
}

const TARGET: [&str; 1] = ["R-REQ-5"];

fn paths(get: &Positive) -> Vec<Positive> {
    let path = |id, about, path: &str| get.named(id, about, &TARGET).asks("GET", path, None, b"");
    vec![
        path("r-path-empty", "an empty path, as a URL may have it, is signed as `/`", ""),
        path("r-path-root", "the path `/`", "/"),
        path(
            "r-path-encoded",
            "percent-encodings stay as they are sent, in lower and upper case",
            "/a%2Fb/%e2%82%ac/%E2%82%AC",
        ),
        path("r-path-dots", "dot segments and empty segments stay as they are sent", "/a/../b//c/./"),
        path("r-path-characters", "every character that a path may have", "/-._~!$&'()*+,;=:@/AZaz09"),
    ]
}

fn queries(get: &Positive) -> Vec<Positive> {
    let query = |id, about, query: &str| get.named(id, about, &TARGET).asks("GET", "/v1/items", Some(query), b"");
    vec![
        query("r-query-empty", "a `?` with nothing behind it is signed like no `?`", ""),
        query("r-query", "a query", "page=2&order=name"),
        query("r-query-encoded", "percent-encodings and plus signs stay as they are sent", "q=%e2%82%AC+%2B%26&a=&&b"),
        query("r-query-question-mark", "only the first question mark ends the path", "?a=?&/b=c:d@e"),
    ]
}

fn methods(get: &Positive) -> Vec<Positive> {
    let body = br#"{"note":"every byte counts"}"#;
    let all_bytes: Vec<u8> = (0..=255).collect();
    let method = |id, about, method: &str, body: &[u8]| {
        get.named(id, about, &TARGET).asks(method, "/v1/notes", Some("draft=1"), body)
    };
    vec![
        method("r-post", "a POST with a body", "POST", body),
        method("r-put-binary", "a PUT of all 256 bytes", "PUT", &all_bytes),
        method("r-post-empty", "a POST without a body has the digest of no bytes", "POST", b""),
        method("r-get-body", "a GET with a body", "GET", body),
        method("r-delete", "a DELETE", "DELETE", b""),
        method("r-method-lower", "a method in lower case is another method, and signed as it is", "get", b""),
        method("r-method-characters", "a method of other characters", "X-Notes.v1~!#$%&'*+^_`|", b""),
    ]
}

fn origins(get: &Positive) -> Vec<Positive> {
    let at = |id, about, origin| get.named(id, about, &TARGET).at(origin);
    vec![
        at("r-origin-default-port", "the scheme's default port is not part of the authority", "https://login.example"),
        at("r-origin-other-default", "port 443 is not the default of http", "http://login.example:443"),
        at("r-origin-loopback", "http at a loopback address", "http://127.0.0.1:8400"),
        at("r-origin-ipv6", "an IPv6 address with a port", "http://[::1]:8400"),
        at("r-origin-ipv6-default-port", "an IPv6 address at the default port", "https://[2001:db8::42]"),
        at("r-origin-punycode", "a host in its ASCII form", "https://xn--bcher-kva.example"),
    ]
}

fn times(get: &Positive) -> Vec<Positive> {
    let time = |id, about| get.named(id, about, &["R-REQ-6"]);
    let session = |id, about| get.named(id, about, &["R-REQ-7"]);
    vec![
        time("r-created-60-before", "the client's clock is 60 s behind")
            .edit(|client, service| client.created = service.now - 60),
        time("r-created-60-after", "the client's clock is 60 s ahead")
            .edit(|client, service| client.created = service.now + 60),
        time("r-created-zero", "0 has no leading zero").edit(|client, service| {
            (client.created, service.now) = (0, 60);
            service.sessions.iter_mut().for_each(|session| session.accepted = 0);
        }),
        time("r-created-15-digits", "the latest time that can be written").edit(|client, service| {
            (client.created, service.now) = (999_999_999_999_999, 999_999_999_999_999);
            service.sessions.iter_mut().for_each(|session| session.accepted = 999_999_999_999_990);
        }),
        session("r-session-last-second", "the last second of the session's lifetime")
            .session(|session| session.accepted = NOW + 10 - 3599),
        session("r-session-first-use", "the last second in which a session is used for the first time").session(
            |session| {
                session.accepted = NOW + 10 - 59;
                session.used = false;
            },
        ),
    ]
}

fn nonces(get: &Positive) -> Vec<Positive> {
    let form = |id, about| get.named(id, about, &["R-REQ-4"]);
    let burned = |id, about| get.named(id, about, &["R-REQ-8"]);
    vec![
        form("r-nonce-zero", "a nonce of zeros").edit(|client, _| client.nonce = Hex(vec![0; 16])),
        form("r-nonce-ones", "a nonce of ones").edit(|client, _| client.nonce = Hex(vec![255; 16])),
        form("r-nonce-alphabet", "a nonce with both characters that base64url has for itself")
            .edit(|client, _| client.nonce = Hex(vec![0xfb; 16])),
        burned("r-nonce-other-burned", "another nonce of this session is burned").edit(|client, service| {
            service.burned.push(Burned { session_id: client.session_id.clone(), nonce: sixteen("other nonce") });
        }),
        burned("r-nonce-of-other-session", "the same nonce is burned for another session").edit(|client, service| {
            service.burned.push(Burned { session_id: sixteen("other session"), nonce: client.nonce.clone() });
        }),
    ]
}

/// All of them, in the order of the index.
pub(crate) fn all() -> Step<Vec<Positive>> {
    let first = first()?;
    let get = first.clone();
    let first = first.session(|session| session.used = false);
    let of_kinds = [methods(&get), paths(&get), queries(&get), origins(&get), times(&get), nonces(&get)];
    Ok([vec![first], of_kinds.into_iter().flatten().collect()].concat())
}
