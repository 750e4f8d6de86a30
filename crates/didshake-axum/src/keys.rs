//! The sealing keys of the waiting states: in memory only, rotated whether or not handshakes come (R-STATE-3, R-STATE-4).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use didshake::{Error, WaitingKeys};
use didshake_did::Clock;
use getrandom::SysRng;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time::sleep;

// A key is wiped no later than this after its time is over.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Keys that a task rotates; it ends, and the keys are wiped, with this value.
pub(crate) struct RotatedKeys {
    keys: Arc<Mutex<WaitingKeys>>,
    task: AbortHandle,
}

impl RotatedKeys {
    pub(crate) fn start(clock: &Arc<dyn Clock>, runtime: &Handle) -> Result<Self, Error> {
        let keys = Arc::new(Mutex::new(WaitingKeys::new(clock.now(), &mut SysRng)?));
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
        Ok(Self { keys, task: task.abort_handle() })
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
        let keys = RotatedKeys::start(&clock, &Handle::current()).unwrap();
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
