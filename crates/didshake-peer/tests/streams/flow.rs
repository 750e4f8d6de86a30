//! What bounds a sender, and what a peer can make us keep.

use std::time::Duration;

use didshake_peer::streams::{Settings, StreamError, StreamMisuse};
use tokio::time::timeout;

use crate::pair::{pair, pattern, stream};

/// Nothing that is still going on stops for so long.
const STANDSTILL: Duration = Duration::from_millis(300);

/// Sends messages of 64 KiB until nothing goes any more; the bytes that went.
async fn fill(sender: &mut didshake_peer::streams::MessageStream) -> usize {
    let message = pattern(64 * 1024);
    let mut sent = 0;
    while let Ok(outcome) = timeout(STANDSTILL, sender.send(&message)).await {
        outcome.unwrap();
        sent += message.len();
        assert!(sent < 64 << 20, "nothing bounds it");
    }
    sent
}

// R-STRM-3
#[tokio::test]
async fn a_reader_that_does_not_read_bounds_its_writer_and_nobody_else() {
    let (mut near, mut far) = pair(Settings::default()).await;
    let (mut stuck, mut unread) = stream(&mut near, &mut far).await;
    let sent = fill(&mut stuck).await;
    assert!(sent <= 512 * 1024, "{sent} bytes went to a reader that read none");
    let (mut other, mut read) = stream(&mut near, &mut far).await;
    let long = pattern(3 << 20);
    let (outcome, received) = tokio::join!(other.send(&long), read.recv());
    outcome.unwrap();
    assert!(received.unwrap().unwrap() == long);
    // And it goes on where somebody reads after all.
    assert!(unread.recv().await.unwrap().unwrap() == pattern(64 * 1024));
}

// R-STRM-5
#[tokio::test]
async fn messages_under_way_share_a_budget() {
    let settings = Settings { received_bytes: 1 << 20, message_bytes: 1 << 20, ..Settings::default() };
    let (mut near, mut far) = pair(settings).await;
    let (mut first, mut first_received) = stream(&mut near, &mut far).await;
    let (mut second, mut second_received) = stream(&mut near, &mut far).await;
    let long = pattern(1 << 20);
    // Half of the first message, which takes the whole budget at its beginning.
    assert!(timeout(STANDSTILL, first.send(&long)).await.is_err());
    assert!(timeout(STANDSTILL, first_received.recv()).await.is_err());
    let (outcome, received) =
        tokio::join!(timeout(STANDSTILL, second.send(&long)), timeout(STANDSTILL, second_received.recv()));
    assert!(outcome.is_err() && received.is_err(), "the second waits for the first");
    // Withdrawn, the first makes room.
    let (cancelled, seen) = tokio::join!(first.cancel(), first_received.recv());
    cancelled.unwrap();
    assert!(matches!(seen, Err(StreamError::Cancelled)));
    let (cancelled, seen) = tokio::join!(second.cancel(), second_received.recv());
    cancelled.unwrap();
    assert!(matches!(seen, Err(StreamError::Cancelled)));
    let (outcome, received) = tokio::join!(second.send(&long), second_received.recv());
    outcome.unwrap();
    assert!(received.unwrap().unwrap() == long);
}

// R-STRM-2
#[tokio::test]
async fn no_more_streams_than_may_be_and_the_peers_over_the_limit_are_reset() {
    let (near, far) = crate::peers::connected().await;
    let near = crate::pair::side(near, Settings { streams: 6, ..Settings::default() });
    let mut far = crate::pair::side(far, Settings { streams: 4, ..Settings::default() });
    let mut opened = Vec::new();
    for _ in 0..6 {
        opened.push(near.streams.open().await.unwrap());
    }
    let over = near.streams.open().await.unwrap_err();
    assert!(matches!(over, StreamError::Caller(StreamMisuse::TooManyStreams)), "{over:?}");
    for mut refused in opened.drain(4..) {
        assert!(matches!(refused.recv().await, Err(StreamError::Reset)));
    }
    // One that is let go of by both makes room for another.
    let mut accepted = far.streams.accept().await.unwrap();
    let mut first = opened.remove(0);
    first.close().await.unwrap();
    assert_eq!(accepted.recv().await.unwrap(), None);
    drop((first, accepted));
    let mut again = near.streams.open().await.unwrap();
    again.send(b"room").await.unwrap();
    for _ in 0..3 {
        drop(far.streams.accept().await.unwrap());
    }
    assert_eq!(far.streams.accept().await.unwrap().recv().await.unwrap().unwrap(), b"room");
}
