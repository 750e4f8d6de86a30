//! `didshake did resolve --log`: the verdict on a log of did:webvh from files, without a network.

use std::path::{Path, PathBuf};

use clap::Args;
use didshake::Did;
use didshake_did::webvh::{Log, LogHead, LogRefusal, MAX_LOG_BYTES, MAX_WITNESS_BYTES, UnwitnessedLog, Witnesses};
use didshake_did::{Clock, Resolved, SystemClock};
use serde_json::{Value, json};

use super::shown_methods;
use crate::cli::Global;
use crate::failure::{Exit, Failure};
use crate::meeting::runtime;
use crate::output;
use crate::resolver::{history, read_up_to};
use crate::web_failures::log_fault_remedy;

/// The files, and what was seen before.
#[derive(Args)]
pub(crate) struct LogFiles {
    /// Judge this file as the log of a did:webvh (did.jsonl), without asking anybody
    #[arg(long, value_name = "FILE", conflicts_with_all = ["document", "paths"])]
    log: Option<PathBuf>,
    /// The witness proofs of that log (did-witness.json)
    #[arg(long, value_name = "FILE", requires = "log")]
    witness: Option<PathBuf>,
    /// The newest entry that was seen of that log, instead of the one that is remembered here
    #[arg(long, value_name = "VERSIONID", requires = "log", value_parser = head)]
    seen: Option<LogHead>,
}

impl LogFiles {
    /// The log to judge, if that is what is asked for.
    pub(super) fn log(&self) -> Option<&Path> {
        self.log.as_deref()
    }

    /// Judges the log: as one of the DID, or of whatever DID it is of. What is remembered here stays as it is.
    pub(super) fn judge(&self, global: &Global, did: Option<&Did>, path: &Path) -> Result<(), Failure> {
        let bytes = read_up_to(path, MAX_LOG_BYTES)?;
        let witness = self.witness.as_ref().map(|path| read_up_to(path, MAX_WITNESS_BYTES)).transpose()?;
        let judged = UnwitnessedLog::read(&bytes, did, SystemClock.now());
        let judged = judged.and_then(|log| log.witnessed(witness.as_deref()));
        let log = judged.map_err(|refusal| refused(global, did, refusal))?;
        let did = did.unwrap_or(log.did()).clone();
        let seen = match &self.seen {
            Some(seen) => Some(seen.clone()),
            None => runtime()?.block_on(history().seen(log.scid())).map_err(|unavailable| {
                Failure::new(Exit::Storage, "history", unavailable.to_string()).remedy("or say what was seen: --seen")
            })?,
        };
        let resolved = log.check_seen(seen.as_ref()).and_then(|()| log.resolved(&did));
        show(global, &did, &log, &resolved.map_err(|refusal| refused(global, Some(&did), refusal))?);
        Ok(())
    }
}

fn head(text: &str) -> Result<LogHead, &'static str> {
    LogHead::parse(text).ok_or("not a versionId: a number, `-` and a hash (Qm…)")
}

fn refused(global: &Global, did: Option<&Did>, refusal: LogRefusal) -> Failure {
    let (cause, remedy) = (refusal.fault.code(), log_fault_remedy(refusal.fault));
    if global.json {
        output::json(&json!({
            "verdict": "refused", "did": did.map(Did::as_str), "cause": cause, "error": refusal.fault.fault().code(),
            "entry": refusal.entry, "message": refusal.to_string(), "remedy": remedy,
        }));
        return Failure::silent(Exit::Resolution);
    }
    Failure::new(Exit::Resolution, cause, format!("the log is refused: {refusal} ({cause})")).remedy(remedy)
}

fn show(global: &Global, did: &Did, log: &Log, resolved: &Resolved) {
    let document: Value = serde_json::from_str(&log.document_text()).unwrap_or(Value::Null);
    let methods = shown_methods(did, resolved);
    if global.json {
        output::json(&json!({
            "verdict": "good", "did": did.as_str(), "scid": log.scid(), "versions": log.versions(),
            "created": log.created().0, "updated": log.updated().0, "deactivated": log.is_deactivated(),
            "portable": log.is_portable(), "ttl": log.ttl_seconds(), "updateKeys": log.update_keys(),
            "nextKeyHashes": log.next_key_hashes(), "witness": log.witnesses().map(witnesses),
            "watchers": log.watchers(), "document": document, "authentication": methods,
        }));
        return;
    }
    output::line(&output::escaped_json(&serde_json::to_string_pretty(&document).unwrap_or_default()));
    let (count, last) = (log.versions().len(), log.versions().last().map_or("", String::as_str));
    output::note(&format!("{did}: a good log of {count} entries, the last one {last}"));
    if log.is_deactivated() {
        output::warning("the DID is deactivated: nobody meets it any more");
    }
    if log.next_key_hashes().is_empty() && !log.is_deactivated() {
        output::warning("no key is committed to: whoever steals the update key takes the DID");
    }
}

fn witnesses(witnesses: &Witnesses) -> Value {
    let ids: Vec<String> = witnesses.keys().iter().map(|key| format!("did:key:{key}")).collect();
    json!({"threshold": witnesses.threshold(), "witnesses": ids})
}
