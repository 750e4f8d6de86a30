//! The channel: records in both directions, each under its own secret (R-CHAN). Transports must keep the order.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};

use crate::alert::AlertCode;
use crate::crypto::{Cipher, TAG_BYTES};
use crate::error::{Error, Fault, Internal, Misuse};
use crate::schedule::DirectionSecret;
use crate::secret::Secret;
use crate::suite::Suite;
use crate::wire::RECORD;

/// The longest inside of a record: content, content type and padding, in bytes.
pub const MAX_INNER_BYTES: usize = 65_536;
/// The longest record: type byte, inside, tag.
pub const MAX_RECORD_BYTES: usize = 1 + MAX_INNER_BYTES + TAG_BYTES;
/// The most content that one record holds, in bytes.
pub const MAX_CONTENT_BYTES: usize = MAX_INNER_BYTES - 1;
/// Records under one secret; the last of them is a key_update.
pub const RECORDS_PER_SECRET: u64 = 1 << 20;

const DATA: u8 = 1;
const CLOSE: u8 = 2;
const KEY_UPDATE: u8 = 3;
const ALERT: u8 = 4;

/// The two directions of an established handshake, as one side holds them.
#[derive(Debug)]
pub struct Channel {
    sealer: Sealer,
    opener: Opener,
}

impl Channel {
    pub(crate) fn new(suite: Suite, send: DirectionSecret, receive: DirectionSecret) -> Result<Self, Internal> {
        let ended = Arc::new(AtomicBool::new(false));
        let sealer = Sealer { direction: Direction::new(suite, send)?, closed: false, ended: ended.clone() };
        let opener = Opener { direction: Direction::new(suite, receive)?, inbound: Inbound::Open, ended };
        Ok(Self { sealer, opener })
    }

    /// The sending and the receiving half, for two tasks.
    #[must_use]
    pub fn split(self) -> (Sealer, Opener) {
        (self.sealer, self.opener)
    }

    /// The sending half.
    pub fn sealer(&mut self) -> &mut Sealer {
        &mut self.sealer
    }

    /// The receiving half.
    pub fn opener(&mut self) -> &mut Opener {
        &mut self.opener
    }
}

/// One direction: its secret, the keys of it, and the counters.
struct Direction {
    suite: Suite,
    secret: DirectionSecret,
    cipher: Cipher,
    iv: Secret<12>,
    /// The number of the next record; `None` once 2^64 have gone by.
    sequence: Option<u64>,
    under_secret: u64,
}

impl Direction {
    fn new(suite: Suite, secret: DirectionSecret) -> Result<Self, Internal> {
        let cipher = Cipher::new(suite.aead(), &secret.key()?);
        let iv = secret.iv()?;
        Ok(Self { suite, secret, cipher, iv, sequence: Some(0), under_secret: 0 })
    }

    fn next_secret(&mut self) -> Result<(), Internal> {
        let sequence = self.sequence;
        *self = Self { sequence, ..Self::new(self.suite, self.secret.next()?)? };
        Ok(())
    }

    fn nonce(&self) -> Result<[u8; 12], Internal> {
        let sequence = self.sequence.ok_or(Internal::SequenceExhausted)?;
        let mut nonce = *self.iv.expose();
        for (byte, sequence) in nonce.iter_mut().rev().zip(sequence.to_le_bytes()) {
            *byte ^= sequence;
        }
        Ok(nonce)
    }

    /// Counts one record; the sequence never wraps.
    fn count(&mut self) {
        self.sequence = self.sequence.and_then(|sequence| sequence.checked_add(1));
        self.under_secret += 1;
    }

    fn is_last_record(&self) -> bool {
        self.under_secret + 1 >= RECORDS_PER_SECRET
    }
}

/// What a record is to hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Content<'a> {
    /// Application data.
    Data(&'a [u8]),
    /// The half-close.
    Close,
    /// The last record under the present secret.
    KeyUpdate,
    /// A fatal alert.
    Alert(AlertCode),
}

/// Seals records for the peer.
pub struct Sealer {
    direction: Direction,
    closed: bool,
    ended: Arc<AtomicBool>,
}

impl Sealer {
    /// A data record of at most [`MAX_CONTENT_BYTES`] with `padding` further bytes.
    ///
    /// # Errors
    /// As for [`Sealer::seal`].
    pub fn data(&mut self, content: &[u8], padding: usize) -> Result<Vec<u8>, Error> {
        self.seal(Content::Data(content), padding)
    }

    /// The half-close: nothing more goes this way.
    ///
    /// # Errors
    /// As for [`Sealer::seal`].
    pub fn close(&mut self) -> Result<Vec<u8>, Error> {
        self.seal(Content::Close, 0)
    }

    /// The last record under the present secret; what follows goes under the next.
    ///
    /// # Errors
    /// As for [`Sealer::seal`].
    pub fn key_update(&mut self) -> Result<Vec<u8>, Error> {
        self.seal(Content::KeyUpdate, 0)
    }

