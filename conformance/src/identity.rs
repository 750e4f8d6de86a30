//! An Identity and the eight checks that its claim has to pass.

use crate::bytes::{Put, Reader};
use crate::check::{Check, Checks, Step};
use crate::config::{Admission, Config, Policy};
use crate::did::{DID_LIMIT, is_did, is_fragment, method};
use crate::sender::{Sender, Signed};
use crate::verification::Verification;
use crate::wire::{IDENTITY_EXTENSIONS, read_extensions, refuse_unknown};

/// An Identity's fields; raw, so that a misbehaving sender can write anything.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Claim {
    pub(crate) did: Vec<u8>,
    pub(crate) fragment: Vec<u8>,
    pub(crate) algorithm: u8,
    pub(crate) signature: Vec<u8>,
    pub(crate) extensions: Vec<u8>,
}

impl Claim {
    /// The Identity, padded to a multiple of 64 bytes.
    pub(crate) fn encode(&self) -> Step<Vec<u8>> {
        let mut out = Vec::new();
        out.vec16(&self.did)?;
        out.vec8(&self.fragment)?;
        out.push(self.algorithm);
        out.extend_from_slice(&self.signature);
        out.vec16(&self.extensions)?;
        out.resize(out.len().next_multiple_of(64), 0);
        Ok(out)
    }
}

/// A peer that passed all eight checks.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Peer {
    pub(crate) did: Vec<u8>,
    pub(crate) fragment: Vec<u8>,
    /// 32 bytes Ed25519 or 33 bytes compressed P-256.
    pub(crate) public_key: Vec<u8>,
    pub(crate) signature: Vec<u8>,
    pub(crate) signed: Vec<u8>,
}

/// What the tested role brings to the verification of a claim.
pub(crate) struct Verifier<'a> {
    pub(crate) config: &'a Config,
    pub(crate) checks: Checks,
    pub(crate) own_dids: Vec<&'a str>,
    pub(crate) admission: &'a Admission,
    pub(crate) policy: &'a Policy,
    pub(crate) sender: &'a Sender,
}

impl Verifier<'_> {
    /// Checks 1 to 7 over an opened Identity. `expected` holds label, hash and peer of the signature input.
    pub(crate) fn verify(&self, plain: &[u8], expected: Signed) -> Step<Peer> {
        let claim = self.decode(plain)?;
        let did = String::from_utf8_lossy(&claim.did).into_owned();
        let checks = self.checks;
        checks.need(Check::OwnDid, !self.own_dids.contains(&did.as_str()))?;
        checks.need(Check::Admission, admits(self.admission, &did))?;
        let verification = self.verification();
        let key = verification.key(&did, &claim.fragment)?;
        verification.algorithm(claim.algorithm, &key)?;
        let signed = self.borrow(Signed {
            did: claim.did.clone(),
            fragment: claim.fragment.clone(),
            algorithm: claim.algorithm,
            extensions: claim.extensions.clone(),
            ..expected
        });
        let public_key = verification.signature(key, &signed.bytes()?, &claim.signature)?;
        checks.need(Check::Policy, allows(self.policy, &did, &claim.fragment))?;
        let signed = signed.bytes()?;
        Ok(Peer { did: claim.did, fragment: claim.fragment, public_key, signature: claim.signature, signed })
    }

    /// Checks 4 and 5 alone: algorithm and key bytes of a DID's method.
    pub(crate) fn key(&self, did: &str, fragment: &str) -> Step<(u8, Vec<u8>)> {
        let key = self.verification().key(did, fragment.as_bytes())?;
        Ok((key.algorithm(), key.bytes()))
    }

    fn decode(&self, plain: &[u8]) -> Step<Claim> {
        let checks = self.checks;
        let mut reader = Reader::new(plain, &self.sender.plain, checks, Check::IdentityTruncated);
        let length = reader.number(2)?;
        checks.need(Check::DidLength, length <= DID_LIMIT)?;
        let did = reader.take(length)?;
        checks.need(Check::DidSyntax, std::str::from_utf8(&did).is_ok_and(is_did))?;
        let fragment = reader.vec8()?;
        let algorithm = reader.u8()?;
        checks.need(Check::AlgorithmKnown, matches!(algorithm, 1 | 2))?;
        let signature = reader.take(64)?;
        let extensions = reader.vec16()?;
        let list = read_extensions(&extensions, checks, IDENTITY_EXTENSIONS)?;
        checks.need(Check::IdentityPaddingZero, reader.rest().iter().all(|byte| *byte == 0))?;
        let right_length = plain.len() == reader.at().next_multiple_of(64);
        checks.need(Check::IdentityPaddingLength, right_length || reader.at() > plain.len())?;
        let single = matches!(method(&String::from_utf8_lossy(&did)), "key" | "jwk");
        checks.need(Check::FragmentPresence, fragment.is_empty() == single)?;
        checks.need(Check::FragmentCharacters, is_fragment(&fragment))?;
        refuse_unknown(&list, &[], checks, IDENTITY_EXTENSIONS.unknown_critical)?;
        Ok(Claim { did, fragment, algorithm, signature, extensions })
    }

    fn verification(&self) -> Verification<'_> {
        Verification {
            checks: self.checks,
            now: self.config.now,
            documents: &self.config.documents,
            signer_key: self.sender.key.as_ref(),
            signer_signature: &self.sender.signature,
        }
    }

    /// Takes over from the sender the one signed field whose check is off.
    fn borrow(&self, mut own: Signed) -> Signed {
        let sender = self.sender.signed.clone();
        let off = |check| !self.checks.on(check);
        if off(Check::SignatureLabel) {
            own.label = sender.label;
        } else if off(Check::SignatureTranscript) {
            own.th = sender.th;
        } else if off(Check::SignatureDid) {
            own.did = sender.did;
        } else if off(Check::SignatureFragment) {
            own.fragment = sender.fragment;
        } else if off(Check::SignatureAlgorithm) {
            own.algorithm = sender.algorithm;
        } else if off(Check::SignatureExtensions) {
            own.extensions = sender.extensions;
        } else if off(Check::SignaturePeerDid) {
            own.peer = own.peer.zip(sender.peer).map(|((_, fragment), (did, _))| (did, fragment));
        } else if off(Check::SignaturePeerFragment) {
            own.peer = own.peer.zip(sender.peer).map(|((did, _), (_, fragment))| (did, fragment));
        }
        own
    }
}

fn admits(admission: &Admission, did: &str) -> bool {
    match admission {
        Admission::Any { any } => *any,
        Admission::Did { did: meant } => meant == did,
        Admission::Methods { methods } => methods.iter().any(|name| name == method(did)),
    }
}

fn allows(policy: &Policy, did: &str, fragment: &[u8]) -> bool {
    match policy {
        Policy::Allow { allow } => *allow,
        Policy::RefuseFragments { refuse_fragments } => {
            !refuse_fragments.iter().any(|name| name.as_bytes() == fragment)
        }
        Policy::RefuseDids { refuse_dids } => !refuse_dids.iter().any(|name| name == did),
    }
}
