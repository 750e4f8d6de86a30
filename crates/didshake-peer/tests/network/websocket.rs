//! The WebSocket binding over real connections.

use didshake::{AlertCode, Endpoint, Error, Fault, MAX_CONTENT_BYTES, Origin};
use didshake_peer::http::{WebClient, WebClientOptions};
use didshake_peer::websocket::{ClientConnection, connect};
use didshake_peer::{Cause, ChannelError, HandshakeError, HttpFailure, Step, WebSocketFailure};
use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;

use crate::login::client;
use crate::peers::{did, options};
use crate::server::{Conduct, Server, response};
use crate::tls::Authority;
use crate::websocket_server::{Listening, accept_tls, listener, open, origin, raw_client};

async fn connect_to(port: u16) -> Result<ClientConnection, HandshakeError> {
    let endpoint = Endpoint::parse(&format!("ws://127.0.0.1:{port}/didshake")).unwrap();
    connect(&client(), &endpoint, &options().0).await
}

// R-BIND-3, R-BIND-4, R-BIND-5, R-CHAN-11, R-CHAN-12
#[tokio::test]
async fn a_channel_both_ways_and_closed_in_order() {
    let mut listening = Listening::start(options().1, origin).await;
    let mut near = connect_to(listening.port).await.unwrap();
    let mut far = listening.outcome().await.unwrap();
    assert_eq!((near.peer().did(), far.peer().did()), (&did(2), &did(1)));
    let export = |agreed: &didshake_peer::Agreed| agreed.exporter.export(b"test", b"", 32).unwrap();
    assert_eq!(export(near.agreed()), export(far.agreed()));

    let longest = vec![7; MAX_CONTENT_BYTES];
    near.send(&longest).await.unwrap();
    assert_eq!(far.recv().await.unwrap(), Some(longest));
    // Half-close: the other direction stays.
    near.close().await.unwrap();
    assert_eq!(far.recv().await.unwrap(), None);
    far.send(b"still here").await.unwrap();
    assert_eq!(near.recv().await.unwrap(), Some(b"still here".to_vec()));
    far.close().await.unwrap();
    assert_eq!(near.recv().await.unwrap(), None);
    let (_near_send, mut near) = near.split();
    let (_far_send, mut far) = far.split();
    let (near, far) = tokio::join!(near.ended(), far.ended());
    near.unwrap();
    far.unwrap();
}

// R-STRM-3, R-STRM-8
#[cfg(feature = "streams")]
#[tokio::test]
async fn streams_run_over_a_websocket_and_close_in_order() {
    use didshake_peer::streams::{Settings, Streams};

    let mut listening = Listening::start(options().1, origin).await;
    let near = connect_to(listening.port).await.unwrap();
    let far = listening.outcome().await.unwrap();
    let (near, near_driver) = Streams::over(near, Settings::default());
    let (mut far, far_driver) = Streams::over(far, Settings::default());
    let message = vec![7; 1_000_000];
    let asking = async {
        let mut asking = near.open().await.unwrap();
        asking.send(&message).await.unwrap();
        assert!(asking.recv().await.unwrap().unwrap() == message);
        near.close();
    };
    let answering = async {
        let mut answering = far.accept().await.unwrap();
        let asked = answering.recv().await.unwrap().unwrap();
        answering.send(&asked).await.unwrap();
    };
    let (near_ended, far_ended, (), ()) = tokio::join!(near_driver.run(), far_driver.run(), asking, answering);
    near_ended.unwrap();
    far_ended.unwrap();
}

// R-CHAN-15
#[tokio::test]
async fn an_end_without_close_is_a_truncation() {
    let mut listening = Listening::start(options().1, origin).await;
    let near = connect_to(listening.port).await.unwrap();
    let mut far = listening.outcome().await.unwrap();
    drop(near);
    let error = far.recv().await.unwrap_err();
    assert!(error.is_truncation(), "{error}");
}

