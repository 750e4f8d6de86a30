//! `didshake audit`.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use clap::Subcommand;
use didshake::{Did, Document, Fragment, PublicKey};
use didshake_did::{Clock as _, Resolved, SystemClock};
use didshake_server::{AuditError, AuditFault, AuditReport, CheckpointKey, verify_audit};
use serde_json::json;

use super::did::{refused as unresolved, resolve};
use crate::cli::Global;
use crate::failure::{Exit, Failure, chain};
use crate::output;
use crate::resolver::{Documents, Resolution};
use crate::time_words::until;

const AFTER_HELP: &str = "\
A service writes DIR/audit.jsonl: who came in, who was refused and why, what was administered, one JSON object a line. Ten
seconds after an entry at the latest a checkpoint signs everything before it with the service's key. This checks that each
checkpoint is signed by the service that is meant, over exactly the lines that are there: exit code 1 if not.

It cannot tell whether lines were cut off at the end, after the checkpoint that it names; keep checkpoints elsewhere, and
compare. Several instances have a log each.

Examples:
  didshake audit verify /var/lib/didshake/audit.jsonl --did did:key:z6Mk…
  didshake --json audit verify audit.jsonl --did did:web:login.example --document did.json";

#[derive(Subcommand)]
pub(crate) enum Audit {
    /// Check that a service's audit log is as the service wrote it
    #[command(after_help = AFTER_HELP)]
    Verify {
        /// The log
        #[arg(value_name = "FILE")]
        log: PathBuf,
        /// The service whose log it is
        #[arg(long, value_name = "DID")]
        did: Did,
        #[command(flatten)]
        documents: Documents,
    },
}

pub(crate) fn run(global: &Global, command: &Audit) -> Result<(), Failure> {
    let Audit::Verify { log, did, documents } = command;
    let Resolution { resolver, failures } = documents.resolution()?;
    let resolved = resolve(global, did, &*resolver)?;
    let resolved =
        resolved.map_err(|fault| failures.failure(Some(did), fault).unwrap_or_else(|| unresolved(did, fault)))?;
    let unreadable = |error: std::io::Error| {
        Failure::new(Exit::Storage, "audit_log", format!("cannot read {}: {error}", log.display()))
            .remedy("check the path")
    };
    let file = File::open(log).map_err(unreadable)?;
    let report = verify_audit(&mut BufReader::new(file), |signer| key(did, &resolved, signer));
    let report = report.map_err(|error| refused(&log.display().to_string(), &error))?;
    show(global, did, &report);
    Ok(())
}

/// The key of the service that is meant, as its document has it now.
fn key(did: &Did, resolved: &Resolved, signer: &CheckpointKey) -> Option<PublicKey> {
    let fragment = Fragment::of(did, &signer.fragment).ok().filter(|_| signer.did == did.as_str())?;
    resolved.authentication_key(did, &fragment, SystemClock.now()).ok()
}

fn show(global: &Global, did: &Did, report: &AuditReport) {
    let AuditReport { entries, checkpoints, unsigned, signed_until, .. } = *report;
    if global.json {
        output::json(&json!({
            "did": did.as_str(), "entries": entries, "checkpoints": checkpoints, "unsigned": unsigned,
            "signedUntil": signed_until.map(|time| time.0),
        }));
        return;
    }
    output::line(&format!("{} of {entries} entries are signed by {did}", entries - unsigned));
    match signed_until {
        Some(time) => {
            let ago = until(SystemClock.now(), time);
            output::note(&format!("{checkpoints} checkpoints, the last of {ago} ago"));
        }
        None => output::warning("there is no checkpoint: nothing is signed"),
    }
    if unsigned > 0 {
        output::note(&format!("{unsigned} entries after it are not signed yet"));
    }
}

fn refused(path: &str, error: &AuditError) -> Failure {
    let failure =
        Failure::new(Exit::Check, "audit_log_altered", format!("{path} is not as it was written: {}", chain(error)));
    match &error.fault {
        AuditFault::OtherSigner => {
            failure.remedy("is it the log of another service, or has its key changed since? --did, --document")
        }
        _ => failure
            .remedy("compare it with a copy; what stands before that line's last checkpoint is as it was written"),
    }
}
