//! Burned handshakes: each th3 is accepted once (R-STATE-5 to R-STATE-7).

use std::collections::{BTreeSet, HashSet};
use std::error::Error;
use std::fmt;
use std::sync::Mutex;

use didshake::{Burn, UnixTime};
use didshake_did::BoxFuture;

/// Seconds that a burn is kept beyond the expiry of its waiting state, for clocks that differ between instances.
pub const SKEW_SECONDS: u64 = 10;

/// How many burns a [`MemoryBurnStore`] keeps unless told otherwise.
pub const DEFAULT_BURNS: usize = 100_000;

/// Records that a th3 was used, once and for all instances of a responder. It stands apart from sessions: no logout,
/// crash or restart may make a th3 usable again while its waiting state could still be opened.
pub trait BurnStore: Send + Sync {
    /// Burns `th3` until `until`, in one atomic step. `now` is the caller's clock, for stores without their own.
    ///
    /// # Errors
    /// [`BurnError`]; the handshake is refused then.
    fn burn<'a>(&'a self, th3: &'a [u8; 32], until: UnixTime, now: UnixTime) -> BoxFuture<'a, Result<Burn, BurnError>>;
}

/// Why nothing was burned.
#[derive(Debug, thiserror::Error)]
pub enum BurnError {
    /// The store holds as many burns as it may and none has expired: it refuses rather than forget one.
    #[error("the store of burned handshakes is full")]
    Full,
    /// The store cannot be reached or failed.
    #[error("the store of burned handshakes cannot be reached")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}

/// Burns in the memory of this process: right for one instance that keeps its waiting states in memory too, since a
/// crash loses both.
///
/// ```
/// use didshake::{Burn, UnixTime};
/// use didshake_peer::{BurnStore, MemoryBurnStore};
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let store = MemoryBurnStore::default();
/// let (now, until) = (UnixTime(100), UnixTime(160));
/// assert_eq!(store.burn(&[7; 32], until, now).await?, Burn::First);
/// assert_eq!(store.burn(&[7; 32], until, now).await?, Burn::Again);
/// # Ok::<(), didshake_peer::BurnError>(())
/// # }).unwrap();
/// ```
pub struct MemoryBurnStore {
    capacity: usize,
    burned: Mutex<Burned>,
}

#[derive(Default)]
struct Burned {
    values: HashSet<[u8; 32]>,
    by_expiry: BTreeSet<(UnixTime, [u8; 32])>,
}

impl MemoryBurnStore {
    /// A store for at most `capacity` unexpired burns.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { capacity, burned: Mutex::default() }
    }
}

impl Default for MemoryBurnStore {
    fn default() -> Self {
        Self::with_capacity(DEFAULT_BURNS)
    }
}

impl BurnStore for MemoryBurnStore {
    fn burn<'a>(&'a self, th3: &'a [u8; 32], until: UnixTime, now: UnixTime) -> BoxFuture<'a, Result<Burn, BurnError>> {
        Box::pin(async move {
            // A panic elsewhere cannot leave the two sets apart in a way that forgets a burn.
            let mut burned = self.burned.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            burned.forget_expired(now);
            if burned.values.contains(th3) {
                return Ok(Burn::Again);
            }
            if burned.values.len() >= self.capacity {
                return Err(BurnError::Full);
            }
            burned.values.insert(*th3);
            burned.by_expiry.insert((until, *th3));
            Ok(Burn::First)
        })
    }
}

impl Burned {
    fn forget_expired(&mut self, now: UnixTime) {
        while let Some((until, th3)) = self.by_expiry.first().copied() {
            if until > now {
                return;
            }
            self.by_expiry.pop_first();
            self.values.remove(&th3);
        }
    }
}

impl fmt::Debug for MemoryBurnStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryBurnStore").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // R-STATE-5, R-STATE-7
    #[tokio::test]
    async fn once_until_it_expires() {
        let store = MemoryBurnStore::default();
        assert_eq!(store.burn(&[1; 32], UnixTime(70), UnixTime(0)).await.unwrap(), Burn::First);
        assert_eq!(store.burn(&[2; 32], UnixTime(80), UnixTime(0)).await.unwrap(), Burn::First);
        assert_eq!(store.burn(&[1; 32], UnixTime(99), UnixTime(69)).await.unwrap(), Burn::Again);
        assert_eq!(store.burn(&[1; 32], UnixTime(99), UnixTime(70)).await.unwrap(), Burn::First);
        assert_eq!(store.burn(&[2; 32], UnixTime(99), UnixTime(79)).await.unwrap(), Burn::Again);
    }

    #[tokio::test]
    async fn a_full_store_refuses_and_forgets_nothing() {
        let store = MemoryBurnStore::with_capacity(2);
        for value in [1, 2] {
            store.burn(&[value; 32], UnixTime(60), UnixTime(0)).await.unwrap();
        }
        assert!(matches!(store.burn(&[3; 32], UnixTime(60), UnixTime(0)).await, Err(BurnError::Full)));
        for value in [1, 2] {
            assert_eq!(store.burn(&[value; 32], UnixTime(60), UnixTime(59)).await.unwrap(), Burn::Again);
        }
        assert_eq!(store.burn(&[3; 32], UnixTime(120), UnixTime(60)).await.unwrap(), Burn::First);
    }

    // R-STATE-5
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn one_winner_of_a_race() {
        let store = std::sync::Arc::new(MemoryBurnStore::default());
        let racers: Vec<_> = (0..32)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move { store.burn(&[9; 32], UnixTime(60), UnixTime(0)).await.unwrap() })
            })
            .collect();
        let mut first = 0;
        for racer in racers {
            first += usize::from(racer.await.unwrap() == Burn::First);
        }
        assert_eq!(first, 1);
    }
}
