//! Keys under `keyAgreement`. The protocol has its own ephemeral ones and looks at none of these: they are for what an
//! application encrypts to a DID, and a did:peer carries one.

use std::fmt;

use didshake::{Did, Fault, Secret, UnixTime};
use sha2::{Digest, Sha256};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use crate::document::MAX_ENTRIES;
use crate::json::{Json, Object};
use crate::verification_method::{KEY_MEMBERS, VerificationMethod, absolute_id};
use crate::{jwk, multikey};

const LABEL: &[u8] = b"didshake/1 key agreement";

/// An entry of a document's `keyAgreement`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyAgreement {
    /// The absolute id of the method.
    pub id: String,
    /// Its X25519 key, or why there is none: [`Fault::MethodAbsent`], [`Fault::DocumentShape`], [`Fault::MethodController`],
    /// [`Fault::MethodTime`], [`Fault::MethodRevoked`], [`Fault::MethodExpired`], [`Fault::MethodKeyForm`] for any other kind
    /// of key, [`Fault::KeyInvalid`] for one of low order, with which everybody has the same secret.
    pub key: Result<[u8; 32], Fault>,
}

/// The X25519 key that goes with a signing key: H("didshake/1 key agreement" ‖ secret). The key file holds both, so that
/// whoever has the one has the other.
///
/// ```
/// use didshake::{Algorithm, Fault, Secret};
/// use didshake_did::SecretKey;
/// let key = |seed| SecretKey::new(Algorithm::Ed25519, Secret::new([seed; 32]));
/// let (alice, bob) = (key(1)?.key_agreement(), key(2)?.key_agreement());
/// assert!(alice.diffie_hellman(&bob.public_key())? == bob.diffie_hellman(&alice.public_key())?);
/// assert_eq!(alice.diffie_hellman(&[0; 32]).err(), Some(Fault::KeyInvalid));
/// # Ok::<(), Fault>(())
/// ```
pub struct KeyAgreementKey(StaticSecret);

impl KeyAgreementKey {
    pub(crate) fn of(signing_key: &Secret<32>) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(LABEL);
        hasher.update(signing_key.expose());
        let secret: Zeroizing<[u8; 32]> = Zeroizing::new(hasher.finalize().into());
        Self(StaticSecret::from(*secret))
    }

    /// The public half, as `publicKeyMultibase` and did:peer have it.
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        PublicKey::from(&self.0).to_bytes()
    }

    /// The X25519 result with another's key (RFC 7748): input of a key derivation, no key by itself.
    ///
    /// # Errors
    /// [`Fault::KeyInvalid`] where the other key is of low order.
    pub fn diffie_hellman(&self, other: &[u8; 32]) -> Result<Secret<32>, Fault> {
        let shared = self.0.diffie_hellman(&PublicKey::from(*other));
        if shared.was_contributory() { Ok(Secret::new(shared.to_bytes())) } else { Err(Fault::KeyInvalid) }
    }
}

impl fmt::Debug for KeyAgreementKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyAgreementKey(redacted)")
    }
}

/// The entries of `keyAgreement` of a document that was read before; none where that is no list.
pub(crate) fn of_document(document: &Object, did: &Did, now: UnixTime) -> Vec<KeyAgreement> {
    let list = |name: &str| document.get(name).and_then(Json::as_list).unwrap_or_default();
    let methods: Vec<&Json> = list("verificationMethod").iter().chain(list("authentication")).collect();
    let entry = |entry: &Json| match entry.as_text() {
        Some(reference) => referenced(reference, &methods, did, now),
        None => embedded(entry, did, now),
    };
    list("keyAgreement").iter().take(MAX_ENTRIES).map(entry).collect()
}

fn referenced(reference: &str, methods: &[&Json], did: &Did, now: UnixTime) -> KeyAgreement {
    let Ok(id) = absolute_id(reference, did.as_str()) else {
        return KeyAgreement { id: reference.to_owned(), key: Err(Fault::DocumentShape) };
    };
    let found = methods.iter().map(|method| embedded(method, did, now)).find(|method| method.id == id);
    found.unwrap_or(KeyAgreement { id, key: Err(Fault::MethodAbsent) })
}

fn embedded(entry: &Json, did: &Did, now: UnixTime) -> KeyAgreement {
    match VerificationMethod::read(entry, did.as_str()) {
        Ok(method) => {
            let key = method.check_standing(did, now).and_then(|()| x25519(entry));
            KeyAgreement { id: method.id, key }
        }
        Err(fault) => KeyAgreement { id: String::new(), key: Err(fault) },
    }
}

fn x25519(method: &Json) -> Result<[u8; 32], Fault> {
    const FORM: Fault = Fault::MethodKeyForm;
    let members = method.as_object().ok_or(FORM)?;
    let text = |name: &str| members.get(name).and_then(Json::as_text).ok_or(FORM);
    if KEY_MEMBERS.iter().filter(|name| members.contains_key(**name)).count() != 1 {
        return Err(FORM);
    }
    let key = match text("type")? {
        "Multikey" | "X25519KeyAgreementKey2020" => multikey::decode_x25519(text("publicKeyMultibase")?),
        "X25519KeyAgreementKey2019" => {
            multikey::base58btc(text("publicKeyBase58")?).and_then(|bytes| bytes.try_into().ok())
        }
        "JsonWebKey" | "JsonWebKey2020" => {
            members.get("publicKeyJwk").and_then(Json::as_object).and_then(jwk::decode_x25519)
        }
        _ => None,
    };
    let key = key.ok_or(FORM)?;
    let anybody = StaticSecret::from([1; 32]).diffie_hellman(&PublicKey::from(key));
    if anybody.was_contributory() { Ok(key) } else { Err(Fault::KeyInvalid) }
}