    /// A fatal alert: nothing more goes this way.
    ///
    /// # Errors
    /// As for [`Sealer::seal`].
    pub fn alert(&mut self, code: AlertCode) -> Result<Vec<u8>, Error> {
        self.seal(Content::Alert(code), 0)
    }

    /// A record of any content with `padding` further bytes, which hide its length.
    ///
    /// # Errors
    /// [`Misuse::TooLong`]; [`Misuse::Closed`] after close or alert; [`Misuse::KeyUpdateDue`] where the next record
    /// must be a key_update: send [`Sealer::key_update`] first.
    pub fn seal(&mut self, content: Content<'_>, padding: usize) -> Result<Vec<u8>, Error> {
        if self.closed || self.ended.load(Ordering::Acquire) {
            return Err(Misuse::Closed.into());
        }
        if self.key_update_due() && content != Content::KeyUpdate {
            return Err(Misuse::KeyUpdateDue.into());
        }
        let code;
        let (content_type, bytes) = match content {
            Content::Data(bytes) => (DATA, bytes),
            Content::Close => (CLOSE, &[][..]),
            Content::KeyUpdate => (KEY_UPDATE, &[][..]),
            Content::Alert(alert) => {
                code = [alert as u8];
                (ALERT, &code[..])
            }
        };
        let record = self.record(content_type, bytes, padding)?;
        match content {
            Content::Data(_) => {}
            Content::Close => self.closed = true,
            Content::Alert(_) => self.ended.store(true, Ordering::Release),
            Content::KeyUpdate => self.direction.next_secret()?,
        }
        Ok(record)
    }

    /// Whether the next record must be a key_update.
    #[must_use]
    pub fn key_update_due(&self) -> bool {
        self.direction.is_last_record()
    }

    fn record(&mut self, content_type: u8, content: &[u8], padding: usize) -> Result<Vec<u8>, Error> {
        let inner_bytes = content.len().saturating_add(1).saturating_add(padding);
        if inner_bytes > MAX_INNER_BYTES {
            return Err(Misuse::TooLong.into());
        }
        let mut record = Vec::with_capacity(1 + inner_bytes + TAG_BYTES);
        record.push(RECORD);
        record.extend_from_slice(content);
        record.push(content_type);
        record.resize(1 + inner_bytes, 0);
        let nonce = self.direction.nonce()?;
        self.direction.count();
        let (_, inner) = record.split_at_mut(1);
        let tag = self.direction.cipher.seal(&nonce, &[RECORD], inner)?;
        record.extend_from_slice(&tag);
        Ok(record)
    }
}

/// What a record held.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Received {
    /// Application data, padding removed.
    Data(Vec<u8>),
    /// The peer sends nothing more; this side still may.
    Close,
    /// The peer's direction has a new secret.
    KeyUpdate,
    /// The peer ended the channel.
    Alert(AlertCode),
}

/// Opens the peer's records.
pub struct Opener {
    direction: Direction,
    inbound: Inbound,
    ended: Arc<AtomicBool>,
}

/// What may still come from the peer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inbound {
    Open,
    Closed,
    Failed,
}

impl Opener {
    /// Opens one record. Every error is fatal: nothing opens after it, and the caller sends its alert in a record and
    /// closes the connection.
    ///
    /// # Errors
    /// The first [`Fault`] in the order of R-CHAN-16; [`Internal::SequenceExhausted`].
    pub fn open(&mut self, message: &[u8]) -> Result<Received, Error> {
        let received = self.open_next(message);
        if received.is_err() && self.inbound == Inbound::Open {
            self.inbound = Inbound::Failed;
        }
        received
    }

    fn open_next(&mut self, message: &[u8]) -> Result<Received, Error> {
        if message.len() > MAX_RECORD_BYTES {
            return Err(Fault::RecordTooLong.into());
        }
        let Some((&RECORD, sealed)) = message.split_first() else {
            return Err(Fault::NotARecord.into());
        };
        match self.inbound {
            _ if self.ended.load(Ordering::Acquire) => return Err(Fault::RecordAfterAlert.into()),
            Inbound::Open => {}
            Inbound::Closed => return Err(Fault::RecordAfterClose.into()),
            Inbound::Failed => return Err(Fault::RecordNotOpened.into()),
        }
        let nonce = self.direction.nonce()?;
        let mut inner = self.direction.cipher.open(&nonce, &[RECORD], sealed).ok_or(Fault::RecordNotOpened)?;
        let last = self.direction.is_last_record();
        self.direction.count();
        let type_at = inner.iter().rposition(|byte| *byte != 0).ok_or(Fault::RecordZerosOnly)?;
        inner.truncate(type_at + 1);
        let content_type = inner.pop().ok_or(Fault::RecordZerosOnly)?;
        if !matches!(content_type, DATA | CLOSE | KEY_UPDATE | ALERT) {
            return Err(Fault::RecordUnknownContentType.into());
        }
        if last && content_type != KEY_UPDATE {
            return Err(Fault::KeyUpdateOverdue.into());
        }
        self.take(content_type, inner)
    }

