//! `didshake did`.

mod change;
mod create;
mod keeper_failure;
mod kept;
mod keys;
mod log;
mod login_keys;
pub(crate) mod rotation;
mod served;

use std::path::PathBuf;

use clap::Subcommand;
use didshake::{Did, Document, Fault, Fragment};
use didshake_did::{Clock, DidDocument, Resolved, Resolver, SystemClock};
use serde_json::{Value, json};

use self::change::{Deactivate, Move, Publish, Update, Witness};
use self::create::Create;
use self::keys::{AddKey, RemoveKey, Rotate};
use self::log::LogFiles;
use crate::cli::Global;
use crate::failure::{Exit, Failure};
use crate::linked::{self, Link, Linkages};
use crate::meeting::runtime;
use crate::output;
use crate::progress::Waiting;
use crate::resolver::{Documents, Resolution, read_document};
use crate::storage;

const AFTER_HELP: &str = "\
did:key, did:jwk and did:peer resolve by themselves, did:web and did:webvh over HTTPS; the short form of a did:peer:4 where
a known peer has the long one. For other methods give the document. Each method under `authentication` is checked as a
handshake would check it. With --log the log of a did:webvh is judged from a file: every entry, the witness proofs, and what
was seen of it before; with --json the cause of a refusal is `cause`.

Examples:
  didshake did resolve did:key:z6Mk…
  didshake did resolve did:peer:2.Vz6Mk…
  didshake did resolve did:web:example.com
  didshake did resolve did:web:example.com --document did.json
  didshake did resolve did:web:example.com --linkage
  didshake did resolve did:web:127.0.0.1%3A8400 --allow-local 127.0.0.1:8400
  didshake did resolve did:web:example.com --documents ./documents
  didshake did resolve did:webvh:Qm…:example.com
  didshake did resolve --log did.jsonl --witness did-witness.json";

const CREATE_HELP: &str = "\
The log is written to --out as did.jsonl, which a web server has to serve at the place: https://PLACE/did.jsonl, or without a
path https://PLACE/.well-known/did.jsonl. Every entry is signed by a key to which the one before committed, so that a thief of
the key in use cannot go on; the keys are kept beside the identity, encrypted like it. Back them up: without them the DID
can never change again.

Every change can be cut off anywhere: say the same command again, or `didshake did publish NAME`.

Examples:
  didshake did create alice --at example.com/agents/alice --out /srv/www/agents/alice
  didshake did create site --at example.com --out ./public/.well-known --endpoint https://example.com/didshake --encrypt
  didshake did create firm --at firm.example --out ./log --witness did:key:z6Mk… --witness did:key:z6Mk… --threshold 1
  didshake did rotate alice                        the new key signs once the place serves it; some minutes later:
  didshake did rotate alice --finish
  didshake did move alice --to example.org --out /srv/other/.well-known";

#[derive(Subcommand)]
pub(crate) enum DidCommand {
    /// Show the document of a DID, and which of its methods may sign a handshake
    #[command(after_help = AFTER_HELP)]
    Resolve {
        /// The DID; with --log it may be left out
        #[arg(required_unless_present = "log")]
        did: Option<Did>,
        /// Check this file as the document of the DID
        #[arg(long, value_name = "FILE", conflicts_with = "paths")]
        document: Option<PathBuf>,
        /// Ask the origins that the document lists whether they name the DID too (domain linkage)
        #[arg(long)]
        linkage: bool,
        #[command(flatten)]
        log: LogFiles,
        #[command(flatten)]
        documents: Documents,
    },
    /// Make a did:webvh: a DID whose whole history is a log of signed entries
    #[command(after_help = CREATE_HELP)]
    Create(Box<Create>),
    /// Change the document, the witnesses, the watchers or the life of a did:webvh of ours
    Update(Box<Update>),
    /// Sign handshakes with a new key; the old one stays in the document until `rotate NAME --finish`
    Rotate(Rotate),
    /// Let another key sign for a did:webvh of ours
    AddKey(AddKey),
    /// Let a key sign no more
    RemoveKey(RemoveKey),
    /// End a did:webvh of ours for good
    Deactivate(Deactivate),
    /// Move a did:webvh of ours to another host or path
    Move(Move),
    /// Publish what was made: after proofs of witnesses came, or where a command was cut off
    Publish(Publish),
    /// Witness the last entry of somebody's log: read it before, it says what changes
    Witness(Witness),
}

