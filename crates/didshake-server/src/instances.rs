//! How the instances of a service come to have each other's sealing keys (R-STATE-4), over the database that they share.
//!
//! Each instance has a recipient key, made anew every minute and wiped after two, whose secret half never leaves its memory.
//! Each encrypts each of its sealing keys to every recipient (HPKE, RFC 9180, base mode). What the database, its log and its
//! backups hold opens nothing once both are wiped.
//!
//! In the same turn they tell each other what sources have spent of their rate.

mod rates;

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use didshake::{SealingKey, Secret, UnixTime};
use didshake_axum::{SealingKeys, SharedRates};
use didshake_did::{Clock as _, SystemClock};
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::{Kem as _, X25519HkdfSha256};
use hpke::{Deserializable as _, OpModeR, OpModeS, Serializable as _};
use zeroize::Zeroizing;

use self::rates::Rates;
use crate::store::{Database, Recipient, SharedKey, SharedKeys};

type Kem = X25519HkdfSha256;
type PrivateKey = <Kem as hpke::Kem>::PrivateKey;

const INFO: &[u8] = b"didshake/1 sealing key";
/// Less than half of the time that a key is there before it seals.
const TURN: Duration = Duration::from_millis(500);
/// Turns in which others learn of a new instance and it of them, before it takes a handshake.
const FIRST_TURNS: u32 = 4;
/// Turns after which keys are handed on once more: a database that crashes forgets what was under way.
const HAND_ON_AGAIN: u32 = 10;
/// Seconds after which a recipient gets a successor, and after which it is wiped.
const RENEW_SECONDS: u64 = 60;
const RECIPIENT_SECONDS: u64 = 120;

/// What one instance knows.
pub(crate) struct Instances {
    shared: SharedKeys,
    keys: SealingKeys,
    rates: Rates,
    own: VecDeque<OwnRecipient>,
    /// What was handed on to whom.
    handed_on: HashSet<([u8; 16], [u8; 8])>,
    turns: u32,
    failing: bool,
}

struct OwnRecipient {
    id: [u8; 16],
    public_key: [u8; 32],
    secret: PrivateKey,
    since: UnixTime,
}

impl OwnRecipient {
    fn generate(since: UnixTime) -> Result<Self, TurnError> {
        let (mut id, mut seed) = ([0; 16], Zeroizing::new([0; 32]));
        getrandom::fill(&mut id).and_then(|()| getrandom::fill(&mut *seed)).map_err(|_| TurnError::Randomness)?;
        let (secret, public) = Kem::derive_keypair(&*seed);
        Ok(Self { id, public_key: public.to_bytes().into(), secret, since })
    }
}

