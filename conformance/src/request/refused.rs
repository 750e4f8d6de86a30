//! Well-formed requests that are refused: times, sessions, signatures, bodies, repetitions.

use super::case::{Negative, replace_body};
use super::check::RequestCheck as Check;
use super::client::{exported, signature};
use super::file::{Burned, Session};
use crate::config::Hex;
use crate::fixed::{NOW, secret};

fn times() -> Vec<Negative> {
    let client = |id, change: &str, created| {
        Negative::client(id, Check::Created, change, move |client| client.created = created)
    };
    vec![
        client("r-time-61-before", "the client's clock is 61 s behind", NOW + 10 - 61),
        client("r-time-61-after", "the client's clock is 61 s ahead", NOW + 10 + 61),
        client("r-time-zero", "`created` is 0", 0),
        client("r-time-milliseconds", "`created` counts milliseconds", (NOW + 10) * 1000),
        client("r-time-15-digits", "`created` is the latest time that can be written", 999_999_999_999_999),
        Negative::service("r-time-late", Check::Created, "the request comes 61 s late", |service| service.now += 61),
    ]
}

fn session(id: &'static str, check: Check, change: &str, edit: impl Fn(&mut Session) + 'static) -> Negative {
    Negative::service(id, check, change, move |service| service.sessions.iter_mut().for_each(&edit))
}

fn sessions() -> Vec<Negative> {
    vec![
        Negative::service("r-session-none", Check::SessionKnown, "the service has no session", |service| {
            service.sessions.clear();
        }),
        session("r-session-unknown", Check::SessionKnown, "the service has another session only", |session| {
            flip(&mut session.id, 15);
        }),
        Negative::client(
            "r-session-made-up",
            Check::SessionKnown,
            "a session id that the service never gave",
            |client| {
                client.session_id = Hex(vec![0; 16]);
            },
        ),
        session("r-session-over", Check::SessionLive, "the lifetime ended this second", |session| {
            session.accepted = NOW + 10 - 3600;
        }),
        session("r-session-provisional", Check::SessionLive, "unused 60 s after Accept", |session| {
            session.accepted = NOW + 10 - 60;
            session.used = false;
        })
        .also(&["R-RESP-9"]),
        session("r-session-short", Check::SessionLive, "a lifetime shorter than 60 s is over before", |session| {
            session.lifetime = 10;
            session.used = false;
        }),
        session("r-session-lifetime-zero", Check::SessionLive, "a lifetime of 0", |session| session.lifetime = 0),
        session("r-session-other-origin", Check::SessionOrigin, "the session was made at another origin", |session| {
            "https://other.example".clone_into(&mut session.origin);
        }),
        session("r-session-other-port", Check::SessionOrigin, "the session was made at another port", |session| {
            "https://login.example".clone_into(&mut session.origin);
        }),
        session(
            "r-session-other-scheme",
            Check::SessionOrigin,
            "the session was made at the same host over http",
            |session| {
                "http://login.example:8443".clone_into(&mut session.origin);
            },
        ),
    ]
}

fn keys() -> Vec<Negative> {
    let exported_as = |id, change: &str, label: &'static str, context: &'static [u8]| {
        Negative::draft(id, Check::MacKey, "request_key", change, move |draft| {
            draft.key = exported(&draft.exporter, label.as_bytes(), context).unwrap_or_default();
        })
    };
    vec![
        Negative::client("r-key-other-session", Check::MacKey, "the key of another session", |client| {
            client.exporter = Hex(secret("another exporter"));
        }),
        exported_as("r-key-label", "the key is exported under another label", "didshake.login/1", b""),
        exported_as("r-key-context", "the key is exported with a context", "didshake.login/1 request", b"\0"),
        Negative::draft("r-key-exporter", Check::MacKey, "request_key", "the exporter itself is the key", |draft| {
            draft.key.clone_from(&draft.exporter);
        }),
        Negative::draft("r-key-zero", Check::MacKey, "request_key", "a key of zeros", |draft| draft.key = vec![0; 32]),
    ]
}

fn flip(bytes: &mut Hex, at: usize) {
    if let Some(byte) = bytes.0.get_mut(at) {
        *byte ^= 1;
    }
}

