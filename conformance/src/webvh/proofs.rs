//! The proofs of an entry, and of a witness.

use super::canonical::{jcs, without};
use super::check::{Checks, Halt, Judged, WebvhCheck as Check};
use super::judge::signed;
use crate::json::Json;
use crate::keys::{ED25519_CODEC, from_multibase};
use crate::time::unix_seconds;
use crate::{check as handshakes, ed25519};

const MEMBERS: [&str; 7] = ["type", "cryptosuite", "proofPurpose", "verificationMethod", "proofValue", "created", "id"];

/// A proof that has the right form.
pub(super) struct Proof {
    pub(super) key: String,
    public: Vec<u8>,
    signature: Vec<u8>,
    options: Json,
}

/// Every proof of an entry, against the keys that may sign.
pub(super) fn check(checks: Checks, entry: &Json, active: &[String]) -> Judged<()> {
    let list = match entry.member("proof") {
        Some(Json::List(list)) => list.clone(),
        Some(single) => vec![single.clone()],
        None => Vec::new(),
    };
    checks.need(Check::ProofCount, (1..=32).contains(&list.len()))?;
    let mut proofs = Vec::new();
    for proof in &list {
        let suite = proof.member("cryptosuite").and_then(Json::text) == Some("eddsa-jcs-2022");
        checks.need(Check::Cryptosuite, suite || !matches!(proof, Json::Object(_)))?;
        let read = Proof::read(proof);
        checks.need(Check::ProofShape, read.is_some())?;
        proofs.extend(read);
    }
    checks.need(Check::ProofKey, proofs.iter().all(|proof| active.contains(&proof.key)))?;
    let secured = jcs(&without(entry, "proof"));
    for proof in &proofs {
        checks.need(Check::ProofSignature, proof.verifies(&secured)?)?;
    }
    Ok(())
}

impl Proof {
    pub(super) fn read(proof: &Json) -> Option<Self> {
        let Json::Object(members) = proof else { return None };
        let text = |name| proof.member(name).and_then(Json::text);
        let known = members.iter().all(|(name, value)| MEMBERS.contains(&name.as_str()) && value.text().is_some());
        let created = proof.member("created").is_none() || text("created").and_then(unix_seconds).is_some();
        let kind = text("type") == Some("DataIntegrityProof") && text("proofPurpose") == Some("assertionMethod");
        let (key, fragment) = text("verificationMethod")?.strip_prefix("did:key:")?.split_once('#')?;
        let public = from_multibase(key)?.strip_prefix(&ED25519_CODEC)?.to_vec();
        let signature = from_multibase(text("proofValue")?)?;
        let valid = public.len() == 32 && ed25519::check_key(handshakes::Checks::all(), &public).is_ok();
        let fits = key == fragment && signature.len() == 64;
        let options = without(proof, "proofValue");
        (known && created && kind && valid && fits).then(|| Self { key: key.to_owned(), public, signature, options })
    }

    pub(super) fn verifies(&self, secured: &str) -> Judged<bool> {
        let checks = handshakes::Checks::all();
        let point =
            ed25519::check_key(checks, &self.public).ok().flatten().ok_or(Halt::Broken("a key that is none"))?;
        Ok(ed25519::verify(checks, &self.public, &point, &signed(&self.options, secured), &self.signature).is_ok())
    }
}
