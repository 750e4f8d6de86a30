//! The stream binding, and the messages of streams inside a channel.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use didshake_peer::streams::{FrameTaker, Read, StreamFault};
use didshake_peer::{Frame, FrameReader, frame};

/// Frames on a stream: they are a prefix of it, byte for byte, and none is over its state's limit.
pub(crate) fn frames(input: &[u8]) {
    let mut reader = FrameReader::new(input);
    let mut taken = Vec::new();
    for expected in [Frame::Hello, Frame::Message].into_iter().chain(std::iter::repeat(Frame::Record)) {
        // The whole stream is in memory: reading never waits.
        let read = pin!(reader.next(expected)).poll(&mut Context::from_waker(Waker::noop()));
        let Poll::Ready(Ok(Some(message))) = read else {
            assert!(read.is_ready());
            break;
        };
        assert!(message.len() <= expected.limit());
        taken.extend(frame(&message));
        assert!(input.starts_with(&taken));
    }
}

/// No longer message is taken.
const MOST: u32 = 1000;

/// Messages of a stream: they are the same however their bytes come, as long as they said, and none is over the limit.
pub(crate) fn stream_messages(input: &[u8]) {
    let whole = taken(input, input.len().max(1));
    assert_eq!(taken(input, 1), whole);
    assert_eq!(taken(input, 7), whole);
    let mut begun = None;
    for read in whole.0 {
        match read {
            Read::Begins(length) => {
                assert!(length <= MOST && begun.is_none());
                begun = Some(length as usize);
            }
            Read::Message(message) => assert_eq!(begun.take(), Some(message.len())),
            Read::Cancelled => assert!(begun.take().is_some()),
            Read::Ended => assert!(begun.is_none()),
        }
    }
}

fn taken(input: &[u8], part: usize) -> (Vec<Read>, Option<StreamFault>) {
    let mut taker = FrameTaker::new(MOST);
    let mut all = Vec::new();
    for mut part in input.chunks(part) {
        loop {
            match taker.take(&mut part) {
                Ok(None) => break,
                Ok(Some(read)) => all.push(read),
                Err(fault) => return (all, Some(fault)),
            }
        }
        assert!(part.is_empty());
    }
    (all, None)
}
