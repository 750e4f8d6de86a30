//! The keys that seal waiting states: when each seals, opens, and is wiped (R-STATE-3), and how instances of one responder
//! come to have each other's (R-STATE-4).

use alloc::collections::VecDeque;

use rand_core::TryCryptoRng;

use crate::document::UnixTime;
use crate::error::{Error, Internal};
use crate::secret::Secret;

/// Seconds for which a sealing key seals.
pub const ROTATE_SECONDS: u64 = 60;
/// Seconds after which a sealing key is wiped.
pub const WIPE_SECONDS: u64 = 120;
/// Keys of other instances that are kept at most.
pub const MAX_ADOPTED: usize = 64;

pub(crate) const KEY_ID_BYTES: usize = 8;
/// Of the responder's own: never more are alive at once.
const MAX_OWN: usize = 4;

/// One sealing key, on its way from one instance of a responder to another, under encryption to that instance's memory
/// (R-STATE-4).
///
/// ```
/// use didshake::{SealingKey, Secret, UnixTime};
/// let key = SealingKey::from_parts([1; 8], Secret::new([2; 32]), UnixTime(1_767_225_600));
/// assert_eq!((key.id(), key.since()), (&[1; 8], UnixTime(1_767_225_600)));
/// assert_eq!(format!("{key:?}"), "SealingKey(redacted)");
/// ```
pub struct SealingKey {
    id: [u8; KEY_ID_BYTES],
    secret: Secret<32>,
    since: UnixTime,
}

impl SealingKey {
    /// As another instance has told.
    #[must_use]
    pub fn from_parts(id: [u8; KEY_ID_BYTES], secret: Secret<32>, since: UnixTime) -> Self {
        Self { id, secret, since }
    }

    /// What tokens name it by, 8 bytes.
    #[must_use]
    pub fn id(&self) -> &[u8; KEY_ID_BYTES] {
        &self.id
    }

    /// When it was made.
    #[must_use]
    pub fn since(&self) -> UnixTime {
        self.since
    }

    /// The key itself, 32 bytes.
    #[must_use]
    pub fn secret(&self) -> &Secret<32> {
        &self.secret
    }

    fn generate(since: UnixTime, rng: &mut impl TryCryptoRng) -> Result<Self, Internal> {
        let mut id = [0; KEY_ID_BYTES];
        let mut secret = Secret::zeroed();
        rng.try_fill_bytes(&mut id).map_err(|_| Internal::Randomness)?;
        rng.try_fill_bytes(secret.expose_mut()).map_err(|_| Internal::Randomness)?;
        Ok(Self { id, secret, since })
    }

    /// `None` where the clock was set back behind the key's making.
    fn age(&self, now: UnixTime) -> Option<u64> {
        now.0.checked_sub(self.since.0)
    }

    fn is_live(&self, now: UnixTime) -> bool {
        self.age(now).is_some_and(|age| age < WIPE_SECONDS)
    }
}

impl core::fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SealingKey(redacted)")
    }
}

/// Own keys, which seal and open, and those of other instances, which open.
pub(crate) struct KeyRing {
    /// The newest first.
    own: VecDeque<SealingKey>,
    adopted: VecDeque<SealingKey>,
    /// Seconds that a key is known before it seals, so that other instances have it by then.
    lead: u64,
}

impl KeyRing {
    pub(crate) fn new(lead: u64, now: UnixTime, rng: &mut impl TryCryptoRng) -> Result<Self, Error> {
        // Room from the start, so that no key is left behind by a reallocation.
        let mut own = VecDeque::with_capacity(MAX_OWN);
        own.push_front(SealingKey::generate(now, rng)?);
        let adopted = VecDeque::with_capacity(if lead == 0 { 0 } else { MAX_ADOPTED });
        Ok(Self { own, adopted, lead: lead.min(ROTATE_SECONDS / 2) })
    }

    /// Wipes what is over, and makes a new key where the present one's time is, or soon will be.
    pub(crate) fn rotate(&mut self, now: UnixTime, rng: &mut impl TryCryptoRng) -> Result<(), Error> {
        self.own.retain(|key| key.is_live(now));
        self.adopted.retain(|key| key.is_live(now));
        let newest = self.own.front().and_then(|key| key.age(now));
        if newest.is_none_or(|age| age >= ROTATE_SECONDS - self.lead) {
            self.own.push_front(SealingKey::generate(now, rng)?);
        }
        Ok(())
    }

    /// The key that seals now: the newest that others know, or else the newest.
    pub(crate) fn sealing(&self, now: UnixTime) -> Option<&SealingKey> {
        let known = |key: &&SealingKey| key.age(now).is_some_and(|age| (self.lead..ROTATE_SECONDS).contains(&age));
        self.own.iter().find(known).or_else(|| self.own.front())
    }

    /// The live key that a token names.
    pub(crate) fn opening(&self, id: &[u8; KEY_ID_BYTES], now: UnixTime) -> Option<&SealingKey> {
        self.own.iter().chain(&self.adopted).find(|key| key.id == *id && key.is_live(now))
    }

    pub(crate) fn own(&self) -> impl Iterator<Item = &SealingKey> {
        self.own.iter()
    }

    /// Keeps a key of another instance. One made in the future, by a clock that is ahead, counts from now.
    pub(crate) fn adopt(&mut self, mut key: SealingKey, now: UnixTime) {
        key.since = key.since.min(now);
        if self.adopted.capacity() == 0 || !key.is_live(now) || self.opening(&key.id, now).is_some() {
            return;
        }
        if self.adopted.len() >= MAX_ADOPTED {
            self.adopted.pop_back();
        }
        self.adopted.push_front(key);
    }

    pub(crate) fn len(&self) -> usize {
        self.own.len() + self.adopted.len()
    }
}
