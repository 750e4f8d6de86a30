//! The messages before anything is opened, and extension lists.

use crate::bytes::{Put, Reader};
use crate::check::{Check, Checks, Step};
use crate::config::Extension;

pub(crate) const HELLO: u8 = 1;
pub(crate) const REPLY: u8 = 2;
pub(crate) const FINISH: u8 = 3;
pub(crate) const ACCEPT: u8 = 4;
pub(crate) const RETRY: u8 = 5;
pub(crate) const ALERT: u8 = 15;

/// Longest Hello.
pub(crate) const HELLO_LIMIT: usize = 4096;
/// Longest other message.
pub(crate) const MESSAGE_LIMIT: usize = 65_535;

/// Hello with its vectors still raw, so that a misbehaving sender can write anything.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Hello {
    pub(crate) kind: u8,
    pub(crate) version: u8,
    pub(crate) suites: Vec<u8>,
    pub(crate) group: u16,
    pub(crate) share: Vec<u8>,
    pub(crate) nonce: Vec<u8>,
    pub(crate) protocol: Vec<u8>,
    pub(crate) extensions: Vec<u8>,
}

impl Hello {
    pub(crate) fn encode(&self) -> Step<Vec<u8>> {
        let mut out = vec![self.kind, self.version];
        out.vec8(&self.suites)?;
        out.u16(self.group);
        out.vec16(&self.share)?;
        out.extend_from_slice(&self.nonce);
        out.vec8(&self.protocol)?;
        out.vec16(&self.extensions)?;
        Ok(out)
    }

    /// Splits a Hello that is known to be well formed.
    pub(crate) fn split(bytes: &[u8]) -> Step<Hello> {
        let mut reader = Reader::new(bytes, &[], Checks::all(), Check::MessageTruncated);
        Ok(Hello {
            kind: reader.u8()?,
            version: reader.u8()?,
            suites: reader.vec8()?,
            group: reader.u16()?,
            share: reader.vec16()?,
            nonce: reader.take(32)?,
            protocol: reader.vec8()?,
            extensions: reader.vec16()?,
        })
    }
}

/// Reply up to its sealed part.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ReplyPrefix {
    pub(crate) kind: u8,
    pub(crate) suite: u16,
    pub(crate) share: Vec<u8>,
    pub(crate) nonce: Vec<u8>,
}

impl ReplyPrefix {
    pub(crate) fn encode(&self) -> Step<Vec<u8>> {
        let mut out = vec![self.kind];
        out.u16(self.suite);
        out.vec16(&self.share)?;
        out.extend_from_slice(&self.nonce);
        Ok(out)
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Step<ReplyPrefix> {
        Ok(ReplyPrefix { kind: reader.u8()?, suite: reader.u16()?, share: reader.vec16()?, nonce: reader.take(32)? })
    }
}

/// A suite list as it stands on the wire.
pub(crate) fn suite_bytes(suites: &[u16]) -> Vec<u8> {
    suites.iter().flat_map(|suite| suite.to_be_bytes()).collect()
}

/// The suites of a list; a last odd byte is left out.
pub(crate) fn suites_of(bytes: &[u8]) -> Vec<u16> {
    bytes.chunks_exact(2).map(|pair| pair.iter().fold(0, |sum, byte| sum * 256 + u16::from(*byte))).collect()
}

/// An extension whose critical byte can be anything.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RawExtension {
    pub(crate) id: u16,
    pub(crate) critical: u8,
    pub(crate) body: Vec<u8>,
}

impl From<&Extension> for RawExtension {
    fn from(extension: &Extension) -> Self {
        Self { id: extension.id, critical: u8::from(extension.critical), body: extension.body.0.clone() }
    }
}

/// An extension list without its length.
pub(crate) fn extension_bytes(extensions: &[RawExtension]) -> Step<Vec<u8>> {
    let mut out = Vec::new();
    for extension in extensions {
        out.u16(extension.id);
        out.push(extension.critical);
        out.vec16(&extension.body)?;
    }
    Ok(out)
}

/// The checks that an extension list falls under, which depend on where it stands.
#[derive(Clone, Copy)]
pub(crate) struct ExtensionChecks {
    pub(crate) truncated: Check,
    pub(crate) order: Check,
    pub(crate) critical_byte: Check,
    pub(crate) unknown_critical: Check,
}

/// Those of Hello.
pub(crate) const HELLO_EXTENSIONS: ExtensionChecks = ExtensionChecks {
    truncated: Check::MessageTruncated,
    order: Check::ExtensionOrder,
    critical_byte: Check::ExtensionCriticalByte,
    unknown_critical: Check::HelloCriticalExtension,
};

/// Those of an Identity.
pub(crate) const IDENTITY_EXTENSIONS: ExtensionChecks = ExtensionChecks {
    truncated: Check::IdentityExtensions,
    order: Check::IdentityExtensions,
    critical_byte: Check::IdentityExtensions,
    unknown_critical: Check::IdentityCriticalExtension,
};

/// Those of Accept.
pub(crate) const ACCEPT_EXTENSIONS: ExtensionChecks = ExtensionChecks {
    truncated: Check::AcceptExtensions,
    order: Check::AcceptExtensions,
    critical_byte: Check::AcceptExtensions,
    unknown_critical: Check::AcceptCriticalExtension,
};

/// Reads a list. With the truncation check off, an entry that runs past the end is left out.
pub(crate) fn read_extensions(bytes: &[u8], checks: Checks, of: ExtensionChecks) -> Step<Vec<RawExtension>> {
    let mut extensions: Vec<RawExtension> = Vec::new();
    let mut reader = Reader::new(bytes, &[], checks, of.truncated);
    while !reader.at_end() {
        let start = reader.at();
        let extension = RawExtension { id: reader.u16()?, critical: reader.u8()?, body: reader.vec16()? };
        if extension_bytes(std::slice::from_ref(&extension))?.as_slice()
            != bytes.get(start..reader.at()).unwrap_or_default()
        {
            break;
        }
        checks.need(of.order, extensions.last().is_none_or(|last| last.id < extension.id))?;
        checks.need(of.critical_byte, extension.critical < 2)?;
        extensions.push(extension);
    }
    Ok(extensions)
}

/// Refuses an unknown critical extension; `known` are the ids that the message defines.
pub(crate) fn refuse_unknown(list: &[RawExtension], known: &[u16], checks: Checks, check: Check) -> Step<()> {
    checks.need(check, !list.iter().any(|extension| extension.critical == 1 && !known.contains(&extension.id)))
}
