//! A Solana account logs in to a real app over HTTP; somebody else's key does not.
#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;
use std::sync::Arc;

use didshake::{AlertCode, Algorithm, Did, Endpoint, Fault, Origin, Origins, Secret, SigningKey};
use didshake_axum::{Anyone, Authenticated, Didshake, MemorySessionStore};
use didshake_did::{Clock, LocalSigner, MethodRegistry, Signer, SigningIdentity, SystemClock};
use didshake_peer::http::{ClientSession, LOGIN_PROTOCOL, SessionRequest, WebClient, WebClientOptions};
use didshake_peer::{Expect, HandshakeError, InitiatorOptions, MemoryBurnStore};
use didshake_ssi::SsiMethods;
use tokio::net::TcpListener;

const SOLANA: &str = "did:pkh:solana:4sGjMW1sUnHzSxGspuhpqLDx6wiyjNtZ";

fn signer(seed: u8) -> LocalSigner {
    LocalSigner::new(SigningKey::from_secret(Algorithm::Ed25519, &Secret::new([seed; 32])).unwrap())
}

/// The account whose address is the key of `account`, held by whoever has the key of `holder`.
fn solana(account: u8, holder: u8) -> SigningIdentity {
    let address = bs58::encode(signer(account).public_key().as_bytes()).into_string();
    SigningIdentity::new(Did::parse(&format!("{SOLANA}:{address}")).unwrap(), "controller", Arc::new(signer(holder)))
        .unwrap()
}

/// Serves `/me` and the handshake; returns the origin and who serves it.
async fn app() -> (Origin, Did) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = Origin::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let identity = SigningIdentity::of_did_key(signer(1)).unwrap();
    let did = identity.did().clone();
    let origins = Origins::new(vec![origin.clone()]).unwrap();
    let (sessions, burned) = (Arc::new(MemorySessionStore::default()), Arc::new(MemoryBurnStore::default()));
    let resolver = SsiMethods::default().register(MethodRegistry::offline());
    let didshake = Didshake::builder(identity, origins, sessions, burned).policy(Anyone).resolver(Arc::new(resolver));
    let didshake = didshake.build().unwrap();
    let me = axum::Router::new().route("/me", axum::routing::get(async |who: Authenticated| who.did().to_string()));
    let app = me.layer(didshake.layer()).merge(didshake.routes());
    tokio::spawn(async { axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await });
    (origin, did)
}

async fn login(origin: &Origin, service: Did, who: SigningIdentity) -> Result<didshake_peer::Agreed, HandshakeError> {
    let endpoint = Endpoint::parse(&format!("{origin}/didshake")).unwrap();
    let options = InitiatorOptions::new(who, LOGIN_PROTOCOL, Expect::Did(service));
    WebClient::new(&WebClientOptions::default()).unwrap().login(&endpoint, &options).await
}

#[tokio::test]
async fn a_solana_account_logs_in() {
    let (origin, service) = app().await;
    let agreed = login(&origin, service, solana(2, 2)).await.unwrap();
    let session = ClientSession::new(&agreed, &origin, SystemClock.now()).unwrap();
    let client = WebClient::new(&WebClientOptions::default()).unwrap();
    let answer = client.request(&session, &SessionRequest::get("/me")).await.unwrap();
    assert_eq!(answer.body(1000).await.unwrap(), solana(2, 2).did().as_str().as_bytes());
}

#[tokio::test]
async fn another_key_does_not_log_in_as_the_account() {
    let (origin, service) = app().await;
    let refused = login(&origin, service, solana(2, 3)).await.unwrap_err();
    assert_eq!(refused.fault(), Some(Fault::PeerAlert(AlertCode::Denied)));
}
