//! How a stream, or all of them, end.

use std::sync::Arc;
use std::time::Duration;

use crate::error::ChannelError;

/// The longest message of a stream: 16 MiB, in bytes.
pub const MAX_MESSAGE_BYTES: u32 = 16_777_216;

/// Why a stream gave no message, took none, or was not opened. Who is at fault is the variant.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StreamError {
    /// The peer withdrew the message that it had begun. **The stream goes on**: the next call gives the next message.
    #[error("the peer withdrew the message in the middle; the next one can be received")]
    Cancelled,
    /// The peer let go of the stream before it had ended its direction, or never took it on because it has as many as it
    /// wants. A message that was under way is lost; the other streams go on.
    #[error("the peer let go of the stream; open another one, and send again what was not answered")]
    Reset,
    /// The peer broke the rules of streams.
    #[error("the peer broke the rules of streams: {0}")]
    Peer(#[from] StreamFault),
    /// The caller asked for what is not done. Nothing was sent.
    #[error(transparent)]
    Caller(#[from] StreamMisuse),
    /// Nothing came from the peer for so long, not even an answer to a ping.
    #[error("nothing came from the peer for {} s: it is gone, or the network between is; connect again", .0.as_secs_f32())]
    Silent(Duration),
    /// The channel below ended other than in order: what had begun to come is lost.
    #[error("{0}")]
    Channel(#[source] Arc<ChannelError>),
    /// The connection was closed in order, by either side, or its driver was dropped.
    #[error("the connection is closed; connect again for more streams")]
    Closed,
}

impl StreamError {
    /// The name of the cause for logs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Cancelled => "stream_cancelled",
            Self::Reset => "stream_reset",
            Self::Peer(fault) => fault.code(),
            Self::Caller(misuse) => misuse.code(),
            Self::Silent(_) => "silent",
            Self::Channel(error) => error.code(),
            Self::Closed => "closed",
        }
    }

    /// Whether the stream goes on: only after a message that was withdrawn, and after a call that was refused.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        matches!(self, Self::Cancelled | Self::Caller(StreamMisuse::TooLong | StreamMisuse::TooManyStreams))
    }
}

/// What a peer did wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StreamFault {
    /// A record with content of an unknown kind, or of the wrong length.
    #[error("a record that is neither stream bytes nor a ping")]
    Content,
    /// Bytes that are not the multiplexer's.
    #[error("what came is not yamux")]
    Multiplexer,
    /// A frame of an unknown type.
    #[error("a frame of an unknown type")]
    UnknownFrame,
    /// A frame that does not belong where it stands.
    #[error("a frame that does not belong where it stands")]
    OutOfPlace,
    /// A message over the limit; nothing of it was read.
    #[error("a message is longer than is taken")]
    MessageTooLong,
    /// A piece that is empty or runs past its message.
    #[error("a piece is empty or runs past its message")]
    PieceLength,
    /// Something after the end of a direction.
    #[error("something came after the end of the stream")]
    AfterEnd,
}

impl StreamFault {
    /// The name for logs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Content => "stream_content",
            Self::Multiplexer => "stream_multiplexer",
            Self::UnknownFrame => "stream_unknown_frame",
            Self::OutOfPlace => "stream_frame_out_of_place",
            Self::MessageTooLong => "stream_message_too_long",
            Self::PieceLength => "stream_piece_length",
            Self::AfterEnd => "stream_after_end",
        }
    }
}

/// What a caller did wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StreamMisuse {
    /// The message is over the limit of [`Settings::message_bytes`](super::Settings::message_bytes).
    #[error("the message is longer than one may be; send it as several")]
    TooLong,
    /// As many streams are open as may be.
    #[error("as many streams are open as may be; close one first")]
    TooManyStreams,
    /// Our direction of the stream is closed.
    #[error("this direction of the stream is closed")]
    Closed,
}

impl StreamMisuse {
    /// The name for logs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::TooLong => "stream_too_long",
            Self::TooManyStreams => "stream_too_many",
            Self::Closed => "stream_closed",
        }
    }
}
