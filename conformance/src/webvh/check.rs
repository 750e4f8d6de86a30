//! Every check of section 9.8 by name, in order, with the cause that it has there. One at a time can be switched off.

use crate::mailbox::checks;

checks! {
    WebvhCheck: "One check of a did:webvh log.";
    ScidForm "webvh_scid_form" "scid_form" "R-WEBVH-1" "The SCID of the DID is a hash text; off: the SCID of the log.";
    LogLength "webvh_log_length" "too_long" "R-WEBVH-13" "A log is at most 1,048,576 bytes.";
    LogEmpty "webvh_log_empty" "empty" "R-WEBVH-13" "A log is not empty; off: the owner's log.";
    LineLength "webvh_line_length" "entry_too_long" "R-WEBVH-13" "A line is at most 131,072 bytes.";
    Json "webvh_json" "json" "R-WEBVH-2" "A line is JSON; off: the owner's line.";
    Truncated "webvh_truncated" "truncated" "R-WEBVH-2" "The last line is JSON where it does not end; off: the owner's line.";
    Duplicate "webvh_duplicate" "json" "R-WEBVH-2" "No member occurs twice; off: the last one counts.";
    Depth "webvh_depth" "too_deep" "R-WEBVH-13" "An entry is nested at most 17 deep.";
    AfterDeactivation "webvh_after_deactivation" "after_deactivation" "R-WEBVH-12" "No entry follows the one that deactivates.";
    Shape "webvh_shape" "shape" "R-WEBVH-2" "The five members are there, each of its type; off: the owner's line.";
    ShapeOther "webvh_shape_other" "shape" "R-WEBVH-2" "There is no sixth member.";
    Number "webvh_number" "number" "R-WEBVH-3" "Every number is an integer of at most 53 bits; off: others are written as ECMAScript does.";
    VersionIdForm "webvh_version_id" "version_id" "R-WEBVH-4" "The number in a versionId has digits only, without a zero before them; off: it is read as it is.";
    VersionNumber "webvh_version_number" "version_number" "R-WEBVH-4" "The numbers are 1, 2, 3 ….";
    TimeForm "webvh_time_form" "version_time" "R-WEBVH-5" "A versionTime has the form of section 9.4; off: it is not looked at.";
    TimeUtc "webvh_time_utc" "version_time" "R-WEBVH-5" "A versionTime is in UTC.";
    TimeFuture "webvh_time_future" "time_future" "R-WEBVH-5" "A versionTime is at most 300 s after now.";
    ParameterUnknown "webvh_parameter_unknown" "unknown_parameter" "R-WEBVH-6" "Every parameter is known.";
    Method "webvh_method" "method_version" "R-WEBVH-6" "`method` is did:webvh:1.0 where it stands.";
    MethodMissing "webvh_method_missing" "method_version" "R-WEBVH-6" "The first entry has a `method`.";
    ParameterValue "webvh_parameter_value" "parameter" "R-WEBVH-6" "A parameter has an allowed value; off: it is as if it were not there.";
    ScidLate "webvh_scid_late" "parameter" "R-WEBVH-6" "No later entry has `scid`.";
    PortableLate "webvh_portable_late" "portable_late" "R-WEBVH-6" "`portable` is true in the first entry only.";
    StateId "webvh_state_id" "state_id" "R-WEBVH-11" "The id of a state is a did:webvh; off: it is the one before, or the DID.";
    TimeOrder "webvh_time_order" "time_order" "R-WEBVH-5" "A versionTime is later than the one before.";
    ScidState "webvh_scid_state" "other_scid" "R-WEBVH-11" "The SCID of a state is that of the log.";
    ScidDid "webvh_scid_did" "other_scid" "R-WEBVH-11" "The SCID of the DID is that of the log; off: it is replaced by that.";
    Scid "webvh_scid" "scid" "R-WEBVH-4" "The SCID is the hash of the first entry.";
    EntryHash "webvh_entry_hash" "entry_hash" "R-WEBVH-4" "The hash of an entry is the one in its versionId.";
    PreRotationMembers "webvh_pre_rotation_members" "pre_rotation" "R-WEBVH-8" "In pre-rotation an entry sets `updateKeys` and `nextKeyHashes`; off: what it leaves out stays.";
    PreRotationKeys "webvh_pre_rotation_keys" "pre_rotation" "R-WEBVH-8" "In pre-rotation every key of an entry was committed to.";
    Portable "webvh_portable" "not_portable" "R-WEBVH-11" "Only a portable DID moves.";
    PriorDid "webvh_prior_did" "prior_did" "R-WEBVH-11" "A DID that moves is also known as the one before.";
    ProofCount "webvh_proof_count" "proof_shape" "R-WEBVH-7" "An entry has 1 to 32 proofs.";
    Cryptosuite "webvh_cryptosuite" "cryptosuite" "R-WEBVH-7" "The cryptosuite of a proof is eddsa-jcs-2022.";
    ProofShape "webvh_proof_shape" "proof_shape" "R-WEBVH-7" "A proof has the members of section 9.8 and no others; off: the proof is not looked at.";
    ProofKey "webvh_proof_key" "key_not_authorised" "R-WEBVH-7" "The key of a proof is active.";
    ProofSignature "webvh_proof_signature" "proof_signature" "R-WEBVH-7" "The signature of a proof verifies.";
    OtherDid "webvh_other_did" "other_did" "R-WEBVH-11" "Some entry is of the DID; off: the DID is that of the last entry.";
    WitnessFile "webvh_witness_file" "witness_file" "R-WEBVH-9" "The file of witness proofs is as section 9.8 says; off: the owner's file.";
    WitnessProof "webvh_witness_proof" "witness_proof" "R-WEBVH-9" "Enough witnesses approve although a proof of one of them does not verify.";
    WitnessThreshold "webvh_witness_threshold" "witness_threshold" "R-WEBVH-9" "Enough witnesses approve where some do.";
    WitnessUnknown "webvh_witness_unknown" "witness_unknown" "R-WEBVH-9" "Enough witnesses approve where only others do.";
    WitnessMissing "webvh_witness_missing" "witness_missing" "R-WEBVH-9" "Enough witnesses approve where nobody does.";
    RolledBack "webvh_rolled_back" "rolled_back" "R-WEBVH-10" "The log does not end before the entry that was seen.";
    Forked "webvh_forked" "forked" "R-WEBVH-10" "The log has the entry that was seen.";
    Moved "webvh_moved" "moved" "R-WEBVH-11" "The last entry is of the DID.";
    Document "webvh_document" "document_shape" "R-WEBVH-12" "The last state is a document.";
}

