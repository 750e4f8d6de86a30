//! A service in this process, and clients that sign in to it.

use std::net::SocketAddr;
use std::path::Path;

use didshake::{Algorithm, Endpoint, Origin, Secret, SigningKey, UnixTime};
use didshake_did::{Clock, LocalSigner, SigningIdentity, SystemClock};
use didshake_peer::http::{ClientSession, LOGIN_PROTOCOL, SessionRequest, WebClient, WebClientOptions, WebResponse};
use didshake_peer::{Expect, HandshakeError, InitiatorOptions};
use didshake_server::{Config, Reloader, Server, ServerError, Settings};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    pub(crate) metrics: Option<SocketAddr>,
    pub(crate) did: didshake::Did,
    pub(crate) reloader: Reloader,
    /// The link of the owner's invite, where there is no admin.
    pub(crate) owner_invite: Option<String>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<Result<(), ServerError>>,
}

pub(crate) fn settings(data: &Path) -> Settings {
    Settings {
        listen: Some("127.0.0.1:0".into()),
        data: Some(data.join("data").to_str().unwrap().into()),
        ..Settings::default()
    }
}

impl Service {
    pub(crate) async fn start(settings: &Settings) -> Self {
        let server = Server::bind(Config::of(settings).unwrap()).await.unwrap();
        let (stop, stopped) = oneshot::channel();
        let owner_invite = server.owner_invite().await.unwrap();
        Self {
            owner_invite: owner_invite.map(|invite| invite.link.to_string()),
            address: server.local_addr(),
            metrics: server.metrics_addr(),
            did: server.did().clone(),
            reloader: server.reloader(),
            stop: Some(stop),
            task: tokio::spawn(server.run(async {
                let _ = stopped.await;
            })),
        }
    }

    /// Asks it to end, without waiting.
    pub(crate) fn ask_to_end(&mut self) {
        let _ = self.stop.take().unwrap().send(());
    }

    pub(crate) async fn ended(self) {
        self.task.await.unwrap().unwrap();
    }

    pub(crate) async fn end(mut self) {
        self.ask_to_end();
        self.ended().await;
    }

    pub(crate) async fn login(&self, who: &SigningIdentity) -> Result<Client, HandshakeError> {
        let origin = Origin::parse(&format!("http://{}", self.address)).unwrap();
        let endpoint = Endpoint::parse(&format!("{origin}/didshake")).unwrap();
        let web = WebClient::new(&WebClientOptions::default()).unwrap();
        let options = InitiatorOptions::new(who.clone(), LOGIN_PROTOCOL, Expect::Did(self.did.clone()));
        let agreed = web.login(&endpoint, &options).await?;
        let session = ClientSession::new(&agreed, &origin, SystemClock.now()).unwrap();
        Ok(Client { web, session })
    }
}

pub(crate) struct Client {
    web: WebClient,
    pub(crate) session: ClientSession,
}

impl Client {
    pub(crate) async fn get(&self, path: &str) -> (u16, serde_json::Value) {
        told(self.web.request(&self.session, &SessionRequest::get(path)).await.unwrap()).await
    }

    /// Asks for a cookie as a page would that is of this origin, or of none: status and `Set-Cookie`.
    pub(crate) async fn cookie(&self, fields: &[(&str, &[u8])]) -> (u16, Option<String>) {
        let request = SessionRequest { method: "POST", headers: fields, ..SessionRequest::get("/v1/session/cookie") };
        let response = self.web.request(&self.session, &request).await.unwrap();
        let set = response.headers().find(|(name, _)| *name == "set-cookie");
        (response.status(), set.map(|(_, value)| String::from_utf8(value.to_vec()).unwrap()))
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: &serde_json::Value) -> (u16, serde_json::Value) {
        let (headers, body) = ([("content-type", &b"application/json"[..])], body.to_string());
        let request = SessionRequest { method, headers: &headers, body: body.as_bytes(), ..SessionRequest::get(path) };
        told(self.web.request(&self.session, &request).await.unwrap()).await
    }

    /// Any request, signed.
    pub(crate) async fn ask(&self, request: &SessionRequest<'_>) -> (u16, serde_json::Value) {
        told(self.web.request(&self.session, request).await.unwrap()).await
    }

    pub(crate) async fn delete(&self, path: &str) -> u16 {
        told(self.web.request(&self.session, &SessionRequest::delete(path)).await.unwrap()).await.0
    }
}

async fn told(response: WebResponse) -> (u16, serde_json::Value) {
    let status = response.status();
    let body = response.body(1 << 20).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

pub(crate) fn identity(seed: u8) -> SigningIdentity {
    let key = SigningKey::from_secret(Algorithm::Ed25519, &Secret::new([seed; 32])).unwrap();
    SigningIdentity::of_did_key(LocalSigner::new(key)).unwrap()
}

pub(crate) fn now() -> UnixTime {
    SystemClock.now()
}
