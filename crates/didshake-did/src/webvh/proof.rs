//! Data Integrity proofs by `eddsa-jcs-2022`, of log entries and of witnesses.

use didshake::{Algorithm, Fault, Internal, PublicKey, Signature, SigningKey};
use sha2::{Digest, Sha256};

use super::fault::LogFault;
use super::jcs;
use crate::json::{Json, Object};
use crate::{multikey, rfc3339};

const CRYPTOSUITE: &str = "eddsa-jcs-2022";

/// Of one entry, and of one version in the file of witness proofs.
pub(super) const MAX_PROOFS: usize = 32;

/// A proof whose form is right and whose signature has not been looked at.
#[derive(Clone, Debug)]
pub(super) struct Proof {
    /// The multikey of the did:key that made it.
    pub(super) key: String,
    public: PublicKey,
    signature: Signature,
    options: String,
}

impl Proof {
    pub(super) fn read(proof: &Json) -> Result<Self, LogFault> {
        const MEMBERS: [&str; 7] =
            ["created", "cryptosuite", "id", "proofPurpose", "proofValue", "type", "verificationMethod"];
        let proof = proof.as_object().ok_or(LogFault::ProofShape)?;
        let text = |name: &str| proof.get(name).and_then(Json::as_text);
        // Another cryptosuite may have other members.
        if text("cryptosuite") != Some(CRYPTOSUITE) {
            return Err(LogFault::Cryptosuite);
        }
        let known = proof.iter().all(|(name, value)| MEMBERS.contains(&name.as_str()) && value.as_text().is_some());
        let created = text("created").is_none_or(|time| rfc3339::parse(time).is_some());
        let purpose = text("type") == Some("DataIntegrityProof") && text("proofPurpose") == Some("assertionMethod");
        if !(known && created && purpose) {
            return Err(LogFault::ProofShape);
        }
        let key = text("verificationMethod").and_then(did_key_multikey).ok_or(LogFault::ProofShape)?.to_owned();
        let public = ed25519(&key).map_err(|_| LogFault::ProofShape)?;
        let signature = text("proofValue").and_then(signature).ok_or(LogFault::ProofShape)?;
        let options = jcs::without(proof, "proofValue").ok_or(LogFault::Number)?;
        Ok(Self { key, public, signature, options })
    }

    /// Whether it is one over `secured`, a canonical text without its proof.
    pub(super) fn verifies(&self, secured: &str) -> bool {
        self.public.verify(&hash_data(&self.options, secured), &self.signature)
    }
}

/// Ed25519 only: the key of a multikey.
pub(super) fn ed25519(multikey: &str) -> Result<PublicKey, Fault> {
    multikey::decode_algorithm(multikey, Algorithm::Ed25519, Fault::MethodKeyForm)
}

/// What is signed: both hashes, the options' first.
fn hash_data(options: &str, secured: &str) -> [u8; 64] {
    let mut data = [0; 64];
    let (first, second) = data.split_at_mut(32);
    first.copy_from_slice(&Sha256::digest(options.as_bytes()));
    second.copy_from_slice(&Sha256::digest(secured.as_bytes()));
    data
}

/// A proof by a key over `secured`, a canonical text without its proof. It verifies where the key is an Ed25519 key.
pub(super) fn make(key: &SigningKey, created: &str, secured: &str) -> Result<Json, Internal> {
    let multikey = multikey::encode(&key.public_key());
    let text = |value: &str| Json::Text(value.to_owned());
    let mut proof = Object::from([
        ("type".to_owned(), text("DataIntegrityProof")),
        ("cryptosuite".to_owned(), text(CRYPTOSUITE)),
        ("created".to_owned(), text(created)),
        ("verificationMethod".to_owned(), Json::Text(format!("did:key:{multikey}#{multikey}"))),
        ("proofPurpose".to_owned(), text("assertionMethod")),
    ]);
    // There is no number in it.
    let options = jcs::without(&proof, "proofValue").unwrap_or_default();
    let signature = key.sign(&hash_data(&options, secured))?;
    proof.insert("proofValue".to_owned(), Json::Text(format!("z{}", bs58::encode(signature).into_string())));
    Ok(Json::Object(proof))
}

// The body is what the key is; a fragment that says otherwise would be a lie.
fn did_key_multikey(method: &str) -> Option<&str> {
    let (body, fragment) = method.strip_prefix("did:key:")?.split_once('#')?;
    (body == fragment).then_some(body)
}

fn signature(text: &str) -> Option<Signature> {
    // 64 bytes are at most 88 characters.
    let digits = text.strip_prefix('z').filter(|digits| digits.len() <= 88)?;
    bs58::decode(digits).into_vec().ok()?.try_into().ok()
}
