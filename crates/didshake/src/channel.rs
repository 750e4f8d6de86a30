//! The channel: records in both directions, each under its own secret (R-CHAN). Transports must keep the order.

mod opener;
mod sealer;

use alloc::sync::Arc;
use core::sync::atomic::AtomicBool;

use crate::crypto::{Cipher, TAG_BYTES};
use crate::error::Internal;
use crate::schedule::DirectionSecret;
use crate::secret::Secret;
use crate::suite::Suite;

use opener::Inbound;
pub use opener::{Opener, Received};
pub use sealer::{Content, Sealer};

/// The longest inside of a record: content, content type and padding, in bytes.
pub const MAX_INNER_BYTES: usize = 65_536;
/// The longest record: type byte, inside, tag.
pub const MAX_RECORD_BYTES: usize = 1 + MAX_INNER_BYTES + TAG_BYTES;
/// The most content that one record holds, in bytes.
pub const MAX_CONTENT_BYTES: usize = MAX_INNER_BYTES - 1;
/// What a record has before its content, in bytes: its type.
pub const RECORD_HEAD_BYTES: usize = 1;
/// What a record has behind its content besides padding, in bytes: the content's type and the tag.
pub const RECORD_TAIL_BYTES: usize = 1 + TAG_BYTES;
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
        let cipher = Cipher::new(suite.aead(), &secret.key()?)?;
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

#[cfg(test)]
mod tests;
