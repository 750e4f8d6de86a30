//! Why a resolution through ssi failed: for the operator's log.

use didshake::Fault;
use ssi_dids_core::resolution::Error;

/// Why there is no document.
#[derive(Debug, thiserror::Error)]
pub enum SsiFailure {
    /// ssi refuses the DID, or the indexer or node could not be asked.
    #[error("ssi: {0}")]
    Ssi(#[from] Error),
    /// It took longer than [`crate::SsiMethods::with_deadline`] allows.
    #[error("not resolved within the deadline")]
    Deadline,
    /// ssi panicked on this DID.
    #[error("ssi panicked")]
    Panicked,
    /// The indexer or node answered with no DID document that didshake reads.
    #[error("the document is refused: {0}")]
    Document(Fault),
}

impl SsiFailure {
    /// What the handshake learns.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Ssi(Error::NotFound) => Fault::DidNotFound,
            Self::Ssi(Error::MethodNotSupported(_)) => Fault::DidMethodUnsupported,
            Self::Ssi(_) | Self::Deadline | Self::Panicked => Fault::DidResolutionFailed,
            Self::Document(fault) => *fault,
        }
    }
}
