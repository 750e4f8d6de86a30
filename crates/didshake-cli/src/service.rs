//! A web service, asked over HTTP: its URL, a client for it, and a kept session as the client wants it.

use std::time::Duration;

use base64ct::{Base64UrlUnpadded, Encoding};
use didshake::{Origin, OriginError, Secret};
use didshake_peer::http::{
    ClientSession, ClientSessionParts, SessionRequest, WebClient, WebClientError, WebClientOptions, WebResponse,
};
use serde_json::Value;

use crate::failure::{Exit, Failure};
use crate::http_failure;
use crate::sessions::StoredSession;
use crate::web_access::WebAccess;

/// Answers about sessions are short.
const MAX_JSON_BYTES: usize = 1 << 20;

/// A URL of a service.
pub(crate) struct ServiceUrl {
    pub(crate) origin: Origin,
    /// From `/` on, without a fragment.
    pub(crate) path_and_query: String,
}

impl ServiceUrl {
    /// Reads what the user wrote: https anywhere, http at loopback addresses.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let origin = Origin::parse(text).map_err(|fault| malformed(text, fault))?;
        if !origin.is_secure() && !origin.is_loopback() {
            let message = format!("{origin} is plain HTTP: whoever is in between could read and change everything");
            return Err(Failure::new(Exit::Usage, "plain_http", message)
                .remedy("use https; plain HTTP is for loopback addresses, such as http://127.0.0.1:8400"));
        }
        let (_, rest) = text.split_once("://").unwrap_or_default();
        let path = rest.find(['/', '?', '#']).and_then(|at| rest.get(at..)).unwrap_or_default();
        let path = path.split('#').next().unwrap_or_default();
        let path_and_query = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok(Self { origin, path_and_query })
    }
}

fn malformed(text: &str, fault: OriginError) -> Failure {
    let failure = Failure::new(Exit::Usage, "url", format!("`{text}` is no URL of a service: {fault}"));
    match fault {
        OriginError::Scheme if !text.contains("://") => failure.remedy(format!("perhaps https://{text}")),
        OriginError::Host => failure.remedy("addresses are written in full: http://127.0.0.1:8400, http://[::1]:8400"),
        _ => failure,
    }
}

/// What becomes of it within this time: a service that sends a byte now and then would never be done.
pub(crate) async fn within<T>(
    limit: Duration,
    origin: &Origin,
    asking: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::time::timeout(limit, asking).await.unwrap_or_else(|_| {
        let message = format!("{origin} did not come to an end of its answer within {} s", limit.as_secs());
        Err(Failure::new(Exit::Network, "timed_out", message).remedy("try again, or give it longer with --timeout"))
    })
}

/// A client that trusts what the options say.
pub(crate) fn client(web: &WebAccess, timeout: Duration) -> Result<WebClient, Failure> {
    WebClient::new(&client_options(web, timeout)?).map_err(refused)
}

fn refused(error: WebClientError) -> Failure {
    let failure = Failure::new(Exit::Usage, "web_client", error.to_string());
    match error {
        WebClientError::Tls => failure.remedy("install the system's root certificates (Debian: ca-certificates)"),
        _ => failure,
    }
}

/// What the options say of a client.
pub(crate) fn client_options(web: &WebAccess, timeout: Duration) -> Result<WebClientOptions, Failure> {
    // Where one of the files holds no certificate, this says which.
    web.options()?;
    let mut options = WebClientOptions::default().with_timeout(timeout);
    for host in &web.allow_local {
        options = options.allow_local(host.clone());
    }
    for pem in web.roots()? {
        options = options.with_roots(&pem).map_err(refused)?;
    }
    Ok(options)
}

/// What is kept of a session that was just made.
pub(crate) fn stored(name: &didshake_did::IdentityName, session: &ClientSession) -> StoredSession {
    let ClientSessionParts { origin, identity, service, request_key } = session.parts();
    StoredSession { name: name.clone(), origin, me: identity, service, request_key }
}

/// A kept session, to be used again.
pub(crate) fn session(stored: &StoredSession) -> ClientSession {
    ClientSession::from_parts(ClientSessionParts {
        origin: stored.origin.clone(),
        identity: stored.me.clone(),
        service: stored.service.clone(),
        request_key: Secret::new(*stored.request_key.expose()),
    })
}

/// The name of a session as services and logs show it.
pub(crate) fn session_name(id: &[u8; 16]) -> String {
    Base64UrlUnpadded::encode_string(id)
}

/// Sends a request of a session.
pub(crate) async fn ask(
    client: &WebClient,
    session: &ClientSession,
    request: &SessionRequest<'_>,
) -> Result<WebResponse, Failure> {
    let answer = client.request(session, request).await;
    answer.map_err(|error| http_failure::of_request(session.origin(), &error))
}

/// The JSON of an answer; `None` where it is none.
pub(crate) async fn json(response: WebResponse) -> Option<Value> {
    let body = response.body(MAX_JSON_BYTES).await.ok()?;
    serde_json::from_slice(&body).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_services() {
        for (text, origin, path) in [
            ("https://A.example", "https://a.example", "/"),
            ("https://a.example:8443/v1/x?y=1#z", "https://a.example:8443", "/v1/x?y=1"),
            ("https://a.example?y=/", "https://a.example", "/?y=/"),
            ("http://127.0.0.1:8400#x", "http://127.0.0.1:8400", "/"),
            ("http://[::1]:8400/a%2Fb/../c", "http://[::1]:8400", "/a%2Fb/../c"),
        ] {
            let url = ServiceUrl::parse(text).unwrap();
            assert_eq!((url.origin.as_str(), url.path_and_query.as_str()), (origin, path), "{text}");
        }
        for text in
            ["a.example", "http://a.example", "http://localhost:8400", "http://127.1", "https://u@a.example", ""]
        {
            assert_eq!(ServiceUrl::parse(text).err().map(|failure| failure.exit()), Some(Exit::Usage), "{text}");
        }
    }
}
