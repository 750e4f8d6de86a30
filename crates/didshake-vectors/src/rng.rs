//! Randomness that is known beforehand.

use rand_core::{TryCryptoRng, TryRng};

/// Gives the bytes it was made of, once.
pub(crate) struct FixedRng {
    bytes: Vec<u8>,
    at: usize,
}

/// All bytes were taken.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("no randomness is left")]
pub(crate) struct Exhausted;

impl FixedRng {
    /// For each pair an ephemeral secret and then a nonce, as a Hello or a Reply takes them.
    pub(crate) fn new<'a>(pairs: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Self {
        Self { bytes: pairs.flat_map(|(secret, nonce)| [secret, nonce].concat()).collect(), at: 0 }
    }

    /// These bytes and no more.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_vec(), at: 0 }
    }

    /// Bytes that matter to no vector: those of sealing keys.
    pub(crate) fn filler(byte: u8) -> Self {
        Self { bytes: vec![byte; 4096], at: 0 }
    }
}

impl TryRng for FixedRng {
    type Error = Exhausted;

    fn try_next_u32(&mut self) -> Result<u32, Exhausted> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Exhausted> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Exhausted> {
        let end = self.at.saturating_add(out.len());
        out.copy_from_slice(self.bytes.get(self.at..end).ok_or(Exhausted)?);
        self.at = end;
        Ok(())
    }
}

impl TryCryptoRng for FixedRng {}
