//! The entries of a log, each checked against those before it.

use didshake::{Did, UnixTime};

use super::entry::{Entry, read_json, scid_of};
use super::fault::{LogFault, LogRefusal};
use super::parameters::{Parameters, Witnesses};
use super::scid;
use super::{MAX_ENTRIES, MAX_ENTRY_BYTES, MAX_LOG_BYTES};
use crate::json::Json;
use crate::rfc3339::Instant;

/// What the chain of entries says; witnesses are not looked at yet.
pub(super) struct Chain {
    pub(super) scid: String,
    /// The versionIds, in order.
    pub(super) versions: Vec<String>,
    /// Who has to witness each entry.
    pub(super) witnesses: Vec<Option<Witnesses>>,
    /// Whether some entry is of the DID that is resolved.
    pub(super) names_did: bool,
    pub(super) parameters: Parameters,
    pub(super) did: Did,
    pub(super) state: Json,
    pub(super) created: UnixTime,
    time: Instant,
}

impl Chain {
    /// Reads a log for a DID, or for whatever DID it is of.
    pub(super) fn read(log: &[u8], did: Option<&Did>, now: UnixTime) -> Result<Self, LogRefusal> {
        let scid = did.map(|did| scid_of(did).ok_or(LogFault::ScidForm)).transpose()?;
        let lines = lines(log)?;
        let ends = log.ends_with(b"\n");
        let mut chain: Option<Self> = None;
        for (number, line) in (1..).zip(&lines) {
            let last = number as usize == lines.len();
            let value = read_json(line).map_err(|fault| match fault {
                LogFault::Json if last && !ends => LogFault::Truncated,
                fault => fault,
            });
            let entry = value.and_then(|value| {
                if chain.as_ref().is_some_and(|chain| chain.parameters.deactivated) {
                    return Err(LogFault::AfterDeactivation);
                }
                Entry::read(value, number, now)
            });
            let next = entry.and_then(|entry| match chain.take() {
                None => Self::first(entry, scid, did),
                Some(chain) => chain.followed_by(entry, did),
            });
            chain = Some(next.map_err(|fault| fault.at(number))?);
        }
        let chain = chain.ok_or(LogFault::Empty)?;
        if chain.names_did { Ok(chain) } else { Err(LogFault::OtherDid.into()) }
    }

    fn first(entry: Entry, scid: Option<&str>, did: Option<&Did>) -> Result<Self, LogFault> {
        let claimed = entry.changes.scid.clone().ok_or(LogFault::Parameter)?;
        let agrees = scid_of(&entry.did) == Some(&claimed) && scid.is_none_or(|scid| scid == claimed);
        if !agrees {
            return Err(LogFault::OtherScid);
        }
        if entry.scid(&claimed).as_deref() != Some(&claimed) {
            return Err(LogFault::Scid);
        }
        check_hash(&entry, &claimed)?;
        let keys = entry.changes.update_keys.clone().unwrap_or_default();
        check_proofs(&entry, &keys)?;
        let created = UnixTime(entry.time.seconds);
        let start = Self {
            scid: claimed,
            versions: Vec::new(),
            witnesses: Vec::new(),
            names_did: false,
            parameters: Parameters::default(),
            did: entry.did.clone(),
            state: Json::Null,
            created,
            time: entry.time,
        };
        Ok(start.with(entry, did))
    }

    fn followed_by(self, entry: Entry, did: Option<&Did>) -> Result<Self, LogFault> {
        if entry.time <= self.time {
            return Err(LogFault::TimeOrder);
        }
        if scid_of(&entry.did) != Some(&self.scid) {
            return Err(LogFault::OtherScid);
        }
        check_hash(&entry, self.versions.last().map_or("", String::as_str))?;
        let keys = self.active_keys(&entry)?;
        self.check_move(&entry)?;
        check_proofs(&entry, keys)?;
        Ok(self.with(entry, did))
    }

    /// Who may sign the entry: where keys were committed to, those of the entry, all of them committed to.
    fn active_keys<'a>(&'a self, entry: &'a Entry) -> Result<&'a [String], LogFault> {
        let committed = &self.parameters.next_key_hashes;
        if committed.is_empty() {
            return Ok(&self.parameters.update_keys);
        }
        let (Some(keys), Some(_)) = (&entry.changes.update_keys, &entry.changes.next_key_hashes) else {
            return Err(LogFault::PreRotation);
        };
        let kept = keys.iter().all(|key| committed.contains(&scid::hash(key)));
        if kept { Ok(keys) } else { Err(LogFault::PreRotation) }
    }

    fn check_move(&self, entry: &Entry) -> Result<(), LogFault> {
        if entry.did == self.did {
            return Ok(());
        }
        if !(self.parameters.portable && entry.changes.keeps_portable()) {
            return Err(LogFault::NotPortable);
        }
        if entry.is_also_known_as(&self.did) { Ok(()) } else { Err(LogFault::PriorDid) }
    }

    fn with(mut self, entry: Entry, did: Option<&Did>) -> Self {
        let before = self.parameters.witnesses.clone();
        self.parameters = self.parameters.changed(entry.changes);
        // Whoever witnessed up to now also witnesses a change of witnesses; the first ones witness at once.
        self.witnesses.push(before.or_else(|| self.parameters.witnesses.clone()));
        self.names_did |= did.is_none_or(|did| *did == entry.did);
        self.versions.push(entry.version_id);
        (self.did, self.state, self.time) = (entry.did, entry.state, entry.time);
        self
    }

    /// When the last entry was made, in Unix seconds.
    pub(super) fn updated(&self) -> UnixTime {
        UnixTime(self.time.seconds)
    }
}

fn lines(log: &[u8]) -> Result<Vec<&[u8]>, LogFault> {
    if log.len() > MAX_LOG_BYTES {
        return Err(LogFault::TooLong);
    }
    let text = log.strip_suffix(b"\n").unwrap_or(log);
    if text.is_empty() {
        return Err(LogFault::Empty);
    }
    let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').take(MAX_ENTRIES + 1).collect();
    if lines.len() > MAX_ENTRIES {
        return Err(LogFault::TooManyEntries);
    }
    if lines.iter().any(|line| line.len() > MAX_ENTRY_BYTES) {
        return Err(LogFault::EntryTooLong);
    }
    Ok(lines)
}

fn check_hash(entry: &Entry, before: &str) -> Result<(), LogFault> {
    let hash = entry.hash(before);
    let claimed = entry.version_id.split_once('-').map(|(_, hash)| hash);
    if hash.is_some() && hash.as_deref() == claimed { Ok(()) } else { Err(LogFault::EntryHash) }
}

fn check_proofs(entry: &Entry, keys: &[String]) -> Result<(), LogFault> {
    let proofs = entry.proofs()?;
    if !proofs.iter().all(|proof| keys.contains(&proof.key)) {
        return Err(LogFault::KeyNotAuthorised);
    }
    let secured = entry.secured().ok_or(LogFault::Number)?;
    if proofs.iter().all(|proof| proof.verifies(&secured)) { Ok(()) } else { Err(LogFault::ProofSignature) }
}
