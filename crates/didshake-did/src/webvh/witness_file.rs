//! The file of witness proofs, as its owner writes it.

use super::entry::read_json;
use super::fault::{LogFault, LogRefusal};
use super::jcs;
use super::log::Log;
use super::proof::Proof;
use crate::json::{Json, Object};

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
    Ok(jcs::canonical(&Json::List(list)).ok_or(LogFault::WitnessFile)?)
}
