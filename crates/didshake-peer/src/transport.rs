//! What carries whole messages: one byte string in, the same byte string out, in order.

use std::future::Future;
use std::io;

use crate::stream::Frame;

/// An ordered transport of whole messages: every `AsyncRead + AsyncWrite` (the stream binding), and
/// `websocket::WebSocket`. It cannot be implemented elsewhere: each binding has rules of its own, and they are kept here.
pub trait Transport: sealed::Split {}

impl<T: sealed::Split> Transport for T {}

pub(crate) mod sealed {
    use super::{MessageReader, MessageWriter};

    /// The two directions, for two tasks.
    pub trait Split {
        /// What comes.
        type Reader: MessageReader;
        /// What goes.
        type Writer: MessageWriter;

        /// Takes them apart.
        fn split(self) -> (Self::Reader, Self::Writer);
    }
}

/// Takes messages off a transport.
pub trait MessageReader {
    /// The next message; `None` where the transport ended between messages. Cancel-safe: a dropped read loses nothing.
    fn next(&mut self, expected: Frame) -> impl Future<Output = Result<Option<Vec<u8>>, ReadError>>;

    /// Reads and forgets until the transport ends or `most` bytes were read, so that what we sent last is not lost to a
    /// reset of the connection.
    fn drain(&mut self, most: usize) -> impl Future<Output = ()>;
}

/// Gives messages to a transport. A message that was put leaves whole and in order, also when a flush was dropped.
pub trait MessageWriter {
    /// Takes a message; the one before was flushed.
    fn put(&mut self, message: &[u8]);

    /// Writes what was put. Cancel-safe: the next flush goes on.
    fn flush(&mut self) -> impl Future<Output = io::Result<()>>;

    /// Says that nothing more comes this way, where the transport can say that of one direction.
    fn finish(&mut self) -> impl Future<Output = io::Result<()>>;

    /// Ends the transport as far as this side can.
    fn close(&mut self) -> impl Future<Output = io::Result<()>>;
}

/// Why there is no message.
#[derive(Debug)]
pub enum ReadError {
    /// Longer than what is waited for may be; the rest was not read.
    TooLong,
    /// The transport ended inside a message.
    Cut,
    /// A text message of a WebSocket.
    Text,
    /// What came is not the transport's protocol.
    Malformed,
    /// Reading failed.
    Io(io::Error),
}
