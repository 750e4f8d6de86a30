//! A peer that breaks the rules of streams.

use didshake_peer::PeerConnection;
use didshake_peer::streams::{Settings, StreamError, StreamFault};
use tokio::io::DuplexStream;

use crate::pair::{Side, side};
use crate::peers::connected;

/// A side with streams, and a peer that says what the test says.
async fn against() -> (Side, PeerConnection<DuplexStream>) {
    let (near, far) = connected().await;
    (side(near, Settings::default()), far)
}

/// A yamux data frame of stream 2, which a responder opens, with the flag SYN.
fn opening(body: &[u8]) -> Vec<u8> {
    let mut content = vec![1, 0, 0, 0, 1, 0, 0, 0, 2];
    content.extend((body.len() as u32).to_be_bytes());
    content.extend(body);
    content
}

// R-STRM-1
#[tokio::test]
async fn records_of_no_kind_end_the_connection() {
    for content in [&[][..], &[0], &[1], &[4, 1], &[2, 0], &[3, 0, 0, 0, 0, 0, 0, 0], &[2, 0, 0, 0, 0, 0, 0, 0, 0, 0]] {
        let (mut near, mut far) = against().await;
        far.send(content).await.unwrap();
        let refused = near.streams.accept().await.unwrap_err();
        assert!(matches!(refused, StreamError::Peer(StreamFault::Content)), "{content:?} {refused:?}");
        assert_eq!(near.driving.await.unwrap().unwrap_err().code(), "stream_content");
    }
}

// R-STRM-2
#[tokio::test]
async fn what_is_not_yamux_ends_the_connection() {
    let (mut near, mut far) = against().await;
    far.send(&[1, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9]).await.unwrap();
    let refused = near.streams.accept().await.unwrap_err();
    assert!(matches!(refused, StreamError::Peer(StreamFault::Multiplexer)), "{refused:?}");
}

// R-STRM-4, R-STRM-5
#[tokio::test]
async fn frames_that_break_the_rules_end_their_stream() {
    for (body, fault) in [
        (&[9][..], StreamFault::UnknownFrame),
        (&[2, 0, 1, 7], StreamFault::OutOfPlace),
        (&[1, 1, 0, 0, 1], StreamFault::MessageTooLong),
        (&[1, 0, 0, 0, 1, 2, 0, 2, 7, 7], StreamFault::PieceLength),
        (&[4, 4], StreamFault::AfterEnd),
    ] {
        let (mut near, mut far) = against().await;
        far.send(&opening(body)).await.unwrap();
        let mut stream = near.streams.accept().await.unwrap();
        if fault == StreamFault::AfterEnd {
            assert_eq!(stream.recv().await.unwrap(), None);
            continue;
        }
        for _ in 0..2 {
            let refused = stream.recv().await.unwrap_err();
            assert!(matches!(refused, StreamError::Peer(found) if found == fault), "{body:?} {refused:?}");
        }
    }
}

// R-STRM-7: yamux's own end of a stream is none.
#[tokio::test]
async fn a_stream_that_yamux_ends_without_ours_is_cut() {
    let (mut near, mut far) = against().await;
    let mut finishing = opening(&[1, 0, 0, 0, 2, 2, 0, 1, 7]);
    finishing[4] = 1 | 4;
    far.send(&finishing).await.unwrap();
    let mut stream = near.streams.accept().await.unwrap();
    assert!(matches!(stream.recv().await, Err(StreamError::Reset)));
}

// R-STRM-2: a peer may not open as many as it likes at once, whatever we do with them.
#[tokio::test]
async fn a_flood_of_streams_is_reset() {
    let (near, far) = connected().await;
    let mut near = side(near, Settings { streams: 2, ..Settings::default() });
    let (mut send, mut receive) = far.split();
    for id in (2..=60_u8).step_by(2) {
        let mut content = opening(&[4]);
        content[8] = id;
        send.send(&content).await.unwrap();
    }
    drop((near.streams.accept().await.unwrap(), near.streams.accept().await.unwrap()));
    let mut resets = 0;
    while resets < 28 {
        let content = receive.recv().await.unwrap().unwrap();
        // Type data, flag RST.
        resets += content[1..].chunks(12).filter(|frame| frame[..4] == [0, 0, 0, 8]).count();
    }
}
