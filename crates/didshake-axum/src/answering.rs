//! Who answers. It changes while the service runs, when keys are rotated: what has begun before goes on with the identity
//! that replied.

use std::sync::{Arc, PoisonError, RwLock};

use didshake::{AwaitingHello, Error, LocalIdentity, Misuse, Origins, ResponderConfig};
use didshake_did::SigningIdentity;

/// The identities as of now.
pub(crate) struct Answering(RwLock<Arc<Identities>>);

/// What one message is answered with.
pub(crate) struct Identities {
    /// Those that reply; the first does where a client does not say whom it means.
    pub(crate) active: Vec<SigningIdentity>,
    /// What the protocol is told: behind the active ones those of before, for what has begun with them.
    pub(crate) config: Arc<ResponderConfig>,
}

impl Answering {
    /// Begins with these. `config` has everything but identities.
    pub(crate) fn new(active: Vec<SigningIdentity>, config: ResponderConfig, origins: &Origins) -> Result<Self, Error> {
        Ok(Self(RwLock::new(Arc::new(Identities::of(active, &[], config, origins)?))))
    }

    /// The identities as of now; a message keeps to what it has begun with.
    pub(crate) fn now(&self) -> Arc<Identities> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Others from now on. Those of before open what they have sealed until the next change.
    pub(crate) fn replace(&self, active: Vec<SigningIdentity>, origins: &Origins) -> Result<(), Error> {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let config = (*current.config).clone();
        *current = Arc::new(Identities::of(active, &current.active, config, origins)?);
        Ok(())
    }
}

impl Identities {
    fn of(
        active: Vec<SigningIdentity>,
        before: &[SigningIdentity],
        mut config: ResponderConfig,
        origins: &Origins,
    ) -> Result<Self, Error> {
        if active.is_empty() {
            return Err(Misuse::NoIdentity.into());
        }
        config.identities = active.iter().map(SigningIdentity::local).collect();
        for retired in before.iter().map(SigningIdentity::local) {
            // One that comes back with another key under its old name is a new one.
            if !config.identities.iter().any(|local| is_same(local, &retired)) {
                config.identities.push(retired);
            }
        }
        let config = Arc::new(config);
        for origin in origins.iter() {
            AwaitingHello::new(Arc::clone(&config), origin.http_context()?)?;
        }
        Ok(Self { active, config })
    }

    /// The identity that the protocol chose, with its key.
    pub(crate) fn signer(&self, local: &LocalIdentity) -> Result<&SigningIdentity, Misuse> {
        self.active.iter().find(|identity| is_same(&identity.local(), local)).ok_or(Misuse::NoIdentity)
    }
}

fn is_same(one: &LocalIdentity, other: &LocalIdentity) -> bool {
    one.did == other.did && one.fragment == other.fragment && one.algorithm == other.algorithm
}
