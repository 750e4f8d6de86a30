//! Checks 4 to 6 of section 11: from a DID and a fragment to a key, and a signature under that key.

use std::collections::BTreeMap;

use curve25519_dalek::edwards::EdwardsPoint;

use crate::check::{Check, Checks, Step, Stop};
use crate::config::Document;
use crate::did::{DID_LIMIT, is_did, is_fragment, method, specific};
use crate::sender::PublicKey;
use crate::{document, ed25519, es256, keys, peer};

/// What a verifier resolves with, and what the signer really had.
pub(crate) struct Verification<'a> {
    pub(crate) checks: Checks,
    pub(crate) now: u64,
    pub(crate) documents: &'a BTreeMap<String, Document>,
    /// Taken where a check that is off leaves no key.
    pub(crate) signer_key: Option<&'a PublicKey>,
    /// Taken where check `es256_range` is off and nothing else holds.
    pub(crate) signer_signature: &'a [u8],
}

impl Verification<'_> {
    /// Checks 4 and 5 but for the algorithm. Where a check is off, the key that the signer signs with.
    pub(crate) fn key(&self, did: &str, fragment: &[u8]) -> Step<ValidKey> {
        self.valid(self.resolve(did, fragment)?)
    }

    /// The end of check 5: the algorithm byte is the key's. An unknown one stands for that of the signer's key.
    pub(crate) fn algorithm(&self, claimed: u8, key: &ValidKey) -> Step<()> {
        let claimed = match claimed {
            known @ (1 | 2) => known,
            _ => self.signer_key()?.algorithm(),
        };
        self.checks.need(Check::AlgorithmFits, claimed == key.algorithm())
    }

    /// Check 6. Gives the key bytes.
    pub(crate) fn signature(&self, key: ValidKey, message: &[u8], signature: &[u8]) -> Step<Vec<u8>> {
        match key {
            ValidKey::Ed25519 { bytes, point } => {
                ed25519::verify(self.checks, &bytes, &point, message, signature)?;
                Ok(bytes)
            }
            ValidKey::P256(bytes) => {
                es256::verify(self.checks, &bytes, message, signature, self.signer_signature)?;
                Ok(bytes)
            }
        }
    }

    fn signer_key(&self) -> Step<PublicKey> {
        self.signer_key.cloned().ok_or(Stop::Broken("the sender has no key to take"))
    }

    fn resolve(&self, did: &str, fragment: &[u8]) -> Step<PublicKey> {
        let checks = self.checks;
        if !is_did(did) || did.len() > DID_LIMIT {
            return self.signer_key();
        }
        let found = match method(did) {
            "key" => keys::did_key(checks, specific(did))?,
            "jwk" => keys::did_jwk(checks, specific(did))?,
            "peer" => match peer::document(checks, did)? {
                Some(document) => {
                    let fragment = only_fragment_characters(fragment);
                    let question = document::Question { did, fragment: &fragment, deactivated: false, now: self.now };
                    document::key_in(checks, &document, &question)?
                }
                None => None,
            },
            "web" => match self.documents.get(did) {
                Some(Document::Found { text, deactivated }) => {
                    let fragment = only_fragment_characters(fragment);
                    let now = self.now;
                    let question = document::Question { did, fragment: &fragment, deactivated: *deactivated, now };
                    document::key(checks, text, &question)?
                }
                _ => {
                    checks.need(Check::DidFound, false)?;
                    None
                }
            },
            _ => {
                checks.need(Check::MethodSupported, false)?;
                None
            }
        };
        found.map_or_else(|| self.signer_key(), Ok)
    }

    /// The key once it is known to be one; where that check is off, the key that the signer signs with.
    fn valid(&self, key: PublicKey) -> Step<ValidKey> {
        let valid = match &key {
            PublicKey::Ed25519(bytes) => ed25519::check_key(self.checks, bytes)?
                .map(|point| ValidKey::Ed25519 { bytes: bytes.clone(), point: Box::new(point) }),
            PublicKey::P256(bytes) => es256::check_key(self.checks, bytes)?.map(ValidKey::P256),
        };
        valid.map_or_else(|| self.valid(self.signer_key()?), Ok)
    }
}

/// A public key that passed the checks of its algorithm.
pub(crate) enum ValidKey {
    Ed25519 {
        bytes: Vec<u8>,
        point: Box<EdwardsPoint>,
    },
    /// Compressed.
    P256(Vec<u8>),
}

impl ValidKey {
    pub(crate) fn bytes(self) -> Vec<u8> {
        match self {
            ValidKey::Ed25519 { bytes, .. } | ValidKey::P256(bytes) => bytes,
        }
    }

    pub(crate) fn algorithm(&self) -> u8 {
        match self {
            ValidKey::Ed25519 { .. } => 1,
            ValidKey::P256(_) => 2,
        }
    }
}

/// The fragment, without what check `fragment_characters` would have refused.
fn only_fragment_characters(fragment: &[u8]) -> String {
    if is_fragment(fragment) {
        return String::from_utf8_lossy(fragment).into_owned();
    }
    fragment.iter().filter(|byte| is_fragment(&[**byte])).map(|byte| char::from(*byte)).collect()
}
