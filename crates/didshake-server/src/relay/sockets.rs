//! The owners' sockets and streams of this process: how many there are, and where somebody who asks for a circuit is announced.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use didshake::relay::{CircuitId, MailboxName};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// Sockets and streams of one owner.
const MOST_OF_ONE: usize = 4;
/// Circuits that a socket is told of and has not sent on yet.
const OFFERS: usize = 16;

/// All of them.
#[derive(Debug)]
pub(crate) struct Sockets {
    places: Arc<Semaphore>,
    most: u32,
    next: AtomicU64,
    owners: Mutex<HashMap<MailboxName, Vec<Open>>>,
}

#[derive(Debug)]
struct Open {
    id: u64,
    /// `None` for a socket that takes no circuits, and a stream of events.
    offers: Option<mpsc::Sender<CircuitId>>,
}

/// A place of one socket; given back when it is dropped.
pub(crate) struct Seat {
    sockets: Arc<Sockets>,
    pub(crate) mailbox: MailboxName,
    pub(crate) id: u64,
    _place: OwnedSemaphorePermit,
}

impl Sockets {
    /// With room for so many, ends of circuits among them.
    pub(crate) fn new(most: usize) -> Self {
        let most = u32::try_from(most.min(Semaphore::MAX_PERMITS)).unwrap_or(u32::MAX);
        let places = Arc::new(Semaphore::new(most as usize));
        Self { places, most, next: AtomicU64::new(0), owners: Mutex::default() }
    }

    /// A place for a socket of an owner, and what it is told: nothing, where it takes no circuits. `None` where there is no
    /// room.
    pub(crate) fn open(
        sockets: &Arc<Self>,
        mailbox: MailboxName,
        takes_circuits: bool,
    ) -> Option<(Seat, mpsc::Receiver<CircuitId>)> {
        let (sender, offers) = mpsc::channel(OFFERS);
        Self::seat(sockets, mailbox, takes_circuits.then_some(sender)).map(|seat| (seat, offers))
    }

    /// A place for a stream of events, which tells nothing of circuits.
    pub(crate) fn open_stream(sockets: &Arc<Self>, mailbox: MailboxName) -> Option<Seat> {
        Self::seat(sockets, mailbox, None)
    }

    fn seat(sockets: &Arc<Self>, mailbox: MailboxName, offers: Option<mpsc::Sender<CircuitId>>) -> Option<Seat> {
        let place = sockets.place()?;
        let id = sockets.next.fetch_add(1, Ordering::Relaxed);
        let mut owners = sockets.owners();
        let open = owners.entry(mailbox).or_default();
        if open.len() >= MOST_OF_ONE {
            return None;
        }
        open.push(Open { id, offers });
        drop(owners);
        Some(Seat { sockets: Arc::clone(sockets), mailbox, id, _place: place })
    }

    /// A place for one end of a circuit.
    pub(crate) fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }

    /// Announces a circuit on the sockets of a mailbox's owner that take circuits: those that hear it.
    pub(crate) fn announce(&self, mailbox: &MailboxName, circuit: CircuitId) -> Vec<u64> {
        let owners = self.owners();
        let sockets = owners.get(mailbox).map(Vec::as_slice).unwrap_or_default();
        let told = sockets.iter().filter_map(|open| open.offers.as_ref()?.try_send(circuit).ok().map(|()| open.id));
        told.collect()
    }

    /// How many are open.
    pub(crate) fn count(&self) -> usize {
        (self.most as usize).saturating_sub(self.places.available_permits())
    }

    /// Waits until all have ended, no longer than that.
    pub(crate) async fn ended(&self, longest: Duration) {
        let _ = tokio::time::timeout(longest, self.places.acquire_many(self.most)).await;
    }

    // Whoever panicked elsewhere left no half of an entry.
    fn owners(&self) -> MutexGuard<'_, HashMap<MailboxName, Vec<Open>>> {
        self.owners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut owners = self.sockets.owners();
        if let Some(open) = owners.get_mut(&self.mailbox) {
            open.retain(|open| open.id != self.id);
            if open.is_empty() {
                owners.remove(&self.mailbox);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: MailboxName = MailboxName([1; 16]);
    const BOB: MailboxName = MailboxName([2; 16]);

    #[test]
    fn places_are_bounded_for_one_and_for_all_and_come_back() {
        let sockets = Arc::new(Sockets::new(6));
        let of_alice: Vec<_> = (0..5).filter_map(|_| Sockets::open(&sockets, ALICE, true)).collect();
        assert_eq!((of_alice.len(), sockets.count()), (4, 4));
        let (stream, place) = (Sockets::open_stream(&sockets, BOB), sockets.place());
        assert!(stream.is_some() && place.is_some());
        assert!(Sockets::open(&sockets, BOB, false).is_none() && sockets.place().is_none());
        drop((of_alice, stream, place));
        assert_eq!(sockets.count(), 0);
        assert!(sockets.owners().is_empty());
    }

    // R-RLY-13
    #[test]
    fn a_circuit_is_announced_to_every_socket_of_its_owner_that_takes_it_and_to_nobody_else() {
        let sockets = Arc::new(Sockets::new(10));
        let _stream = Sockets::open_stream(&sockets, ALICE).unwrap();
        let (_deaf, mut silence) = Sockets::open(&sockets, ALICE, false).unwrap();
        assert!(sockets.announce(&ALICE, CircuitId([1; 16])).is_empty(), "nobody takes circuits");
        let [mut one, mut two, mut other] =
            [ALICE, ALICE, BOB].map(|name| Sockets::open(&sockets, name, true).unwrap());
        assert_eq!(sockets.announce(&ALICE, CircuitId([2; 16])), [one.0.id, two.0.id]);
        assert!(silence.try_recv().is_err());
        for (_, offers) in [&mut one, &mut two] {
            assert_eq!(offers.try_recv(), Ok(CircuitId([2; 16])));
        }
        assert!(other.1.try_recv().is_err());
        // Whoever reads nothing is told no more.
        let heard = (0..20).filter(|_| !sockets.announce(&BOB, CircuitId([3; 16])).is_empty()).count();
        assert_eq!(heard, OFFERS);
    }
}
