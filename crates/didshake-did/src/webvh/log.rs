//! A log that was verified, and what it says.

use didshake::{Did, UnixTime};

use super::chain::Chain;
use super::entry::scid_of;
use super::fault::{LogFault, LogRefusal};
use super::history::LogHead;
use super::parameters::Witnesses;
use super::{jcs, witness};
use crate::document::DidDocument;
use crate::json::Json;
use crate::resolver::Resolved;

/// A log whose entries are verified, each by its hash and its proofs, and whose witnesses are not.
pub struct UnwitnessedLog(Chain);

/// A log that is verified (R-WEBVH-2); whether a newer one was seen before is for [`Log::check_seen`].
pub struct Log(Chain);

impl UnwitnessedLog {
    /// Reads and verifies the entries of a log: of a DID, or of whatever DID the log is of where none is given.
    ///
    /// # Errors
    /// [`LogRefusal`]: the first fault, in the order of section 9.8 of the specification.
    pub fn read(log: &[u8], did: Option<&Did>, now: UnixTime) -> Result<Self, LogRefusal> {
        Chain::read(log, did, now).map(Self)
    }

    /// Whether a DID is one that a log can be of, before anything is fetched.
    ///
    /// # Errors
    /// [`LogFault::ScidForm`].
    pub fn check_did(did: &Did) -> Result<(), LogRefusal> {
        scid_of(did).map(drop).ok_or(LogFault::ScidForm.into())
    }

    /// The DID that the last entry is of.
    #[must_use]
    pub fn did(&self) -> &Did {
        &self.0.did
    }

    /// The versionIds of all entries, in order.
    #[must_use]
    pub fn versions(&self) -> &[String] {
        &self.0.versions
    }

    /// Whether some entry needs witnesses, so that `did-witness.json` has to be there.
    #[must_use]
    pub fn needs_witnesses(&self) -> bool {
        self.0.witnesses.iter().any(Option::is_some)
    }

    /// The log of its own owner, whom nobody has to vouch for.
    pub(super) fn own(self) -> Log {
        Log(self.0)
    }

    /// Verifies the witness proofs, from the bytes of `did-witness.json`; `None` where there is no such file.
    ///
    /// # Errors
    /// [`LogRefusal`] with one of the `Witness…` faults.
    pub fn witnessed(self, file: Option<&[u8]>) -> Result<Log, LogRefusal> {
        witness::check(&self.0, file)?;
        Ok(Log(self.0))
    }
}

impl Log {
    /// The SCID, by which what was seen before is kept.
    #[must_use]
    pub fn scid(&self) -> &str {
        &self.0.scid
    }

    /// The DID that the last entry is of.
    #[must_use]
    pub fn did(&self) -> &Did {
        &self.0.did
    }

    /// The last entry.
    #[must_use]
    pub fn head(&self) -> Option<LogHead> {
        LogHead::parse(self.0.versions.last()?)
    }

    /// The versionIds of all entries, in order.
    #[must_use]
    pub fn versions(&self) -> &[String] {
        &self.0.versions
    }

    /// When the first entry says that it was made.
    #[must_use]
    pub fn created(&self) -> UnixTime {
        self.0.created
    }

    /// When the last entry says that it was made.
    #[must_use]
    pub fn updated(&self) -> UnixTime {
        self.0.updated()
    }

    /// Whether the DID is deactivated.
    #[must_use]
    pub fn is_deactivated(&self) -> bool {
        self.0.parameters.deactivated
    }

    /// Whether the DID may move to another place.
    #[must_use]
    pub fn is_portable(&self) -> bool {
        self.0.parameters.portable
    }

    /// How long the owner lets a document be kept, in seconds.
    #[must_use]
    pub fn ttl_seconds(&self) -> u32 {
        self.0.parameters.ttl_seconds
    }

    /// The multikeys that may update the DID, unless keys are committed to.
    #[must_use]
    pub fn update_keys(&self) -> &[String] {
        &self.0.parameters.update_keys
    }

    /// The hashes of the multikeys that may make the next entry; empty without pre-rotation.
    #[must_use]
    pub fn next_key_hashes(&self) -> &[String] {
        &self.0.parameters.next_key_hashes
    }

    /// Who has to witness the next entry.
    #[must_use]
    pub fn witnesses(&self) -> Option<&Witnesses> {
        self.0.parameters.witnesses.as_ref()
    }

    /// Who watches the log, as it says.
    #[must_use]
    pub fn watchers(&self) -> &[String] {
        &self.0.parameters.watchers
    }

    /// The document of the last entry, in canonical JSON, as the log has it: services that the method implies are not in
    /// it.
    #[must_use]
    pub fn document_text(&self) -> String {
        jcs::canonical(&self.0.state).unwrap_or_default()
    }

    pub(super) fn state(&self) -> &Json {
        &self.0.state
    }

    /// Holds the log against the newest entry that was seen of it before (R-WEBVH-10).
    ///
    /// # Errors
    /// [`LogFault::RolledBack`] where the log ends before that entry, [`LogFault::Forked`] where it has another one in
    /// its place.
    pub fn check_seen(&self, seen: Option<&LogHead>) -> Result<(), LogRefusal> {
        let Some(seen) = seen else { return Ok(()) };
        let at = usize::try_from(seen.number().saturating_sub(1)).unwrap_or(usize::MAX);
        match self.0.versions.get(at) {
            None => Err(LogFault::RolledBack.into()),
            Some(version) if version == seen.version_id() => Ok(()),
            Some(_) => Err(LogFault::Forked.at(seen.number())),
        }
    }

    /// The document of a DID, with what the log says about it. The cache keeps it no longer than the owner asks.
    ///
    /// # Errors
    /// [`LogFault::Moved`] where the last entry is of another DID; [`LogFault::Document`] with the fault of
    /// [`DidDocument::parse`].
    pub fn resolved(&self, did: &Did) -> Result<Resolved, LogRefusal> {
        if self.0.did != *did {
            return Err(LogFault::Moved.into());
        }
        let document = DidDocument::parse(self.document_text().as_bytes(), did).map_err(LogFault::Document)?;
        let version = self.0.versions.last().map(String::as_str).unwrap_or_default();
        let resolved = Resolved::fetched(document).with_max_life(self.ttl_seconds().into()).with_version(version);
        Ok(if self.is_deactivated() { resolved.deactivated() } else { resolved })
    }
}

/// Verifies a log and its witness proofs from bytes, and against the newest entry that was seen of it: the whole of what a
/// resolver does but for fetching.
///
/// ```
/// use didshake::{Did, UnixTime};
/// use didshake_did::webvh::{LogFault, verify};
/// let did = Did::parse("did:webvh:QmdmPkUdYzbr9txmx8gM2rsHPgr5L6m3gHjJGAf4vUFoGE:example.com")?;
/// let refused = verify(&did, b"{\"versionId\":", None, None, UnixTime(1_767_225_600));
/// assert_eq!(refused.err().map(|refusal| refusal.fault), Some(LogFault::Truncated));
/// # Ok::<(), didshake::Fault>(())
/// ```
///
/// # Errors
/// [`LogRefusal`]: the first fault, in the order of section 9.8 of the specification.
pub fn verify(
    did: &Did,
    log: &[u8],
    witness: Option<&[u8]>,
    seen: Option<&LogHead>,
    now: UnixTime,
) -> Result<(Log, Resolved), LogRefusal> {
    let log = UnwitnessedLog::read(log, Some(did), now)?.witnessed(witness)?;
    log.check_seen(seen)?;
    let resolved = log.resolved(did)?;
    Ok((log, resolved))
}
