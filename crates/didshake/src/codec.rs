//! Reading and writing of the wire's integers and length-prefixed vectors (R-WIRE).

use alloc::vec::Vec;

use crate::error::{Fault, Misuse};

/// Takes fields off the front of a message and never reads past its end.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.0
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let (head, rest) = self.0.split_first_chunk().ok_or(Fault::MessageTruncated)?;
        self.0 = rest;
        Ok(*head)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Fault> {
        self.array().map(|[byte]| byte)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Fault> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Fault> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Fault> {
        self.array().map(u64::from_be_bytes)
    }

    pub(crate) fn vec8(&mut self) -> Result<&'a [u8], Fault> {
        let length = self.u8()?;
        self.take(length.into())
    }

    pub(crate) fn vec16(&mut self) -> Result<&'a [u8], Fault> {
        let length = self.u16()?;
        self.take(length.into())
    }

    /// Ends the message: nothing may be left.
    pub(crate) fn finish(self) -> Result<(), Fault> {
        if self.0.is_empty() { Ok(()) } else { Err(Fault::TrailingBytes) }
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], Fault> {
        let (head, rest) = self.0.split_at_checked(length).ok_or(Fault::MessageTruncated)?;
        self.0 = rest;
        Ok(head)
    }
}

pub(crate) fn put_vec8(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Misuse> {
    out.push(u8::try_from(bytes.len()).map_err(|_| Misuse::TooLong)?);
    out.extend_from_slice(bytes);
    Ok(())
}

pub(crate) fn put_vec16(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Misuse> {
    out.extend_from_slice(&length16(bytes)?);
    out.extend_from_slice(bytes);
    Ok(())
}

/// The two length bytes of a `vec16`.
pub(crate) fn length16(bytes: &[u8]) -> Result<[u8; 2], Misuse> {
    u16::try_from(bytes.len()).map(u16::to_be_bytes).map_err(|_| Misuse::TooLong)
}
