//! The sealing keys of the waiting states: in memory only, rotated whether or not handshakes come (R-STATE-3, R-STATE-4).

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use didshake::{Error, SealingKey, WaitingKeys};
use didshake_did::Clock;
use getrandom::SysRng;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time::sleep;

// A key is wiped no later than this after its time is over.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Seconds that a key is there before it seals, where instances share them.
const LEAD: u64 = 2;

/// The sealing keys of one instance of a service, for whoever brings them to the others and theirs here: each opens what the
/// others sealed, so that a client's Finish may come to any of them. They leave this process only encrypted to another's
/// memory (R-STATE-4).
///
/// ```no_run
/// use didshake::SealingKey;
/// use didshake_axum::Didshake;
/// # fn other_instances(_: &SealingKey) {}
/// # fn from_other_instances() -> Vec<SealingKey> { Vec::new() }
/// # async fn f(didshake: Didshake) -> Result<(), didshake::Error> {
/// let Some(keys) = didshake.sealing_keys() else { return Ok(()) };
/// loop {
///     keys.share(other_instances)?;
///     from_other_instances().into_iter().for_each(|key| keys.adopt(key));
///     tokio::time::sleep(std::time::Duration::from_millis(500)).await;
/// }
/// # }
/// ```
#[derive(Clone)]
pub struct SealingKeys {
    keys: Weak<Mutex<WaitingKeys>>,
    clock: Arc<dyn Clock>,
}

impl SealingKeys {
    /// Shows each key that this instance seals with, or will in two seconds; it makes new ones when it is time. Call it more
    /// often than once a second.
    ///
    /// # Errors
    /// [`Internal::Randomness`](didshake::Internal::Randomness).
    pub fn share(&self, mut with: impl FnMut(&SealingKey)) -> Result<(), Error> {
        let Some(keys) = self.keys.upgrade() else { return Ok(()) };
        let mut keys = lock(&keys);
        keys.rotate(self.clock.now(), &mut SysRng)?;
        keys.own().for_each(&mut with);
        Ok(())
    }

    /// Opens from now on what another instance has sealed with a key.
    pub fn adopt(&self, key: SealingKey) {
        if let Some(keys) = self.keys.upgrade() {
            lock(&keys).adopt(key, self.clock.now());
        }
    }
}

impl fmt::Debug for SealingKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKeys(redacted)")
    }
}

/// Keys that a task rotates; it ends, and the keys are wiped, with this value.
pub(crate) struct RotatedKeys {
    keys: Arc<Mutex<WaitingKeys>>,
    shared: Option<SealingKeys>,
    task: AbortHandle,
}

impl RotatedKeys {
    pub(crate) fn start(clock: &Arc<dyn Clock>, shared: bool, runtime: &Handle) -> Result<Self, Error> {
        let now = clock.now();
        let keys =
            if shared { WaitingKeys::shared(LEAD, now, &mut SysRng) } else { WaitingKeys::new(now, &mut SysRng) };
        let keys = Arc::new(Mutex::new(keys?));
        let shared = shared.then(|| SealingKeys { keys: Arc::downgrade(&keys), clock: Arc::clone(clock) });
        let (rotated, clock) = (Arc::downgrade(&keys), Arc::clone(clock));
        let task = runtime.spawn(async move {
            loop {
                sleep(LOOK_EVERY).await;
                let Some(keys) = rotated.upgrade() else { return };
                if let Err(error) = lock(&keys).rotate(clock.now(), &mut SysRng) {
                    tracing::error!(code = error.code(), "the sealing key cannot be replaced");
                }
            }
        });
        Ok(Self { keys, shared, task: task.abort_handle() })
    }

    /// `None` where this is the only instance.
    pub(crate) fn shared(&self) -> Option<&SealingKeys> {
        self.shared.as_ref()
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, WaitingKeys> {
        lock(&self.keys)
    }
}

impl Drop for RotatedKeys {
    fn drop(&mut self) {
        self.task.abort();
    }
}

// A key is there or not, whatever panicked elsewhere.
fn lock(keys: &Mutex<WaitingKeys>) -> MutexGuard<'_, WaitingKeys> {
    keys.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use didshake::UnixTime;

    use super::*;

    // R-STATE-3
    #[tokio::test(start_paused = true)]
    async fn keys_are_replaced_and_wiped_without_any_handshake_and_the_task_ends_with_them() {
        let time = Arc::new(AtomicU64::new(1000));
        let read = Arc::clone(&time);
        let clock: Arc<dyn Clock> = Arc::new(move || UnixTime(read.load(Ordering::SeqCst)));
        let keys = RotatedKeys::start(&clock, false, &Handle::current()).unwrap();
        let shown = |keys: &RotatedKeys| format!("{:?}", keys.lock());
        for (now, expected) in [(1059, 1), (1060, 2), (1119, 2), (1120, 2), (1300, 1)] {
            time.store(now, Ordering::SeqCst);
            sleep(LOOK_EVERY * 2).await;
            assert_eq!(shown(&keys), format!("WaitingKeys({expected} keys, redacted)"), "{now}");
        }
        let (task, weak) = (keys.task.clone(), Arc::downgrade(&keys.keys));
        drop(keys);
        tokio::task::yield_now().await;
        assert!(task.is_finished() && weak.upgrade().is_none());
    }
}
