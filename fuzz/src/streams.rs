//! The stream binding.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

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
