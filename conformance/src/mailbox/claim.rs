//! The fields of mailbox keys and letters, and whom they say that they are of.

use std::collections::BTreeMap;

use super::check::{Checks, Halt, Judged, Named};
use super::signing::Signer;
use crate::check::Check;
use crate::config::Document;
use crate::did::{DID_LIMIT, is_did, is_fragment, method};
use crate::verification::Verification;

/// Reads fields in order.
pub(crate) struct Fields<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Refuses where a field runs past the end.
    truncated: Named,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(bytes: &'a [u8], truncated: impl Into<Named>) -> Self {
        Self { bytes, at: 0, truncated: truncated.into() }
    }

    pub(crate) fn take(&mut self, count: usize) -> Judged<Vec<u8>> {
        let end = self.at.saturating_add(count);
        let field = self.bytes.get(self.at..end).ok_or(Halt::Refused(self.truncated))?;
        self.at = end;
        Ok(field.to_vec())
    }

    pub(crate) fn number(&mut self, bytes: usize) -> Judged<u64> {
        Ok(self.take(bytes)?.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    }

    pub(crate) fn u8(&mut self) -> Judged<u8> {
        u8::try_from(self.number(1)?).map_err(|_| Halt::Broken("u8"))
    }

    pub(crate) fn u32(&mut self) -> Judged<u32> {
        u32::try_from(self.number(4)?).map_err(|_| Halt::Broken("u32"))
    }

    pub(crate) fn vec8(&mut self) -> Judged<Vec<u8>> {
        let length = self.u8()?;
        self.take(usize::from(length))
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// DID, fragment, algorithm and signature, each checked as it is met.
    pub(crate) fn claim(&mut self, checks: Checks) -> Judged<Claim> {
        let claim = self.signer(checks)?;
        Ok(Claim { signature: self.take(64)?, ..claim })
    }

    /// DID, fragment and algorithm, each checked as it is met; the signature stands elsewhere.
    pub(crate) fn signer(&mut self, checks: Checks) -> Judged<Claim> {
        let length = usize::try_from(self.number(2)?).map_err(|_| Halt::Broken("u16"))?;
        checks.need(Check::DidLength, length <= DID_LIMIT)?;
        let did = self.take(length)?;
        checks.need(Check::DidSyntax, std::str::from_utf8(&did).is_ok_and(is_did))?;
        let fragment = self.vec8()?;
        let single = matches!(method(&String::from_utf8_lossy(&did)), "key" | "jwk");
        checks.need(Check::FragmentPresence, fragment.is_empty() == single)?;
        checks.need(Check::FragmentCharacters, is_fragment(&fragment))?;
        let algorithm = self.u8()?;
        checks.need(Check::AlgorithmKnown, matches!(algorithm, 1 | 2))?;
        Ok(Claim { did, fragment, algorithm, signature: Vec::new() })
    }
}

/// Whom something says that it is of, and its signature.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Claim {
    pub(crate) did: Vec<u8>,
    pub(crate) fragment: Vec<u8>,
    pub(crate) algorithm: u8,
    pub(crate) signature: Vec<u8>,
}

impl Claim {
    /// The DID as text. Where its check is off it can be anything.
    pub(crate) fn did(&self) -> String {
        String::from_utf8_lossy(&self.did).into_owned()
    }

    /// False only where a check of the DID is off: then it stands for the signer's own.
    pub(crate) fn is_comparable(&self) -> bool {
        self.did.len() <= DID_LIMIT && is_did(&self.did())
    }

    /// Checks 4 to 6 of section 11.
    pub(crate) fn verify(
        &self,
        checks: Checks,
        now: u64,
        documents: &BTreeMap<String, Document>,
        signer: &Signer,
        message: &[u8],
    ) -> Judged<()> {
        let verification = Verification {
            checks: checks.of_handshakes(),
            now,
            documents,
            signer_key: Some(&signer.key),
            signer_signature: &signer.signature,
        };
        let key = verification.key(&self.did(), &self.fragment)?;
        verification.algorithm(self.algorithm, &key)?;
        verification.signature(key, message, &self.signature)?;
        Ok(())
    }
}
