//! Who answers. It changes while the service runs, when keys are rotated: what has begun before goes on with the identity
//! that replied.

use std::sync::{Arc, PoisonError, RwLock};

use didshake::{AwaitingHello, Error, LocalIdentity, Misuse, Origins, ResponderConfig};
use didshake_did::SigningIdentity;

/// Identities of before that still open what they have sealed: a waiting state lives a minute, and nobody rotates as often.
const MOST_RETIRED: usize = 8;
/// Of other instances: as many as a document may list.
const MOST_OTHERS: usize = 64;

/// The identities as of now.
pub(crate) struct Answering(RwLock<Arc<Identities>>);

/// What one message is answered with.
pub(crate) struct Identities {
    /// Those that reply; the first does where a client does not say whom it means.
    pub(crate) active: Vec<SigningIdentity>,
    /// What the protocol is told: behind the active ones those of before and of others, for what has begun with them.
    pub(crate) config: Arc<ResponderConfig>,
    /// Those of before, the newest first.
    retired: Vec<LocalIdentity>,
    /// Those that other instances may reply with.
    others: Vec<LocalIdentity>,
}

impl Answering {
    /// Begins with these. `config` has everything but identities.
    pub(crate) fn new(active: Vec<SigningIdentity>, config: ResponderConfig, origins: &Origins) -> Result<Self, Error> {
        let identities = Identities::of(active, Vec::new(), Vec::new(), config, origins)?;
        Ok(Self(RwLock::new(Arc::new(identities))))
    }

    /// The identities as of now; a message keeps to what it has begun with.
    pub(crate) fn now(&self) -> Arc<Identities> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Others from now on. Those of before open what they have sealed.
    pub(crate) fn replace(&self, active: Vec<SigningIdentity>, origins: &Origins) -> Result<(), Error> {
        self.change(origins, |current| {
            let locals = current.active.iter().map(SigningIdentity::local);
            (active, locals.chain(current.retired.iter().cloned()).collect(), current.others.clone())
        })
    }

    /// What these have begun at another instance ends here too.
    pub(crate) fn finish_also(&self, others: Vec<LocalIdentity>, origins: &Origins) -> Result<(), Error> {
        self.change(origins, |current| (current.active.clone(), current.retired.clone(), others))
    }

    fn change(
        &self,
        origins: &Origins,
        to: impl FnOnce(&Identities) -> (Vec<SigningIdentity>, Vec<LocalIdentity>, Vec<LocalIdentity>),
    ) -> Result<(), Error> {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let (active, retired, others) = to(&current);
        let changed = Identities::of(active, retired, others, (*current.config).clone(), origins)?;
        *current = Arc::new(changed);
        Ok(())
    }
}

impl Identities {
    fn of(
        active: Vec<SigningIdentity>,
        mut retired: Vec<LocalIdentity>,
        mut others: Vec<LocalIdentity>,
        mut config: ResponderConfig,
        origins: &Origins,
    ) -> Result<Self, Error> {
        if active.is_empty() {
            return Err(Misuse::NoIdentity.into());
        }
        config.identities = active.iter().map(SigningIdentity::local).collect();
        others.truncate(MOST_OTHERS);
        // One that comes back with another key under its old name is a new one.
        retired.retain(|local| !config.identities.iter().any(|active| is_same(active, local)));
        retired.truncate(MOST_RETIRED);
        for local in retired.iter().chain(&others) {
            if !config.identities.iter().any(|known| is_same(known, local)) {
                config.identities.push(local.clone());
            }
        }
        let config = Arc::new(config);
        for origin in origins.iter() {
            AwaitingHello::new(Arc::clone(&config), origin.http_context()?)?;
        }
        Ok(Self { active, config, retired, others })
    }

    /// The identity that the protocol chose, with its key.
    pub(crate) fn signer(&self, local: &LocalIdentity) -> Result<&SigningIdentity, Misuse> {
        self.active.iter().find(|identity| is_same(&identity.local(), local)).ok_or(Misuse::NoIdentity)
    }
}

fn is_same(one: &LocalIdentity, other: &LocalIdentity) -> bool {
    one.did == other.did && one.fragment == other.fragment && one.algorithm == other.algorithm
}
