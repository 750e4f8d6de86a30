//! The body of a deposit: one or more of u64 expires · `vec32<envelope>` (section 4).

use alloc::vec::Vec;

use super::RelayCode;
use crate::codec::Reader;
use crate::document::UnixTime;
use crate::mailbox::is_envelope;

/// Deposits of one request at most.
pub const MAX_DEPOSITS: usize = 64;
/// Bytes of the body of one request at most.
pub const MAX_BATCH_BYTES: usize = 4_194_304;
/// Seconds for which a relay keeps an envelope at most: 30 days.
pub const DEPOSIT_SECONDS: u64 = 2_592_000;

/// One envelope on its way to a relay.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Deposit<'a> {
    /// When the relay gives up.
    pub expires: UnixTime,
    /// The envelope.
    pub envelope: &'a [u8],
}

impl Deposit<'_> {
    /// What a relay looks at before it keeps one: length, type and version of the envelope, then `expires`.
    ///
    /// # Errors
    /// [`DepositFault::Envelope`]; [`DepositFault::Expires`] where it is not later than `now`, or more than
    /// [`DEPOSIT_SECONDS`] ahead.
    pub fn check(&self, now: UnixTime) -> Result<(), DepositFault> {
        if !is_envelope(self.envelope) {
            return Err(DepositFault::Envelope);
        }
        let in_bounds = self.expires > now && self.expires <= now.plus(DEPOSIT_SECONDS);
        if in_bounds { Ok(()) } else { Err(DepositFault::Expires) }
    }
}

/// Reads the body of a deposit; what each envelope is, [`Deposit::check`] says.
///
/// # Errors
/// [`DepositFault::TooLarge`] where the body is longer than [`MAX_BATCH_BYTES`]; [`DepositFault::Malformed`] where it is empty,
/// ends within a deposit, or has more than [`MAX_DEPOSITS`].
pub fn read_deposits(body: &[u8]) -> Result<Vec<Deposit<'_>>, DepositFault> {
    if body.len() > MAX_BATCH_BYTES {
        return Err(DepositFault::TooLarge);
    }
    let mut reader = Reader::new(body);
    let mut deposits = Vec::new();
    while !reader.is_empty() {
        if deposits.len() == MAX_DEPOSITS {
            return Err(DepositFault::Malformed);
        }
        let deposit = Reader::u64(&mut reader).and_then(|expires| {
            let length = usize::try_from(reader.u32()?).unwrap_or(usize::MAX);
            Ok(Deposit { expires: UnixTime(expires), envelope: reader.take(length)? })
        });
        deposits.push(deposit.map_err(|_| DepositFault::Malformed)?);
    }
    if deposits.is_empty() { Err(DepositFault::Malformed) } else { Ok(deposits) }
}

/// Writes the body of a deposit.
///
/// # Errors
/// [`DepositFault::Malformed`] where there is none, or more than [`MAX_DEPOSITS`]; [`DepositFault::TooLarge`] where the body would be
/// longer than [`MAX_BATCH_BYTES`]. Both are the caller's fault.
pub fn write_deposits(deposits: &[Deposit<'_>]) -> Result<Vec<u8>, DepositFault> {
    if deposits.is_empty() || deposits.len() > MAX_DEPOSITS {
        return Err(DepositFault::Malformed);
    }
    let mut body = Vec::new();
    for Deposit { expires, envelope } in deposits {
        let length = u32::try_from(envelope.len()).map_err(|_| DepositFault::TooLarge)?;
        body.extend_from_slice(&expires.0.to_be_bytes());
        body.extend_from_slice(&length.to_be_bytes());
        body.extend_from_slice(envelope);
    }
    if body.len() <= MAX_BATCH_BYTES { Ok(body) } else { Err(DepositFault::TooLarge) }
}

/// Why a relay does not take a deposit as it was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, thiserror::Error)]
pub enum DepositFault {
    /// The body has not the form of one to 64 deposits.
    #[error("the body is not one to 64 deposits, each u64 expires and vec32 envelope")]
    Malformed,
    /// The body is too long.
    #[error("the body has more than 4,194,304 bytes")]
    TooLarge,
    /// The envelope has no length, type or version of one.
    #[error("the envelope has no length, type or version of one")]
    Envelope,
    /// `expires` is over, or too far ahead.
    #[error("expires is over, or more than 2,592,000 s ahead")]
    Expires,
}

impl DepositFault {
    /// What the depositor is told.
    #[must_use]
    pub fn code(self) -> RelayCode {
        match self {
            Self::Malformed => RelayCode::Malformed,
            Self::TooLarge => RelayCode::TooLarge,
            Self::Envelope => RelayCode::EnvelopeMalformed,
            Self::Expires => RelayCode::Expires,
        }
    }
}