pub(crate) fn run(global: &Global, command: &DidCommand) -> Result<(), Failure> {
    let DidCommand::Resolve { did, document, linkage, log, documents } = command else {
        return of_our_own(global, command);
    };
    if let Some(path) = log.log() {
        return log.judge(global, did.as_ref(), path);
    }
    let Some(did) = did else { return Err(Failure::new(Exit::Usage, "did_syntax", "no DID is given")) };
    let did = &storage::in_long_form(global, did)?;
    let Resolution { resolver, failures } = documents.resolution()?;
    let resolved = match document {
        Some(path) => DidDocument::parse(&read_document(path)?, did).map(Resolved::fetched),
        None => resolve(global, did, &*resolver)?,
    };
    let resolved =
        resolved.map_err(|fault| failures.failure(Some(did), fault).unwrap_or_else(|| refused(did, fault)))?;
    let links = if *linkage { look(global, documents, &resolved)? } else { Vec::new() };
    let methods = shown_methods(did, &resolved);
    let agreement = key_agreement(&resolved);
    let document: Value = serde_json::from_str(resolved.document().text()).unwrap_or(Value::Null);
    if global.json {
        let mut shown =
            json!({"did": did.as_str(), "document": document, "authentication": methods, "keyAgreement": agreement});
        if let (true, Some(members)) = (linkage, shown.as_object_mut()) {
            members.insert("linkedOrigins".to_owned(), linked::json(&links));
        }
        output::json(&shown);
        return Ok(());
    }
    output::line(&output::escaped_json(&serde_json::to_string_pretty(&document).unwrap_or_default()));
    if methods.is_empty() {
        output::warning("no verification method of this document may sign a handshake");
    }
    for method in &methods {
        let text = |member: &str| method.get(member).and_then(Value::as_str).unwrap_or_default();
        match text("error") {
            "" => output::note(&format!("{}: {} key, may sign a handshake", text("id"), text("algorithm"))),
            error => output::note(&format!("{}: refused with {error}", text("id"))),
        }
    }
    for key in &agreement {
        let text = |member: &str| key.get(member).and_then(Value::as_str).unwrap_or_default();
        match text("error") {
            "" => output::note(&format!("{}: X25519 key, for agreement alone", text("id"))),
            error => output::note(&format!("{}: no key for agreement, {error}", text("id"))),
        }
    }
    if !links.is_empty() {
        output::note(linked::lines(&links).trim_end());
    }
    Ok(())
}

fn look(global: &Global, documents: &Documents, resolved: &Resolved) -> Result<Vec<Link>, Failure> {
    let _waiting = Waiting::on("asking the origins that the document lists".to_owned(), global.json);
    let runtime = runtime()?;
    let links = runtime.block_on(Linkages::new(&documents.web)?.of_document(resolved));
    runtime.shutdown_background();
    Ok(links)
}

fn of_our_own(global: &Global, command: &DidCommand) -> Result<(), Failure> {
    match command {
        DidCommand::Resolve { .. } => Ok(()),
        DidCommand::Create(options) => create::run(global, options),
        DidCommand::Update(options) => change::update(global, options),
        DidCommand::Rotate(options) => keys::rotate(global, options),
        DidCommand::AddKey(options) => keys::add_key(global, options),
        DidCommand::RemoveKey(options) => keys::remove_key(global, options),
        DidCommand::Deactivate(options) => change::deactivate(global, options),
        DidCommand::Move(options) => change::relocate(global, options),
        DidCommand::Publish(options) => change::publish(global, options),
        DidCommand::Witness(options) => change::witness(global, options),
    }
}

pub(super) fn resolve(global: &Global, did: &Did, resolver: &dyn Resolver) -> Result<Result<Resolved, Fault>, Failure> {
    let _waiting = Waiting::on(format!("resolving {did}"), global.json);
    let runtime = runtime()?;
    let resolved = runtime.block_on(resolver.resolve(did));
    // A lookup that was given up may still hold a thread.
    runtime.shutdown_background();
    Ok(resolved)
}

/// Every method under `authentication`, as a handshake would find it now.
fn shown_methods(did: &Did, resolved: &Resolved) -> Vec<Value> {
    let prefix = format!("{did}#");
    let check = |id: &String| {
        let fragment = match did.has_single_method() {
            true => "",
            false => id.strip_prefix(&prefix).unwrap_or_default(),
        };
        let key = Fragment::of(did, fragment)
            .and_then(|fragment| resolved.authentication_key(did, &fragment, SystemClock.now()));
        match key {
            Ok(key) => json!({"id": id, "algorithm": key.algorithm().name(), "publicKey": hex::encode(key.as_bytes())}),
            Err(fault) => json!({"id": id, "error": fault.code()}),
        }
    };
    resolved.document().authentication_methods().iter().map(check).collect()
}

/// Every key under `keyAgreement`, which no handshake uses.
fn key_agreement(resolved: &Resolved) -> Vec<Value> {
    let keys = resolved.document().key_agreement(SystemClock.now()).into_iter();
    let shown = keys.map(|entry| match entry.key {
        Ok(key) => json!({"id": entry.id, "algorithm": "X25519", "publicKey": hex::encode(key)}),
        Err(fault) => json!({"id": entry.id, "error": fault.code()}),
    });
    shown.collect()
}

pub(super) fn refused(did: &Did, fault: Fault) -> Failure {
    let failure = Failure::new(Exit::Resolution, fault.code(), format!("{did}: {fault} ({})", fault.code()));
    match fault {
        Fault::DidMethodUnsupported | Fault::DidNotFound => {
            failure.remedy("give its document with --document FILE or --documents PATH")
        }
        _ => failure,
    }
}
