//! How streams end: in order, let go of, cut, silent.

use std::time::Duration;

use didshake_peer::streams::{Settings, StreamError};
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout};

use crate::pair::{pair, pattern, relayed, side, stream, tcp, through_a_relay};
use crate::peers::{connected, read_message, write_message};

fn is_truncation(error: &StreamError) -> bool {
    matches!(error, StreamError::Channel(cause) if cause.is_truncation())
}

// R-STRM-8
#[tokio::test]
async fn a_close_lets_everything_arrive_that_was_sent() {
    let (near, mut far) = tcp(Settings::default()).await;
    let mut sender = near.streams.open().await.unwrap();
    let message = pattern(100_000);
    sender.send(&message).await.unwrap();
    sender.close().await.unwrap();
    near.streams.close();
    near.driving.await.unwrap().unwrap();
    let mut receiver = far.streams.accept().await.unwrap();
    assert!(receiver.recv().await.unwrap().unwrap() == message);
    assert_eq!(receiver.recv().await.unwrap(), None);
    far.driving.await.unwrap().unwrap();
    assert!(matches!(far.streams.accept().await, Err(StreamError::Closed)));
    assert!(matches!(near.streams.open().await, Err(StreamError::Closed)));
    near.streams.close();
}

// R-STRM-8
#[tokio::test]
async fn whoever_drops_everything_closes_in_order() {
    let (near, far) = pair(Settings::default()).await;
    let last = near.streams.open().await.unwrap();
    drop(near.streams);
    assert!(!near.driving.is_finished());
    drop(last);
    near.driving.await.unwrap().unwrap();
    far.driving.await.unwrap().unwrap();
}

// R-STRM-7
#[tokio::test]
async fn a_stream_that_is_let_go_of_is_no_short_message_and_no_end() {
    let (mut near, mut far) = pair(Settings::default()).await;
    let (mut sender, mut receiver) = stream(&mut near, &mut far).await;
    assert!(timeout(Duration::from_millis(200), sender.send(&pattern(2 << 20))).await.is_err());
    drop(sender);
    for _ in 0..2 {
        assert!(matches!(receiver.recv().await, Err(StreamError::Reset)), "it stays");
    }
    let (mut sender, receiver) = stream(&mut near, &mut far).await;
    drop(receiver);
    assert!(matches!(sender.recv().await, Err(StreamError::Reset)));
    assert!(matches!(sender.send(&pattern(2 << 20)).await, Err(StreamError::Reset)));
    // What was sent before is there all the same.
    let (mut sender, mut receiver) = stream(&mut near, &mut far).await;
    sender.send(b"whole").await.unwrap();
    drop(sender);
    assert_eq!(receiver.recv().await.unwrap().unwrap(), b"whole");
    assert!(matches!(receiver.recv().await, Err(StreamError::Reset)));
}

// R-STRM-7
#[tokio::test]
async fn a_cut_in_the_middle_of_a_message_is_an_error_on_both_sides() {
    let (mut near, mut far) = tcp(Settings::default()).await;
    let (mut sender, mut receiver) = stream(&mut near, &mut far).await;
    assert!(timeout(Duration::from_millis(200), sender.send(&pattern(2 << 20))).await.is_err());
    // The driver of the sender goes, as if its process had been killed.
    near.driving.abort();
    let cut = receiver.recv().await.unwrap_err();
    assert!(is_truncation(&cut), "{cut:?}");
    assert!(is_truncation(&far.streams.accept().await.unwrap_err()));
    assert!(is_truncation(&far.streams.open().await.unwrap_err()));
    assert!(is_truncation(&receiver.send(&pattern(2 << 20)).await.unwrap_err()));
    assert!(is_truncation(&far.driving.await.unwrap().unwrap_err()));
    assert!(matches!(sender.recv().await, Err(StreamError::Closed)));
}

// R-STRM-7
#[tokio::test]
async fn a_cut_between_records_gives_no_short_message() {
    let (near, far, mut near_end, mut far_end) = through_a_relay().await;
    let near = side(near, Settings::default());
    let mut far = side(far, Settings::default());
    let mut sender = near.streams.open().await.unwrap();
    let sending = tokio::spawn(async move {
        let outcome = sender.send(&pattern(100_000)).await;
        (sender, outcome)
    });
    // Some of the records arrive whole; then nothing more does.
    write_message(&mut far_end, &read_message(&mut near_end).await.unwrap()).await;
    let mut receiver = far.streams.accept().await.unwrap();
    far_end.shutdown().await.unwrap();
    let outcome = receiver.recv().await;
    assert!(is_truncation(outcome.as_ref().unwrap_err()), "{outcome:?}");
    drop(sending);
}

