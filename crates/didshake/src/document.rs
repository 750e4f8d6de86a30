//! What the protocol asks of a resolved DID document. The document itself is read elsewhere (`didshake-did`).

use crate::crypto::PublicKey;
use crate::did::{Did, Fragment};
use crate::error::Fault;

/// Unix time: seconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// ```
/// use didshake::UnixTime;
/// assert_eq!(UnixTime(60).plus(30), UnixTime(90));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct UnixTime(pub u64);

impl UnixTime {
    /// The time `seconds` later.
    #[must_use]
    pub fn plus(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds))
    }
}

/// A DID document, or whatever a DID method gives in its place, as a handshake looks at it.
///
/// ```
/// use didshake::{Did, Document, Fault, Fragment, PublicKey, UnixTime};
///
/// /// A document of one key that is known beforehand.
/// struct Pinned(Did, PublicKey);
///
/// impl Document for Pinned {
///     fn authentication_key(&self, did: &Did, _: &Fragment, _: UnixTime) -> Result<PublicKey, Fault> {
///         if *did == self.0 { Ok(self.1.clone()) } else { Err(Fault::DocumentIdMismatch) }
///     }
/// }
/// ```
pub trait Document {
    /// The key of the verification method `did#fragment`, checked in the order of R-DOC: the document's `id` equals
    /// the DID and is not deactivated; the method is in it and under `authentication`; its controller is that DID; at
    /// `now` it is neither revoked nor expired; it holds exactly one valid key.
    ///
    /// # Errors
    /// The first of these that does not hold, as its own [`Fault`].
    fn authentication_key(&self, did: &Did, fragment: &Fragment, now: UnixTime) -> Result<PublicKey, Fault>;
}
