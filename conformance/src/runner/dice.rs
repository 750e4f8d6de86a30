//! Random choices that a seed repeats.

use crate::config::{Config, Hex};
use crate::primitives::sha256;

/// A stream of bytes from a seed and a name: what one case draws does not depend on which others ran.
pub(crate) struct Dice {
    seed: Vec<u8>,
    drawn: u64,
}

impl Dice {
    pub(crate) fn new(seed: u64, name: &str) -> Self {
        Self { seed: sha256(&[b"didshake conformance", &seed.to_be_bytes(), name.as_bytes()]), drawn: 0 }
    }

    pub(crate) fn bytes(&mut self) -> Vec<u8> {
        self.drawn += 1;
        sha256(&[&self.seed, &self.drawn.to_be_bytes()])
    }

    /// A number below `end`; 0 if there is none.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let number = self.bytes().iter().take(8).fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
        let end = u64::try_from(end).unwrap_or(u64::MAX).max(1);
        usize::try_from(number % end).unwrap_or(0)
    }

    /// The configuration with ephemeral secrets and nonces of its own.
    pub(crate) fn freshen(&mut self, config: &mut Config) {
        let drawn = |list: &mut Vec<Hex>, dice: &mut Dice| list.iter_mut().for_each(|one| one.0 = dice.bytes());
        drawn(&mut config.initiator.ephemeral_secrets, self);
        drawn(&mut config.initiator.nonces, self);
        config.responder.ephemeral_secret.0 = self.bytes();
        config.responder.nonce.0 = self.bytes();
    }
}
