//! WebSockets, opened by hand: an owner's, with a signature, and a depositor's, with a token.

use std::net::SocketAddr;
use std::time::Duration;

use didshake::relay::{DepositToken, OwnerFrame, RelayFrame, SUBPROTOCOL};
use didshake::request::{RequestKey, Target};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_tungstenite::tungstenite::{self, Bytes};

use crate::service::{Client, now};

const PATIENCE: Duration = Duration::from_secs(20);

/// What arrives, in our words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Arrived {
    Binary(Vec<u8>),
    /// With its code.
    Closed(Option<u16>),
}

pub(crate) struct Socket(pub(crate) WebSocketStream<TcpStream>);

impl Socket {
    /// Opens one, or says with which status it was refused.
    pub(crate) async fn open(
        address: SocketAddr,
        path: &str,
        fields: &[(String, String)],
        subprotocol: &str,
    ) -> Result<Self, u16> {
        let mut request = format!("ws://{address}{path}").into_client_request().unwrap();
        let add = |headers: &mut http::HeaderMap, name: &str, value: &str| {
            headers.append(http::HeaderName::try_from(name).unwrap(), value.parse().unwrap());
        };
        add(request.headers_mut(), "sec-websocket-protocol", subprotocol);
        fields.iter().for_each(|(name, value)| add(request.headers_mut(), name, value));
        let stream = TcpStream::connect(address).await.unwrap();
        match tokio_tungstenite::client_async(request, stream).await {
            Ok((socket, response)) => {
                assert_eq!(response.headers()["sec-websocket-protocol"], SUBPROTOCOL);
                Ok(Self(socket))
            }
            Err(tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// An owner's.
    pub(crate) async fn of_owner(owner: &Client, path: &str) -> Result<Self, u16> {
        Self::open(address_of(owner), path, &signed(owner, path), SUBPROTOCOL).await
    }

    /// A depositor's, for a circuit.
    pub(crate) async fn of_depositor(address: SocketAddr, path: &str, token: &DepositToken) -> Result<Self, u16> {
        let fields = [("authorization".to_owned(), token.authorization().to_string())];
        Self::open(address, &format!("{path}/circuit"), &fields, SUBPROTOCOL).await
    }

    pub(crate) async fn send(&mut self, bytes: Vec<u8>) {
        self.0.send(Message::Binary(bytes.into())).await.unwrap();
    }

    pub(crate) async fn say(&mut self, frame: &OwnerFrame) {
        self.send(frame.encode()).await;
    }

    pub(crate) async fn send_text(&mut self) {
        self.0.send(Message::Text("text".into())).await.unwrap();
    }

    /// Until the relay has heard all that was sent: it answers a ping.
    pub(crate) async fn heard(&mut self) {
        self.0.send(Message::Ping(Bytes::new())).await.unwrap();
        while !matches!(self.0.next().await.unwrap().unwrap(), Message::Pong(_)) {}
    }

    /// The next frame; pings and pongs are the library's.
    pub(crate) async fn next(&mut self) -> Arrived {
        self.next_within(PATIENCE).await.expect("a frame in time")
    }

    pub(crate) async fn next_within(&mut self, patience: Duration) -> Option<Arrived> {
        let next = async {
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Binary(bytes))) => return Arrived::Binary(Bytes::into(bytes)),
                    Some(Ok(Message::Close(frame))) => return Arrived::Closed(frame.map(|frame| frame.code.into())),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Ok(other)) => panic!("{other:?}"),
                    Some(Err(_)) | None => return Arrived::Closed(None),
                }
            }
        };
        tokio::time::timeout(patience, next).await.ok()
    }

    /// The next deposit, as sequence number and envelope.
    pub(crate) async fn deposit(&mut self) -> (u64, Vec<u8>) {
        let Arrived::Binary(bytes) = self.next().await else { panic!("the socket ended") };
        match RelayFrame::decode(&bytes).unwrap() {
            RelayFrame::Deposit { sequence, envelope, .. } => (sequence, envelope.to_vec()),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn durable(&mut self) -> Vec<u64> {
        let Arrived::Binary(bytes) = self.next().await else { panic!("the socket ended") };
        match RelayFrame::decode(&bytes).unwrap() {
            RelayFrame::Durable(sequences) => sequences,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn circuit(&mut self) -> didshake::relay::CircuitId {
        let Arrived::Binary(bytes) = self.next().await else { panic!("the socket ended") };
        match RelayFrame::decode(&bytes).unwrap() {
            RelayFrame::Circuit(id) => id,
            other => panic!("{other:?}"),
        }
    }
}

pub(crate) fn address_of(client: &Client) -> SocketAddr {
    client.session.origin().authority().parse().unwrap()
}

/// The three fields of a signed `GET`.
pub(crate) fn signed(client: &Client, path_and_query: &str) -> Vec<(String, String)> {
    let parts = client.session.parts();
    let (path, query) =
        path_and_query.split_once('?').map_or((path_and_query, None), |(path, query)| (path, Some(query)));
    let target = Target { method: "GET", origin: client.session.origin(), path, query };
    let key = RequestKey::from_secret(parts.request_key);
    let fields = key.sign(&target, b"", client.session.id(), now(), &mut getrandom::SysRng).unwrap();
    fields.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