#[tokio::test]
async fn over_tls_with_a_root_of_ones_own() {
    let (authority, (listener, port)) = (Authority::new(), listener().await);
    let at = Origin::parse(&format!("https://localhost:{port}")).unwrap();
    let served = tokio::spawn(accept_tls(listener, authority.tls("localhost"), options().1, at));
    let trusting = WebClientOptions::default().with_roots(authority.pem().as_bytes()).unwrap();
    let endpoint = Endpoint::parse(&format!("wss://localhost:{port}/didshake")).unwrap();
    let mut near = connect(&WebClient::new(&trusting).unwrap(), &endpoint, &options().0).await.unwrap();
    near.send(b"echo").await.unwrap();
    assert_eq!(near.recv().await.unwrap(), Some(b"echo".to_vec()));
    near.close().await.unwrap();
    assert_eq!(near.recv().await.unwrap(), None);
    served.await.unwrap();
}

// R-BIND-5, R-BIND-6, R-BIND-7
#[tokio::test]
async fn another_origin_is_another_handshake() {
    let elsewhere = |_| "https://chat.example".to_owned();
    let mut listening = Listening::start(options().1, elsewhere).await;
    let error = connect_to(listening.port).await.unwrap_err();
    assert_eq!((error.fault(), error.sent), (Some(Fault::SealedPartNotOpened), Some(AlertCode::BadRecord)));
    let told = listening.outcome().await.unwrap_err();
    assert_eq!(told.fault(), Some(Fault::PeerAlert(AlertCode::BadRecord)));
}

// R-BIND-4
#[tokio::test]
async fn without_the_subprotocol_no_hello_is_sent() {
    for selected in [None, Some("didshake.2"), Some("DIDShake.1")] {
        let (listener, port) = listener().await;
        let server = tokio::spawn(async move {
            let mut socket = open(listener.accept().await.unwrap().0, selected).await.unwrap();
            matches!(socket.next().await, Some(Ok(Message::Binary(_))))
        });
        let error = connect_to(port).await.unwrap_err();
        let missing = matches!(error.cause, Cause::WebSocket(WebSocketFailure::NoSubprotocol));
        assert!(missing, "{selected:?}: {error}");
        assert!(!server.await.unwrap(), "something was sent");
    }
}

