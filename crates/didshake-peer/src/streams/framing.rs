//! The frames of one direction of a stream: messages, begun with their length, in pieces (spec/streams-1.md, section 4).

use crate::streams::error::{MAX_MESSAGE_BYTES, StreamFault};

const BEGIN: u8 = 1;
const PIECE: u8 = 2;
const CANCEL: u8 = 3;
const END: u8 = 4;

/// What one piece of ours holds at most, so that streams take turns.
pub(crate) const PIECE_BYTES: usize = 16_381;

/// Begins a message of so many bytes.
pub(crate) fn begin(length: u32) -> Vec<u8> {
    let mut frame = vec![BEGIN];
    frame.extend_from_slice(&length.to_be_bytes());
    frame
}

/// Puts a piece of at most [`PIECE_BYTES`] after what is there.
pub(crate) fn put_piece(frame: &mut Vec<u8>, piece: &[u8]) {
    let length = u16::try_from(piece.len()).unwrap_or(u16::MAX);
    frame.push(PIECE);
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(piece);
}

/// Withdraws the message that was begun.
pub(crate) const fn cancel() -> [u8; 1] {
    [CANCEL]
}

/// Ends the direction.
pub(crate) const fn end() -> [u8; 1] {
    [END]
}

/// What a reader took off a stream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Read {
    /// A message of so many bytes begins: nothing of it is kept yet.
    Begins(u32),
    /// A whole message.
    Message(Vec<u8>),
    /// The peer withdrew the message that it had begun.
    Cancelled,
    /// The peer's direction is over, in order.
    Ended,
}

/// Takes messages off the bytes of one direction. It keeps one message of at most `most` bytes, as far as it came, and
/// refuses a longer one from its first five bytes.
///
/// ```
/// use didshake_peer::streams::{FrameTaker, Read};
/// let mut taker = FrameTaker::new(100);
/// let mut bytes = &[1, 0, 0, 0, 2, 2, 0, 2, b'h', b'i', 4][..];
/// assert_eq!(taker.take(&mut bytes), Ok(Some(Read::Begins(2))));
/// assert_eq!(taker.take(&mut bytes), Ok(Some(Read::Message(b"hi".to_vec()))));
/// assert_eq!(taker.take(&mut bytes), Ok(Some(Read::Ended)));
/// assert!(bytes.is_empty());
/// ```
#[derive(Debug)]
pub struct FrameTaker {
    most: u32,
    head: Vec<u8>,
    message: Option<Partial>,
    piece_left: usize,
    ended: bool,
}

/// A message as far as it came.
#[derive(Debug)]
struct Partial {
    bytes: Vec<u8>,
    left: usize,
}

impl FrameTaker {
    /// Messages of at most `most` bytes are taken; more than [`MAX_MESSAGE_BYTES`] never.
    #[must_use]
    pub fn new(most: u32) -> Self {
        let most = most.min(MAX_MESSAGE_BYTES);
        Self { most, head: Vec::new(), message: None, piece_left: 0, ended: false }
    }

    /// Takes bytes off the front of `input` up to the next thing that is worth telling; `None` where more is needed.
    ///
    /// # Errors
    /// [`StreamFault`], the peer's; nothing can be taken after it.
    pub fn take(&mut self, input: &mut &[u8]) -> Result<Option<Read>, StreamFault> {
        loop {
            if let Some(message) = self.take_piece(input) {
                return Ok(Some(message));
            }
            let Some((first, rest)) = input.split_first() else {
                return Ok(None);
            };
            if self.ended {
                return Err(StreamFault::AfterEnd);
            }
            self.head.push(*first);
            *input = rest;
            if let Some(read) = self.take_head()? {
                return Ok(Some(read));
            }
        }
    }

    /// The bytes of a piece, as far as they are there; the message, if they were its last.
    fn take_piece(&mut self, input: &mut &[u8]) -> Option<Read> {
        let partial = self.message.as_mut()?;
        let (piece, rest) = input.split_at_checked(self.piece_left).unwrap_or((*input, &[]));
        partial.bytes.extend_from_slice(piece);
        partial.left = partial.left.saturating_sub(piece.len());
        self.piece_left = self.piece_left.saturating_sub(piece.len());
        *input = rest;
        if partial.left > 0 {
            return None;
        }
        self.message.take().map(|partial| Read::Message(partial.bytes))
    }

