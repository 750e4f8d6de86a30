//! How the first admin comes in.

use std::fmt;

use didshake::UnixTime;
use zeroize::Zeroizing;

/// An invite to an account that may administer, for whoever starts the service. Whoever has the link is that one.
pub struct OwnerInvite {
    /// What is opened to use it: a secret.
    pub link: Zeroizing<String>,
    /// From when on it counts no more.
    pub expires: UnixTime,
}

impl fmt::Debug for OwnerInvite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnerInvite").field("expires", &self.expires).finish_non_exhaustive()
    }
}
