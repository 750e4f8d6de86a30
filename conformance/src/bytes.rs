//! Reading and writing fields: integers big-endian, vectors with a length in front.

use crate::check::{Check, Checks, Step, Stop};

/// Reads fields in order. With its truncation check off, what is missing comes from the sender's whole message.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    whole: &'a [u8],
    at: usize,
    checks: Checks,
    truncation: Check,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8], whole: &'a [u8], checks: Checks, truncation: Check) -> Self {
        Self { bytes, whole, at: 0, checks, truncation }
    }

    pub(crate) fn take(&mut self, count: usize) -> Step<Vec<u8>> {
        let end = self.at.saturating_add(count);
        if let Some(field) = self.bytes.get(self.at..end) {
            self.at = end;
            return Ok(field.to_vec());
        }
        self.checks.need(self.truncation, false)?;
        let mut field = self.bytes.get(self.at..).unwrap_or_default().to_vec();
        let have = self.at.saturating_add(field.len());
        field.extend_from_slice(self.whole.get(have..end.min(self.whole.len())).unwrap_or_default());
        self.at = self.at.saturating_add(field.len());
        Ok(field)
    }

    pub(crate) fn number(&mut self, bytes: usize) -> Step<usize> {
        let field = self.take(bytes)?;
        Ok(field.iter().fold(0, |sum, byte| sum * 256 + usize::from(*byte)))
    }

    pub(crate) fn u8(&mut self) -> Step<u8> {
        u8::try_from(self.number(1)?).map_err(|_| Stop::Broken("u8"))
    }

    pub(crate) fn u16(&mut self) -> Step<u16> {
        u16::try_from(self.number(2)?).map_err(|_| Stop::Broken("u16"))
    }

    pub(crate) fn vec8(&mut self) -> Step<Vec<u8>> {
        let length = self.number(1)?;
        self.take(length)
    }

    pub(crate) fn vec16(&mut self) -> Step<Vec<u8>> {
        let length = self.number(2)?;
        self.take(length)
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }
}

/// Appends fields.
pub(crate) trait Put {
    fn u16(&mut self, value: u16);
    fn vec8(&mut self, field: &[u8]) -> Step<()>;
    fn vec16(&mut self, field: &[u8]) -> Step<()>;
}

impl Put for Vec<u8> {
    fn u16(&mut self, value: u16) {
        self.extend_from_slice(&value.to_be_bytes());
    }

    fn vec8(&mut self, field: &[u8]) -> Step<()> {
        self.push(u8::try_from(field.len()).map_err(|_| Stop::Broken("a field over 255 bytes"))?);
        self.extend_from_slice(field);
        Ok(())
    }

    fn vec16(&mut self, field: &[u8]) -> Step<()> {
        self.u16(u16::try_from(field.len()).map_err(|_| Stop::Broken("a field over 65,535 bytes"))?);
        self.extend_from_slice(field);
        Ok(())
    }
}

/// An array of exactly N bytes.
pub(crate) fn array<const N: usize>(bytes: &[u8]) -> Step<[u8; N]> {
    bytes.try_into().map_err(|_| Stop::Broken("a field of another length than its use needs"))
}
