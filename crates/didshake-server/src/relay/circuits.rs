//! Circuits: who asks for one, who answers, and the bytes between them (spec/relay-1.md, section 5).

mod pump;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::ws::WebSocket;
use didshake::UnixTime;
use didshake::relay::{CircuitId, MailboxName, RelayCode, TokenHash};
use didshake_did::{Clock as _, SystemClock};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

pub(crate) use pump::{Meter, pump};

use super::session_watch::SessionWatch;

/// How long an owner may take to answer, and an opened end to stand.
pub(crate) const ANSWER: Duration = Duration::from_secs(10);
/// Circuits of one mailbox at one time, and of one token.
const MOST_OF_ONE: u32 = 16;
const MOST_OF_TOKEN: u32 = 4;
/// Bytes of one mailbox, and of one token, within an hour, in circuits that may be as long as they may.
const HOUR_OF: u64 = 8;
const HOUR_OF_TOKEN: u64 = 4;
const HOUR: u64 = 3600;

/// The owner's end, once it stands: its socket, its session, its place.
type OwnersEnd = oneshot::Receiver<(WebSocket, SessionWatch, OwnedSemaphorePermit)>;

/// The circuits of this process.
#[derive(Debug)]
pub(crate) struct Circuits {
    asked: Mutex<HashMap<CircuitId, Offer>>,
    used: Mutex<HashMap<MailboxName, Used>>,
    most_bytes: u64,
}

#[derive(Debug)]
struct Offer {
    mailbox: MailboxName,
    answer: oneshot::Sender<OwnersEnd>,
    /// Sockets that were told of it, and have not refused it.
    told: Vec<u64>,
}

/// What a mailbox has used.
#[derive(Debug, Default)]
struct Used {
    all: Share,
    /// Hours since 1970.
    hour: u64,
    of_tokens: HashMap<TokenHash, Share>,
}

/// Circuits that are open, and bytes of the hour.
#[derive(Clone, Copy, Debug, Default)]
struct Share {
    open: u32,
    bytes: u64,
}

/// Somebody who asked, and waits. Dropped, nobody can answer any more.
pub(crate) struct Asked {
    pub(crate) id: CircuitId,
    pub(crate) answer: oneshot::Receiver<OwnersEnd>,
    usage: Option<Usage>,
    circuits: Arc<Circuits>,
}

/// A circuit among those of its mailbox, until it is dropped.
pub(crate) struct Usage {
    circuits: Arc<Circuits>,
    mailbox: MailboxName,
    token: TokenHash,
    left: u64,
}

impl Circuits {
    /// With so many bytes for one circuit at most.
    pub(crate) fn new(most_bytes: u64) -> Self {
        Self { asked: Mutex::default(), used: Mutex::default(), most_bytes }
    }

