//! did:webvh 1.0: a DID whose whole history is a log of signed entries, each holding the hash of the one before, under an
//! identifier that is the hash of the first. Pure: bytes and the time in, a verdict out (section 9.8 of the specification);
//! `web` fetches the log.
//!
//! What makes it more than did:web is only as good as what a verifier remembers: a host can always serve an older log. So
//! the newest entry that was seen is kept in a [`LogHistory`], and an older or another log is refused.

mod author;
mod chain;
mod entry;
mod fault;
mod history;
mod history_file;
mod jcs;
mod keeper;
mod log;
mod parameters;
mod proof;
mod scid;
mod witness;
mod witness_file;

pub use author::{AuthorError, Change, first_entry, key_hash, multikey, next_entry, witness_proof};
pub use fault::{LogFault, LogRefusal};
pub use history::{
    HistoryFull, HistoryUnavailable, LogHead, LogHistory, MemoryLogHistory, NOTED_AGAIN_SECONDS, RECENTLY_USED_SECONDS,
    keep_up,
};
pub use history_file::LogHistoryFile;
pub use keeper::{KeeperError, LogKeeper};
pub use log::{Log, UnwitnessedLog, verify};
pub use parameters::Witnesses;

/// The longest log that is read, in bytes.
pub const MAX_LOG_BYTES: usize = 1 << 20;

/// The most entries of a log that are read.
pub const MAX_ENTRIES: usize = 1024;

/// The longest entry that is read, in bytes: a document and as much around it.
pub const MAX_ENTRY_BYTES: usize = 1 << 17;

/// The longest file of witness proofs that is read, in bytes.
pub const MAX_WITNESS_BYTES: usize = 1 << 18;