#[tokio::test]
async fn only_a_101_opens_a_websocket() {
    let target = Server::answering(|| Conduct::Answer(response(404, &[], b""))).await;
    for status in [200, 301, 307, 404, 503] {
        let location = target.origin();
        let answer = move || Conduct::Answer(response(status, &[("Location", &location)], b""));
        let server = Server::answering(answer).await;
        let error = connect_to(server.port).await.unwrap_err();
        assert!(matches!(error.cause, Cause::WebSocket(WebSocketFailure::Refused(seen)) if seen == status), "{error}");
        assert_eq!(error.step, Step::SendHello);
    }
    assert_eq!(target.connections(), 0);
    // A 101 that does not answer our key.
    let upgrade = [
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Protocol", "didshake.1"),
        ("Sec-WebSocket-Accept", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    ];
    let server = Server::answering(move || Conduct::Answer(response(101, &upgrade, b""))).await;
    let error = connect_to(server.port).await.unwrap_err();
    assert!(matches!(error.cause, Cause::WebSocket(WebSocketFailure::Malformed)), "{error}");
}

#[tokio::test]
async fn only_websocket_endpoints_that_may_be_asked_are() {
    for (url, failure) in
        [("ws://chat.example/", HttpFailure::PlainHttp), ("http://127.0.0.1/didshake", HttpFailure::Url)]
    {
        let error = connect(&client(), &Endpoint::parse(url).unwrap(), &options().0).await.unwrap_err();
        assert!(matches!(error.cause, Cause::Http(seen) if seen == failure), "{url}: {error}");
    }
}

// R-BIND-3
#[tokio::test]
async fn a_text_message_ends_the_attempt_unanswered() {
    let mut listening = Listening::start(options().1, origin).await;
    let mut raw = raw_client(listening.port).await;
    raw.send(Message::Text("hello".into())).await.unwrap();
    let error = listening.outcome().await.unwrap_err();
    assert!(matches!(error.cause, Cause::WebSocket(WebSocketFailure::Text)), "{error}");
    assert_eq!(error.sent, None);
    assert!(!matches!(raw.next().await, Some(Ok(Message::Binary(_)))));

    let (listener, port) = self::listener().await;
    let server = tokio::spawn(async move {
        let mut socket = open(listener.accept().await.unwrap().0, Some("didshake.1")).await.unwrap();
        assert!(matches!(socket.next().await, Some(Ok(Message::Binary(_)))));
        socket.send(Message::Text("reply".into())).await.unwrap();
        matches!(socket.next().await, Some(Ok(Message::Binary(_))))
    });
    let error = connect_to(port).await.unwrap_err();
    assert!(matches!(error.cause, Cause::WebSocket(WebSocketFailure::Text)), "{error}");
    assert!(!server.await.unwrap(), "the text was answered");
}

// R-BIND-3, R-LIMIT-1
#[tokio::test]
async fn a_long_message_is_refused_from_its_length() {
    for (length, refused) in [(4097, Fault::MessageTooLong), (65_554, Fault::MessageTooLong)] {
        let mut listening = Listening::start(options().1, origin).await;
        let mut raw = raw_client(listening.port).await;
        raw.send(Message::Binary(vec![1; length].into())).await.unwrap();
        let error = listening.outcome().await.unwrap_err();
        assert_eq!((error.fault(), error.sent), (Some(refused), Some(AlertCode::DecodeError)), "{length}");
        assert_eq!(raw.next().await.unwrap().unwrap(), Message::Binary(vec![15, 50].into()), "{length}");
    }
}

#[tokio::test]
async fn pings_and_fragments_are_the_libraries_own() {
    let mut listening = Listening::start(options().1, origin).await;
    let mut raw = raw_client(listening.port).await;
    raw.send(Message::Ping(b"x".to_vec().into())).await.unwrap();
    assert_eq!(raw.next().await.unwrap().unwrap(), Message::Pong(b"x".to_vec().into()));
    raw.send(Message::Binary(vec![9].into())).await.unwrap();
    let error = listening.outcome().await.unwrap_err();
    assert_eq!(error.fault(), Some(Fault::UnexpectedMessage));
}

// R-BIND-3, R-CHAN-14
#[tokio::test]
async fn a_text_message_ends_the_channel_unanswered() {
    let (relay, port) = listener().await;
    // The responder is configured with the origin at which the initiator finds the relay: all but the text is honest.
    let mut listening = Listening::start(options().1, |_| origin(port)).await;
    let behind = listening.port;
    let relaying = tokio::spawn(async move {
        let mut near = open(relay.accept().await.unwrap().0, Some("didshake.1")).await.unwrap();
        let mut far = raw_client(behind).await;
        for _ in 0..2 {
            far.send(near.next().await.unwrap().unwrap()).await.unwrap();
            near.send(far.next().await.unwrap().unwrap()).await.unwrap();
        }
        far.send(Message::Text("record".into())).await.unwrap();
        matches!(far.next().await, Some(Ok(Message::Binary(_))))
    });
    let _near = connect_to(port).await.unwrap();
    let mut far = listening.outcome().await.unwrap();
    let error = far.recv().await.unwrap_err();
    assert!(matches!(error, ChannelError::Protocol(Error::Peer(Fault::NotARecord))), "{error}");
    drop(far);
    assert!(!relaying.await.unwrap(), "the text was answered");
}

/// Tasks may have either end.
#[allow(dead_code, reason = "it is checked by being compiled")]
fn is_send(mut connection: ClientConnection, port: u16) -> impl Send {
    async move {
        let connected = connect_to(port).await;
        drop(connected);
        connection.send(&[]).await?;
        connection.recv().await?;
        let (mut send, mut receive) = connection.split();
        send.close().await?;
        receive.ended().await
    }
}
