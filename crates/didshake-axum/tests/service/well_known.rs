//! What an app says of itself.

use std::sync::Arc;

use didshake::{Origin, Origins};
use didshake_axum::{Anyone, BuildError, Didshake, MemorySessionStore};
use didshake_peer::MemoryBurnStore;
use didshake_peer::http::{WebClient, WebClientOptions};

use crate::client::identity;
use crate::service::Service;

#[tokio::test]
async fn an_app_says_who_answers_and_where() {
    let service = Service::with(|builder| builder.endpoint("/login/didshake")).await;
    let client = WebClient::new(&WebClientOptions::default()).unwrap();
    let origin = service.origin();
    let claim = client.discover(&origin).await.unwrap();
    assert_eq!(claim.unverified_did(), service.identity.did());
    assert_eq!(claim.endpoint_on_origin().unwrap().as_str(), format!("{origin}/login/didshake"));
}

#[tokio::test]
async fn the_endpoint_is_not_where_the_claim_is() {
    let origins = Origins::new(vec![Origin::parse("https://login.example").unwrap()]).unwrap();
    let (sessions, burned) = (Arc::new(MemorySessionStore::default()), Arc::new(MemoryBurnStore::default()));
    let builder = Didshake::builder(identity(200), origins, sessions, burned).policy(Anyone);
    assert!(matches!(builder.endpoint("/.well-known/didshake").build(), Err(BuildError::EndpointTaken)));
}
