//! Two peers with streams between them.

use std::sync::{Arc, Mutex};

use didshake_peer::streams::{MessageStream, Settings, StreamError, Streams};
use didshake_peer::{MemoryBurnStore, PeerConnection, accept, connect};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, split};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::peers::{connected, options, read_message, spawn_accept, spawn_connect, write_message};

pub(crate) type Driving = JoinHandle<Result<(), StreamError>>;

/// One side of a connection, with what drives it.
pub(crate) struct Side {
    pub(crate) streams: Streams,
    pub(crate) driving: Driving,
}

pub(crate) fn side(connection: Connection, settings: Settings) -> Side {
    let (streams, driver) = Streams::over(connection, settings);
    Side { streams, driving: tokio::spawn(driver.run()) }
}

/// Both sides over memory, with the same settings.
pub(crate) async fn pair(settings: Settings) -> (Side, Side) {
    let (near, far) = connected().await;
    (side(near, settings.clone()), side(far, settings))
}

/// Both sides over TCP.
pub(crate) async fn tcp(settings: Settings) -> (Side, Side) {
    let (initiator, responder) = options();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (far, _) = listener.accept().await.unwrap();
    let burned = MemoryBurnStore::default();
    let (near, far) = tokio::join!(connect(near, &initiator), accept(far, &responder, &burned));
    let (near, near_driver) = Streams::over(near.unwrap(), settings.clone());
    let (far, far_driver) = Streams::over(far.unwrap(), settings);
    let (near_driving, far_driving) = (tokio::spawn(near_driver.run()), tokio::spawn(far_driver.run()));
    (Side { streams: near, driving: near_driving }, Side { streams: far, driving: far_driving })
}

type Connection = PeerConnection<DuplexStream>;

/// Both connections through a relay that the test holds: `near` talks to the first of its ends, `far` to the second.
pub(crate) async fn through_a_relay() -> (Connection, Connection, DuplexStream, DuplexStream) {
    let (initiator, responder) = options();
    let (near, mut near_end) = tokio::io::duplex(1 << 16);
    let (far, mut far_end) = tokio::io::duplex(1 << 16);
    let (near, far) = (spawn_connect(near, initiator), spawn_accept(far, responder));
    for _ in ["Hello and Reply", "Finish and Accept"] {
        write_message(&mut far_end, &read_message(&mut near_end).await.unwrap()).await;
        write_message(&mut near_end, &read_message(&mut far_end).await.unwrap()).await;
    }
    (near.await.unwrap().unwrap(), far.await.unwrap().unwrap(), near_end, far_end)
}

/// Both sides through a relay that writes down how long the records of the first side are.
pub(crate) async fn relayed(settings: Settings) -> (Side, Side, Arc<Mutex<Vec<usize>>>) {
    let (near, far, near_end, far_end) = through_a_relay().await;
    let lengths = Arc::new(Mutex::new(Vec::new()));
    let seen = lengths.clone();
    let ((mut from_near, mut to_near), (mut from_far, mut to_far)) = (split(near_end), split(far_end));
    tokio::spawn(async move { tokio::io::copy(&mut from_far, &mut to_near).await });
    tokio::spawn(async move {
        let mut length = [0; 3];
        while from_near.read_exact(&mut length).await.is_ok() {
            let mut record = vec![0; u32::from_be_bytes([0, length[0], length[1], length[2]]) as usize];
            from_near.read_exact(&mut record).await.unwrap();
            seen.lock().unwrap().push(record.len());
            to_far.write_all(&didshake_peer::frame(&record)).await.unwrap();
        }
    });
    (side(near, settings.clone()), side(far, settings), lengths)
}

/// A stream that the first side opened.
pub(crate) async fn stream(near: &mut Side, far: &mut Side) -> (MessageStream, MessageStream) {
    let opened = near.streams.open().await.unwrap();
    (opened, far.streams.accept().await.unwrap())
}

/// Bytes that tell their place.
pub(crate) fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at % 251) as u8).collect()
}
