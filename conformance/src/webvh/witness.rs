//! The file of witness proofs.

use super::canonical::jcs;
use super::check::{Checks, Halt, Judged, WebvhCheck as Check};
use super::judge::Chain;
use super::owner::Made;
use super::proofs::Proof;
use crate::json::{self, Json};

/// A proof for an entry: its place, whose it is, whether it verifies.
struct Approval {
    place: usize,
    key: String,
    good: bool,
}

const TOO_MUCH: Halt = Halt::TooMuch("witness_too_long");

/// Whether each entry that needs witnesses has enough.
pub(super) fn check(checks: Checks, chain: &Chain, file: Option<&str>, owner: &Made) -> Judged<()> {
    if chain.witnesses.iter().all(Option::is_none) {
        return Ok(());
    }
    let approvals = match file {
        None => Vec::new(),
        Some(file) => {
            if file.len() > 262_144 {
                return Err(TOO_MUCH);
            }
            let read = objects(file);
            checks.need(Check::WitnessFile, read.is_some())?;
            let own = || owner.witness.as_deref().and_then(objects);
            let objects = read.or_else(own).ok_or(Halt::Broken("no file to take instead"))?;
            let counts = objects.iter().map(|(_, proofs)| proofs.len());
            if counts.clone().sum::<usize>() > 1_024 || counts.max().unwrap_or(0) > 32 {
                return Err(TOO_MUCH);
            }
            approvals(chain, &objects)?
        }
    };
    for (place, witnesses) in chain.witnesses.iter().enumerate() {
        let Some((threshold, keys)) = witnesses else { continue };
        let later: Vec<&Approval> = approvals.iter().filter(|approval| approval.place >= place).collect();
        let by = |key: &String, good: bool| later.iter().any(|one| one.key == *key && one.good == good);
        let count = keys.iter().filter(|key| by(key, true)).count();
        if count as u64 >= *threshold {
            continue;
        }
        let failed = if keys.iter().any(|key| by(key, false)) {
            Check::WitnessProof
        } else if count > 0 {
            Check::WitnessThreshold
        } else if !later.is_empty() {
            Check::WitnessUnknown
        } else {
            Check::WitnessMissing
        };
        checks.need(failed, false)?;
    }
    Ok(())
}

fn objects(file: &str) -> Option<Vec<(String, Vec<Json>)>> {
    let value = json::parse(file).filter(|value| !value.has_duplicates() && value.depth() <= 17)?;
    let Json::List(list) = value else { return None };
    let object = |item: &Json| {
        let Json::Object(members) = item else { return None };
        let Some(Json::List(proofs)) = item.member("proof") else { return None };
        let version_id = item.member("versionId")?.text()?.to_owned();
        (members.len() == 2).then(|| (version_id, proofs.clone()))
    };
    list.iter().map(object).collect()
}

fn approvals(chain: &Chain, objects: &[(String, Vec<Json>)]) -> Judged<Vec<Approval>> {
    let mut approvals = Vec::new();
    for (version_id, proofs) in objects {
        let Some(place) = chain.version_ids.iter().position(|known| known == version_id) else { continue };
        let secured = jcs(&Json::Object(vec![("versionId".to_owned(), Json::Text(version_id.clone()))]));
        for proof in proofs {
            let suite = proof.member("cryptosuite").and_then(Json::text) == Some("eddsa-jcs-2022");
            let Some(proof) = Proof::read(proof).filter(|_| suite) else { continue };
            let good = proof.verifies(&secured)?;
            approvals.push(Approval { place, key: proof.key, good });
        }
    }
    Ok(approvals)
}
