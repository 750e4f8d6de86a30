//! What happens during an attempt, told to whoever wants to show or count it.

use didshake::{Claim, VerifiedPeer};

/// Is told of each step of an attempt, in order. It must be quick: the handshake waits for it.
///
/// ```
/// use didshake_peer::{Event, Observer};
/// struct Print;
/// impl Observer for Print {
///     fn observe(&self, event: &Event<'_>) {
///         if let Event::Sent { message, wire } = event {
///             println!("sent {message}: {} bytes", wire.len());
///         }
///     }
/// }
/// ```
pub trait Observer: Send + Sync {
    /// One step.
    fn observe(&self, event: &Event<'_>);
}

/// A step of an attempt.
#[derive(Debug)]
pub enum Event<'a> {
    /// A message is about to go out.
    Sent {
        /// Which.
        message: Message,
        /// Its bytes, without the length of the stream.
        wire: &'a [u8],
    },
    /// A message came in. Nothing of it was checked yet.
    Received {
        /// Which, by its first byte.
        message: Message,
        /// Its bytes, without the length of the stream.
        wire: &'a [u8],
    },
    /// The peer claims an identity that may be met.
    Claimed(&'a Claim),
    /// The claimed DID was resolved.
    Resolved(&'a Claim),
    /// Document, key and signature hold.
    Verified(&'a VerifiedPeer),
    /// The application's policy said yes.
    Allowed(&'a VerifiedPeer),
    /// th3 was burned (responder).
    Burned,
}

/// A message by its type.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Message {
    /// Type 1.
    Hello,
    /// Type 5.
    Retry,
    /// Type 2.
    Reply,
    /// Type 3.
    Finish,
    /// Type 4.
    Accept,
    /// Type 15.
    Alert,
    /// Type 16.
    Record,
    /// Any other type, or no byte at all.
    Unknown,
}

impl Message {
    /// The type that the first byte names.
    #[must_use]
    pub fn of(wire: &[u8]) -> Self {
        match wire.first() {
            Some(1) => Self::Hello,
            Some(5) => Self::Retry,
            Some(2) => Self::Reply,
            Some(3) => Self::Finish,
            Some(4) => Self::Accept,
            Some(15) => Self::Alert,
            Some(16) => Self::Record,
            _ => Self::Unknown,
        }
    }
}

impl std::fmt::Display for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Hello => "Hello",
            Self::Retry => "Retry",
            Self::Reply => "Reply",
            Self::Finish => "Finish",
            Self::Accept => "Accept",
            Self::Alert => "Alert",
            Self::Record => "record",
            Self::Unknown => "unknown message",
        })
    }
}