    /// Asks for a circuit with a mailbox's owner, who gave out the token, on the sockets that `announce` says.
    ///
    /// # Errors
    /// [`RelayCode::Away`] where there are none; [`RelayCode::Full`] where the mailbox, or the token, has as many as it
    /// may; [`RelayCode::Unavailable`] where there is no randomness.
    pub(crate) fn ask(
        circuits: &Arc<Self>,
        mailbox: MailboxName,
        token: TokenHash,
        announce: impl FnOnce(CircuitId) -> Vec<u64>,
    ) -> Result<Asked, RelayCode> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|_| RelayCode::Unavailable)?;
        let usage = Self::begin(circuits, mailbox, token)?;
        let (id, (sender, answer)) = (CircuitId(id), oneshot::channel());
        // Held meanwhile, so that no answer comes before it is known who was told.
        let mut asked = lock(&circuits.asked);
        let told = announce(id);
        if told.is_empty() {
            return Err(RelayCode::Away);
        }
        asked.insert(id, Offer { mailbox, answer: sender, told });
        drop(asked);
        Ok(Asked { id, answer, usage: Some(usage), circuits: Arc::clone(circuits) })
    }

    /// The owner of a mailbox answers, once: what it sends here is its end. `None` where nobody of that id asked it.
    pub(crate) fn take(&self, mailbox: &MailboxName, id: &CircuitId) -> Option<oneshot::Sender<OwnersEnd>> {
        let mut asked = lock(&self.asked);
        if asked.get(id).is_some_and(|offer| offer.mailbox == *mailbox) {
            asked.remove(id).map(|offer| offer.answer)
        } else {
            None
        }
    }

    /// One of the owner's sockets refuses; whoever asked is told that the owner is away once all have that were told.
    pub(crate) fn refuse(&self, mailbox: &MailboxName, id: &CircuitId, socket: u64) {
        let mut asked = lock(&self.asked);
        let Some(offer) = asked.get_mut(id).filter(|offer| offer.mailbox == *mailbox) else { return };
        offer.told.retain(|told| *told != socket);
        if offer.told.is_empty() {
            asked.remove(id);
        }
    }

    /// One of the owner's sockets has ended: it refuses whatever it was told of.
    pub(crate) fn ended(&self, mailbox: &MailboxName, socket: u64) {
        lock(&self.asked).retain(|_, offer| {
            if offer.mailbox == *mailbox {
                offer.told.retain(|told| *told != socket);
            }
            !offer.told.is_empty()
        });
    }

    /// How many are open, or asked for.
    pub(crate) fn count(&self) -> usize {
        lock(&self.used).values().map(|used| used.all.open as usize).sum()
    }

    fn begin(circuits: &Arc<Self>, mailbox: MailboxName, token: TokenHash) -> Result<Usage, RelayCode> {
        let mut all = lock(&circuits.used);
        let used = all.entry(mailbox).or_default();
        if used.all.open >= MOST_OF_ONE {
            return Err(RelayCode::Full);
        }
        // Whoever has one token leaves circuits to the others.
        let of_token = used.of_tokens.entry(token).or_default();
        if of_token.open >= MOST_OF_TOKEN {
            return Err(RelayCode::Full);
        }
        of_token.open += 1;
        used.all.open += 1;
        drop(all);
        Ok(Usage { circuits: Arc::clone(circuits), mailbox, token, left: circuits.most_bytes })
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        lock(&self.circuits.asked).remove(&self.id);
    }
}

impl Asked {
    /// What the circuit counts against, once it stands; it is given out once.
    pub(crate) fn take_usage(&mut self) -> Option<Usage> {
        self.usage.take()
    }
}

impl Usage {
    /// Counts bytes that are about to pass; `false` where that is more than there may be.
    pub(crate) fn spend(&mut self, bytes: u64, now: UnixTime) -> bool {
        let mut all = lock(&self.circuits.used);
        let used = all.entry(self.mailbox).or_default();
        let hour = now.0 / HOUR;
        if used.hour != hour {
            used.begin(hour);
        }
        let of_token = used.of_tokens.entry(self.token).or_default();
        let fits = |share: &Share, most: u64| {
            share.bytes.saturating_add(bytes) <= self.circuits.most_bytes.saturating_mul(most)
        };
        if bytes > self.left || !fits(&used.all, HOUR_OF) || !fits(of_token, HOUR_OF_TOKEN) {
            return false;
        }
        for share in [&mut used.all, of_token] {
            share.bytes = share.bytes.saturating_add(bytes);
        }
        self.left = self.left.saturating_sub(bytes);
        true
    }
}

impl Used {
    /// Begins another hour.
    fn begin(&mut self, hour: u64) {
        self.hour = hour;
        self.all.bytes = 0;
        self.of_tokens.retain(|_, share| share.open > 0);
        self.of_tokens.values_mut().for_each(|share| share.bytes = 0);
    }

    /// One is closed.
    fn end(&mut self, token: &TokenHash) {
        self.all.open = self.all.open.saturating_sub(1);
        if let Some(share) = self.of_tokens.get_mut(token) {
            share.open = share.open.saturating_sub(1);
        }
        self.of_tokens.retain(|_, share| share.open > 0 || share.bytes > 0);
    }
}

impl Drop for Usage {
    fn drop(&mut self) {
        let mut all = lock(&self.circuits.used);
        if let Some(used) = all.get_mut(&self.mailbox) {
            used.end(&self.token);
        }
        // What was used in this hour counts on; what was before is forgotten, of all mailboxes.
        let hour = SystemClock.now().0 / HOUR;
        all.retain(|_, used| used.all.open > 0 || used.hour == hour);
    }
}

