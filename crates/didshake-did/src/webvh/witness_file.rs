//! The file of witness proofs, as its owner writes it.

use std::collections::{BTreeMap, BTreeSet};

use super::entry::read_json;
use super::fault::{LogFault, LogRefusal};
use super::jcs;
use super::log::Log;
use super::proof::Proof;
use crate::json::{Json, Object};

/// So many proofs of each witness are kept: what is published has one while newer entries wait for others.
const KEPT: usize = 3;

/// The file with one more proof, which is for one of the log's entries.
pub(super) fn with(log: &Log, file: Option<&[u8]>, proof: &[u8]) -> Result<String, LogRefusal> {
    let proof = read_json(proof).map_err(|_| LogFault::WitnessFile)?;
    let read = Proof::read(&proof).map_err(|_| LogFault::WitnessFile)?;
    let is_for = |version: &&String| {
        let secured = Object::from([("versionId".to_owned(), Json::Text((*version).clone()))]);
        jcs::canonical(&Json::Object(secured)).is_some_and(|secured| read.verifies(&secured))
    };
    // The last ones first: it is most often for the newest.
    let version = log.versions().iter().rev().find(is_for).ok_or(LogFault::WitnessProof)?.clone();
    let mut list = match file.map(read_json).transpose().map_err(|_| LogFault::WitnessFile)? {
        None => Vec::new(),
        Some(Json::List(list)) => list,
        Some(_) => return Err(LogFault::WitnessFile.into()),
    };
    list.push(Json::Object(Object::from([
        ("versionId".to_owned(), Json::Text(version)),
        ("proof".to_owned(), Json::List(vec![proof])),
    ])));
    Ok(jcs::canonical(&Json::List(without_superseded(log, list))).ok_or(LogFault::WitnessFile)?)
}

/// A proof counts for all entries before its own, so that of each witness the newest are enough: a file that only grows would
/// be too long one day, for the entry that deactivates too.
fn without_superseded(log: &Log, list: Vec<Json>) -> Vec<Json> {
    let number = |item: &Json| {
        let version = item.as_object().and_then(|item| item.get("versionId")).and_then(Json::as_text);
        log.versions().iter().position(|known| version == Some(known))
    };
    let mut numbered: Vec<_> = list.into_iter().map(|item| (number(&item), item)).collect();
    numbered.sort_by_key(|(number, _)| *number);
    let mut kept: BTreeMap<String, BTreeSet<Option<usize>>> = BTreeMap::new();
    let mut newest = Vec::new();
    for (number, item) in numbered.into_iter().rev() {
        let Json::Object(mut item) = item else { continue };
        let Some(Json::List(mut proofs)) = item.remove("proof") else { continue };
        proofs.retain(|proof| {
            let Ok(proof) = Proof::read(proof) else { return false };
            let versions = kept.entry(proof.key).or_default();
            versions.len() < KEPT && versions.insert(number)
        });
        if !proofs.is_empty() {
            item.insert("proof".to_owned(), Json::List(proofs));
            newest.push(Json::Object(item));
        }
    }
    newest.reverse();
    newest
}