    /// What the bytes of a head say, once they are all there.
    fn take_head(&mut self) -> Result<Option<Read>, StreamFault> {
        let read = match (self.head.as_slice(), &self.message) {
            ([BEGIN | END, ..], Some(_)) | ([PIECE | CANCEL, ..], None) => return Err(StreamFault::OutOfPlace),
            ([BEGIN, a, b, c, d], None) => Some(self.begin(u32::from_be_bytes([*a, *b, *c, *d]))?),
            ([PIECE, high, low], Some(partial)) => {
                let length = usize::from(u16::from_be_bytes([*high, *low]));
                if length == 0 || length > partial.left {
                    return Err(StreamFault::PieceLength);
                }
                self.piece_left = length;
                None
            }
            ([BEGIN | PIECE, ..], _) => return Ok(None),
            ([CANCEL], Some(_)) => {
                self.message = None;
                Some(Read::Cancelled)
            }
            ([END], None) => {
                self.ended = true;
                Some(Read::Ended)
            }
            _ => return Err(StreamFault::UnknownFrame),
        };
        self.head.clear();
        Ok(read)
    }

    fn begin(&mut self, length: u32) -> Result<Read, StreamFault> {
        if length > self.most {
            return Err(StreamFault::MessageTooLong);
        }
        let left = usize::try_from(length).map_err(|_| StreamFault::MessageTooLong)?;
        self.message = Some(Partial { bytes: Vec::new(), left });
        Ok(Read::Begins(length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything that comes of the bytes, given in parts of one length.
    fn taken(bytes: &[u8], part: usize) -> (Vec<Read>, Option<StreamFault>) {
        let mut taker = FrameTaker::new(1000);
        let mut all = Vec::new();
        for mut part in bytes.chunks(part) {
            loop {
                match taker.take(&mut part) {
                    Ok(None) => break,
                    Ok(Some(read)) => all.push(read),
                    Err(fault) => return (all, Some(fault)),
                }
            }
        }
        (all, None)
    }

    // R-STRM-4
    #[test]
    fn messages_come_whole_however_their_bytes_come() {
        let mut bytes = begin(0);
        bytes.extend(begin(5));
        put_piece(&mut bytes, b"ab");
        put_piece(&mut bytes, b"cde");
        bytes.extend(begin(1));
        bytes.extend(cancel());
        bytes.extend(end());
        for part in 1..=bytes.len() {
            let expected = [
                Read::Begins(0),
                Read::Message(vec![]),
                Read::Begins(5),
                Read::Message(b"abcde".to_vec()),
                Read::Begins(1),
                Read::Cancelled,
                Read::Ended,
            ];
            assert_eq!(taken(&bytes, part), (expected.to_vec(), None), "{part}");
        }
    }

    // R-STRM-4
    #[test]
    fn what_is_out_of_place_is_refused() {
        for (bytes, fault) in [
            (&[0][..], StreamFault::UnknownFrame),
            (&[5], StreamFault::UnknownFrame),
            (&[2], StreamFault::OutOfPlace),
            (&[3], StreamFault::OutOfPlace),
            (&[1, 0, 0, 0, 2, 1], StreamFault::OutOfPlace),
            (&[1, 0, 0, 0, 2, 4], StreamFault::OutOfPlace),
            (&[1, 0, 0, 0, 2, 9], StreamFault::UnknownFrame),
            (&[1, 0, 0, 0, 2, 2, 0, 0], StreamFault::PieceLength),
            (&[1, 0, 0, 0, 2, 2, 0, 3], StreamFault::PieceLength),
            (&[1, 0, 0, 0, 2, 2, 0, 1, 7, 2, 0, 2], StreamFault::PieceLength),
            (&[4, 4], StreamFault::AfterEnd),
            (&[4, 1], StreamFault::AfterEnd),
        ] {
            assert_eq!(taken(bytes, 1).1, Some(fault), "{bytes:?}");
        }
    }

    // R-STRM-5
    #[test]
    fn a_length_over_the_limit_is_refused_from_five_bytes() {
        assert_eq!(taken(&begin(1001), 5).1, Some(StreamFault::MessageTooLong));
        assert_eq!(taken(&begin(1000), 5), (vec![Read::Begins(1000)], None));
        let mut longest = FrameTaker::new(u32::MAX);
        assert_eq!(longest.take(&mut &begin(16_777_217)[..]), Err(StreamFault::MessageTooLong));
        let mut longest = FrameTaker::new(u32::MAX);
        assert_eq!(longest.take(&mut &begin(16_777_216)[..]), Ok(Some(Read::Begins(16_777_216))));
        assert_eq!(longest.message.map(|partial| partial.bytes.capacity()), Some(0), "nothing is kept for it yet");
    }
}
