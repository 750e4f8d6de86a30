//! The WebSocket and relay bindings without WebSockets: subprotocol, frames and their limits (specification, sections 15.3
//! and 15.7; R-BIND-3, R-BIND-4, R-BIND-21). A driver only moves frames between these types and its WebSocket library.

use alloc::vec::Vec;

use crate::channel::MAX_RECORD_BYTES;
use crate::error::Fault;
use crate::wire::{MAX_HELLO_BYTES, MAX_MESSAGE_BYTES};

/// The subprotocol, in the values of [`SUBPROTOCOL_FIELD`].
pub const SUBPROTOCOL: &str = "didshake.1";
/// The subprotocol of a WebSocket to a relay, which carries the messages of two peers (R-BIND-21).
pub const RELAY_SUBPROTOCOL: &str = "didshake.relay.1";
/// The field that negotiates it, in lower case: `Sec-WebSocket-Protocol`.
pub const SUBPROTOCOL_FIELD: &str = "sec-websocket-protocol";

/// The responder's side of the opening handshake: whether [`SUBPROTOCOL`] is offered, so that it selects it. `offered`
/// are the values of all `Sec-WebSocket-Protocol` fields of the request, each a list.
///
/// ```
/// use didshake::websocket::{SUBPROTOCOL, select_subprotocol};
/// assert_eq!(select_subprotocol(&[b"chat, didshake.1"]), Ok(SUBPROTOCOL));
/// assert!(select_subprotocol(&[b"chat"]).is_err());
/// ```
///
/// # Errors
/// [`NoSubprotocol`]: the initiator's fault. The opening handshake is refused.
pub fn select_subprotocol(offered: &[&[u8]]) -> Result<&'static str, NoSubprotocol> {
    select(SUBPROTOCOL, offered)
}

/// The relay's side of an opening handshake: as [`select_subprotocol`], for [`RELAY_SUBPROTOCOL`].
///
/// ```
/// use didshake::websocket::{RELAY_SUBPROTOCOL, select_relay_subprotocol};
/// assert_eq!(select_relay_subprotocol(&[b"didshake.relay.1"]), Ok(RELAY_SUBPROTOCOL));
/// assert!(select_relay_subprotocol(&[b"didshake.1"]).is_err());
/// ```
///
/// # Errors
/// [`NoSubprotocol`]: the fault of whoever connects. The opening handshake is refused.
pub fn select_relay_subprotocol(offered: &[&[u8]]) -> Result<&'static str, NoSubprotocol> {
    select(RELAY_SUBPROTOCOL, offered)
}

/// The initiator's side: whether the responder selected [`SUBPROTOCOL`], exactly. `selected` are the values of all
/// `Sec-WebSocket-Protocol` fields of the response.
///
/// ```
/// use didshake::websocket::check_selected;
/// assert!(check_selected(&[b"didshake.1"]).is_ok());
/// assert!(check_selected(&[]).is_err());
/// ```
///
/// # Errors
/// [`NoSubprotocol`]: the responder's fault. The initiator closes before it sends Hello.
pub fn check_selected(selected: &[&[u8]]) -> Result<(), NoSubprotocol> {
    check(SUBPROTOCOL, selected)
}

/// The side of both peers at a relay: as [`check_selected`], for [`RELAY_SUBPROTOCOL`].
///
/// ```
/// use didshake::websocket::check_relay_selected;
/// assert!(check_relay_selected(&[b"didshake.relay.1"]).is_ok());
/// assert!(check_relay_selected(&[b"didshake.1"]).is_err());
/// ```
///
/// # Errors
/// [`NoSubprotocol`]: the relay's fault. The peer closes before it sends anything.
pub fn check_relay_selected(selected: &[&[u8]]) -> Result<(), NoSubprotocol> {
    check(RELAY_SUBPROTOCOL, selected)
}

/// The other side does not speak `didshake.1`, or the relay `didshake.relay.1`: its fault, a failure of the transport.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, thiserror::Error)]
#[error(
    "the subprotocol didshake.1, or didshake.relay.1 at a relay, was not negotiated: this URL is of something else"
)]
pub struct NoSubprotocol;

/// A WebSocket message, put together from its fragments. Pings and pongs stay in the WebSocket layer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Frame {
    /// One message of the handshake, or one record.
    Binary(Vec<u8>),
    /// A text message, whatever it says.
    Text,
    /// The end of the transport.
    Close,
}

impl Frame {
    /// The frame that carries a message or record: always a binary one.
    #[must_use]
    pub fn carrying(message: Vec<u8>) -> Self {
        Self::Binary(message)
    }
}

/// What is waited for; each has its own limit.
///
/// ```
/// use didshake::websocket::{Awaiting, Frame, FrameError};
/// assert_eq!(Awaiting::Message.read(Frame::Binary(vec![15, 49])), Ok(vec![15, 49]));
/// assert_eq!(Awaiting::Message.read(Frame::Text), Err(FrameError::Text));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Awaiting {
    /// A Hello: at most 4,096 bytes.
    Hello,
    /// Any other message of the handshake: at most 65,535 bytes.
    Message,
    /// A record of the channel: at most 65,553 bytes.
    Record,
}

