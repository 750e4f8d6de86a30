//! Messages of every size, withdrawn ones, many streams.

use std::time::Duration;

use didshake_peer::streams::{MAX_MESSAGE_BYTES, Settings, StreamError, StreamMisuse};
use proptest::prelude::*;
use tokio::time::timeout;

use crate::pair::{pair, pattern, stream, tcp};

// R-STRM-1, R-STRM-4
#[tokio::test]
async fn a_message_of_16_mib_comes_whole_and_a_longer_one_is_not_sent() {
    let (mut near, mut far) = tcp(Settings::default()).await;
    let (mut sender, mut receiver) = stream(&mut near, &mut far).await;
    let longest = pattern(MAX_MESSAGE_BYTES as usize);
    let sending = tokio::spawn({
        let longest = longest.clone();
        async move {
            let over = sender.send(&vec![0; longest.len() + 1]).await;
            assert!(matches!(over, Err(StreamError::Caller(StreamMisuse::TooLong))), "{over:?}");
            sender.send(&longest).await.unwrap();
            sender.send(b"and one more").await.unwrap();
            sender.close().await.unwrap();
            sender
        }
    });
    assert!(receiver.recv().await.unwrap().unwrap() == longest);
    assert_eq!(receiver.recv().await.unwrap().unwrap(), b"and one more");
    assert_eq!(receiver.recv().await.unwrap(), None);
    let mut sender = sending.await.unwrap();
    let closed = sender.send(b"more").await;
    assert!(matches!(closed, Err(StreamError::Caller(StreamMisuse::Closed))), "{closed:?}");
    receiver.send(b"the other way is open").await.unwrap();
    assert_eq!(sender.recv().await.unwrap().unwrap(), b"the other way is open");
}

// R-STRM-2: whoever did not open it may speak first.
#[tokio::test]
async fn either_side_opens_streams_and_either_speaks_first() {
    let (mut near, mut far) = pair(Settings::default()).await;
    for _ in 0..2 {
        let (mut opened, mut accepted) = stream(&mut near, &mut far).await;
        accepted.send(b"welcome").await.unwrap();
        assert_eq!(opened.recv().await.unwrap().unwrap(), b"welcome");
        std::mem::swap(&mut near, &mut far);
    }
}

// R-STRM-6
#[tokio::test]
async fn a_dropped_send_withdraws_its_message_and_the_stream_goes_on() {
    let (mut near, mut far) = pair(Settings::default()).await;
    let (mut sender, mut receiver) = stream(&mut near, &mut far).await;
    let long = pattern(4 << 20);
    // Nobody receives: the window is full before the message is, and then the sender loses patience.
    assert!(timeout(Duration::from_millis(300), sender.send(&long)).await.is_err());
    let sending = tokio::spawn(async move {
        sender.cancel().await.unwrap();
        sender.cancel().await.unwrap();
        sender.send(b"after it").await.unwrap();
        sender
    });
    assert!(matches!(receiver.recv().await, Err(error @ StreamError::Cancelled) if error.goes_on()));
    assert_eq!(receiver.recv().await.unwrap().unwrap(), b"after it");
    let mut sender = sending.await.unwrap();
    assert!(timeout(Duration::from_millis(300), sender.send(&long)).await.is_err());
    let closing = tokio::spawn(async move {
        sender.close().await.unwrap();
        sender
    });
    assert!(matches!(receiver.recv().await, Err(StreamError::Cancelled)));
    assert_eq!(receiver.recv().await.unwrap(), None);
    drop(closing.await.unwrap());
}

// R-STRM-4
#[tokio::test]
async fn a_dropped_recv_loses_nothing() {
    let (mut near, mut far) = pair(Settings::default()).await;
    let (mut sender, mut receiver) = stream(&mut near, &mut far).await;
    let message = pattern(1 << 20);
    let sending = tokio::spawn({
        let message = message.clone();
        async move {
            sender.send(&message).await.unwrap();
            sender
        }
    });
    let received = loop {
        // One poll at a time: each drops the call in the middle of something.
        let mut polled = Box::pin(receiver.recv());
        match futures_poll(polled.as_mut()).await {
            Some(received) => break received.unwrap().unwrap(),
            None => drop(polled),
        }
        tokio::task::yield_now().await;
    };
    assert!(received == message);
    drop(sending.await.unwrap());
}

/// The outcome of one poll.
async fn futures_poll<F: Future>(mut future: std::pin::Pin<&mut F>) -> Option<F::Output> {
    std::future::poll_fn(|context| {
        std::task::Poll::Ready(match future.as_mut().poll(context) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        })
    })
    .await
}

// R-STRM-2, R-STRM-3
#[tokio::test]
async fn many_streams_keep_their_own_order() {
    let (near, mut far) = tcp(Settings { streams: 64, ..Settings::default() }).await;
    let echo = tokio::spawn(async move {
        let mut tasks = Vec::new();
        for _ in 0..64 {
            let mut accepted = far.streams.accept().await.unwrap();
            tasks.push(tokio::spawn(async move {
                while let Some(message) = accepted.recv().await.unwrap() {
                    accepted.send(&message).await.unwrap();
                }
                accepted.close().await.unwrap();
                accepted
            }));
        }
        for task in tasks {
            drop(task.await.unwrap());
        }
        far
    });
    let mut tasks = Vec::new();
    for number in 0..64_usize {
        let mut stream = near.streams.open().await.unwrap();
        tasks.push(tokio::spawn(async move {
            for message in 0..20_usize {
                let message = pattern(number * 1000 + message * 37);
                stream.send(&message).await.unwrap();
                assert!(stream.recv().await.unwrap().unwrap() == message);
            }
            stream.close().await.unwrap();
            assert_eq!(stream.recv().await.unwrap(), None);
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    drop(echo.await.unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    // R-STRM-4
    #[test]
    fn messages_of_any_sizes_come_as_they_were_sent(
        sizes in prop::collection::vec(prop_oneof![0..40_usize, 16_000..17_000_usize, 60_000..140_000_usize], 1..12),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (mut near, mut far) = pair(Settings::default()).await;
            let (mut sender, mut receiver) = stream(&mut near, &mut far).await;
            let sent = sizes.clone();
            let sending = tokio::spawn(async move {
                for size in sent {
                    sender.send(&pattern(size)).await.unwrap();
                }
                sender.close().await.unwrap();
                sender
            });
            for size in sizes {
                assert!(receiver.recv().await.unwrap().unwrap() == pattern(size));
            }
            assert_eq!(receiver.recv().await.unwrap(), None);
            drop(sending.await.unwrap());
        });
    }
}
