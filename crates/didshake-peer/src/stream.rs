//! The stream binding: every message and record as a u24 length and that many bytes (R-BIND-1).

use std::io;

use didshake::MAX_RECORD_BYTES;
use didshake::wire::{MAX_HELLO_BYTES, MAX_MESSAGE_BYTES};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};

use crate::transport::{MessageReader, MessageWriter, ReadError, sealed};

/// The longest frame of any state, in bytes, without its length.
pub const MAX_FRAME_BYTES: usize = MAX_RECORD_BYTES;

const LENGTH_BYTES: usize = 3;

/// What a state waits for; each has its own limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Frame {
    /// A Hello: at most 4,096 bytes.
    Hello,
    /// Any other message of the handshake: at most 65,535 bytes.
    Message,
    /// A record of the channel: at most 65,553 bytes.
    Record,
}

impl Frame {
    /// The limit, in bytes.
    #[must_use]
    pub const fn limit(self) -> usize {
        match self {
            Self::Hello => MAX_HELLO_BYTES,
            Self::Message => MAX_MESSAGE_BYTES,
            Self::Record => MAX_RECORD_BYTES,
        }
    }
}

/// Puts the length before a message.
///
/// ```
/// assert_eq!(didshake_peer::frame(&[15, 49]), [0, 0, 2, 15, 49]);
/// ```
///
/// # Panics
/// Never: a message that is longer than a u24 tells gets the longest length, which every peer refuses.
#[must_use]
pub fn frame(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX).min(0x00FF_FFFF);
    let [_, high, middle, low] = length.to_be_bytes();
    let mut framed = Vec::with_capacity(message.len().saturating_add(LENGTH_BYTES));
    framed.extend_from_slice(&[high, middle, low]);
    framed.extend_from_slice(message);
    framed
}

/// Why there is no frame.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The length is over the limit of what is waited for; nothing after it was read.
    #[error("a frame of {length} bytes, at most {limit} are allowed")]
    TooLong {
        /// The length that the peer announced.
        length: usize,
        /// The limit of the state.
        limit: usize,
    },
    /// The stream ended inside a length or a message.
    #[error("the stream ended inside a frame")]
    Cut,
    /// Reading failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Takes frames off a stream and reads no byte beyond them. What was read of a frame is kept when a read is cancelled.
pub struct FrameReader<R> {
    io: R,
    length: [u8; LENGTH_BYTES],
    length_read: usize,
    body: Vec<u8>,
    body_read: usize,
}

impl<R: AsyncRead + Unpin> FrameReader<R> {
    /// Reads from `io`.
    pub fn new(io: R) -> Self {
        Self { io, length: [0; LENGTH_BYTES], length_read: 0, body: Vec::new(), body_read: 0 }
    }