impl Awaiting {
    /// The limit in bytes. A library that puts fragments together is told the largest, [`MAX_RECORD_BYTES`].
    #[must_use]
    pub const fn limit(self) -> usize {
        match self {
            Self::Hello => MAX_HELLO_BYTES,
            Self::Message => MAX_MESSAGE_BYTES,
            Self::Record => MAX_RECORD_BYTES,
        }
    }

    /// The message or record that a frame carries.
    ///
    /// # Errors
    /// [`FrameError`]; the attempt or the channel is over.
    pub fn read(self, frame: Frame) -> Result<Vec<u8>, FrameError> {
        let channel = self == Self::Record;
        match frame {
            Frame::Binary(message) if message.len() <= self.limit() => Ok(message),
            Frame::Binary(_) if channel => Err(Fault::RecordTooLong.into()),
            Frame::Binary(_) => Err(Fault::MessageTooLong.into()),
            Frame::Text if channel => Err(Fault::NotARecord.into()),
            Frame::Text => Err(FrameError::Text),
            Frame::Close => Err(FrameError::Closed),
        }
    }
}

/// Why a frame carries nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FrameError {
    /// Too long, or no record where one is due: the peer's fault, with the alert that it has.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// A text message in the handshake: the peer's fault, a failure of the transport, unanswered.
    #[error("a text message came in the handshake")]
    Text,
    /// The peer, or the network, closed the connection; whether a channel is truncated, the channel knows.
    #[error("the WebSocket was closed")]
    Closed,
}

fn select(wanted: &'static str, offered: &[&[u8]]) -> Result<&'static str, NoSubprotocol> {
    let mut names = offered.iter().flat_map(|value| value.split(|byte| *byte == b',')).map(<[u8]>::trim_ascii);
    if names.any(|name| name == wanted.as_bytes()) { Ok(wanted) } else { Err(NoSubprotocol) }
}

fn check(wanted: &str, selected: &[&[u8]]) -> Result<(), NoSubprotocol> {
    if matches!(selected, [name] if *name == wanted.as_bytes()) { Ok(()) } else { Err(NoSubprotocol) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    // R-BIND-4
    #[test]
    fn the_subprotocol_is_negotiated_exactly() {
        let offers: [&[&[u8]]; 4] =
            [&[b"didshake.1"], &[b"a,didshake.1"], &[b"a", b"didshake.1 ,b"], &[b"didshake.2,didshake.1"]];
        for offered in offers {
            assert_eq!(select_subprotocol(offered), Ok("didshake.1"));
        }
        let bad: [&[&[u8]]; 6] = [&[], &[b""], &[b"didshake"], &[b"DIDShake.1"], &[b"didshake.10"], &[b"didshake.1 a"]];
        for bad in bad {
            assert_eq!(select_subprotocol(bad), Err(NoSubprotocol));
            assert_eq!(check_selected(bad), Err(NoSubprotocol));
        }
        assert_eq!(check_selected(&[b"didshake.1"]), Ok(()));
        assert_eq!(check_selected(&[b"didshake.1", b"didshake.1"]), Err(NoSubprotocol));
        assert_eq!(check_selected(&[b"a, didshake.1"]), Err(NoSubprotocol));
    }

    // R-BIND-21
    #[test]
    fn a_relay_has_a_subprotocol_of_its_own() {
        assert_eq!(select_relay_subprotocol(&[b"didshake.1, didshake.relay.1"]), Ok("didshake.relay.1"));
        assert_eq!(check_relay_selected(&[b"didshake.relay.1"]), Ok(()));
        for other in [&b"didshake.1"[..], b"didshake.relay", b"didshake.relay.10", b"DIDShake.relay.1"] {
            assert_eq!(select_relay_subprotocol(&[other]), Err(NoSubprotocol));
            assert_eq!(check_relay_selected(&[other]), Err(NoSubprotocol));
        }
        assert_eq!(select_subprotocol(&[b"didshake.relay.1"]), Err(NoSubprotocol));
        assert_eq!(check_selected(&[b"didshake.relay.1"]), Err(NoSubprotocol));
    }

    // R-BIND-3, R-BIND-21
    #[test]
    fn one_binary_frame_is_one_message_and_text_ends_it() {
        assert_eq!(Frame::carrying(vec![1, 2]), Frame::Binary(vec![1, 2]));
        for state in [Awaiting::Hello, Awaiting::Message, Awaiting::Record] {
            assert_eq!(state.read(Frame::carrying(vec![1, 2])), Ok(vec![1, 2]));
            assert_eq!(state.read(Frame::Close), Err(FrameError::Closed));
        }
        assert_eq!(Awaiting::Hello.read(Frame::Text), Err(FrameError::Text));
        assert_eq!(Awaiting::Message.read(Frame::Text), Err(FrameError::Text));
        assert_eq!(Awaiting::Record.read(Frame::Text), Err(Fault::NotARecord.into()));
    }

    // R-BIND-3, R-BIND-21, R-LIMIT-1
    #[test]
    fn the_whole_frame_counts_against_the_limit_of_its_state() {
        let cases = [
            (Awaiting::Hello, 4096, Fault::MessageTooLong),
            (Awaiting::Message, 65_535, Fault::MessageTooLong),
            (Awaiting::Record, 65_553, Fault::RecordTooLong),
        ];
        for (state, limit, fault) in cases {
            assert!(state.read(Frame::Binary(vec![0; limit])).is_ok());
            assert_eq!(state.read(Frame::Binary(vec![0; limit + 1])), Err(fault.into()));
        }
    }
}