// R-STRM-10
#[tokio::test(start_paused = true)]
async fn a_silent_peer_ends_the_connection_within_the_bound() {
    let (near, far) = connected().await;
    let silence = Duration::from_secs(9);
    let mut near = side(near, Settings { silence, ..Settings::default() });
    let begun = Instant::now();
    // It is there and reads nothing, and says nothing.
    let outcome = near.streams.accept().await.unwrap_err();
    assert!(matches!(outcome, StreamError::Silent(bound) if bound == silence), "{outcome:?}");
    let lasted = begun.elapsed();
    assert!(lasted >= silence && lasted < silence + Duration::from_secs(1), "{lasted:?}");
    assert!(matches!(near.driving.await.unwrap(), Err(StreamError::Silent(_))));
    drop(far);
}

// R-STRM-10
#[tokio::test(start_paused = true)]
async fn idle_peers_stay_connected_by_pings() {
    let settings = Settings { silence: Duration::from_secs(9), ..Settings::default() };
    let (mut near, mut far) = pair(settings).await;
    let (mut sender, mut receiver) = stream(&mut near, &mut far).await;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    sender.send(b"still there").await.unwrap();
    assert_eq!(receiver.recv().await.unwrap().unwrap(), b"still there");
    assert!(!near.driving.is_finished() && !far.driving.is_finished());
}

// R-STRM-10: one that answers no ping, though it takes everything.
#[tokio::test(start_paused = true)]
async fn pings_are_answered_with_their_own_number() {
    let (near, far) = connected().await;
    let near = side(near, Settings { silence: Duration::from_secs(30), ..Settings::default() });
    let (mut send, mut receive) = far.split();
    send.send(&[2, 0, 0, 0, 0, 0, 0, 0, 77]).await.unwrap();
    let mut pongs = Vec::new();
    let mut pings = 0;
    while let Ok(Some(content)) = receive.recv().await {
        match content[0] {
            2 => pings += 1,
            3 => pongs.push(content[1..].to_vec()),
            _ => {}
        }
    }
    assert_eq!(pongs, [[0, 0, 0, 0, 0, 0, 0, 77]]);
    assert!(pings >= 2, "{pings}");
    assert!(matches!(near.driving.await.unwrap(), Err(StreamError::Silent(_))));
}

// R-CHAN-9, R-CHAN-10: records of two bytes inside are new secrets; a ping has ten.
#[tokio::test]
async fn new_secrets_on_request_by_bytes_and_by_age() {
    let one = Settings { key_update_after: None, ..Settings::default() };
    for (settings, asked, expected) in [
        (one.clone(), 0, 0..=0),
        (one.clone(), 1, 1..=1),
        (Settings { key_update_bytes: Some(100_000), ..one.clone() }, 0, 3..=5),
        (Settings { key_update_after: Some(Duration::ZERO), ..one }, 0, 5..=1000),
    ] {
        let (mut near, mut far, lengths) = relayed(settings).await;
        let (mut sender, mut receiver) = stream(&mut near, &mut far).await;
        for _ in 0..asked {
            near.streams.opener().key_update().unwrap();
        }
        for _ in 0..5 {
            let message = pattern(90_000);
            let (sent, received) = tokio::join!(sender.send(&message), receiver.recv());
            sent.unwrap();
            assert!(received.unwrap().unwrap() == message);
        }
        let updates = lengths.lock().unwrap().iter().filter(|length| **length == 1 + 1 + 16).count();
        assert!(expected.contains(&updates), "{updates} of {expected:?}");
    }
}

// R-STRM-7: an orderly close of the channel below is no cut; a message that had begun is lost all the same.
#[tokio::test]
async fn a_closed_channel_is_told_from_a_cut_one() {
    let (near, far) = connected().await;
    let mut near = side(near, Settings::default());
    let (mut send, mut receive) = far.split();
    send.close().await.unwrap();
    assert!(matches!(near.streams.accept().await, Err(StreamError::Closed)));
    near.driving.await.unwrap().unwrap();
    while receive.recv().await.unwrap().is_some() {}
}