    /// The next frame, without its length; `None` where the stream ended between frames. Cancel-safe: a dropped read
    /// loses nothing, the next one goes on.
    ///
    /// # Errors
    /// [`FrameError`]. After [`FrameError::TooLong`] nothing more can be read.
    pub async fn next(&mut self, expected: Frame) -> Result<Option<Vec<u8>>, FrameError> {
        while self.length_read < LENGTH_BYTES {
            let rest = self.length.get_mut(self.length_read..).unwrap_or_default();
            match self.io.read(rest).await? {
                0 if self.length_read == 0 => return Ok(None),
                0 => return Err(FrameError::Cut),
                read => self.length_read = self.length_read.saturating_add(read),
            }
        }
        let [high, middle, low] = self.length;
        let length = usize::try_from(u32::from_be_bytes([0, high, middle, low])).unwrap_or(usize::MAX);
        if length > expected.limit() {
            return Err(FrameError::TooLong { length, limit: expected.limit() });
        }
        self.body.resize(length, 0);
        while self.body_read < length {
            let rest = self.body.get_mut(self.body_read..).unwrap_or_default();
            match self.io.read(rest).await? {
                0 => return Err(FrameError::Cut),
                read => self.body_read = self.body_read.saturating_add(read),
            }
        }
        (self.length_read, self.body_read) = (0, 0);
        Ok(Some(std::mem::take(&mut self.body)))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> sealed::Split for S {
    type Reader = FrameReader<ReadHalf<S>>;
    type Writer = FrameWriter<WriteHalf<S>>;

    fn split(self) -> (Self::Reader, Self::Writer) {
        let (reader, writer) = tokio::io::split(self);
        (FrameReader::new(reader), FrameWriter { io: writer, pending: Vec::new(), written: 0 })
    }
}

impl<R: AsyncRead + Unpin> MessageReader for FrameReader<R> {
    async fn next(&mut self, expected: Frame) -> Result<Option<Vec<u8>>, ReadError> {
        FrameReader::next(self, expected).await.map_err(|error| match error {
            FrameError::TooLong { length, limit } => {
                tracing::debug!(length, limit, "a frame over the limit");
                ReadError::TooLong
            }
            FrameError::Cut => ReadError::Cut,
            FrameError::Io(error) => ReadError::Io(error),
        })
    }

    async fn drain(&mut self, most: usize) {
        // On the heap: whatever waits for a record would have room for it in its future all the time.
        let mut sink = vec![0; 4096];
        let mut drained = 0_usize;
        while drained < most {
            match self.io.read(&mut sink).await {
                Ok(0) | Err(_) => return,
                Ok(read) => drained = drained.saturating_add(read),
            }
        }
    }
}

/// Puts frames on a stream.
pub struct FrameWriter<W> {
    io: W,
    pending: Vec<u8>,
    written: usize,
}

impl<W: AsyncWrite + Unpin> MessageWriter for FrameWriter<W> {
    fn put(&mut self, message: &[u8]) {
        self.pending = frame(message);
        self.written = 0;
    }

    async fn flush(&mut self) -> io::Result<()> {
        while let Some(rest) = self.pending.get(self.written..).filter(|rest| !rest.is_empty()) {
            match self.io.write(rest).await? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                written => self.written = self.written.saturating_add(written),
            }
        }
        self.io.flush().await
    }

    async fn finish(&mut self) -> io::Result<()> {
        self.io.shutdown().await
    }

    async fn close(&mut self) -> io::Result<()> {
        self.io.shutdown().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(bytes: &[u8], expected: Frame) -> Result<Option<Vec<u8>>, FrameError> {
        FrameReader::new(bytes).next(expected).await
    }

    // R-BIND-1
    #[tokio::test]
    async fn frames_are_a_length_and_that_many_bytes() {
        assert_eq!(read(&[0, 0, 2, 15, 49, 9], Frame::Hello).await.unwrap(), Some(vec![15, 49]));
        assert_eq!(read(&[0, 0, 0, 9], Frame::Hello).await.unwrap(), Some(vec![]));
        assert_eq!(read(&[], Frame::Hello).await.unwrap(), None);
        for cut in [&[0][..], &[0, 0], &[0, 0, 2], &[0, 0, 2, 15]] {
            assert!(matches!(read(cut, Frame::Hello).await, Err(FrameError::Cut)), "{cut:?}");
        }
    }

    // R-BIND-1, R-LIMIT-1, R-WIRE-2, R-CHAN-4
    #[tokio::test]
    async fn a_length_over_the_limit_is_refused_from_three_bytes() {
        for (expected, limit) in [(Frame::Hello, 4096), (Frame::Message, 65_535), (Frame::Record, 65_553)] {
            assert_eq!(expected.limit(), limit);
            let exactly = frame(&vec![7; limit]);
            assert_eq!(read(&exactly, expected).await.unwrap().unwrap().len(), limit);
            // Only the length is there: waiting for more would end in `Cut`.
            let over = frame(&vec![7; limit + 1]);
            let refused = read(&over[..3], expected).await;
            assert!(matches!(refused, Err(FrameError::TooLong { length, .. }) if length == limit + 1), "{refused:?}");
        }
        let refused = read(&[0xFF; 3], Frame::Record).await;
        assert!(matches!(refused, Err(FrameError::TooLong { length: 0x00FF_FFFF, .. })));
    }

    #[tokio::test]
    async fn a_cancelled_read_loses_nothing() {
        let (mut near, far) = tokio::io::duplex(64);
        let mut reader = FrameReader::new(far);
        for byte in frame(b"abc") {
            let waited = tokio::time::timeout(std::time::Duration::from_millis(1), reader.next(Frame::Hello)).await;
            assert!(waited.is_err());
            near.write_all(&[byte]).await.unwrap();
        }
        assert_eq!(reader.next(Frame::Hello).await.unwrap(), Some(b"abc".to_vec()));
    }
}