impl WebvhCheck {
    /// The error code of the specification's registry that comes of it.
    pub(crate) fn error(self) -> &'static str {
        match self.code() {
            "too_long" | "entry_too_long" | "too_deep" => "document_limits",
            "document_shape" => "document_shape",
            _ => "did_resolution_failed",
        }
    }
}

/// Which checks are on: all, or all but one.
#[derive(Clone, Copy)]
pub(crate) struct Checks {
    off: Option<WebvhCheck>,
}

/// Why the model stopped: something was refused by a check, or the generator itself is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Halt {
    Refused(WebvhCheck),
    /// With the named check off, this one refuses: not a single fault.
    SecondFault(WebvhCheck),
    /// More than a resolver looks at, for this cause: too large for a vector, and never off.
    TooMuch(&'static str),
    Broken(&'static str),
}

/// The result of a step of the model.
pub(crate) type Judged<T> = Result<T, Halt>;

impl Checks {
    pub(crate) const fn all() -> Self {
        Self { off: None }
    }

    pub(crate) const fn all_but(check: WebvhCheck) -> Self {
        Self { off: Some(check) }
    }

    pub(crate) fn off(self, check: WebvhCheck) -> bool {
        self.off == Some(check)
    }

    /// Refuses when the check is on and does not hold.
    pub(crate) fn need(self, check: WebvhCheck, holds: bool) -> Judged<()> {
        if holds || self.off(check) { Ok(()) } else { Err(Halt::Refused(check)) }
    }
}
