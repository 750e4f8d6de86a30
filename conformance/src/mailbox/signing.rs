//! Signing for a mailbox key or a letter.

use super::check::Judged;
use crate::check::Step;
use crate::sender::PublicKey;
use crate::{ed25519, es256};

/// A signing key.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SigningKey {
    pub(crate) algorithm: u8,
    pub(crate) secret: Vec<u8>,
}

/// What a signer really had: the model borrows from here what a check that is off no longer decides.
#[derive(Clone, Debug)]
pub(crate) struct Signer {
    pub(crate) key: PublicKey,
    pub(crate) signature: Vec<u8>,
}

impl SigningKey {
    pub(crate) fn sign(&self, message: &[u8]) -> Judged<Signer> {
        let signature = match self.algorithm {
            1 => ed25519::sign(&self.secret, message)?,
            _ => es256::sign(&self.secret, message)?,
        };
        Ok(Signer { key: self.public()?, signature })
    }

    fn public(&self) -> Step<PublicKey> {
        match self.algorithm {
            1 => Ok(PublicKey::Ed25519(ed25519::pair(&self.secret)?.public.to_vec())),
            _ => Ok(PublicKey::P256(es256::public(&self.secret)?)),
        }
    }
}
