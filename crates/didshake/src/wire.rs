//! The messages of the handshake as bytes: one codec a message, exactly one encoding of each (R-WIRE).

use alloc::vec::Vec;

use crate::alert::refuse_alert;
use crate::codec::{Reader, put_vec8, put_vec16};
use crate::error::{Fault, Misuse};
use crate::extension::{Extensions, check_hello, check_none};

/// Type byte of Hello.
pub(crate) const HELLO: u8 = 1;
/// Type byte of Reply.
pub(crate) const REPLY: u8 = 2;
/// Type byte of Finish.
pub(crate) const FINISH: u8 = 3;
/// Type byte of Accept.
pub(crate) const ACCEPT: u8 = 4;
/// Type byte of Retry.
pub(crate) const RETRY: u8 = 5;
/// Type byte of Alert.
pub(crate) const ALERT: u8 = 15;
/// Type byte of a record.
pub(crate) const RECORD: u8 = 16;

/// The longest Hello, in bytes.
pub const MAX_HELLO_BYTES: usize = 4096;
/// The longest message of any other type of the handshake, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 65_535;

const VERSION: u8 = 1;

/// The initiator's first message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hello {
    /// Every suite that the initiator accepts, in order of preference.
    pub suites: Vec<u16>,
    /// The group of the share.
    pub group: u16,
    /// The ephemeral public key; nothing assumes its length before the group is known.
    pub key_share: Vec<u8>,
    /// 32 random bytes.
    pub nonce: [u8; 32],
    /// 1 to 255 bytes, compared exactly.
    pub application_protocol: Vec<u8>,
    /// The extensions of Hello.
    pub extensions: Extensions,
}

impl Hello {
    /// Decodes a Hello: length, type, version, then each field.
    ///
    /// # Errors
    /// The first [`Fault`] in the order of R-RESP-1, up to `trailing_bytes`.
    pub fn decode(message: &[u8]) -> Result<Self, Fault> {
        let mut reader = opened(message, HELLO, MAX_HELLO_BYTES)?;
        if reader.u8()? != VERSION {
            return Err(Fault::UnsupportedVersion);
        }
        let list = reader.vec8()?;
        let (pairs, odd) = list.as_chunks::<2>();
        if pairs.is_empty() || !odd.is_empty() {
            return Err(Fault::SuiteListMalformed);
        }
        let suites = pairs.iter().copied().map(u16::from_be_bytes).collect();
        let group = reader.u16()?;
        let key_share = reader.vec16()?.to_vec();
        let nonce = reader.array()?;
        let application_protocol = reader.vec8()?.to_vec();
        if application_protocol.is_empty() {
            return Err(Fault::ApplicationProtocolEmpty);
        }
        let extensions = Extensions::decode(reader.vec16()?, check_hello)?;
        reader.finish()?;
        Ok(Self { suites, group, key_share, nonce, application_protocol, extensions })
    }

    /// Encodes the message.
    ///
    /// # Errors
    /// [`Misuse::NoSuite`], [`Misuse::ApplicationProtocolLength`] where these are empty; [`Misuse::TooLong`] where a
    /// field or the whole exceeds its limit.
    pub fn encode(&self) -> Result<Vec<u8>, Misuse> {
        if self.suites.is_empty() {
            return Err(Misuse::NoSuite);
        }
        if self.application_protocol.is_empty() {
            return Err(Misuse::ApplicationProtocolLength);
        }
        let mut out = alloc::vec![HELLO, VERSION];
        let suites: Vec<u8> = self.suites.iter().flat_map(|suite| suite.to_be_bytes()).collect();
        put_vec8(&mut out, &suites)?;
        out.extend_from_slice(&self.group.to_be_bytes());
        put_vec16(&mut out, &self.key_share)?;
        out.extend_from_slice(&self.nonce);
        put_vec8(&mut out, &self.application_protocol)?;
        out.extend_from_slice(&self.extensions.encode()?);
        within(out, MAX_HELLO_BYTES)
    }
}

/// The responder's request for a share of another group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Retry {
    /// The suite that the responder picked.
    pub suite: u16,
}

impl Retry {
    /// Decodes a Retry: 3 bytes.
    ///
    /// # Errors
    /// The [`Fault`] of its decoding.
    pub fn decode(message: &[u8]) -> Result<Self, Fault> {
        let mut reader = opened(message, RETRY, MAX_MESSAGE_BYTES)?;
        let suite = reader.u16()?;
        reader.finish()?;
        Ok(Self { suite })
    }

    /// Encodes the message.
    #[must_use]
    pub fn encode(self) -> Vec<u8> {
        let [high, low] = self.suite.to_be_bytes();
        alloc::vec![RETRY, high, low]
    }
}

