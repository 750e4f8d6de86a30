//! Accounts over HTTP: invites, claims, and those who come in with them and accept.

use std::path::Path;

use didshake_server::Settings;
use serde_json::{Value, json};

use crate::http::{Answer, send};
use crate::service::{Client, Service, identity, settings};

/// Lets in whoever has an account, and nobody else.
pub(crate) const MEMBERS: &str = "[[rule]]\nallow = { account = true }\n";

/// A service with this policy, and the first admin, of seed 1, who came in with the owner's invite.
pub(crate) async fn owned(directory: &Path, policy: &str) -> (Service, Client) {
    let service = Service::start(&with_policy(directory, policy)).await;
    let secret = secret_of(service.owner_invite.as_deref().unwrap());
    let owner = join(&service, &secret, 1).await;
    (service, owner)
}

pub(crate) fn with_policy(directory: &Path, policy: &str) -> Settings {
    let path = directory.join("policy.toml");
    std::fs::write(&path, policy).unwrap();
    Settings { policy: Some(path.to_str().unwrap().into()), ..settings(directory) }
}

/// What stands in a link.
pub(crate) fn secret_of(link: &str) -> String {
    let (_, secret) = link.split_once("/login#invite=").unwrap();
    assert_eq!(secret.len(), 43);
    secret.to_owned()
}

pub(crate) fn did(seed: u8) -> String {
    identity(seed).did().as_str().to_owned()
}

pub(crate) async fn claim(service: &Service, secret: &str, did: &str) -> Answer {
    send(service.address, "POST /v1/invites/claim", "", &json!({"secret": secret, "did": did}).to_string()).await
}

pub(crate) async fn look(service: &Service, secret: &str) -> Answer {
    send(service.address, "POST /v1/invites/look", "", &json!({"secret": secret}).to_string()).await
}

/// Accepts an invite in a session.
pub(crate) async fn accept(client: &Client, secret: &str) -> (u16, Value) {
    client.send("POST", "/v1/invites/accept", &json!({"secret": secret})).await
}

/// Claims an invite for the identity of a seed, logs in, and accepts.
pub(crate) async fn join(service: &Service, secret: &str, seed: u8) -> Client {
    let claimed = claim(service, secret, &did(seed)).await;
    assert_eq!(claimed.status, 200, "{}", claimed.body);
    let client = service.login(&identity(seed)).await.unwrap();
    let (status, accepted) = accept(&client, secret).await;
    assert_eq!(status, 200, "{accepted}");
    assert_eq!((200, accepted), client.get("/v1/account").await);
    client
}

/// The secret of an invite that an admin makes, and its id.
pub(crate) async fn invite(admin: &Client, new: &Value) -> (String, String) {
    let (status, made) = admin.send("POST", "/v1/admin/invites", new).await;
    assert_eq!(status, 201, "{made}");
    let text = |member: &str| made[member].as_str().unwrap().to_owned();
    assert_eq!(secret_of(&text("link")), text("secret"));
    (text("secret"), text("invite_id"))
}

/// The account of a client, as it sees it.
pub(crate) async fn account(client: &Client) -> Value {
    let (status, shown) = client.get("/v1/account").await;
    assert_eq!(status, 200);
    shown["account"].clone()
}

pub(crate) fn id_of(account: &Value) -> String {
    account["account_id"].as_str().unwrap().to_owned()
}
