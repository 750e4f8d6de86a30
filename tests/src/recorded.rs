//! A login over HTTP, step by step, with a copy of what went over the wire: what an attacker who sees it all can send
//! again.

use std::sync::Arc;
use std::time::Duration;

use didshake::http::{FinishSlot, HelloAnswer, HelloSent, Request, Response};
use didshake::request::{RequestKey, Target};
use didshake::{
    Admission, Algorithm, Claim, Did, Endpoint, Established, InitiatorConfig, LocalIdentity, Secret, SigningKey,
    UnixTime,
};
use didshake_did::{Clock, MethodRegistry, Resolver, SystemClock, did_key};
use getrandom::SysRng;

/// An initiator with a did:key of its own, and an HTTP client that follows nothing and keeps nothing.
pub struct Client {
    key: SigningKey,
    /// Who it is.
    pub did: Did,
    http: reqwest::Client,
}

/// The answer to a posted message.
#[derive(Debug)]
pub struct Posted {
    /// The status.
    pub status: u16,
    /// The fields.
    pub headers: reqwest::header::HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

/// A login that came to an end: what the client has, and the Finish as it was sent.
pub struct Login {
    /// The channel's keys, the peer, the session.
    pub established: Established,
    /// The request of the Finish, to be sent again.
    pub finish: Request,
}

/// How far an attempt came.
pub enum Outcome {
    /// To the end.
    Accepted(Box<Login>),
    /// The service refused.
    Refused(Posted),
    /// The connection failed before Finish was sent.
    NothingSent,
    /// The connection failed after: the service may have accepted.
    Unknown(Request),
}

impl Client {
    /// A client whose key is made of this seed. `roots` are trusted besides the system's, in PEM.
    ///
    /// # Panics
    /// Where it cannot be made.
    #[must_use]
    pub fn new(seed: [u8; 32], roots: &[u8]) -> Self {
        let key = SigningKey::from_secret(Algorithm::Ed25519, &Secret::new(seed)).expect("a key");
        let did = did_key::encode(&key.public_key()).expect("a did:key");
        let mut builder = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(30));
        if !roots.is_empty() {
            let roots = reqwest::Certificate::from_pem_bundle(roots).expect("certificates");
            builder = builder.tls_certs_merge(roots);
        }
        Self { key, did, http: builder.build().expect("a client") }
    }

    /// Another with a key of its own, which shares the connections of this one.
    ///
    /// # Panics
    /// Where it cannot be made.
    #[must_use]
    pub fn another(&self, seed: [u8; 32]) -> Self {
        let key = SigningKey::from_secret(Algorithm::Ed25519, &Secret::new(seed)).expect("a key");
        let did = did_key::encode(&key.public_key()).expect("a did:key");
        Self { key, did, http: self.http.clone() }
    }

    /// Sends a message of an attempt, to the URL that it is for.
    ///
    /// # Errors
    /// Where the connection fails.
    pub async fn post(&self, request: &Request) -> reqwest::Result<Posted> {
        self.post_to(request.url(), request).await
    }

    /// Sends a message of an attempt to another URL.
    ///
    /// # Errors
    /// Where the connection fails.
    pub async fn post_to(&self, url: &str, request: &Request) -> reqwest::Result<Posted> {
        let mut sending = self.http.post(url).body(request.body().to_vec());
        for (name, value) in request.headers() {
            sending = sending.header(name, value);
        }
        posted(sending.send().await?).await
    }

    /// One login at an endpoint whose service is `meant`.
    ///
    /// # Panics
    /// Where the service answers what no service may.
    pub async fn log_in(&self, endpoint: &str, meant: &Did) -> Outcome {
        self.log_in_through(endpoint, endpoint, meant).await
    }

