//! The file of witness proofs, held against a log whose entries are verified.

use std::collections::BTreeMap;

use super::MAX_WITNESS_BYTES;
use super::chain::Chain;
use super::entry::read_json;
use super::fault::{LogFault, LogRefusal};
use super::jcs;
use super::parameters::Witnesses;
use super::proof::{MAX_PROOFS, Proof};
use crate::json::{Json, Object};

const MAX_WITNESS_PROOFS: usize = 1024;

/// The newest version that somebody has a proof for, good and bad ones apart, by multikey.
#[derive(Default)]
struct Witnessed {
    good: BTreeMap<String, u32>,
    bad: BTreeMap<String, u32>,
}

/// Checks that each entry that needs witnesses has enough. A proof for an entry is one for all entries before it.
pub(super) fn check(chain: &Chain, file: Option<&[u8]>) -> Result<(), LogRefusal> {
    if chain.witnesses.iter().all(Option::is_none) {
        return Ok(());
    }
    let witnessed = file.map(|file| Witnessed::read(chain, file)).transpose()?.unwrap_or_default();
    for (number, witnesses) in (1..).zip(&chain.witnesses) {
        if let Some(witnesses) = witnesses {
            witnessed.check(witnesses, number).map_err(|fault| fault.at(number))?;
        }
    }
    Ok(())
}

impl Witnessed {
    fn read(chain: &Chain, file: &[u8]) -> Result<Self, LogFault> {
        let mut witnessed = Self::default();
        for (version_id, proofs) in versions(file)? {
            // A version that is not in this log yet proves nothing, and may be of another log.
            let Some(at) = chain.versions.iter().position(|version| *version == version_id) else { continue };
            let number = u32::try_from(at + 1).map_err(|_| LogFault::WitnessTooLong)?;
            let secured = Json::Object(Object::from([("versionId".to_owned(), Json::Text(version_id))]));
            let secured = jcs::canonical(&secured).ok_or(LogFault::WitnessFile)?;
            for proof in proofs.iter().filter_map(|proof| Proof::read(proof).ok()) {
                witnessed.note(proof, &secured, number);
            }
        }
        Ok(witnessed)
    }

    fn note(&mut self, proof: Proof, secured: &str, number: u32) {
        let of = if proof.verifies(secured) { &mut self.good } else { &mut self.bad };
        let newest = of.entry(proof.key).or_default();
        *newest = number.max(*newest);
    }

    fn check(&self, witnesses: &Witnesses, number: u32) -> Result<(), LogFault> {
        let has = |of: &BTreeMap<String, u32>, key: &String| of.get(key).is_some_and(|newest| *newest >= number);
        let count = witnesses.keys.iter().filter(|key| has(&self.good, key)).count();
        if count >= witnesses.threshold {
            return Ok(());
        }
        if witnesses.keys.iter().any(|key| has(&self.bad, key)) {
            return Err(LogFault::WitnessProof);
        }
        if count > 0 {
            return Err(LogFault::WitnessThreshold);
        }
        let others = self.good.values().chain(self.bad.values()).any(|newest| *newest >= number);
        Err(if others { LogFault::WitnessUnknown } else { LogFault::WitnessMissing })
    }
}

/// The versions of a file with their proofs.
fn versions(file: &[u8]) -> Result<Vec<(String, Vec<Json>)>, LogFault> {
    if file.len() > MAX_WITNESS_BYTES {
        return Err(LogFault::WitnessTooLong);
    }
    let Ok(Json::List(list)) = read_json(file) else { return Err(LogFault::WitnessFile) };
    let mut versions = Vec::new();
    let mut count = 0;
    for item in list {
        let Json::Object(mut item) = item else { return Err(LogFault::WitnessFile) };
        let (version, proofs) = (item.remove("versionId"), item.remove("proof"));
        let (Some(Json::Text(version)), Some(Json::List(proofs)), true) = (version, proofs, item.is_empty()) else {
            return Err(LogFault::WitnessFile);
        };
        count += proofs.len();
        if proofs.len() > MAX_PROOFS || count > MAX_WITNESS_PROOFS {
            return Err(LogFault::WitnessTooLong);
        }
        versions.push((version, proofs));
    }
    Ok(versions)
}
