//! Whoever has a mailbox.

use didshake::UnixTime;
use didshake::relay::{DepositToken, MailboxUrl, OwnerFrame, RelayFrame, SUBPROTOCOL};
use didshake_tests::{Client, Login, Outcome, Service};
use futures_util::{SinkExt, StreamExt};
use getrandom::SysRng;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// A did:key that is logged in and has its mailbox.
pub struct Owner {
    client: Client,
    login: Login,
    origin: String,
    /// Where depositors come to.
    pub mailbox: MailboxUrl,
}

/// What a relay said on a socket.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Frame {
    /// A deposit, and its envelope.
    Deposit(u64, Bytes),
    /// Answers that are durable.
    Durable(Vec<u64>),
}

/// The mailbox socket.
pub struct Socket(WebSocketStream<TcpStream>);

impl Owner {
    /// Logs in with a client's key and opens the mailbox.
    ///
    /// # Panics
    /// Where the relay does not let it.
    pub async fn open(client: Client, relay: &Service) -> Self {
        let meant = didshake::Did::parse(&relay.did).expect("a DID");
        let Outcome::Accepted(login) = client.log_in(&relay.url("/didshake"), &meant).await else {
            panic!("the login failed")
        };
        let request = client.signed(&login, "PUT", &relay.url("/v1/mailbox"), b"");
        let answer = client.send(request).await.expect("an answer");
        assert!([200, 201].contains(&answer.status), "{answer:?}");
        let mailbox: serde_json::Value = serde_json::from_slice(&answer.body).expect("a mailbox");
        let mailbox = mailbox.get("url").and_then(serde_json::Value::as_str).expect("a URL");
        let mailbox = MailboxUrl::parse(mailbox).expect("a mailbox URL");
        Self { client, login: *login, origin: relay.origin.clone(), mailbox }
    }

    /// Lets a new token in, under the relay's own limits.
    ///
    /// # Panics
    /// Where the relay does not let it.
    pub async fn token(&self) -> DepositToken {
        let token = DepositToken::generate(&mut SysRng).expect("randomness");
        let url = format!("{}/v1/mailbox/tokens/{}", self.origin, token.hash());
        let body = br#"{"expires":null,"waiting":null,"bytes":null}"#;
        let mut request = self.client.signed(&self.login, "PUT", &url, body);
        request.headers_mut().insert("content-type", "application/json".parse().expect("a value"));
        let answer = self.client.send(request).await.expect("an answer");
        assert_eq!(answer.status, 201, "{answer:?}");
        token
    }

    /// Opens a socket that shows everything that waits.
    ///
    /// # Panics
    /// Where the relay does not let it.
    pub async fn socket(&self) -> Socket {
        let url = format!("{}/v1/mailbox/socket?after=0", self.origin);
        let signed = self.client.signed(&self.login, "GET", &url, b"");
        let address = self.origin.strip_prefix("http://").expect("no TLS");
        let mut request = format!("ws://{address}/v1/mailbox/socket?after=0").into_client_request().expect("a request");
        for (name, value) in signed.headers() {
            request.headers_mut().insert(name, value.clone());
        }
        request.headers_mut().insert("sec-websocket-protocol", SUBPROTOCOL.parse().expect("a value"));
        let stream = TcpStream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).expect("a socket");
        Socket(client_async(request, stream).await.expect("a socket").0)
    }
}

impl Socket {
    /// What the relay says next.
    ///
    /// # Panics
    /// Where the socket ends.
    pub async fn next(&mut self) -> Frame {
        loop {
            match self.0.next().await.expect("the socket stays").expect("a frame") {
                Message::Binary(bytes) => match RelayFrame::decode(&bytes).expect("a frame of a relay") {
                    RelayFrame::Deposit { sequence, expires, envelope } => {
                        assert!(expires > UnixTime(0));
                        return Frame::Deposit(sequence, bytes.slice_ref(envelope));
                    }
                    RelayFrame::Durable(sequences) => return Frame::Durable(sequences),
                    RelayFrame::Circuit(_) => {}
                },
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// What the relay has said already; `None` where it is silent.
    pub async fn ready(&mut self) -> Option<Frame> {
        tokio::time::timeout(std::time::Duration::ZERO, self.next()).await.ok()
    }

    /// Takes deposits.
    ///
    /// # Panics
    /// Where the socket ends.
    pub async fn take(&mut self, sequences: Vec<u64>) {
        self.0.send(Message::Binary(OwnerFrame::Taken(sequences).encode().into())).await.expect("the socket stays");
    }
}
