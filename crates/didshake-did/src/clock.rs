//! Where the time comes from.

use std::time::{SystemTime, UNIX_EPOCH};

use didshake::UnixTime;

/// The present time, asked for by whatever keeps things for a while. Any `Fn() -> UnixTime` is one, so that tests and
/// simulations run on their own time.
///
/// ```
/// use didshake::UnixTime;
/// use didshake_did::Clock;
/// let stopped = || UnixTime(1_767_225_600);
/// assert_eq!(stopped.now(), UnixTime(1_767_225_600));
/// ```
pub trait Clock: Send + Sync {
    /// The present, in Unix seconds.
    fn now(&self) -> UnixTime;
}

impl<F: Fn() -> UnixTime + Send + Sync> Clock for F {
    fn now(&self) -> UnixTime {
        self()
    }
}

/// The clock of the operating system. A time before 1970 reads as 0, at which every stored document is stale.
///
/// ```
/// use didshake_did::{Clock, SystemClock};
/// assert!(SystemClock.now().0 > 1_767_225_600);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixTime {
        UnixTime(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
    }
}