fn targets() -> Vec<Negative> {
    let method = |id, change: &str, to: &'static str| {
        Negative::sent(id, Check::MacMethod, "method", change, move |request| to.clone_into(&mut request.method))
    };
    let path = |id, change: &str, to: &'static str| {
        Negative::sent(id, Check::MacPath, "path", change, move |request| to.clone_into(&mut request.path))
    };
    vec![
        method("r-method-changed", "DELETE instead of POST", "DELETE"),
        method("r-method-case", "post instead of POST", "post"),
        method("r-method-head", "HEAD instead of GET", "HEAD").on("r-get"),
        path("r-path-changed", "another path", "/v1/keys"),
        path("r-path-case", "the path in capitals", "/V1/Notes"),
        path("r-path-slash", "a slash at the end", "/v1/notes/"),
        path("r-path-dropped", "no path", ""),
        path("r-path-decoded", "a percent-encoding was undone", "/a/b/%e2%82%ac/%E2%82%AC").on("r-path-encoded"),
        path("r-path-encoding-case", "a percent-encoding in capitals", "/a%2Fb/%E2%82%AC/%E2%82%AC")
            .on("r-path-encoded"),
        path("r-path-dots-resolved", "dot segments were resolved", "/b//c/").on("r-path-dots"),
        path("r-path-slashes-merged", "empty segments were dropped", "/a/../b/c/./").on("r-path-dots"),
    ]
}

fn queries() -> Vec<Negative> {
    let query = |id, change: &str, to: Option<&'static str>| {
        let edit = move |request: &mut super::file::Request| request.query = to.map(str::to_owned);
        Negative::sent(id, Check::MacQuery, "query", change, edit).on("r-query")
    };
    vec![
        query("r-query-changed", "another value", Some("page=3&order=name")),
        query("r-query-dropped", "no query", None),
        query("r-query-emptied", "an empty query", Some("")),
        query("r-query-added", "a member more", Some("page=2&order=name&admin=1")),
        query("r-query-reordered", "the members in another order", Some("order=name&page=2")),
        query("r-query-new", "a query where there was none", Some("admin=1")).on("r-get"),
        query("r-query-decoded", "a percent-encoding was undone", Some("q=%e2%82%AC++%26&a=&&b")).on("r-query-encoded"),
        query("r-query-plus", "a plus sign was encoded", Some("q=%e2%82%AC%20%2B%26&a=&&b")).on("r-query-encoded"),
    ]
}

fn authorities() -> Vec<Negative> {
    let authority = |id, change: &str, to: &'static str| {
        Negative::draft(id, Check::MacAuthority, "authority", change, move |draft| to.clone_into(&mut draft.authority))
    };
    vec![
        authority("r-authority-other", "the client asked another origin", "relay.example"),
        authority("r-authority-without-port", "the client signed the host alone", "login.example"),
        authority("r-authority-other-port", "the client asked another port", "login.example:9443"),
        authority("r-authority-upper", "the client signed the host in capitals", "Login.example:8443"),
        authority("r-authority-dot", "the client signed the host with a dot at its end", "login.example.:8443"),
        authority("r-authority-default-port", "the client signed the default port", "login.example:443")
            .on("r-origin-default-port"),
        authority("r-authority-origin", "the client signed the whole origin", "https://login.example:8443"),
        authority("r-authority-without-brackets", "the client signed an IPv6 address without brackets", "::1:8400")
            .on("r-origin-ipv6"),
    ]
}

fn bases() -> Vec<Negative> {
    let over = |id, change: &str, edit: fn(&str) -> String| Negative::over(id, change, edit);
    vec![
        over("r-base-final-newline", "a line feed at the end", |base| format!("{base}\n")),
        over("r-base-crlf", "lines end with CR LF", |base| base.replace('\n', "\r\n")),
        over("r-base-unquoted", "names without quotes", |base| base.replace("\"@method\":", "@method:")),
        over("r-base-no-space", "no space after a colon", |base| base.replace("\"@path\": ", "\"@path\":")),
        over("r-base-query-without-mark", "the query without `?`", |base| {
            base.replace("\"@query\": ?", "\"@query\": ")
        }),
        over("r-base-no-query-mark", "no `?` where there is no query", |base| {
            base.replace("\"@query\": ?", "\"@query\": ")
        })
        .on("r-get"),
        over("r-base-path-empty", "an empty path as it is", |base| base.replace("\"@path\": /", "\"@path\": "))
            .on("r-path-empty"),
        over("r-base-label", "the label before the parameters", |base| {
            base.replace("signature-params\": ", "signature-params\": didshake=")
        }),
        over("r-base-without-parameters", "no line for the parameters", |base| {
            base.rsplit_once('\n').map_or_else(String::new, |(lines, _)| lines.to_owned())
        }),
        over("r-base-order", "two lines in the other order", |base| {
            let mut lines: Vec<&str> = base.split('\n').collect();
            lines.swap(0, 1);
            lines.join("\n")
        }),
    ]
}

