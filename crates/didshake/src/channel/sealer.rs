//! The sending half of a channel.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};

use super::{
    ALERT, CLOSE, DATA, Direction, KEY_UPDATE, MAX_CONTENT_BYTES, MAX_INNER_BYTES, RECORD_HEAD_BYTES, RECORD_TAIL_BYTES,
};
use crate::alert::AlertCode;
use crate::error::{Error, Misuse};
use crate::wire::RECORD;

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
    pub(super) direction: Direction,
    pub(super) closed: bool,
    pub(super) ended: Arc<AtomicBool>,
}

impl Sealer {
    /// A data record of at most [`MAX_CONTENT_BYTES`] with `padding` further bytes.
    ///
    /// # Errors
    /// As for [`Sealer::seal`].
    pub fn data(&mut self, content: &[u8], padding: usize) -> Result<Vec<u8>, Error> {
        self.seal(Content::Data(content), padding)
    }

    /// Makes a data record of a buffer that holds the content behind [`RECORD_HEAD_BYTES`] of any value: nothing is
    /// copied, nor allocated where the buffer has room for [`RECORD_TAIL_BYTES`] and `padding` more. An empty buffer is
    /// empty content.
    ///
    /// ```
    /// # fn f(channel: &mut didshake::Channel) -> Result<(), didshake::Error> {
    /// use didshake::{RECORD_HEAD_BYTES, RECORD_TAIL_BYTES};
    /// let mut record = Vec::with_capacity(RECORD_HEAD_BYTES + 5 + RECORD_TAIL_BYTES);
    /// record.resize(RECORD_HEAD_BYTES, 0);
    /// record.extend_from_slice(b"hello");
    /// channel.sealer().data_in_place(&mut record, 0)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As for [`Sealer::seal`]; the buffer is then as it was, but for its head.
    pub fn data_in_place(&mut self, record: &mut Vec<u8>, padding: usize) -> Result<(), Error> {
        self.ready(false)?;
        match record.first_mut() {
            Some(head) => *head = RECORD,
            None => record.push(RECORD),
        }
        self.finish_record(record, DATA, padding)
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
        self.ready(content == Content::KeyUpdate)?;
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

    /// Whether such a record may leave now.
    fn ready(&self, key_update: bool) -> Result<(), Misuse> {
        if self.closed || self.ended.load(Ordering::Acquire) {
            return Err(Misuse::Closed);
        }
        if self.key_update_due() && !key_update { Err(Misuse::KeyUpdateDue) } else { Ok(()) }
    }

    pub(super) fn record(&mut self, content_type: u8, content: &[u8], padding: usize) -> Result<Vec<u8>, Error> {
        if content.len().saturating_add(padding) > MAX_CONTENT_BYTES {
            return Err(Misuse::TooLong.into());
        }
        let mut record = Vec::with_capacity(RECORD_HEAD_BYTES + content.len() + padding + RECORD_TAIL_BYTES);
        record.push(RECORD);
        record.extend_from_slice(content);
        self.finish_record(&mut record, content_type, padding)?;
        Ok(record)
    }

    /// Head and content are there; what follows them is added, and all but the head sealed.
    fn finish_record(&mut self, record: &mut Vec<u8>, content_type: u8, padding: usize) -> Result<(), Error> {
        let sealed_bytes = record.len().saturating_add(padding);
        if sealed_bytes > MAX_INNER_BYTES {
            return Err(Misuse::TooLong.into());
        }
        let nonce = self.direction.nonce()?;
        self.direction.count();
        record.push(content_type);
        record.resize(RECORD_HEAD_BYTES + sealed_bytes, 0);
        let (_, inner) = record.split_at_mut(RECORD_HEAD_BYTES);
        let tag = self.direction.cipher.seal(&nonce, &[RECORD], inner)?;
        record.extend_from_slice(&tag);
        Ok(())
    }
}

impl core::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Sealer(redacted, sequence {:?})", self.direction.sequence)
    }
}
