//! What waits, as it comes: mailbox sockets and server-sent events.

use std::time::{Duration, Instant};

use didshake::relay::{MAX_UNANSWERED, OwnerFrame, SUBPROTOCOL};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use crate::http::ask;
use crate::relay::{Relay, envelope, relay_settings};
use crate::service::{Client, identity};
use crate::sockets::{Arrived, Socket, address_of, signed};

const SOCKET: &str = "/v1/mailbox/socket";

// R-RLY-2
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_shows_each_deposit_once_and_says_when_answers_are_durable() {
    let directory = tempfile::tempdir().unwrap();
    let relay = Relay::start(&relay_settings(directory.path())).await;
    let token = relay.token(7, &json!({})).await;
    let all: Vec<Vec<u8>> = (0..6).map(envelope).collect();
    relay.deposit(&token, &[&all[0], &all[1]]).await;
    let mut socket = Socket::of_owner(&relay.owner, SOCKET).await.unwrap();
    let mut sequences = Vec::new();
    for expected in &all[..2] {
        let (sequence, envelope) = socket.deposit().await;
        assert_eq!(&envelope, expected);
        sequences.push(sequence);
    }
    // What comes meanwhile is pushed.
    for one in &all[2..4] {
        relay.deposit(&token, &[one]).await;
        let (sequence, envelope) = socket.deposit().await;
        assert_eq!(&envelope, one);
        sequences.push(sequence);
    }
    assert!(sequences.is_sorted_by(|one, next| one < next));
    socket.say(&OwnerFrame::Taken(sequences[..2].to_vec())).await;
    assert_eq!(socket.durable().await, sequences[..2]);
    socket.say(&OwnerFrame::Refused(vec![sequences[2]])).await;
    assert_eq!(socket.durable().await, sequences[2..3]);
    assert_eq!(relay.waiting("").await.iter().map(|(sequence, _)| *sequence).collect::<Vec<_>>(), sequences[3..]);

    // A second one shows what waits, from where it is told on; both show what comes.
    let mut second = Socket::of_owner(&relay.owner, SOCKET).await.unwrap();
    assert_eq!(second.deposit().await, (sequences[3], all[3].clone()));
    let mut third = Socket::of_owner(&relay.owner, &format!("{SOCKET}?after={}", sequences[3])).await.unwrap();
    relay.deposit(&token, &[&all[4]]).await;
    for socket in [&mut socket, &mut second, &mut third] {
        assert_eq!(socket.deposit().await.1, all[4]);
    }
    relay.service.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_is_opened_by_its_owner_alone_and_four_times() {
    let directory = tempfile::tempdir().unwrap();
    let relay = Relay::start(&relay_settings(directory.path())).await;
    let at = relay.service.address;
    let bob = relay.service.login(&identity(2)).await.unwrap();
    assert_eq!(Socket::open(at, SOCKET, &[], SUBPROTOCOL).await.err(), Some(401), "not signed");
    assert_eq!(Socket::of_owner(&bob, SOCKET).await.err(), Some(404));
    assert_eq!(Socket::open(at, SOCKET, &signed(&relay.owner, SOCKET), "didshake.1").await.err(), Some(400));
    assert_eq!(Socket::of_owner(&relay.owner, &format!("{SOCKET}?after=x")).await.err(), Some(400));
    let (status, told) = relay.owner.get(SOCKET).await;
    assert_eq!((status, &told["code"]), (400, &json!("malformed")), "no WebSocket");
    // A signature is for one opening.
    let fields = signed(&relay.owner, SOCKET);
    let mut sockets = vec![Socket::open(at, SOCKET, &fields, SUBPROTOCOL).await.unwrap()];
    assert_eq!(Socket::open(at, SOCKET, &fields, SUBPROTOCOL).await.err(), Some(401));
    for _ in 0..3 {
        sockets.push(Socket::of_owner(&relay.owner, SOCKET).await.unwrap());
    }
    assert_eq!(Socket::of_owner(&relay.owner, SOCKET).await.err(), Some(507));
    let metrics = ask(at, "GET /metrics", "").await.body;
    assert!(metrics.lines().any(|line| line == "didshake_mailbox_sockets 4"), "{metrics}");
    relay.service.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_frame_ends_the_socket() {
    let directory = tempfile::tempdir().unwrap();
    let relay = Relay::start(&relay_settings(directory.path())).await;
    let too_many = OwnerFrame::Taken(vec![1; 1025]).encode();
    for frame in [vec![], vec![9], vec![3, 0], vec![3], OwnerFrame::Taken(vec![]).encode(), too_many] {
        let mut socket = Socket::of_owner(&relay.owner, SOCKET).await.unwrap();
        socket.send(frame.clone()).await;
        assert_eq!(socket.next().await, Arrived::Closed(Some(1008)), "{frame:?}");
    }
    let mut socket = Socket::of_owner(&relay.owner, SOCKET).await.unwrap();
    socket.send_text().await;
    assert_eq!(socket.next().await, Arrived::Closed(Some(1008)));
    relay.service.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_than_256_are_sent_that_nobody_has_answered() {
    let directory = tempfile::tempdir().unwrap();
    let relay = Relay::start(&relay_settings(directory.path())).await;
    let token = relay.token(7, &json!({})).await;
    let all: Vec<Vec<u8>> = (0..320).map(envelope).collect();
    for some in all.chunks(64) {
        relay.deposit(&token, &some.iter().map(Vec::as_slice).collect::<Vec<_>>()).await;
    }
    let mut socket = Socket::of_owner(&relay.owner, SOCKET).await.unwrap();
    let mut shown = Vec::new();
    for expected in &all[..MAX_UNANSWERED] {
        let (sequence, envelope) = socket.deposit().await;
        assert_eq!(&envelope, expected);
        shown.push(sequence);
    }
    assert_eq!(socket.next_within(Duration::from_secs(2)).await, None);
    // An answer makes room, here or elsewhere.
    socket.say(&OwnerFrame::Taken(shown[..2].to_vec())).await;
    assert_eq!(socket.durable().await, shown[..2]);
    for expected in &all[256..258] {
        assert_eq!(&socket.deposit().await.1, expected);
    }
    relay.answer(&shown[2..200], &[]).await;
    for expected in &all[258..] {
        assert_eq!(&socket.deposit().await.1, expected);
    }
    relay.service.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_ends_with_its_session_and_with_the_service() {
    let directory = tempfile::tempdir().unwrap();
    let mut relay = Relay::start(&relay_settings(directory.path())).await;
    let again = relay.service.login(&identity(1)).await.unwrap();
    let mut of_session = Socket::of_owner(&relay.owner, SOCKET).await.unwrap();
    let mut socket = Socket::of_owner(&again, SOCKET).await.unwrap();
    assert_eq!(relay.owner.delete("/v1/session").await, 204);
    assert_eq!(of_session.next().await, Arrived::Closed(Some(1008)));

    let mut events = Events::open(&again, 0).await;
    let begun = Instant::now();
    relay.service.ask_to_end();
    assert_eq!(socket.next().await, Arrived::Closed(Some(1001)));
    assert_eq!(events.rest().await, "");
    relay.service.ended().await;
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
}

/// A stream of server-sent events.
struct Events(BufReader<TcpStream>);

impl Events {
    async fn open(owner: &Client, after: u64) -> Self {
        let path = format!("/v1/mailbox/events?after={after}");
        let fields: String = signed(owner, &path).iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let address = address_of(owner);
        let mut stream = TcpStream::connect(address).await.unwrap();
        // Without chunks, so that what arrives are the events alone.
        let request = format!("GET {path} HTTP/1.0\r\nhost: {address}\r\n{fields}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut events = Self(BufReader::new(stream));
        let head = events.block().await;
        assert!(head.contains(" 200 ") && head.contains("content-type: text/event-stream"), "{head}");
        events
    }

    /// Lines up to an empty one.
    async fn block(&mut self) -> String {
        let mut block = String::new();
        loop {
            let mut line = String::new();
            let read = tokio::time::timeout(Duration::from_secs(20), self.0.read_line(&mut line)).await;
            if read.expect("a line in time").unwrap() == 0 || line.trim_end().is_empty() {
                return block;
            }
            block.push_str(&line);
        }
    }

    /// The next deposit: its id, and its JSON.
    async fn deposit(&mut self) -> (u64, Value) {
        let block = self.block().await;
        let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim_start();
        assert_eq!(field("event:"), "deposit");
        (field("id:").parse().unwrap(), serde_json::from_str(field("data:")).unwrap())
    }

    async fn rest(&mut self) -> String {
        self.block().await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_show_what_waits_and_what_comes() {
    let directory = tempfile::tempdir().unwrap();
    let relay = Relay::start(&relay_settings(directory.path())).await;
    let token = relay.token(7, &json!({})).await;
    relay.deposit(&token, &[&envelope(0), &envelope(1)]).await;
    let (_, listed) = relay.owner.get("/v1/mailbox/deposits").await;
    let mut events = Events::open(&relay.owner, 0).await;
    for expected in listed["deposits"].as_array().unwrap() {
        assert_eq!(events.deposit().await, (expected["sequence"].as_u64().unwrap(), expected.clone()));
    }
    relay.deposit(&token, &[&envelope(2)]).await;
    let (sequence, shown) = events.deposit().await;
    assert_eq!(relay.waiting("").await[2].0, sequence);
    let mut later = Events::open(&relay.owner, sequence - 1).await;
    assert_eq!(later.deposit().await, (sequence, shown));
    assert_eq!(ask(relay.service.address, "GET /v1/mailbox/events", "").await.status, 401);
    relay.service.end().await;
}
