//! `didshake did update`, `move`, `deactivate`, `publish` and `witness`.

use std::path::{Path, PathBuf};

use clap::Args;
use didshake::{Algorithm, Fault, Origin};
use didshake_did::key_file;
use didshake_did::webvh::{Change, Log, MAX_LOG_BYTES, UnwitnessedLog, witness_proof};
use didshake_did::{DidDocument, IdentityName};
use serde_json::{Value, json};

use super::create::{Settings, place, set_domains, set_endpoints};
use super::keeper_failure::failure;
use super::kept::{Kept, Ours, document, now};
use super::login_keys::key_of;
use crate::cli::Global;
use crate::failure::{Exit, Failure};
use crate::output;
use crate::passphrase::PassphraseSource;
use crate::resolver::{read_document, read_up_to};
use crate::storage;

#[derive(Args)]
pub(crate) struct Update {
    #[command(flatten)]
    ours: Ours,
    /// Where we are reached, in place of what the document says (repeatable)
    #[arg(long = "endpoint", value_name = "URL")]
    endpoints: Vec<String>,
    /// An origin that belongs to it, in place of what the document says (repeatable)
    #[arg(long = "domain", value_name = "ORIGIN", value_parser = Origin::parse)]
    domains: Vec<Origin>,
    /// Take the document in this file, which must have the DID as its id
    #[arg(long, value_name = "FILE", conflicts_with_all = ["endpoints", "domains"])]
    document: Option<PathBuf>,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Args)]
pub(crate) struct Move {
    #[command(flatten)]
    ours: Ours,
    /// Where the log will be: HOST:PORT/PATH, where port and path may be left out
    #[arg(long, value_name = "PLACE")]
    to: String,
}

#[derive(Args)]
pub(crate) struct Deactivate {
    #[command(flatten)]
    ours: Ours,
    /// Deactivate without asking: it cannot be taken back
    #[arg(long)]
    yes: bool,
}

#[derive(Args)]
pub(crate) struct Publish {
    #[command(flatten)]
    ours: Ours,
    /// A witness's proof, as `did witness` makes it (repeatable)
    #[arg(long = "proof", value_name = "FILE")]
    proofs: Vec<PathBuf>,
}

#[derive(Args)]
pub(crate) struct Witness {
    /// The identity that witnesses: a did:key with Ed25519
    name: IdentityName,
    /// The log, with the entry that is to be witnessed at its end
    #[arg(long, value_name = "FILE")]
    log: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseSource,
}

pub(super) fn update(global: &Global, options: &Update) -> Result<(), Failure> {
    let kept = Kept::of(global, &options.ours)?;
    let change = options.settings.change()?;
    let places = !(options.endpoints.is_empty() && options.domains.is_empty());
    if options.document.is_none() && !places && change == Change::default() {
        return Err(
            Failure::new(Exit::Usage, "update", "nothing is to be changed").remedy("see `didshake did update --help`")
        );
    }
    kept.change(|log| {
        let new = match &options.document {
            Some(path) => Some(given(log, path)?),
            None if !places => None,
            None => {
                let mut document = document(log);
                if !options.endpoints.is_empty() {
                    set_endpoints(&mut document, &options.endpoints)?;
                }
                if !options.domains.is_empty() {
                    set_domains(&mut document, &options.domains);
                }
                Some(document)
            }
        };
        Ok(Some((new, change)))
    })?;
    warn_without_own_key(&kept)?;
    kept.finish(global)
}

/// Whoever gives a whole document may have left out what this identity needs.
fn warn_without_own_key(kept: &Kept) -> Result<(), Failure> {
    let (log, own) = (kept.log()?, kept.header());
    if let Some(own) = own.filter(|own| key_of(&log, &own.fragment).is_none()) {
        let (name, fragment) = (&kept.name, own.fragment.as_str());
        output::warning(&format!(
            "the document lets #{fragment} sign no more, the key that `{name}` signs with: nobody lets `{name}` in; `didshake did \
             rotate {name}` puts a new key into the document"
        ));
    }
    Ok(())
}