/// Why a turn came to nothing.
#[derive(Debug, thiserror::Error)]
enum TurnError {
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    #[error("the operating system gives no randomness")]
    Randomness,
    #[error("a key cannot be encrypted")]
    Hpke(#[from] hpke::HpkeError),
    #[error(transparent)]
    Keys(#[from] didshake::Error),
    #[error("rates cannot be written")]
    Rates(#[from] serde_json::Error),
}

impl Instances {
    pub(crate) fn new(database: &Database, keys: SealingKeys, rates: SharedRates) -> Self {
        let (shared, rates) = (SharedKeys::new(database.clone()), Rates::new(database, rates));
        Self { shared, keys, rates, own: VecDeque::new(), handed_on: HashSet::new(), turns: 0, failing: false }
    }

    /// Makes itself known, and waits until the others' keys are here, and its own are there.
    pub(crate) async fn join(&mut self) {
        for _ in 0..FIRST_TURNS {
            self.take_turn().await;
            if self.handed_on.is_empty() && !self.failing {
                // Nobody else is there.
                return;
            }
            tokio::time::sleep(TURN).await;
        }
    }

    /// Goes on until it is dropped.
    pub(crate) async fn run(mut self) {
        let mut turns = tokio::time::interval(TURN);
        turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            turns.tick().await;
            self.take_turn().await;
        }
    }

    /// A failure is told once, and so is its end.
    async fn take_turn(&mut self) {
        match self.turn(SystemClock.now()).await {
            Ok(()) if std::mem::take(&mut self.failing) => tracing::info!("sealing keys and rates are shared again"),
            Ok(()) => {}
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                if !std::mem::replace(&mut self.failing, true) {
                    tracing::error!(
                        error,
                        "sealing keys and rates are not shared: handshakes that two instances see will fail"
                    );
                }
            }
        }
    }

    async fn turn(&mut self, now: UnixTime) -> Result<(), TurnError> {
        self.renew(now).await?;
        self.turns = self.turns.wrapping_add(1);
        if self.turns.is_multiple_of(HAND_ON_AGAIN) {
            self.handed_on.clear();
        }
        let recipients = self.shared.recipients(now).await?;
        self.handed_on.retain(|(recipient, _)| recipients.iter().any(|known| known.id == *recipient));
        for sealed in self.seal(&recipients)? {
            self.shared.hand_on(&sealed).await?;
            self.handed_on.insert((sealed.recipient, sealed.key_id));
        }
        for own in &self.own {
            for sealed in self.shared.take(&own.id).await? {
                match open(&own.secret, &sealed) {
                    Some(key) => self.keys.adopt(key),
                    None => tracing::warn!("a sealing key of another instance does not open"),
                }
            }
        }
        self.rates.turn(now).await
    }

    /// Has a recipient of its own that is younger than a minute, and wipes what is over.
    async fn renew(&mut self, now: UnixTime) -> Result<(), TurnError> {
        let age = |own: &OwnRecipient| now.0.checked_sub(own.since.0);
        self.own.retain(|own| age(own).is_some_and(|age| age < RECIPIENT_SECONDS));
        if self.own.front().and_then(age).is_none_or(|age| age >= RENEW_SECONDS) {
            self.own.push_front(OwnRecipient::generate(now)?);
        }
        // In every turn: a database that crashed, or that another one replaced, knows nobody.
        for own in &self.own {
            let recipient = Recipient { id: own.id, public_key: own.public_key };
            self.shared.announce(&recipient, own.since.plus(RECIPIENT_SECONDS), now).await?;
        }
        Ok(())
    }

    /// Each of our keys to each recipient that has not got it yet.
    fn seal(&self, recipients: &[Recipient]) -> Result<Vec<SharedKey>, TurnError> {
        let (mut sealed, mut failed) = (Vec::new(), None);
        let others = || recipients.iter().filter(|one| self.own.iter().all(|own| own.id != one.id));
        self.keys.share(|key| {
            for recipient in others().filter(|one| !self.handed_on.contains(&(one.id, *key.id()))) {
                match seal(recipient, key) {
                    Ok(shared) => sealed.push(shared),
                    Err(error) => failed = Some(error),
                }
            }
        })?;
        failed.map_or(Ok(sealed), |error| Err(error.into()))
    }
}

fn seal(recipient: &Recipient, key: &SealingKey) -> Result<SharedKey, hpke::HpkeError> {
    let public = <Kem as hpke::Kem>::PublicKey::from_bytes(&recipient.public_key)?;
    let (id, since) = (*key.id(), key.since());
    let (encapped, sealed) = hpke::single_shot_seal::<ChaCha20Poly1305, HkdfSha256, Kem>(
        &OpModeS::Base,
        &public,
        INFO,
        key.secret().expose(),
        &associated_data(&recipient.id, &id, since),
    )?;
    let sealed = [&encapped.to_bytes()[..], &sealed].concat();
    Ok(SharedKey { recipient: recipient.id, key_id: id, since, sealed })
}

fn open(secret: &PrivateKey, shared: &SharedKey) -> Option<SealingKey> {
    let (encapped, sealed) = shared.sealed.split_first_chunk::<32>()?;
    let plain = hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, Kem>(
        &OpModeR::Base,
        secret,
        &<Kem as hpke::Kem>::EncappedKey::from_bytes(encapped).ok()?,
        INFO,
        sealed,
        &associated_data(&shared.recipient, &shared.key_id, shared.since),
    );
    let plain = Zeroizing::new(plain.ok()?);
    Some(SealingKey::from_parts(shared.key_id, Secret::new(plain.as_slice().try_into().ok()?), shared.since))
}

fn associated_data(recipient: &[u8; 16], key_id: &[u8; 8], since: UnixTime) -> Vec<u8> {
    [&recipient[..], key_id, &since.0.to_be_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_opens_for_its_recipient_alone() {
        let (secret, public) = Kem::derive_keypair(&[1; 32]);
        let (other, _) = Kem::derive_keypair(&[2; 32]);
        let recipient = Recipient { id: [3; 16], public_key: public.to_bytes().into() };
        let shared = seal(&recipient, &SealingKey::from_parts([4; 8], Secret::new([5; 32]), UnixTime(6))).unwrap();
        let opened = open(&secret, &shared).unwrap();
        assert_eq!((opened.id(), opened.since(), opened.secret().expose()), (&[4; 8], UnixTime(6), &[5; 32]));
        assert!(!shared.sealed.windows(8).any(|bytes| bytes == [5; 8]));
        assert!(open(&other, &shared).is_none());
        for change in [
            |shared: &mut SharedKey| shared.key_id[0] ^= 1,
            |shared: &mut SharedKey| shared.recipient[0] ^= 1,
            |shared: &mut SharedKey| shared.since = UnixTime(7),
            |shared: &mut SharedKey| shared.sealed[40] ^= 1,
            |shared: &mut SharedKey| shared.sealed.truncate(31),
        ] {
            let mut shared = SharedKey { sealed: shared.sealed.clone(), ..shared };
            change(&mut shared);
            assert!(open(&secret, &shared).is_none());
        }
    }
}
