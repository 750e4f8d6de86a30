//! The example, served on this machine, and a client that logs in to it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::net::SocketAddr;

use didshake::{Algorithm, Origin, Secret, SigningKey};
use didshake_did::{Clock, LocalSigner, SigningIdentity, SystemClock};
use didshake_peer::http::{ClientSession, LOGIN_PROTOCOL, SessionRequest, WebClient, WebClientOptions};
use didshake_peer::{Expect, InitiatorOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

fn identity(seed: u8) -> SigningIdentity {
    let key = SigningKey::from_secret(Algorithm::Ed25519, &Secret::new([seed; 32])).unwrap();
    SigningIdentity::of_did_key(LocalSigner::new(key)).unwrap()
}

async fn get_unsigned(origin: &Origin, path: &str) -> String {
    let mut stream = TcpStream::connect(origin.authority()).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", origin.authority());
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn who_logs_in_writes_a_note_that_anybody_reads() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = Origin::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let (service, alice) = (identity(1), identity(2));
    let app = axum_app::app(service.clone(), origin.clone()).unwrap();
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    let served = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });

    let client = WebClient::new(&WebClientOptions::default()).unwrap();
    // The app says of itself where to log in, as to whom; the DID is believed because Alice knows it.
    let claim = client.discover(&origin).await.unwrap();
    assert_eq!(claim.did_by_pin(service.did()), Ok(service.did()));
    let options = InitiatorOptions::new(alice.clone(), LOGIN_PROTOCOL, Expect::Did(service.did().clone()));
    let agreed = client.login(claim.endpoint_on_origin().unwrap(), &options).await.unwrap();
    let session = ClientSession::new(&agreed, &origin, SystemClock.now()).unwrap();

    let me = client.request(&session, &SessionRequest::get("/me")).await.unwrap();
    assert_eq!(me.status(), 200);
    assert_eq!(me.body(1000).await.unwrap(), format!("{}\n", alice.did()).as_bytes());
    let note = SessionRequest { method: "POST", body: b"first!", ..SessionRequest::get("/notes") };
    assert_eq!(client.request(&session, &note).await.unwrap().status(), 204);

    let notes = get_unsigned(&origin, "/notes").await;
    assert!(notes.ends_with(&format!("{}: first!\n", alice.did())), "{notes}");
    assert!(get_unsigned(&origin, "/me").await.starts_with("HTTP/1.1 401 "));
    served.abort();
}