/// The document in a file, if it is one of the DID.
fn given(log: &Log, path: &Path) -> Result<Value, Failure> {
    let bytes = read_document(path)?;
    let refused = |fault: Fault| {
        Failure::new(Exit::Usage, fault.code(), format!("{} is refused: {fault} ({})", path.display(), fault.code()))
    };
    let document = DidDocument::parse(&bytes, log.did()).map_err(refused)?;
    Ok(serde_json::from_str(document.text()).unwrap_or(Value::Null))
}

pub(super) fn relocate(global: &Global, options: &Move) -> Result<(), Failure> {
    let (kept, place) = (Kept::of(global, &options.ours)?, place(&options.to)?);
    kept.change(|log| {
        let (old, new) = (log.did().as_str().to_owned(), format!("did:webvh:{}:{place}", log.scid()));
        // It was cut off after its entry was made.
        if old == new {
            return Ok(None);
        }
        let text = document(log).to_string().replace(&old, &new);
        let mut moved: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        if let Some(members) = moved.as_object_mut() {
            let names = members.entry("alsoKnownAs").or_insert_with(|| json!([]));
            if let Some(names) = names.as_array_mut() {
                names.retain(|name| *name != new.as_str());
                names.push(old.into());
            }
        }
        Ok(Some((Some(moved), Change::default())))
    })?;
    kept.leave()?;
    kept.finish(global)
}

pub(super) fn deactivate(global: &Global, options: &Deactivate) -> Result<(), Failure> {
    let kept = Kept::of(global, &options.ours)?;
    if !options.yes {
        let message = format!("{} would end for good: nobody meets it any more", kept.log()?.did());
        return Err(Failure::new(Exit::Usage, "deactivate", message).remedy("say --yes if that is what you want"));
    }
    if !kept.log()?.is_deactivated() {
        // Nobody is committed to any more, and nobody may sign.
        let ends = Change { deactivated: true, next_key_hashes: Some(Vec::new()), ..Change::default() };
        kept.change(|_| Ok(Some((None, ends))))?;
    }
    kept.finish(global)
}

pub(super) fn publish(global: &Global, options: &Publish) -> Result<(), Failure> {
    let kept = Kept::of(global, &options.ours)?;
    for path in &options.proofs {
        let added = kept.keeper.add_proof(&read_document(path)?, now());
        added.map_err(|error| failure(&error).after(&path.display().to_string()))?;
    }
    kept.finish(global)
}

pub(super) fn witness(global: &Global, options: &Witness) -> Result<(), Failure> {
    let bytes = read_up_to(&options.log, MAX_LOG_BYTES)?;
    let read = UnwitnessedLog::read(&bytes, None, now()).map_err(|refusal| failure(&refusal.into()))?;
    let store = storage::identities(global)?;
    let header = store.header(&options.name).map_err(|error| storage::missing(&options.name, &error))?;
    let passphrase = if header.encrypted { Some(options.passphrase.unlock(global, &options.name)?) } else { None };
    let loaded = key_file::load_secret(&store.path(&options.name), passphrase.as_ref());
    let (header, key) = loaded.map_err(|error| storage::key_file_failure(&error))?;
    if header.did.method() != "key" || key.algorithm() != Algorithm::Ed25519 {
        return Err(Failure::new(Exit::Usage, "witness", "a witness is a did:key with Ed25519"));
    }
    let internal = |fault: didshake::Fault| Failure::new(Exit::Usage, fault.code(), fault.to_string());
    let version = read.versions().last().cloned().unwrap_or_default();
    let proof = witness_proof(&version, &key.signing_key().map_err(internal)?, now());
    output::line(&proof.map_err(|error| failure(&error.into()))?);
    output::note(&format!("{} witnesses {version} of {}", header.did, read.did()));
    Ok(())
}
