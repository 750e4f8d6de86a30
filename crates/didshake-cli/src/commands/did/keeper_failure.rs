//! Why a log of ours is not changed or published, in words, with what to do about it.

use std::path::Path;

use didshake::Fault;
use didshake_did::webvh::{KeeperError, LogFault, LogRefusal, MAX_LOG_BYTES};
use didshake_did::{KeyFileError, private_file};
use serde_json::Value;

use crate::failure::{Exit, Failure};
use crate::storage;

pub(super) fn failure(error: &KeeperError) -> Failure {
    let (exit, code) = match error {
        KeeperError::Refused(refusal) => (Exit::Resolution, refusal.fault.code()),
        KeeperError::Exists { .. } => (Exit::Storage, "log_exists"),
        KeeperError::NoKey { .. } => (Exit::Storage, "no_update_key"),
        KeeperError::Differs { .. } => (Exit::Storage, "published_differs"),
        KeeperError::Locked { .. } => (Exit::Storage, "locked"),
        KeeperError::Changed { .. } => (Exit::Storage, "log_changed"),
        KeeperError::Full { .. } => (Exit::Storage, "log_full"),
        KeeperError::KeyFile(error) => return of_key_file(error),
        KeeperError::Author(_) | KeeperError::Key(_) => (Exit::Usage, "document"),
        KeeperError::Unread { .. } | KeeperError::Unwritable { .. } => (Exit::Storage, "log"),
    };
    Failure::new(exit, code, error.to_string()).remedy(remedy(error))
}

fn remedy(error: &KeeperError) -> &'static str {
    match error {
        KeeperError::Refused(refusal) => refused(refusal.fault),
        KeeperError::Exists { .. } => "choose another name, or move the directory away",
        KeeperError::NoKey { .. } => {
            "put the newest backup of that directory back; without the key the DID stays as it is for good"
        }
        KeeperError::Differs { .. } => {
            "compare it with the log that is kept (`didshake did resolve --log FILE`): the newer one has to go on; put a backup \
             that is as new as what is published in the place of what is kept, or move what is published away"
        }
        KeeperError::Locked { .. } => {
            "wait until it has ended, or end it, and say the same command again: nothing is lost"
        }
        KeeperError::Changed { .. } => "say the same command again: it is made of the log as it is now",
        KeeperError::Full { .. } => {
            "make another DID (`didshake did create`), tell those who know you, then end this one with `didshake did deactivate`"
        }
        KeeperError::Author(_) | KeeperError::Key(_) | KeeperError::KeyFile(_) => "give a document that a log may hold",
        KeeperError::Unread { .. } | KeeperError::Unwritable { .. } => {
            "see to the file or directory, and say the same command again: nothing is lost"
        }
    }
}

fn refused(fault: LogFault) -> &'static str {
    match fault {
        LogFault::AfterDeactivation => "it has ended for good: make another DID with `didshake did create`",
        LogFault::NotPortable => "it is bound to its place: make another DID there with `didshake did create`",
        LogFault::TooLong | LogFault::EntryTooLong | LogFault::TooManyEntries => "give a smaller document",
        LogFault::TimeFuture => {
            "is this clock right? It is behind the one that the last entry was made by: try again then"
        }
        _ => "`didshake did resolve --log FILE` tells what is wrong; put a backup of the log in its place",
    }
}

fn of_key_file(error: &KeyFileError) -> Failure {
    let failure = storage::key_file_failure(error);
    match error {
        KeyFileError::Unreadable { .. } | KeyFileError::Unwritable { .. } => failure
            .remedy("put the newest backup of that directory back; without the key the DID stays as it is for good"),
        _ => failure,
    }
}

/// A key, a fragment or a DID that the protocol does not allow.
pub(super) fn of_fault(fault: Fault) -> Failure {
    Failure::new(Exit::Usage, fault.code(), fault.to_string())
}

/// The log that is kept is refused: with what its owner can do.
pub(super) fn of_own_log(error: &KeeperError, file: &Path) -> Failure {
    let told = failure(error);
    match error {
        KeeperError::Refused(LogRefusal { fault: LogFault::TimeFuture, entry: Some(entry) }) => {
            let (file, time) = (file.display(), time_of(file, *entry).unwrap_or_else(|| "its time".to_owned()));
            told.remedy(format!(
                "is this clock right? If it was ahead when the entry was made, nobody takes the log before {time}: take line \
                 {entry} and what follows it out of {file} and of the did.jsonl that is served, and make the change again"
            ))
        }
        _ => told,
    }
}

/// When an entry says that it was made.
fn time_of(file: &Path, entry: u32) -> Option<String> {
    let bytes = private_file::read(file, MAX_LOG_BYTES).ok()?;
    let line = bytes.split(|byte| *byte == b'\n').nth(usize::try_from(entry).ok()?.checked_sub(1)?)?;
    let value: Value = serde_json::from_slice(line).ok()?;
    value.get("versionTime")?.as_str().map(str::to_owned)
}