    /// One login at what the client believes to be `endpoint`, while its requests really go to `url`.
    ///
    /// # Panics
    /// Where the service answers what no service may.
    pub async fn log_in_through(&self, endpoint: &str, url: &str, meant: &Did) -> Outcome {
        let endpoint = Endpoint::parse(endpoint).expect("a URL");
        let config = Arc::new(self.config(meant));
        let (hello, sent) = HelloSent::start(config, &endpoint, &mut SysRng).expect("a Hello");
        let Ok(answer) = self.post_to(url, &hello).await else { return Outcome::NothingSent };
        let Ok(HelloAnswer::Claimed { responder, finish }) = sent.read(&answer.response().borrowed(), &mut SysRng)
        else {
            return Outcome::Refused(answer);
        };
        let claim = responder.claim();
        let document = document_of(&claim).await;
        let Ok(unsigned) = responder.verify(&document, SystemClock.now()) else { return Outcome::Refused(answer) };
        let slot: FinishSlot = finish;
        let signature = self.key.sign(unsigned.signature_input()).expect("a signature");
        let (finish, sent) = slot.sign(unsigned, signature).expect("a Finish");
        let Ok(answer) = self.post_to(url, &finish).await else { return Outcome::Unknown(finish) };
        match sent.read(&answer.response().borrowed()) {
            Ok(established) => Outcome::Accepted(Box::new(Login { established, finish })),
            Err(_) => Outcome::Refused(answer),
        }
    }

    /// A signed request of a session, as a client that follows the specification makes it.
    ///
    /// # Panics
    /// Where it cannot be signed.
    #[must_use]
    pub fn signed(&self, login: &Login, method: &str, url: &str, body: &[u8]) -> reqwest::Request {
        let parsed = reqwest::Url::parse(url).expect("a URL");
        let endpoint = Endpoint::parse(url).expect("a URL");
        let target = Target { method, origin: endpoint.origin(), path: parsed.path(), query: parsed.query() };
        let key = RequestKey::of(&login.established.exporter).expect("a key");
        let now = UnixTime(SystemClock.now().0);
        let fields = key.sign(&target, body, &login.established.session_id, now, &mut SysRng).expect("a signature");
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.http.request(method, parsed).body(body.to_vec());
        for (name, value) in fields.headers() {
            request = request.header(name, value);
        }
        request.build().expect("a request")
    }

    /// A GET as a browser sends it that follows nothing by itself.
    ///
    /// # Panics
    /// Where the connection fails.
    pub async fn browse(&self, url: &str, fields: &[(&str, &str)]) -> Posted {
        let fields =
            fields.iter().fold(self.http.get(url), |request, (name, value)| request.header(*name, value.as_bytes()));
        posted(fields.send().await.expect("an answer")).await.expect("a body")
    }

    /// Sends a request as it is.
    ///
    /// # Errors
    /// Where the connection fails.
    pub async fn send(&self, request: reqwest::Request) -> reqwest::Result<Posted> {
        posted(self.http.execute(request).await?).await
    }

    fn config(&self, meant: &Did) -> InitiatorConfig {
        let fragment = didshake::Fragment::of(&self.did, "").expect("none");
        let identity = LocalIdentity { did: self.did.clone(), fragment, algorithm: Algorithm::Ed25519 };
        InitiatorConfig::new(identity, b"didshake.login/1", Admission::only(meant.clone()))
    }
}

impl Posted {
    fn values(&self, name: &str) -> Vec<&[u8]> {
        self.headers.get_all(name).iter().map(reqwest::header::HeaderValue::as_bytes).collect()
    }

    /// Whether it is the one answer to everything that is refused once an Identity was opened: 401 and alert 49.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        self.status == 401 && self.body == [15, 49]
    }

    fn response(&self) -> OwnedResponse<'_> {
        OwnedResponse { posted: self, content_type: self.values("content-type"), state: self.values("didshake-state") }
    }
}

/// Holds the lists that a [`Response`] borrows.
struct OwnedResponse<'a> {
    posted: &'a Posted,
    content_type: Vec<&'a [u8]>,
    state: Vec<&'a [u8]>,
}

impl<'a> OwnedResponse<'a> {
    fn borrowed(&'a self) -> Response<'a> {
        Response {
            status: self.posted.status,
            content_type: &self.content_type,
            state: &self.state,
            body: &self.posted.body,
        }
    }
}

async fn posted(response: reqwest::Response) -> reqwest::Result<Posted> {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Ok(Posted { status, headers, body: response.bytes().await?.to_vec() })
}

async fn document_of(claim: &Claim) -> didshake_did::Resolved {
    MethodRegistry::offline().resolve(claim.did()).await.expect("a did:key resolves")
}
