//! What is said on such a channel.

use didshake::UnixTime;
use didshake::mailbox::{Letter, MessageId};

use super::MAX_UNANSWERED;
use crate::mailbox::records::NewLetter;

const LETTER: u8 = 1;
const TAKEN: u8 = 2;

/// One message.
#[derive(Debug)]
pub(super) enum Frame {
    Letter(Letter),
    /// The peer has these letters, durably.
    Taken(Vec<MessageId>),
}

impl Frame {
    /// A letter of ours.
    pub(super) fn of(letter: &NewLetter) -> Vec<u8> {
        let kind = letter.content_type.as_bytes();
        let mut message = vec![LETTER];
        message.extend_from_slice(&letter.id);
        message.extend_from_slice(&letter.written.0.to_be_bytes());
        message.extend_from_slice(&letter.expires.0.to_be_bytes());
        // Checked where it was written.
        message.push(u8::try_from(kind.len()).unwrap_or(u8::MAX));
        message.extend_from_slice(kind);
        message.extend_from_slice(&letter.content);
        message
    }

    pub(super) fn taken(ids: &[MessageId]) -> Vec<u8> {
        [TAKEN].into_iter().chain(ids.iter().flatten().copied()).collect()
    }

    /// `None` where it is none.
    pub(super) fn read(message: &[u8]) -> Option<Self> {
        match message.split_first()? {
            (&LETTER, rest) => letter(rest).map(Self::Letter),
            (&TAKEN, rest) => {
                let (ids, rest) = rest.as_chunks::<16>();
                let fits = rest.is_empty() && !ids.is_empty() && ids.len() <= MAX_UNANSWERED;
                fits.then(|| Self::Taken(ids.to_vec()))
            }
            _ => None,
        }
    }
}

fn letter(bytes: &[u8]) -> Option<Letter> {
    let (id, rest) = bytes.split_first_chunk::<16>()?;
    let (sent, rest) = rest.split_first_chunk::<8>()?;
    let (expires, rest) = rest.split_first_chunk::<8>()?;
    let (length, rest) = rest.split_first()?;
    let (kind, content) = rest.split_at_checked(usize::from(*length))?;
    let [sent, expires] = [sent, expires].map(|time| UnixTime(u64::from_be_bytes(*time)));
    Letter::new(*id, sent, expires, std::str::from_utf8(kind).ok()?, content.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use didshake::Did;

    use zeroize::Zeroizing;

    use super::*;

    fn new() -> NewLetter {
        NewLetter {
            recipient: Did::parse("did:web:bob.example").unwrap(),
            id: [7; 16],
            content_type: "text/plain".into(),
            content: Zeroizing::new(b"hello".to_vec()),
            written: UnixTime(1_767_225_600),
            expires: UnixTime(1_767_225_700),
        }
    }

    // R-MBOX-8
    #[test]
    fn a_letter_is_read_as_it_was_written_and_nothing_else_is_one() {
        let message = Frame::of(&new());
        let Some(Frame::Letter(letter)) = Frame::read(&message) else { panic!("no letter") };
        assert_eq!((letter.id(), letter.content_type(), letter.content()), (&[7; 16], "text/plain", &b"hello"[..]));
        assert_eq!((letter.sent().0, letter.expires().0), (1_767_225_600, 1_767_225_700));
        for length in 0..message.len() - b"hello".len() {
            assert!(Frame::read(&message[..length]).is_none(), "{length} bytes");
        }
        let over = NewLetter { expires: UnixTime(1_767_225_600 + 31 * 86_400), ..new() };
        assert!(Frame::read(&Frame::of(&over)).is_none(), "it lives too long");
        assert!(Frame::read(&[3; 17]).is_none());
    }

    // R-MBOX-8
    #[test]
    fn an_answer_names_one_to_64_letters() {
        for count in [1, 64] {
            let Some(Frame::Taken(ids)) = Frame::read(&Frame::taken(&vec![[9; 16]; count])) else { panic!("{count}") };
            assert_eq!(ids.len(), count);
        }
        for wrong in [Frame::taken(&[]), Frame::taken(&[[9; 16]; 65]), vec![TAKEN; 16], vec![TAKEN; 18]] {
            assert!(Frame::read(&wrong).is_none());
        }
    }
}
