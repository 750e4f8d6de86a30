//! The policy of a running service: what its file says now.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};
use std::{fs, io};

use didshake::Did;
use tokio::sync::Notify;

use super::{MAX_POLICY_BYTES, Policy, PolicyError};

/// How often the file is looked at. It is read when it looks the same twice: one that is being written is not whole yet,
/// and half a policy may let in whom the whole one keeps out.
const PERIOD: Duration = Duration::from_millis(500);

/// A policy that changes while the service runs. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct LivePolicy {
    current: Arc<RwLock<Arc<Policy>>>,
    reload: Arc<Notify>,
}

/// What is compared to see that a file has changed.
type Stamp = Option<(SystemTime, u64)>;

/// What became of a reload.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reload {
    Same,
    Changed,
    Refused,
}

impl LivePolicy {
    /// Begins with this one.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self { current: Arc::new(RwLock::new(Arc::new(policy))), reload: Arc::default() }
    }

    /// Whether a DID may come in, as of now.
    #[must_use]
    pub fn allows(&self, did: &Did) -> bool {
        self.current().allows(did)
    }

    /// The rules as of now.
    #[must_use]
    pub fn current(&self) -> Arc<Policy> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Other rules from now on.
    pub fn replace(&self, policy: Policy) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(policy);
    }

    /// Has the file read again at once, changed or not.
    pub(crate) fn reload(&self) {
        self.reload.notify_one();
    }

    /// Follows the file until the task is dropped. A file that cannot be read or is refused changes nothing: removing it
    /// opens no door.
    pub(crate) async fn follow(&self, path: PathBuf, told: impl Fn(Reload)) {
        // Nothing was seen yet: what changed between the start and now is not missed.
        let (mut read, mut seen) = (None, None);
        loop {
            let asked = tokio::select! {
                () = self.reload.notified() => true,
                () = tokio::time::sleep(PERIOD) => false,
            };
            let now = stamp(&path);
            let settled = now == std::mem::replace(&mut seen, now);
            if asked || (settled && now != read) {
                read = now;
                told(self.read_again(&path));
            }
        }
    }

    fn read_again(&self, path: &Path) -> Reload {
        match read_file(path) {
            Ok(policy) if policy == *self.current() => Reload::Same,
            Ok(policy) => {
                tracing::info!(path = %path.display(), rules = policy.rules(), "the policy has changed");
                self.replace(policy);
                Reload::Changed
            }
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::error!(path = %path.display(), error, "the new policy is refused; the old one stays");
                Reload::Refused
            }
        }
    }
}

/// Why a policy file gives no policy.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PolicyFileError {
    #[error("the file cannot be read")]
    Unreadable(#[from] io::Error),
    #[error(transparent)]
    Refused(#[from] PolicyError),
}

pub(crate) fn read_file(path: &Path) -> Result<Policy, PolicyFileError> {
    let metadata = fs::metadata(path)?;
    // Reading a pipe would wait for a writer.
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file").into());
    }
    if metadata.len() > MAX_POLICY_BYTES as u64 {
        return Err(PolicyError::TooLong.into());
    }
    Ok(Policy::parse(&fs::read_to_string(path)?)?)
}

fn stamp(path: &Path) -> Stamp {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_regular_file_is_a_policy() {
        let directory = tempfile::tempdir().unwrap();
        match read_file(directory.path()) {
            Err(PolicyFileError::Unreadable(error)) => assert_eq!(error.kind(), io::ErrorKind::InvalidInput),
            other => panic!("{other:?}"),
        }
    }
}
