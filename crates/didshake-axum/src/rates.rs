//! How often sources may begin a handshake, also where several instances count together.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use didshake_did::{Clock, Rate, Source, SourceBudget, Wait};

/// What sources have spent at one instance, for whoever tells the others, and what they have spent there: so that a source
/// has one budget, however many instances there are. Nobody waits for it, so for as long as the news take a source may
/// spend a token at each.
///
/// ```no_run
/// use didshake_axum::Didshake;
/// use didshake_did::Source;
/// # fn tell_other_instances(_: Vec<(Source, u32)>) {}
/// # fn told_by_other_instances() -> Vec<(Source, u32)> { Vec::new() }
/// # async fn f(didshake: Didshake) {
/// let Some(rates) = didshake.shared_rates() else { return };
/// loop {
///     tell_other_instances(rates.take_spent());
///     told_by_other_instances().into_iter().for_each(|(source, tokens)| rates.spent_elsewhere(source, tokens));
///     tokio::time::sleep(std::time::Duration::from_millis(500)).await;
/// }
/// # }
/// ```
#[derive(Clone)]
pub struct SharedRates {
    counted: Weak<Mutex<Counted>>,
    clock: Arc<dyn Clock>,
}

impl SharedRates {
    /// The tokens that each source has spent here since the last call. Of more sources than the service tells apart
    /// ([`Limits::sources`](crate::Limits::sources)) the rest is not told.
    #[must_use]
    pub fn take_spent(&self) -> Vec<(Source, u32)> {
        let Some(counted) = self.counted.upgrade() else { return Vec::new() };
        let spent = lock(&counted).spent.as_mut().map(std::mem::take).unwrap_or_default();
        spent.into_iter().collect()
    }

    /// Takes from a source what it has spent at another instance.
    pub fn spent_elsewhere(&self, source: Source, tokens: u32) {
        if let Some(counted) = self.counted.upgrade() {
            lock(&counted).budget.spent_elsewhere(source, tokens, self.clock.now());
        }
    }
}

impl fmt::Debug for SharedRates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedRates").finish_non_exhaustive()
    }
}

/// The budgets of requests of handshakes.
pub(crate) struct RequestRates {
    counted: Arc<Mutex<Counted>>,
    shared: Option<SharedRates>,
    clock: Arc<dyn Clock>,
}

struct Counted {
    budget: SourceBudget,
    /// What other instances are to know; `None` where there are none.
    spent: Option<HashMap<Source, u32>>,
    sources: usize,
}

impl RequestRates {
    /// For requests, with at most so many sources that are told apart.
    pub(crate) fn new(rate: Rate, sources: usize, instances: bool, clock: &Arc<dyn Clock>) -> Self {
        let budget = SourceBudget::new(rate, sources);
        let counted = Arc::new(Mutex::new(Counted { budget, spent: instances.then(HashMap::new), sources }));
        let shared = instances.then(|| SharedRates { counted: Arc::downgrade(&counted), clock: Arc::clone(clock) });
        Self { counted, shared, clock: Arc::clone(clock) }
    }

    /// Takes what one request of a handshake costs its source.
    pub(crate) fn spend(&self, source: Source) -> Result<(), Wait> {
        let mut counted = lock(&self.counted);
        counted.budget.spend(source, self.clock.now())?;
        counted.note(source);
        Ok(())
    }

    /// `None` where this is the only instance.
    pub(crate) fn shared(&self) -> Option<&SharedRates> {
        self.shared.as_ref()
    }
}

impl Counted {
    fn note(&mut self, source: Source) {
        let Some(spent) = &mut self.spent else { return };
        if spent.len() < self.sources || spent.contains_key(&source) {
            let tokens = spent.entry(source).or_default();
            *tokens = tokens.saturating_add(1);
        }
    }
}

// A budget is right or too small by one request, whatever panicked elsewhere.
fn lock(counted: &Mutex<Counted>) -> MutexGuard<'_, Counted> {
    counted.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use didshake::UnixTime;

    use super::*;

    const RATE: Rate = Rate { burst: 3, per_minute: 0 };

    fn source(last: u8) -> Source {
        Source::of([192, 0, 2, last].into())
    }

    fn rates(sources: usize, instances: bool) -> RequestRates {
        let clock: Arc<dyn Clock> = Arc::new(|| UnixTime(1000));
        RequestRates::new(RATE, sources, instances, &clock)
    }

    #[test]
    fn what_is_spent_here_is_told_once_and_what_is_refused_never() {
        let (rates, other) = (rates(10, true), rates(10, true));
        let granted = (0..5).filter(|_| rates.spend(source(1)).is_ok()).count();
        assert_eq!((granted, rates.spend(source(2))), (3, Ok(())));
        let mut told = rates.shared().unwrap().take_spent();
        told.sort_by_key(|(source, _)| source.address());
        assert_eq!(told, [(source(1), 3), (source(2), 1)]);
        assert!(rates.shared().unwrap().take_spent().is_empty());

        told.iter().for_each(|(source, tokens)| other.shared().unwrap().spent_elsewhere(*source, *tokens));
        assert_eq!((0..5).filter(|_| other.spend(source(1)).is_ok()).count(), 0);
        assert_eq!((0..5).filter(|_| other.spend(source(2)).is_ok()).count(), 2);
        // What others told is not told on.
        assert_eq!(other.shared().unwrap().take_spent(), [(source(2), 2)]);
    }

    #[test]
    fn what_is_noted_is_bounded_and_ends_with_the_service() {
        let rates = rates(2, true);
        for last in 0..200 {
            let _ = rates.spend(source(last));
        }
        let shared = rates.shared().unwrap().clone();
        assert_eq!(shared.take_spent().len(), 2);
        drop(rates);
        shared.spent_elsewhere(source(1), 1);
        assert!(shared.take_spent().is_empty());
    }

    #[test]
    fn a_single_instance_notes_nothing() {
        let rates = rates(10, false);
        assert_eq!(rates.spend(source(1)), Ok(()));
        assert!(rates.shared().is_none() && lock(&rates.counted).spent.is_none());
    }
}
