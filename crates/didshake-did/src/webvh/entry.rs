//! One line of a log, read.

use didshake::{Did, UnixTime};

use super::fault::LogFault;
use super::parameters::Changes;
use super::proof::{MAX_PROOFS, Proof};
use super::{jcs, scid};
use crate::json::{self, Json, JsonFault, Object};
use crate::rfc3339::{self, Instant};

/// An entry is one level around a document.
const MAX_DEPTH: usize = json::MAX_DEPTH + 1;

/// How far a clock may be behind the one that wrote a time, in seconds.
const TOLERANCE_SECONDS: u64 = 300;

/// An entry whose form is right; neither its hash nor its proofs have been looked at.
pub(super) struct Entry {
    whole: Object,
    pub(super) version_id: String,
    pub(super) time: Instant,
    pub(super) changes: Changes,
    pub(super) did: Did,
    pub(super) state: Json,
}

/// One JSON value.
pub(super) fn read_json(line: &[u8]) -> Result<Json, LogFault> {
    json::read_value(line, MAX_DEPTH).map_err(|fault| match fault {
        JsonFault::Malformed => LogFault::Json,
        JsonFault::TooDeep => LogFault::TooDeep,
    })
}

impl Entry {
    /// Reads the entry that must have this number.
    pub(super) fn read(value: Json, number: u32, now: UnixTime) -> Result<Self, LogFault> {
        let Json::Object(whole) = value else { return Err(LogFault::Shape) };
        let text = |name: &str| whole.get(name).and_then(Json::as_text).ok_or(LogFault::Shape);
        let object = |name: &str| whole.get(name).and_then(Json::as_object).ok_or(LogFault::Shape);
        let (version_id, time) = (text("versionId")?.to_owned(), text("versionTime")?);
        let (parameters, state) = (object("parameters")?, object("state")?);
        let proof = whole.get("proof").is_some_and(|proof| matches!(proof, Json::Object(_) | Json::List(_)));
        if whole.len() != 5 || !proof {
            return Err(LogFault::Shape);
        }
        jcs::without(&whole, "").ok_or(LogFault::Number)?;
        check_version_id(&version_id, number)?;
        let time = rfc3339::parse_exactly(time).filter(|time| time.utc).ok_or(LogFault::VersionTime)?;
        if time.seconds > now.0.saturating_add(TOLERANCE_SECONDS) {
            return Err(LogFault::TimeFuture);
        }
        let changes = Changes::read(parameters, number == 1)?;
        let id = state.get("id").and_then(Json::as_text).ok_or(LogFault::StateId)?;
        let did = Did::parse(id).ok().filter(|did| did.method() == "webvh").ok_or(LogFault::StateId)?;
        let state = Json::Object(state.clone());
        Ok(Self { version_id, time, changes, did, state, whole })
    }

    /// The hash that its versionId must have, given the versionId before it, or the SCID.
    pub(super) fn hash(&self, before: &str) -> Option<String> {
        let mut unproved = self.unproved();
        unproved.insert("versionId".to_owned(), Json::Text(before.to_owned()));
        Some(scid::hash(&jcs::canonical(&Json::Object(unproved))?))
    }

    /// The SCID that a log has which begins with this entry.
    pub(super) fn scid(&self, claimed: &str) -> Option<String> {
        let mut unproved = self.unproved();
        unproved.insert("versionId".to_owned(), Json::Text(scid::PLACEHOLDER.to_owned()));
        let placeheld = scid::replaced(&Json::Object(unproved), claimed, scid::PLACEHOLDER)?;
        Some(scid::hash(&jcs::canonical(&placeheld)?))
    }

    /// What its proofs are over.
    pub(super) fn secured(&self) -> Option<String> {
        jcs::without(&self.whole, "proof")
    }

    /// Its proofs, at least one.
    pub(super) fn proofs(&self) -> Result<Vec<Proof>, LogFault> {
        let proof = self.whole.get("proof").ok_or(LogFault::Shape)?;
        let proofs = proof.as_list().unwrap_or(std::slice::from_ref(proof));
        if proofs.is_empty() || proofs.len() > MAX_PROOFS {
            return Err(LogFault::ProofShape);
        }
        proofs.iter().map(Proof::read).collect()
    }

    /// Whether `alsoKnownAs` of its state holds this DID.
    pub(super) fn is_also_known_as(&self, did: &Did) -> bool {
        let names = self.state.as_object().and_then(|state| state.get("alsoKnownAs")).and_then(Json::as_list);
        names.is_some_and(|names| names.iter().any(|name| name.as_text() == Some(did.as_str())))
    }

    fn unproved(&self) -> Object {
        let members = self.whole.iter().filter(|(name, _)| *name != "proof");
        members.map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

/// The SCID of a did:webvh; `None` for another DID and for one whose SCID is no hash.
pub(super) fn scid_of(did: &Did) -> Option<&str> {
    let scid = did.method_specific_id().split(':').next()?;
    (did.method() == "webvh" && scid::is_hash(scid)).then_some(scid)
}

/// A versionId apart: the digits of its number, and its hash.
pub(super) fn split_version_id(version_id: &str) -> Option<(&str, &str)> {
    let (number, hash) = version_id.split_once('-')?;
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) && !number.starts_with('0');
    (digits && scid::is_hash(hash)).then_some((number, hash))
}

fn check_version_id(version_id: &str, number: u32) -> Result<(), LogFault> {
    let (found, _) = split_version_id(version_id).ok_or(LogFault::VersionId)?;
    if found == number.to_string() { Ok(()) } else { Err(LogFault::VersionNumber) }
}
