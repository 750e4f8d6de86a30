//! A relay in this process, its owners, and depositors that send what stands in the test.

use std::net::SocketAddr;
use std::path::Path;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use didshake::mailbox::MailboxSecret;
use didshake::relay::{Deposit, DepositName, DepositToken, write_deposits};
use didshake::{Secret, UnixTime};
use didshake_did::SigningIdentity;
use didshake_peer::http::SessionRequest;
use didshake_server::Settings;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::http::{Answer, read};
use crate::service::{Client, Service, identity, now, settings};

/// Settings of a relay for everybody.
pub(crate) fn relay_settings(data: &Path) -> Settings {
    Settings { mailboxes: Some(vec!["anyone".into()]), ..settings(data) }
}

/// A relay, the owner of a mailbox, and where the mailbox is.
pub(crate) struct Relay {
    pub(crate) service: Service,
    pub(crate) owner: Client,
    pub(crate) path: String,
}

impl Relay {
    pub(crate) async fn start(settings: &Settings) -> Self {
        let service = Service::start(settings).await;
        let owner = service.login(&identity(1)).await.unwrap();
        let (status, mailbox) = owner.send("PUT", "/v1/mailbox", &Value::Null).await;
        assert_eq!(status, 400, "the body is to be empty");
        assert_eq!(mailbox["code"], "malformed");
        let (status, mailbox) = owner.bare("PUT", "/v1/mailbox").await;
        assert_eq!(status, 201, "{mailbox}");
        let path = path_of(&mailbox, service.address);
        Self { service, owner, path }
    }

    /// The same relay as before, which ended: its owner logs in again.
    pub(crate) async fn start_again(settings: &Settings) -> Self {
        let service = Service::start(settings).await;
        let owner = service.login(&identity(1)).await.unwrap();
        let (status, mailbox) = owner.bare("PUT", "/v1/mailbox").await;
        assert_eq!(status, 200, "{mailbox}");
        let url = mailbox["url"].as_str().unwrap();
        let path = url[url.find("/m/").unwrap()..].to_owned();
        Self { service, owner, path }
    }

    /// Lets a token in.
    pub(crate) async fn token(&self, seed: u8, limits: &Value) -> DepositToken {
        let token = DepositToken::from_secret(Secret::new([seed; 32]));
        let path = format!("/v1/mailbox/tokens/{}", token.hash());
        let (status, told) = self.owner.send("PUT", &path, limits).await;
        assert_eq!(status, 201, "{told}");
        token
    }

    pub(crate) async fn deposit(&self, token: &DepositToken, envelopes: &[&[u8]]) -> Answer {
        deposit(self.service.address, &self.path, token, envelopes).await
    }

    /// What waits, as (sequence, envelope).
    pub(crate) async fn waiting(&self, query: &str) -> Vec<(u64, Vec<u8>)> {
        let (status, told) = self.owner.get(&format!("/v1/mailbox/deposits{query}")).await;
        assert_eq!(status, 200, "{told}");
        listed(&told)
    }

    pub(crate) async fn answer(&self, taken: &[u64], refused: &[u64]) {
        let answers = json!({"taken": taken, "refused": refused});
        assert_eq!(self.owner.send("POST", "/v1/mailbox/answers", &answers).await.0, 204);
    }
}

impl Client {
    /// A request without a body.
    pub(crate) async fn bare(&self, method: &str, path: &str) -> (u16, Value) {
        self.ask(&SessionRequest { method, ..SessionRequest::get(path) }).await
    }
}

pub(crate) fn path_of(mailbox: &Value, address: SocketAddr) -> String {
    let url = mailbox["url"].as_str().unwrap();
    let path = url.strip_prefix(&format!("http://{address}")).unwrap();
    assert!(path.starts_with("/m/") && path.len() == 25, "{url}");
    path.to_owned()
}

pub(crate) fn listed(told: &Value) -> Vec<(u64, Vec<u8>)> {
    let one = |deposit: &Value| {
        let envelope = Base64UrlUnpadded::decode_vec(deposit["envelope"].as_str().unwrap());
        (deposit["sequence"].as_u64().unwrap(), envelope.unwrap())
    };
    told["deposits"].as_array().unwrap().iter().map(one).collect()
}

/// What has the form of an envelope of the smallest class, and a number in it.
pub(crate) fn envelope(number: u32) -> Vec<u8> {
    let mut envelope = vec![0xA5; 578];
    envelope[..2].copy_from_slice(&[33, 1]);
    envelope[100..104].copy_from_slice(&number.to_be_bytes());
    envelope
}

pub(crate) fn name_of(envelope: &[u8]) -> String {
    DepositName::of(envelope).to_string()
}

pub(crate) fn body_of(envelopes: &[&[u8]], expires: UnixTime) -> Vec<u8> {
    let deposits: Vec<Deposit<'_>> = envelopes.iter().map(|envelope| Deposit { expires, envelope }).collect();
    write_deposits(&deposits).unwrap()
}

pub(crate) async fn deposit(address: SocketAddr, path: &str, token: &DepositToken, envelopes: &[&[u8]]) -> Answer {
    post(address, path, token, &body_of(envelopes, now().plus(3600))).await
}

/// A body of deposits, whatever is in it.
pub(crate) async fn post(address: SocketAddr, path: &str, token: &DepositToken, body: &[u8]) -> Answer {
    let fields = format!(
        "authorization: {}\r\ncontent-type: application/didshake-envelopes\r\n",
        token.authorization().as_str()
    );
    send_bytes(address, &format!("POST {path}"), &fields, body).await
}

pub(crate) async fn send_bytes(address: SocketAddr, request_line: &str, fields: &str, body: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let head = format!(
        "{request_line} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {length}\r\n{fields}\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // A body that is too long is not read to its end.
    let _ = stream.write_all(body).await;
    read(&mut stream).await
}

/// The states that an answer tells.
pub(crate) fn states(answer: &Answer) -> Vec<(String, String)> {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let deposits = answer.json()["deposits"].as_array().unwrap().clone();
    deposits.iter().map(|one| (text(&one["deposit"]), text(&one["state"]))).collect()
}

/// Asks for states of deposits.
pub(crate) async fn ask_states(address: SocketAddr, path: &str, token: &DepositToken, names: &[String]) -> Answer {
    let fields = format!("authorization: {}\r\n", token.authorization().as_str());
    let body = json!({"deposits": names}).to_string();
    send_bytes(address, &format!("POST {path}/states"), &fields, body.as_bytes()).await
}

/// A mailbox key of an identity, for a week.
pub(crate) async fn mailbox_key(of: &SigningIdentity, begins: UnixTime) -> (Vec<u8>, MailboxSecret) {
    let secret = MailboxSecret::from_secret(Secret::new([3; 32]));
    let unsigned = secret.offer(&of.local(), begins, begins.plus(7 * 86_400)).unwrap();
    let signature = of.sign(&unsigned.signature_input()).await.unwrap();
    (unsigned.sign(signature), secret)
}

/// What a relay says of deposits that are all in one state.
pub(crate) fn state(state: &str, envelopes: &[&[u8]]) -> Vec<(String, String)> {
    envelopes.iter().map(|envelope| (name_of(envelope), state.to_owned())).collect()
}