// Whoever panicked elsewhere left no half of an entry.
fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: MailboxName = MailboxName([1; 16]);
    const BOB: MailboxName = MailboxName([2; 16]);
    const NOW: UnixTime = UnixTime(1_767_225_600);

    fn told(_: CircuitId) -> Vec<u64> {
        vec![1]
    }

    fn token(at: usize) -> TokenHash {
        TokenHash([u8::try_from(at).unwrap(); 32])
    }

    // R-RLY-11
    #[test]
    fn a_circuit_is_for_the_owner_and_once() {
        let circuits = Arc::new(Circuits::new(100));
        let asked = Circuits::ask(&circuits, ALICE, token(0), told).unwrap();
        assert!(circuits.take(&BOB, &asked.id).is_none(), "another owner's");
        assert!(circuits.take(&ALICE, &CircuitId([9; 16])).is_none());
        assert!(circuits.take(&ALICE, &asked.id).is_some());
        assert!(circuits.take(&ALICE, &asked.id).is_none(), "once");
        let given_up = Circuits::ask(&circuits, ALICE, token(0), told).unwrap();
        let id = given_up.id;
        drop(given_up);
        assert!(circuits.take(&ALICE, &id).is_none(), "nobody waits any more");
    }

    // R-RLY-13
    #[test]
    fn a_circuit_is_refused_once_all_have_that_were_told() {
        let circuits = Arc::new(Circuits::new(100));
        assert!(matches!(Circuits::ask(&circuits, ALICE, token(0), |_| Vec::new()), Err(RelayCode::Away)));
        assert_eq!(circuits.count(), 0);
        let ask = || Circuits::ask(&circuits, ALICE, token(0), |_| vec![1, 2]).unwrap();
        let is_over = |asked: &mut Asked| matches!(asked.answer.try_recv(), Err(oneshot::error::TryRecvError::Closed));
        let mut asked = ask();
        for (mailbox, socket) in [(ALICE, 1), (ALICE, 1), (ALICE, 3), (BOB, 2)] {
            circuits.refuse(&mailbox, &asked.id, socket);
            assert!(!is_over(&mut asked), "{socket}");
        }
        circuits.refuse(&ALICE, &asked.id, 2);
        assert!(is_over(&mut asked));
        // A socket that ends answers no more.
        let (mut asked, mut other) = (ask(), Circuits::ask(&circuits, BOB, token(0), |_| vec![3]).unwrap());
        circuits.ended(&ALICE, 1);
        assert!(!is_over(&mut asked));
        circuits.refuse(&ALICE, &asked.id, 2);
        assert!(is_over(&mut asked) && !is_over(&mut other));
    }

    #[test]
    fn circuits_and_bytes_of_a_mailbox_are_bounded() {
        let circuits = Arc::new(Circuits::new(100));
        let asked: Vec<_> =
            (0..17).filter_map(|at| Circuits::ask(&circuits, ALICE, token(at / 4), told).ok()).collect();
        assert_eq!((asked.len(), circuits.count()), (16, 16));
        assert!(Circuits::ask(&circuits, BOB, token(0), told).is_ok());
        let mut usages: Vec<Usage> = asked.into_iter().filter_map(|mut asked| asked.take_usage()).collect();
        assert_eq!(circuits.count(), 16);
        assert!(usages[0].spend(60, NOW) && !usages[0].spend(41, NOW) && usages[0].spend(40, NOW), "of one circuit");
        let spent = (1..16).filter(|at| usages[*at].spend(100, NOW)).count();
        assert_eq!(spent, 7, "of the mailbox, within the hour");
        assert!(!usages[3].spend(1, NOW), "nothing is left of its own");
        assert!(usages[15].spend(100, NOW.plus(HOUR)));
        drop(usages);
        assert_eq!(circuits.count(), 0);
        assert!(lock(&circuits.used).is_empty() && lock(&circuits.asked).is_empty());
    }

    #[test]
    fn circuits_and_bytes_of_a_token_are_bounded() {
        let circuits = Arc::new(Circuits::new(100));
        let ask = |at| Circuits::ask(&circuits, ALICE, token(at), told);
        let asked: Vec<_> = (0..5).filter_map(|_| ask(1).ok()).collect();
        assert_eq!(asked.len(), 4);
        let mut usages: Vec<Usage> = asked.into_iter().filter_map(|mut asked| asked.take_usage()).collect();
        assert!(usages.iter_mut().all(|usage| usage.spend(100, NOW)));
        usages.pop();
        // The hour goes on where a circuit has ended.
        assert!(!ask(1).unwrap().take_usage().unwrap().spend(1, NOW));
        assert!(ask(2).unwrap().take_usage().unwrap().spend(100, NOW));
        assert!(ask(1).unwrap().take_usage().unwrap().spend(100, NOW.plus(HOUR)));
    }
}
