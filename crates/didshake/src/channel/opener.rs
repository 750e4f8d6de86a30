//! The receiving half of a channel.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};

use super::{ALERT, CLOSE, DATA, Direction, KEY_UPDATE, MAX_RECORD_BYTES, RECORD_HEAD_BYTES};
use crate::alert::AlertCode;
use crate::error::{Error, Fault};
use crate::wire::RECORD;

/// What a record held.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Received<C = Vec<u8>> {
    /// Application data, padding removed.
    Data(C),
    /// The peer sends nothing more; this side still may.
    Close,
    /// The peer's direction has a new secret.
    KeyUpdate,
    /// The peer ended the channel.
    Alert(AlertCode),
}

impl<C> Received<C> {
    fn map<D>(self, content: impl FnOnce(C) -> D) -> Received<D> {
        match self {
            Self::Data(data) => Received::Data(content(data)),
            Self::Close => Received::Close,
            Self::KeyUpdate => Received::KeyUpdate,
            Self::Alert(code) => Received::Alert(code),
        }
    }
}

/// Opens the peer's records.
pub struct Opener {
    pub(super) direction: Direction,
    pub(super) inbound: Inbound,
    pub(super) ended: Arc<AtomicBool>,
}

/// What may still come from the peer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Inbound {
    Open,
    Closed,
    Failed,
}

impl Opener {
    /// Opens one record. Every error is fatal: nothing opens after it, and the caller sends its alert in a record and
    /// closes the connection.
    ///
    /// # Errors
    /// The first [`Fault`] in the order of R-CHAN-16; [`Internal::SequenceExhausted`](crate::Internal::SequenceExhausted).
    pub fn open(&mut self, message: &[u8]) -> Result<Received, Error> {
        let received = self.admit(message).and_then(|sealed| {
            let mut inner = sealed.to_vec();
            let received = self.open_admitted(&mut inner)?;
            Ok(received.map(|content_bytes| {
                inner.truncate(content_bytes);
                inner
            }))
        });
        self.fail_with(received)
    }

    /// Opens one record where it stands: nothing is copied or allocated. After an error the buffer holds nothing of
    /// worth.
    ///
    /// ```
    /// # fn f(channel: &mut didshake::Channel, mut record: Vec<u8>) -> Result<(), didshake::Error> {
    /// if let didshake::Received::Data(content) = channel.opener().open_in_place(&mut record)? {
    ///     println!("{} bytes", content.len());
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As for [`Opener::open`].
    pub fn open_in_place<'a>(&mut self, message: &'a mut [u8]) -> Result<Received<&'a mut [u8]>, Error> {
        let admitted = self.admit(message).map(|_| ());
        let (_, inner) = message.split_at_mut_checked(RECORD_HEAD_BYTES).unwrap_or_default();
        let received = admitted.and_then(|()| self.open_admitted(inner));
        let received = self.fail_with(received)?;
        Ok(received.map(|content_bytes| inner.split_at_mut_checked(content_bytes).unwrap_or_default().0))
    }

    /// The transport ended: a fault unless the peer closed its direction; an alert is no orderly end.
    ///
    /// # Errors
    /// [`Fault::Truncated`].
    pub fn end(&self) -> Result<(), Error> {
        if self.inbound == Inbound::Closed { Ok(()) } else { Err(Fault::Truncated.into()) }
    }

    /// What of a message is sealed, where it may be a record that comes now.
    fn admit<'a>(&self, message: &'a [u8]) -> Result<&'a [u8], Error> {
        if message.len() > MAX_RECORD_BYTES {
            return Err(Fault::RecordTooLong.into());
        }
        let Some((&RECORD, sealed)) = message.split_first() else {
            return Err(Fault::NotARecord.into());
        };
        match self.inbound {
            _ if self.ended.load(Ordering::Acquire) => Err(Fault::RecordAfterAlert.into()),
            Inbound::Open => Ok(sealed),
            Inbound::Closed => Err(Fault::RecordAfterClose.into()),
            Inbound::Failed => Err(Fault::RecordNotOpened.into()),
        }
    }

    /// Opens where it stands, and says how much of it is content.
    fn open_admitted(&mut self, sealed: &mut [u8]) -> Result<Received<usize>, Error> {
        let nonce = self.direction.nonce()?;
        let inner = self.direction.cipher.open_in_place(&nonce, &[RECORD], sealed).ok_or(Fault::RecordNotOpened)?;
        let last = self.direction.is_last_record();
        self.direction.count();
        let type_at = inner.iter().rposition(|byte| *byte != 0).ok_or(Fault::RecordZerosOnly)?;
        let Some((content, [content_type, ..])) = inner.split_at_checked(type_at) else {
            return Err(Fault::RecordZerosOnly.into());
        };
        if !matches!(*content_type, DATA | CLOSE | KEY_UPDATE | ALERT) {
            return Err(Fault::RecordUnknownContentType.into());
        }
        if last && *content_type != KEY_UPDATE {
            return Err(Fault::KeyUpdateOverdue.into());
        }
        self.take(*content_type, content)
    }

    fn fail_with<T>(&mut self, received: Result<T, Error>) -> Result<T, Error> {
        if received.is_err() && self.inbound == Inbound::Open {
            self.inbound = Inbound::Failed;
        }
        received
    }

    fn take(&mut self, content_type: u8, content: &[u8]) -> Result<Received<usize>, Error> {
        match (content_type, content) {
            (DATA, _) => Ok(Received::Data(content.len())),
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

impl core::fmt::Debug for Opener {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Opener(redacted, sequence {:?})", self.direction.sequence)
    }
}
