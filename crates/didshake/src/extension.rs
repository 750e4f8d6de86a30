//! Extension lists: strictly ascending ids, each critical or not (R-EXT).

use alloc::vec::Vec;

use crate::codec::{Reader, put_vec16};
use crate::crypto::hash;
use crate::did::Did;
use crate::error::{Fault, Misuse};

/// The id of Hello's `recipient` extension.
pub(crate) const RECIPIENT: u16 = 1;

/// One extension. An unknown critical one aborts the handshake, an unknown other one is ignored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Extension {
    /// 1 is `recipient`, 2–31 are reserved, 32–16383 are registered, those above are private.
    pub id: u16,
    /// Whether a peer that does not know the id must abort.
    pub critical: bool,
    /// What the id defines; at most 65,535 bytes with the rest of its list.
    pub body: Vec<u8>,
}

/// The extensions of one message, in strictly ascending order of their ids.
///
/// ```
/// use didshake::{Extension, Extensions};
/// let list = Extensions::new(vec![Extension { id: 0x4001, critical: false, body: b"hi".to_vec() }])?;
/// assert_eq!(list.iter().count(), 1);
/// let twice = vec![list.iter().next().cloned().unwrap(); 2];
/// assert!(Extensions::new(twice).is_err());
/// # Ok::<(), didshake::Misuse>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Extensions(Vec<Extension>);

impl Extensions {
    /// A list to be sent.
    ///
    /// # Errors
    /// [`Misuse::ExtensionList`] where ids do not ascend strictly or the list does not fit 65,535 bytes.
    pub fn new(list: Vec<Extension>) -> Result<Self, Misuse> {
        let ascending = list.is_sorted_by(|a, b| a.id < b.id);
        let bytes: usize = list.iter().map(|extension| extension.body.len().saturating_add(5)).sum();
        if ascending && bytes <= usize::from(u16::MAX) { Ok(Self(list)) } else { Err(Misuse::ExtensionList) }
    }

    /// The extensions, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Extension> {
        self.0.iter()
    }

    /// The extension with this id.
    #[must_use]
    pub fn find(&self, id: u16) -> Option<&Extension> {
        self.0.iter().find(|extension| extension.id == id)
    }

    /// Reads the inside of the list's `vec16`; `check` sees each entry as it is read.
    pub(crate) fn decode(list: &[u8], check: impl Fn(&Extension) -> Result<(), Fault>) -> Result<Self, Fault> {
        let mut reader = Reader::new(list);
        let mut extensions: Vec<Extension> = Vec::new();
        while !reader.is_empty() {
            let id = reader.u16()?;
            if extensions.last().is_some_and(|last| last.id >= id) {
                return Err(Fault::ExtensionOrder);
            }
            let critical = match reader.u8()? {
                0 => false,
                1 => true,
                _ => return Err(Fault::ExtensionCriticalByte),
            };
            let extension = Extension { id, critical, body: reader.vec16()?.to_vec() };
            check(&extension)?;
            extensions.push(extension);
        }
        Ok(Self(extensions))
    }

    /// The list's `vec16`, its length included.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, Misuse> {
        let mut list = Vec::new();
        for extension in &self.0 {
            list.extend_from_slice(&extension.id.to_be_bytes());
            list.push(extension.critical.into());
            put_vec16(&mut list, &extension.body)?;
        }
        let mut out = Vec::with_capacity(list.len().saturating_add(2));
        put_vec16(&mut out, &list)?;
        Ok(out)
    }

    /// Whether a critical extension is none of the `known` ones.
    pub(crate) fn has_unknown_critical(&self, known: &[u16]) -> bool {
        self.0.iter().any(|extension| extension.critical && !known.contains(&extension.id))
    }

    /// This list with one more extension in its place.
    pub(crate) fn with(&self, extension: Extension) -> Result<Self, Misuse> {
        let mut list = self.0.clone();
        let at = list.partition_point(|other| other.id < extension.id);
        list.insert(at, extension);
        Self::new(list)
    }
}

/// An entry of Hello: a `recipient` has 16 bytes.
pub(crate) fn check_hello(extension: &Extension) -> Result<(), Fault> {
    if extension.id == RECIPIENT && extension.body.len() != 16 { Err(Fault::RecipientMalformed) } else { Ok(()) }
}

/// An entry of a message that defines no extension of its own.
pub(crate) fn check_none(_: &Extension) -> Result<(), Fault> {
    Ok(())
}

/// Hello's `recipient`: lets a responder with several DIDs find the one that is meant. Who guesses the DID can test
/// the guess, so it is off unless asked for.
pub(crate) fn recipient(nonce: &[u8; 32], did: &Did) -> Extension {
    Extension { id: RECIPIENT, critical: true, body: recipient_body(nonce, did).to_vec() }
}

/// The first 16 bytes of SHA-256("didshake/1 recipient" ‖ nonce ‖ DID).
pub(crate) fn recipient_body(nonce: &[u8; 32], did: &Did) -> [u8; 16] {
    let digest = hash(&[b"didshake/1 recipient", nonce, did.as_str().as_bytes()]);
    digest.first_chunk().copied().unwrap_or_default()
}
