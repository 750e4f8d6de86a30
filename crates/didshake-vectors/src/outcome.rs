//! How a vector fails.

use didshake::{Error, Internal, Misuse};

/// Why a vector did not verify.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Failure {
    /// The file is no vector of this format.
    #[error("{0}")]
    Format(String),
    /// The code made or found something else than the vector says.
    #[error("{what}: the vector has {expected}, the code {found}")]
    Differs {
        /// Which value.
        what: String,
        /// What the vector says.
        expected: String,
        /// What the code gives.
        found: String,
    },
    /// The code refused what the vector says is good.
    #[error("{at}: refused with `{error}`")]
    Refused {
        /// At which message.
        at: String,
        /// The error code.
        error: String,
    },
    /// The code took what the vector says must be refused.
    #[error("{at}: accepted, must be refused with `{error}`")]
    Accepted {
        /// At which message.
        at: String,
        /// The error code that was due.
        error: String,
    },
}

impl Failure {
    pub(crate) fn format(text: impl Into<String>) -> Self {
        Self::Format(text.into())
    }

    pub(crate) fn refused(at: &str, error: impl Into<Error>) -> Self {
        let error: Error = error.into();
        let (at, error) = (at.to_owned(), format!("{} ({error})", error.code()));
        Self::Refused { at, error }
    }
}

/// Compares bytes; long ones are shown from their first difference on.
pub(crate) fn same(what: &str, expected: &[u8], found: &[u8]) -> Result<(), Failure> {
    if expected == found {
        return Ok(());
    }
    let at = expected.iter().zip(found).take_while(|(a, b)| a == b).count();
    let show = |bytes: &[u8]| {
        let rest = bytes.get(at..).unwrap_or_default();
        let shown = rest.get(..16).unwrap_or(rest);
        format!("…{} ({} bytes)", hex::encode(shown), bytes.len())
    };
    let what = format!("{what} from byte {at} on");
    Err(Failure::Differs { what, expected: show(expected), found: show(found) })
}

impl From<Internal> for Failure {
    fn from(internal: Internal) -> Self {
        Self::refused("intermediates", internal)
    }
}

impl From<Misuse> for Failure {
    fn from(misuse: Misuse) -> Self {
        Self::refused("configuration", misuse)
    }
}
