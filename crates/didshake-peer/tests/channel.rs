//! The channel over a stream: messages, half-close, truncation, key_update, alerts, and futures that are dropped.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a failed step is a failed test")]

mod peers;

use std::time::Duration;

use didshake::{AlertCode, Error, Fault, MAX_CONTENT_BYTES, Misuse, RECORDS_PER_SECRET};
use didshake_peer::{ChannelError, PeerConnection};
use peers::*;
use tokio::io::{AsyncWriteExt, DuplexStream};
use tokio::time::timeout;

fn fault<T: std::fmt::Debug>(outcome: Result<T, ChannelError>) -> Fault {
    match outcome.unwrap_err() {
        ChannelError::Protocol(Error::Peer(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

/// A channel through a relay that the test holds: `near` talks to the relay's first end, the second leads to `far`.
struct Relayed {
    near: PeerConnection<DuplexStream>,
    far: PeerConnection<DuplexStream>,
    near_end: DuplexStream,
    far_end: DuplexStream,
}

async fn relayed() -> Relayed {
    let (initiator, responder) = options();
    let (near, mut near_end) = tokio::io::duplex(1 << 18);
    let (far, mut far_end) = tokio::io::duplex(1 << 18);
    let (near, far) = (spawn_connect(near, initiator), spawn_accept(far, responder));
    for _ in ["Hello and Reply", "Finish and Accept"] {
        write_message(&mut far_end, &read_message(&mut near_end).await.unwrap()).await;
        write_message(&mut near_end, &read_message(&mut far_end).await.unwrap()).await;
    }
    Relayed { near: near.await.unwrap().unwrap(), far: far.await.unwrap().unwrap(), near_end, far_end }
}

// R-CHAN-1, R-CHAN-4
#[tokio::test(start_paused = true)]
async fn messages_up_to_one_record() {
    let (mut near, mut far) = connected().await;
    for length in [0, 1, 1000] {
        near.send(&vec![7; length]).await.unwrap();
        assert_eq!(far.recv().await.unwrap(), Some(vec![7; length]));
    }
    let longest = vec![7; MAX_CONTENT_BYTES];
    let (sent, received) = tokio::join!(near.send(&longest), far.recv());
    sent.unwrap();
    assert_eq!(received.unwrap().unwrap(), longest);
    let refused = near.send(&vec![7; MAX_CONTENT_BYTES + 1]).await.unwrap_err();
    assert!(matches!(refused, ChannelError::Protocol(Error::Caller(Misuse::TooLong))));
    near.send(b"still there").await.unwrap();
    assert_eq!(far.recv().await.unwrap(), Some(b"still there".to_vec()));
}

// Whoever waits keeps this in memory, for each channel that is open.
#[tokio::test(start_paused = true)]
async fn an_idle_channel_takes_little_room() {
    let (mut near, _far) = connected().await;
    let waiting = std::mem::size_of_val(&near.recv());
    assert!(waiting <= 1024, "{waiting} bytes");
    assert!(std::mem::size_of_val(&near) <= 1024, "{} bytes", std::mem::size_of_val(&near));
}

// R-CHAN-11, R-CHAN-15
#[tokio::test(start_paused = true)]
async fn close_ends_one_direction() {
    let (mut near, mut far) = connected().await;
    near.send(b"last").await.unwrap();
    near.close().await.unwrap();
    let refused = near.send(b"more").await.unwrap_err();
    assert!(matches!(refused, ChannelError::Protocol(Error::Caller(Misuse::Closed))));
    assert_eq!(far.recv().await.unwrap(), Some(b"last".to_vec()));
    assert_eq!(far.recv().await.unwrap(), None);
    assert_eq!(far.recv().await.unwrap(), None);
    far.send(b"answer").await.unwrap();
    assert_eq!(near.recv().await.unwrap(), Some(b"answer".to_vec()));
    far.close().await.unwrap();
    assert_eq!(near.recv().await.unwrap(), None);
    let (_, mut near) = near.split();
    near.ended().await.unwrap();
}

// R-CHAN-15
#[tokio::test(start_paused = true)]
async fn an_end_without_close_is_a_truncation() {
    let (near, mut far) = connected().await;
    drop(near);
    let outcome = far.recv().await.unwrap_err();
    assert!(outcome.is_truncation());
    assert_eq!(fault(far.recv().await), Fault::Truncated, "it stays");
    assert!(far.send(b"more").await.is_err());

    let mut relayed = relayed().await;
    relayed.near.send(b"whole").await.unwrap();
    let record = read_message(&mut relayed.near_end).await.unwrap();
    relayed.far_end.write_all(&didshake_peer::frame(&record)[..9]).await.unwrap();
    relayed.far_end.shutdown().await.unwrap();
    assert_eq!(fault(relayed.far.recv().await), Fault::Truncated);
}

// R-CHAN-5, R-ALERT-2, R-ALERT-5
#[tokio::test(start_paused = true)]
async fn a_bad_record_is_answered_by_an_alert_in_a_record() {
    let Relayed { mut near, mut far, mut near_end, mut far_end } = relayed().await;
    near.send(b"text").await.unwrap();
    let mut record = read_message(&mut near_end).await.unwrap();
    record[3] ^= 1;
    write_message(&mut far_end, &record).await;
    assert_eq!(fault(far.recv().await), Fault::RecordNotOpened);
    assert!(matches!(far.send(b"more").await, Err(ChannelError::Protocol(Error::Caller(Misuse::Closed)))));
    let alert = read_message(&mut far_end).await.unwrap();
    assert_eq!(alert[0], 16, "never in clear");
    assert_eq!(read_message(&mut far_end).await, None, "closed");
    write_message(&mut near_end, &alert).await;
    assert_eq!(fault(near.recv().await), Fault::PeerAlert(AlertCode::BadRecord));
    assert_eq!(read_message(&mut near_end).await, None, "an alert is not answered");
}

// R-CHAN-4, R-BIND-1, R-LIMIT-1
#[tokio::test(start_paused = true)]
async fn a_record_over_the_limit_is_refused_from_its_length() {
    let Relayed { mut near, mut far, mut near_end, mut far_end } = relayed().await;
    far_end.write_all(&[1, 0, 0x12]).await.unwrap();
    assert_eq!(fault(far.recv().await), Fault::RecordTooLong);
    let alert = read_message(&mut far_end).await.unwrap();
    write_message(&mut near_end, &alert).await;
    assert_eq!(fault(near.recv().await), Fault::PeerAlert(AlertCode::DecodeError));
}

// R-CHAN-14
#[tokio::test(start_paused = true)]
async fn what_is_no_record_ends_the_channel_unanswered() {
    for message in [&[][..], &[15, 49], &[1], &[17, 1]] {
        let Relayed { mut far, mut far_end, .. } = relayed().await;
        write_message(&mut far_end, message).await;
        let outcome = far.recv().await.unwrap_err();
        assert!(outcome.is_truncation());
        assert_eq!(outcome.code(), "not_a_record");
        assert_eq!(read_message(&mut far_end).await, None);
    }
}

// R-CHAN-12
#[tokio::test(start_paused = true)]
async fn a_record_after_close_is_refused() {
    let Relayed { mut near, mut far, mut near_end, mut far_end } = relayed().await;
    near.send(b"text").await.unwrap();
    near.close().await.unwrap();
    let record = read_message(&mut near_end).await.unwrap();
    write_message(&mut far_end, &record).await;
    write_message(&mut far_end, &read_message(&mut near_end).await.unwrap()).await;
    write_message(&mut far_end, &record).await;
    assert_eq!(far.recv().await.unwrap(), Some(b"text".to_vec()));
    assert_eq!(far.recv().await.unwrap(), None);
    let (_sender, mut far) = far.split();
    assert_eq!(fault(far.ended().await), Fault::RecordAfterClose);
    assert_eq!(read_message(&mut far_end).await.unwrap()[0], 16);
}

#[tokio::test(start_paused = true)]
async fn a_replayed_record_is_refused() {
    let Relayed { mut near, mut far, mut near_end, mut far_end } = relayed().await;
    near.send(b"text").await.unwrap();
    let record = read_message(&mut near_end).await.unwrap();
    write_message(&mut far_end, &record).await;
    write_message(&mut far_end, &record).await;
    assert_eq!(far.recv().await.unwrap(), Some(b"text".to_vec()));
    assert_eq!(fault(far.recv().await), Fault::RecordNotOpened);
}

// R-CHAN-9
#[tokio::test(start_paused = true)]
async fn a_key_update_changes_one_direction() {
    let (near, far) = connected().await;
    let ((mut near, mut from_far), (mut far, mut from_near)) = (near.split(), far.split());
    near.key_update().await.unwrap();
    near.send(b"under the next secret").await.unwrap();
    far.send(b"under the first").await.unwrap();
    assert_eq!(from_near.recv().await.unwrap(), Some(b"under the next secret".to_vec()));
    assert_eq!(from_far.recv().await.unwrap(), Some(b"under the first".to_vec()));
}

// R-CHAN-10
#[tokio::test]
async fn a_key_update_is_sent_when_it_is_due() {
    let (near, far) = connected().await;
    let ((mut near, _from_far), (_far, mut from_near)) = (near.split(), far.split());
    let messages = RECORDS_PER_SECRET + 5;
    let sending = tokio::spawn(async move {
        for _ in 0..messages {
            near.send(b"").await.unwrap();
        }
        near.close().await.unwrap();
        near
    });
    let mut received = 0;
    while from_near.recv().await.unwrap().is_some() {
        received += 1;
    }
    assert_eq!(received, messages);
    sending.await.unwrap();
}

// A dropped recv loses nothing, wherever in a record it was dropped
#[tokio::test(start_paused = true)]
async fn recv_is_cancel_safe() {
    let Relayed { mut near, mut far, mut near_end, mut far_end } = relayed().await;
    for text in [&b"one"[..], b"two"] {
        near.send(text).await.unwrap();
        for byte in didshake_peer::frame(&read_message(&mut near_end).await.unwrap()) {
            assert!(timeout(Duration::from_millis(1), far.recv()).await.is_err());
            far_end.write_all(&[byte]).await.unwrap();
        }
        assert_eq!(far.recv().await.unwrap(), Some(text.to_vec()));
    }
}

// A dropped send leaves no half a record behind
#[tokio::test(start_paused = true)]
async fn a_dropped_send_keeps_the_stream_whole() {
    let (initiator, responder) = options();
    let (near, far) = tokio::io::duplex(600);
    let (near, far) = (spawn_connect(near, initiator), spawn_accept(far, responder));
    let (mut near, mut far) = (near.await.unwrap().unwrap(), far.await.unwrap().unwrap());
    assert!(timeout(Duration::from_millis(1), near.send(&[7; 5000])).await.is_err());
    let sending = tokio::spawn(async move {
        near.send(b"next").await.unwrap();
        near
    });
    assert_eq!(far.recv().await.unwrap(), Some(vec![7; 5000]));
    assert_eq!(far.recv().await.unwrap(), Some(b"next".to_vec()));
    sending.await.unwrap();
}

// A sender that waits for a peer who reads nothing lets go when the channel ends
#[tokio::test(start_paused = true)]
async fn a_blocked_sender_is_freed_by_the_end() {
    let Relayed { near, mut near_end, .. } = relayed().await;
    let (mut send, mut receive) = near.split();
    let sending = tokio::spawn(async move {
        loop {
            if let Err(error) = send.send(&[7; 60_000]).await {
                return error;
            }
        }
    });
    tokio::task::yield_now().await;
    near_end.write_all(&[0, 0, 1, 17]).await.unwrap();
    assert_eq!(fault(receive.recv().await), Fault::NotARecord);
    assert!(matches!(sending.await.unwrap(), ChannelError::Protocol(Error::Caller(Misuse::Closed))));
}