fn macs() -> Vec<Negative> {
    let mac = |id, change: &str, edit: fn(&mut Vec<u8>)| {
        Negative::sent(id, Check::Mac, "signature", change, move |request| {
            let encoded = request.signature.first().and_then(|field| field.split(':').nth(1));
            let mut bytes = encoded.and_then(super::client::from_base64).unwrap_or_default();
            edit(&mut bytes);
            request.signature = vec![signature(&bytes)];
        })
    };
    vec![
        mac("r-mac-first-bit", "the first bit of the MAC", |mac| mac.iter_mut().take(1).for_each(|byte| *byte ^= 0x80)),
        mac("r-mac-last-bit", "the last bit of the MAC", |mac| mac.iter_mut().skip(31).for_each(|byte| *byte ^= 1)),
        mac("r-mac-zero", "a MAC of zeros", |mac| mac.fill(0)),
        Negative::sent(
            "r-digest-replaced",
            Check::MacDigest,
            "content_digest",
            "body and digest are replaced",
            |request| {
                replace_body(request, b"another body");
            },
        ),
        Negative::sent(
            "r-mac-created",
            Check::MacParameters,
            "signature_input",
            "`created` was made newer",
            |request| {
                request
                    .signature_input
                    .iter_mut()
                    .for_each(|input| *input = input.replacen("1767225610", "1767225611", 1));
            },
        ),
        Negative::sent("r-mac-nonce", Check::MacParameters, "signature_input", "another nonce was put in", |request| {
            let other = format!(";nonce=\"{}\";keyid", crate::keys::base64url(&[7; 16]));
            let edit = |input: &str| {
                let (head, rest) = input.split_once(";nonce=").unwrap_or_default();
                let (_, tail) = rest.split_once(";keyid").unwrap_or_default();
                format!("{head}{other}{tail}")
            };
            request.signature_input.iter_mut().for_each(|input| *input = edit(input));
        }),
    ]
}

fn bodies() -> Vec<Negative> {
    let body = |id, change: &str, edit: fn(&mut Vec<u8>)| {
        Negative::sent(id, Check::Digest, "body", change, move |request| edit(&mut request.body.0))
    };
    vec![
        body("r-body-changed", "one bit of the body", |body| body.iter_mut().take(1).for_each(|byte| *byte ^= 1)),
        body("r-body-truncated", "the last byte of the body is missing", |body| {
            body.truncate(body.len().saturating_sub(1))
        }),
        body("r-body-extended", "a line feed after the body", |body| body.push(b'\n')),
        body("r-body-dropped", "no body", Vec::clear),
        body("r-body-added", "a body where there was none", |body| body.push(0)).on("r-get"),
        Negative::digest("r-digest-of-nothing", Check::Digest, "the client signed the digest of no bytes", |_| {
            super::client::content_digest(b"")
        }),
    ]
}

fn replays() -> Vec<Negative> {
    let replay = |id, change: &str| {
        Negative::service(id, Check::NonceOnce, change, |service| {
            let nonce = Hex(secret("request nonce").get(..16).unwrap_or_default().to_vec());
            let burned =
                service.sessions.iter().map(|session| Burned { session_id: session.id.clone(), nonce: nonce.clone() });
            service.burned = burned.collect();
        })
    };
    vec![
        replay("r-replayed", "the nonce is burned: the request came before"),
        replay("r-replayed-last-second", "the nonce is burned, and `created` is 60 s old").on("r-created-60-before"),
        replay("r-replayed-ahead", "the nonce is burned, and `created` is 60 s ahead").on("r-created-60-after"),
    ]
}

pub(crate) fn all() -> Vec<Negative> {
    let all = [times(), sessions(), keys(), targets(), queries(), authorities(), bases(), macs(), bodies(), replays()];
    all.into_iter().flatten().collect()
}
