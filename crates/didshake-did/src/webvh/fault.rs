//! Why the log of a did:webvh is refused: exactly, for the operator's log and for whoever keeps the log.

use didshake::Fault;

macro_rules! faults {
    ($($(#[doc = $doc:literal])+ $variant:ident, $code:literal, $text:literal;)*) => {
        /// Why a log is refused (R-WEBVH-2). Each has a code, which is its name in the specification and in the vectors.
        ///
        /// ```
        /// use didshake::Fault;
        /// use didshake_did::webvh::LogFault;
        /// assert_eq!(LogFault::RolledBack.code(), "rolled_back");
        /// assert_eq!(LogFault::RolledBack.fault(), Fault::DidResolutionFailed);
        /// assert_eq!(LogFault::Document(Fault::DocumentShape).fault(), Fault::DocumentShape);
        /// ```
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, thiserror::Error)]
        pub enum LogFault {
            $($(#[doc = $doc])+ #[error($text)] $variant,)*
            /// The log is good, and what it says the document is breaks a rule of documents.
            #[error("{0}")]
            Document(Fault),
        }

        impl LogFault {
            /// Every fault but `Document`, in the order of the specification.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// A fixed word for logs, metrics and vectors.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* Self::Document(fault) => fault.code() }
            }
        }
    };
}

faults! {
    /// The SCID in the DID is not 46 characters of base58btc that are a multihash of SHA-256.
    ScidForm, "scid_form", "the SCID in the DID is not the base58btc of a SHA-256 multihash";
    /// Over [`MAX_LOG_BYTES`](super::MAX_LOG_BYTES).
    TooLong, "too_long", "the log is longer than 1 MiB";
    /// Over [`MAX_ENTRIES`](super::MAX_ENTRIES).
    TooManyEntries, "too_many_entries", "the log has more than 1,024 entries";
    /// Over [`MAX_ENTRY_BYTES`](super::MAX_ENTRY_BYTES).
    EntryTooLong, "entry_too_long", "an entry is longer than 128 KiB";
    /// No entry at all.
    Empty, "empty", "the log is empty";
    /// The last line has no end and is no JSON: the log broke off within it.
    Truncated, "truncated", "the log breaks off within its last entry";
    /// A line is not one JSON value in UTF-8 without duplicate members.
    Json, "json", "a line is not JSON without duplicate members";
    /// Nested more than 17 deep.
    TooDeep, "too_deep", "an entry is nested more than 17 deep";
    /// An entry lacks a member, has an unknown one, or one of the wrong type.
    Shape, "shape", "an entry is not an object of versionId, versionTime, parameters, state and proof";
    /// A number that is no integer of at most 2^53 − 1: hashes over others depend on who computes them.
    Number, "number", "an entry holds a number that is no integer of at most 53 bits";
    /// An entry follows the one that deactivated the DID.
    AfterDeactivation, "after_deactivation", "an entry follows the one that deactivated the DID";
    /// Not a number without leading zeros, one `-`, and a SHA-256 multihash in base58btc.
    VersionId, "version_id", "a versionId is not a number, a dash and a hash";
    /// The numbers are not 1, 2, 3 ….
    VersionNumber, "version_number", "the version numbers are not consecutive from 1";
    /// A time that cannot be read, or is not in UTC.
    VersionTime, "version_time", "a versionTime cannot be read, or is not in UTC";
    /// Not later than that of the entry before.
    TimeOrder, "time_order", "a versionTime is not later than the one before";
    /// More than 5 minutes after now.
    TimeFuture, "time_future", "a versionTime is in the future";
    /// A parameter that this version of the method does not define.
    UnknownParameter, "unknown_parameter", "a parameter is unknown";
    /// `method` is missing in the first entry, or is not `did:webvh:1.0`.
    MethodVersion, "method_version", "the method is not did:webvh:1.0";
    /// A parameter of the wrong type or with a value that is not allowed there.
    Parameter, "parameter", "a parameter has a value that is not allowed";
    /// `portable` is true in an entry that is not the first.
    PortableLate, "portable_late", "portable is true in an entry that is not the first";
    /// The `id` of `state` is no did:webvh.
    StateId, "state_id", "the id of a state is no did:webvh";
    /// A state, or the DID that is resolved, has another SCID than the first entry.
    OtherScid, "other_scid", "the SCID is not the one of the log";
    /// The SCID is not the hash of the first entry.
    Scid, "scid", "the SCID is not the hash of the first entry";
    /// An entry's hash is not the one in its versionId: it was altered, or another stood before it.
    EntryHash, "entry_hash", "an entry's hash is not the one in its versionId";
    /// Pre-rotation is active, and the entry does not keep what the one before promised.
    PreRotation, "pre_rotation", "an entry breaks the pre-rotation that the one before it committed to";
    /// The DID moved although it is not portable.
    NotPortable, "not_portable", "the DID moved although the log is not portable";
    /// The DID moved, and `alsoKnownAs` does not hold the DID that it had before.
    PriorDid, "prior_did", "the DID moved without naming its earlier DID in alsoKnownAs";
    /// A proof lacks a member, has an unknown one, or a value that is not allowed.
    ProofShape, "proof_shape", "a proof is malformed";
    /// Not `eddsa-jcs-2022`.
    Cryptosuite, "cryptosuite", "a proof is not of eddsa-jcs-2022";
    /// The key of a proof is not among the active `updateKeys`.
    KeyNotAuthorised, "key_not_authorised", "a proof is by a key that may not update the DID";
    /// The signature of a proof does not verify.
    ProofSignature, "proof_signature", "the signature of a proof does not verify";
    /// No entry is of the DID that is resolved.
    OtherDid, "other_did", "the log is of another DID";
    /// Over [`MAX_WITNESS_BYTES`](super::MAX_WITNESS_BYTES), or more than 1,024 proofs.
    WitnessTooLong, "witness_too_long", "the file of witness proofs is too long";
    /// The file of witness proofs is malformed.
    WitnessFile, "witness_file", "the file of witness proofs is malformed";
    /// An entry that needs witnesses, and no proof of any for it or a later one.
    WitnessMissing, "witness_missing", "an entry has no witness";
    /// Proofs for an entry, all by keys that are not its witnesses.
    WitnessUnknown, "witness_unknown", "an entry is witnessed only by keys that are not its witnesses";
    /// Too few, and one by a witness whose signature does not verify.
    WitnessProof, "witness_proof", "a witness proof of an entry does not verify";
    /// Fewer witnesses than the threshold.
    WitnessThreshold, "witness_threshold", "an entry has fewer witnesses than its threshold";
    /// Shorter than a log of this SCID that was seen before.
    RolledBack, "rolled_back", "the log is older than one that was seen before: it was rolled back";
    /// Another entry where one was seen before.
    Forked, "forked", "the log differs from one that was seen before: it was forked";
    /// The log is of a DID that has moved: its last state has another id.
    Moved, "moved", "the DID has moved: the last entry of its log is of another DID";
}

impl LogFault {
    /// What the handshake fails with (section 9.6 of the specification).
    #[must_use]
    pub fn fault(self) -> Fault {
        match self {
            Self::Document(fault) => fault,
            Self::TooLong | Self::TooManyEntries | Self::EntryTooLong | Self::TooDeep | Self::WitnessTooLong => {
                Fault::DocumentLimits
            }
            _ => Fault::DidResolutionFailed,
        }
    }

    /// Whether somebody who could sign made two histories of the DID, or somebody hides the newer one: what an operator
    /// has to hear about.
    #[must_use]
    pub fn is_alarming(self) -> bool {
        matches!(self, Self::RolledBack | Self::Forked)
    }

    pub(super) fn at(self, entry: u32) -> LogRefusal {
        LogRefusal { entry: Some(entry), fault: self }
    }
}

/// Why a log is refused, and at which entry.
///
/// ```
/// use didshake_did::webvh::{LogFault, LogRefusal};
/// let refusal = LogRefusal { entry: Some(3), fault: LogFault::TimeOrder };
/// assert_eq!(refusal.to_string(), "entry 3: a versionTime is not later than the one before");
/// assert_eq!(LogRefusal::from(LogFault::Empty).to_string(), "the log is empty");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LogRefusal {
    /// The number of the entry, by its place in the log, from 1; `None` where it is about the whole.
    pub entry: Option<u32>,
    /// What is wrong.
    pub fault: LogFault,
}

impl From<LogFault> for LogRefusal {
    fn from(fault: LogFault) -> Self {
        Self { entry: None, fault }
    }
}

impl std::fmt::Display for LogRefusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(entry) = self.entry {
            write!(f, "entry {entry}: ")?;
        }
        self.fault.fmt(f)
    }
}

impl std::error::Error for LogRefusal {}