    /// The transport ended: a fault unless the peer closed its direction; an alert is no orderly end.
    ///
    /// # Errors
    /// [`Fault::Truncated`].
    pub fn end(&self) -> Result<(), Error> {
        if self.inbound == Inbound::Closed { Ok(()) } else { Err(Fault::Truncated.into()) }
    }

    fn take(&mut self, content_type: u8, content: Vec<u8>) -> Result<Received, Error> {
        match (content_type, content.as_slice()) {
            (DATA, _) => Ok(Received::Data(content)),
            (CLOSE, []) => {
                self.inbound = Inbound::Closed;
                Ok(Received::Close)
            }
            (KEY_UPDATE, []) => {
                self.direction.next_secret()?;
                Ok(Received::KeyUpdate)
            }
            (ALERT, [code]) => {
                self.ended.store(true, Ordering::Release);
                AlertCode::from_byte(*code).map(Received::Alert).ok_or(Fault::MalformedAlert.into())
            }
            _ => Err(Fault::RecordContentLength.into()),
        }
    }
}

impl core::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Sealer(redacted, sequence {:?})", self.direction.sequence)
    }
}

impl core::fmt::Debug for Opener {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Opener(redacted, sequence {:?})", self.direction.sequence)
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    fn direction() -> Direction {
        let secret = crate::schedule::DirectionSecret::for_direction(Secret::new([1; 32]));
        Direction::new(Suite::X25519_CHACHA20_POLY1305, secret).unwrap()
    }

    fn pair(make: impl Fn() -> Direction) -> (Sealer, Opener) {
        let ended = Arc::new(AtomicBool::new(false));
        let sealer = Sealer { direction: make(), closed: false, ended: ended.clone() };
        (sealer, Opener { direction: make(), inbound: Inbound::Open, ended })
    }

    // R-CHAN-3
    #[test]
    fn the_number_is_xored_into_the_end_of_the_iv() {
        let mut direction = direction();
        let iv = *direction.iv.expose();
        assert_eq!(direction.nonce(), Ok(iv));
        direction.sequence = Some(0x0102_0304_0506_0708);
        let mut expected = iv;
        expected.iter_mut().skip(4).zip(1..=8).for_each(|(byte, number)| *byte ^= number);
        assert_eq!(direction.nonce(), Ok(expected));
    }

    // R-CHAN-9: the number goes on where the secret is new.
    #[test]
    fn a_key_update_has_a_new_secret_and_counts_on() {
        let mut direction = direction();
        let iv = *direction.iv.expose();
        direction.count();
        direction.count();
        assert_eq!((direction.sequence, direction.under_secret), (Some(2), 2));
        direction.next_secret().unwrap();
        assert_eq!((direction.sequence, direction.under_secret), (Some(2), 0));
        assert_ne!(*direction.iv.expose(), iv);
    }

    // R-CHAN-10, two records before the end of a secret; a test of the whole channel counts up to it.
    #[test]
    fn nothing_but_a_key_update_is_last_under_a_secret() {
        let late = || Direction { under_secret: RECORDS_PER_SECRET - 2, ..direction() };
        let (mut sealer, mut opener) = pair(late);
        assert!(!sealer.key_update_due());
        let last_but_one = sealer.data(b"x", 0).unwrap();
        assert_eq!(opener.open(&last_but_one), Ok(Received::Data(b"x".to_vec())));
        assert!(sealer.key_update_due());
        assert_eq!(sealer.data(b"x", 0), Err(Misuse::KeyUpdateDue.into()));
        let forbidden = sealer.record(DATA, b"x", 0).unwrap();
        assert_eq!(opener.open(&forbidden), Err(Fault::KeyUpdateOverdue.into()));
    }

    // R-SEC-4
    #[test]
    fn both_ends_print_their_number_alone() {
        let (sealer, opener) = pair(direction);
        assert_eq!(format!("{sealer:?}"), "Sealer(redacted, sequence Some(0))");
        assert_eq!(format!("{opener:?}"), "Opener(redacted, sequence Some(0))");
    }

    // R-CHAN-3: number 2^64 − 1 is the last, in each direction.
    #[test]
    fn the_sequence_is_never_wrapped() {
        let (mut sealer, mut opener) = pair(|| Direction { sequence: Some(u64::MAX), ..direction() });
        let last = sealer.data(b"last", 0).unwrap();
        assert_eq!(opener.open(&last), Ok(Received::Data(b"last".to_vec())));
        assert_eq!(sealer.data(b"one more", 0), Err(Internal::SequenceExhausted.into()));
        assert_eq!(opener.open(&last), Err(Internal::SequenceExhausted.into()));
    }
}