/// The responder's answer, its Identity sealed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply<'a> {
    /// The suite that the responder picked.
    pub suite: u16,
    /// The responder's ephemeral public key.
    pub key_share: &'a [u8],
    /// 32 random bytes.
    pub nonce: [u8; 32],
    /// The sealed Identity, its tag included.
    pub sealed: &'a [u8],
    /// What goes into th2: the message up to, not including, the length of the sealed part.
    pub clear: &'a [u8],
}

impl<'a> Reply<'a> {
    /// Decodes a Reply.
    ///
    /// # Errors
    /// The [`Fault`] of its decoding.
    pub fn decode(message: &'a [u8]) -> Result<Self, Fault> {
        let mut reader = opened(message, REPLY, MAX_MESSAGE_BYTES)?;
        let suite = reader.u16()?;
        let key_share = reader.vec16()?;
        let nonce = reader.array()?;
        let clear_bytes = message.len().saturating_sub(reader.rest().len());
        let clear = message.get(..clear_bytes).unwrap_or_default();
        let sealed = reader.vec16()?;
        reader.finish()?;
        Ok(Self { suite, key_share, nonce, sealed, clear })
    }

    /// Encodes what th2 covers: all but the sealed part.
    pub(crate) fn encode_clear(suite: u16, key_share: &[u8], nonce: &[u8; 32]) -> Result<Vec<u8>, Misuse> {
        let mut out = alloc::vec![REPLY];
        out.extend_from_slice(&suite.to_be_bytes());
        put_vec16(&mut out, key_share)?;
        out.extend_from_slice(nonce);
        Ok(out)
    }
}

/// A message that is nothing but one sealed part: Finish, or Accept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sealed<'a>(pub &'a [u8]);

impl<'a> Sealed<'a> {
    /// Decodes a Finish.
    ///
    /// # Errors
    /// The [`Fault`] of its decoding.
    pub fn decode_finish(message: &'a [u8]) -> Result<Self, Fault> {
        Self::decode(message, FINISH)
    }

    /// Decodes an Accept.
    ///
    /// # Errors
    /// The [`Fault`] of its decoding.
    pub fn decode_accept(message: &'a [u8]) -> Result<Self, Fault> {
        Self::decode(message, ACCEPT)
    }

    fn decode(message: &'a [u8], message_type: u8) -> Result<Self, Fault> {
        let mut reader = opened(message, message_type, MAX_MESSAGE_BYTES)?;
        let sealed = reader.vec16()?;
        reader.finish()?;
        Ok(Self(sealed))
    }
}

/// Puts a sealed part behind what is already in `out`: the last field of Reply, Finish and Accept.
pub(crate) fn with_sealed(mut out: Vec<u8>, sealed: &[u8]) -> Result<Vec<u8>, Misuse> {
    put_vec16(&mut out, sealed)?;
    within(out, MAX_MESSAGE_BYTES)
}

/// The plain text of Accept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AcceptBody {
    /// Seconds, from Accept on, for which something may outlive the connection; 0: nothing does.
    pub lifetime: u32,
    /// The extensions of Accept.
    pub extensions: Extensions,
}

impl AcceptBody {
    /// Decodes the plain text.
    ///
    /// # Errors
    /// [`Fault::AcceptMalformed`] where it does not decode exactly.
    pub fn decode(plain: &[u8]) -> Result<Self, Fault> {
        let fields = || {
            let mut reader = Reader::new(plain);
            let lifetime = reader.u32()?;
            let extensions = Extensions::decode(reader.vec16()?, check_none)?;
            reader.finish()?;
            Ok(Self { lifetime, extensions })
        };
        fields().map_err(|_: Fault| Fault::AcceptMalformed)
    }

    /// Encodes the plain text.
    ///
    /// # Errors
    /// [`Misuse::TooLong`] where the extensions do not fit.
    pub fn encode(&self) -> Result<Vec<u8>, Misuse> {
        let mut out = self.lifetime.to_be_bytes().to_vec();
        out.extend_from_slice(&self.extensions.encode()?);
        Ok(out)
    }
}

/// Checks the length and the type of a message and stands behind the type byte.
fn opened(message: &[u8], message_type: u8, limit: usize) -> Result<Reader<'_>, Fault> {
    if message.len() > limit {
        return Err(Fault::MessageTooLong);
    }
    refuse_alert(message)?;
    let mut reader = Reader::new(message);
    if reader.u8()? == message_type { Ok(reader) } else { Err(Fault::UnexpectedMessage) }
}

fn within(message: Vec<u8>, limit: usize) -> Result<Vec<u8>, Misuse> {
    if message.len() <= limit { Ok(message) } else { Err(Misuse::TooLong) }
}
