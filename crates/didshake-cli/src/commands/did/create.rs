//! `didshake did create`: a did:webvh with its first entry.

use std::path::PathBuf;

use clap::Args;
use didshake::{Algorithm, Did, Endpoint, Fragment, Origin};
use didshake_did::key_file::KeyFileError;
use didshake_did::web::Location;
use didshake_did::webvh::{Change, UnwitnessedLog, Witnesses, first_entry, key_hash, multikey};
use didshake_did::{IdentityName, IdentityStore, SecretKey, discovery, private_file};
use serde_json::{Value, json};

use super::keeper_failure::{failure, of_fault};
use super::kept::{Kept, now};
use crate::cli::Global;
use crate::failure::{Exit, Failure};
use crate::output;
use crate::passphrase::PassphraseSource;
use crate::storage;

/// The placeholder of the SCID, and one that has its form.
const SCID: &str = "{SCID}";
const ANY_SCID: &str = "QmdmPkUdYzbr9txmx8gM2rsHPgr5L6m3gHjJGAf4vUFoGE";

#[derive(Args)]
pub(crate) struct Create {
    /// A name for it on this machine
    name: IdentityName,
    /// Where its log will be, served over HTTPS: HOST:PORT/PATH, where port and path may be left out
    #[arg(long, value_name = "PLACE")]
    at: String,
    /// The directory from which did.jsonl will be served
    #[arg(long, value_name = "DIRECTORY")]
    out: PathBuf,
    /// Where we are reached, for the document (repeatable)
    #[arg(long = "endpoint", value_name = "URL")]
    endpoints: Vec<String>,
    /// An origin that belongs to it, and says so in its DID configuration, as a service does by itself (repeatable)
    #[arg(long = "domain", value_name = "ORIGIN", value_parser = Origin::parse)]
    domains: Vec<Origin>,
    #[command(flatten)]
    settings: Settings,
    /// Bind the DID to its host for good: it can never move
    #[arg(long)]
    not_portable: bool,
    /// Commit to no next key: whoever steals the update key takes the DID
    #[arg(long)]
    no_pre_rotation: bool,
    /// Encrypt the key files with a passphrase
    #[arg(long)]
    encrypt: bool,
    #[command(flatten)]
    passphrase: PassphraseSource,
}

/// What can be set at the beginning and later.
#[derive(Args)]
pub(crate) struct Settings {
    /// How long others may keep the document, in seconds
    #[arg(long, value_name = "SECONDS")]
    ttl: Option<u32>,
    /// A witness: a did:key with Ed25519 (repeatable)
    #[arg(long = "witness", value_name = "DID", conflicts_with = "no_witnesses")]
    witnesses: Vec<Did>,
    /// How many of the witnesses each entry needs; all of them unless given
    #[arg(long, value_name = "N", requires = "witnesses")]
    threshold: Option<usize>,
    /// Have no witnesses any more
    #[arg(long)]
    no_witnesses: bool,
    /// Somebody who watches the log (repeatable)
    #[arg(long = "watcher", value_name = "URL")]
    watchers: Vec<String>,
}

impl Settings {
    /// What they change of the parameters.
    pub(super) fn change(&self) -> Result<Change, Failure> {
        let keys = self.witnesses.iter().map(|did| did.method_specific_id().to_owned()).collect();
        let all_keys = self.witnesses.iter().all(|did| did.method() == "key");
        let witnesses = match (self.witnesses.len(), self.no_witnesses) {
            (0, false) => None,
            (0, true) => Some(None),
            (count, _) => {
                let witnesses = Witnesses::new(self.threshold.unwrap_or(count), keys).filter(|_| all_keys);
                Some(Some(witnesses.ok_or_else(|| {
                    Failure::new(Exit::Usage, "witness", "a witness is not a did:key with Ed25519, or named twice, or the threshold is not between 1 and their number")
                })?))
            }
        };
        let watchers = (!self.watchers.is_empty()).then(|| self.watchers.clone());
        Ok(Change { witnesses, watchers, ttl_seconds: self.ttl, ..Change::default() })
    }
}

pub(super) fn run(global: &Global, options: &Create) -> Result<(), Failure> {
    let (store, name) = (storage::identities(global)?, &options.name);
    let place = place(&options.at)?;
    check_is_new(&store, name)?;
    let encrypt = options.encrypt || options.passphrase.is_given();
    let kept = Kept::new(store, name, options.out.clone())?;
    let alone = kept.alone()?;
    // Another command may have made it while this one waited.
    check_is_new(&kept.store, name)?;
    let kept = if kept.keeper.has_log() {
        // It was cut off after the first entry was made: what is left is what every change ends with.
        gone_on_with(global, kept, options, &place, encrypt)?
    } else {
        let passphrase = if encrypt { Some(options.passphrase.choose(global, name)?) } else { None };
        let kept = Kept { passphrase, ..kept };
        begin(&kept, options, &place)?;
        kept
    };
    kept.remember_out()?;
    drop(alone);
    kept.finish(global)
}

fn check_is_new(store: &IdentityStore, name: &IdentityName) -> Result<(), Failure> {
    match store.path(name).exists() {
        true => Err(storage::key_file_failure(&KeyFileError::AlreadyExists { path: store.path(name) })),
        false => Ok(()),
    }
}

/// What was begun before, where it is the same.
fn gone_on_with(global: &Global, kept: Kept, options: &Create, place: &str, encrypt: bool) -> Result<Kept, Failure> {
    let (log, directory) = (kept.log()?, kept.keeper.directory().display().to_string());
    let refused = |message: String, remedy: String| Failure::new(Exit::Storage, "log_exists", message).remedy(remedy);
    let Some(begun) = kept.waiting_header().filter(|header| header.did == *log.did()) else {
        return Err(refused(
            format!("{directory} holds the log of {}, of an identity `{}` that is gone", log.did(), kept.name),
            format!(
                "choose another name, or move {directory} away: without the keys in it that DID can never change again"
            ),
        ));
    };
    if log.did().as_str() != format!("did:webvh:{}:{place}", log.scid()) || begun.encrypted != encrypt {
        let how = if begun.encrypted { "with" } else { "without" };
        return Err(refused(
            format!("`{}` was begun before, as {}, {how} a passphrase", kept.name, log.did()),
            format!("say the command as it was said then; to begin anew, move {directory} away"),
        ));
    }
    output::note("this was begun before, and is gone on with: the options are those of then");
    let passphrase = if encrypt { Some(options.passphrase.unlock(global, &kept.name)?) } else { None };
    Ok(Kept { passphrase, ..kept })
}

fn begin(kept: &Kept, options: &Create, place: &str) -> Result<(), Failure> {
    let mut rng = rand_core::UnwrapErr(getrandom::SysRng);
    let passphrase = kept.passphrase.as_ref();
    let mut update_key = || kept.keeper.new_key(passphrase, &mut rng).map_err(|error| failure(&error));
    let first = update_key()?;
    let next = if options.no_pre_rotation { None } else { Some(vec![key_hash(&update_key()?)]) };
    let key = SecretKey::generate(Algorithm::Ed25519, &mut rng).map_err(of_fault)?;
    let login = multikey(&key.public_key().map_err(of_fault)?);
    let document = document(&format!("did:webvh:{SCID}:{place}"), &login, options)?;
    let change = Change {
        update_keys: Some(vec![first.clone()]),
        next_key_hashes: next,
        portable: Some(!options.not_portable),
        ..options.settings.change()?
    };
    let signing = kept.keeper.key(&first, passphrase).map_err(|error| failure(&error))?;
    let line = first_entry(document.to_string().as_bytes(), &change, &signing, now());
    let line = line.map_err(|error| failure(&error.into()))?;
    let log = UnwitnessedLog::read(line.as_bytes(), None, now()).map_err(|refusal| failure(&refusal.into()))?;
    let fragment = Fragment::of(log.did(), "key-1").map_err(of_fault)?;
    // Of an attempt that was cut off before there was a log.
    private_file::remove(&kept.waiting())?;
    kept.make(&kept.waiting(), log.did(), &fragment, &key)?;
    kept.keeper.begin(&line, now()).map(drop).map_err(|error| failure(&error))
}

/// What follows the SCID in a DID.
pub(super) fn place(text: &str) -> Result<String, Failure> {
    let bare = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or(text);
    let mut parts = bare.trim_end_matches('/').split('/');
    let host = parts.next().unwrap_or_default().replacen(':', "%3A", 1);
    let place = parts.fold(host, |place, part| format!("{place}:{part}"));
    let did = Did::parse(&format!("did:webvh:{ANY_SCID}:{place}")).ok();
    let good = did.is_some_and(|did| Location::of_log(&did).is_ok());
    good.then_some(place).ok_or_else(|| {
        Failure::new(Exit::Usage, "place", format!("`{text}` is no place for a log"))
            .remedy("HOST[:PORT][/PATH], as in example.com/agents/alice")
    })
}

/// A method of a document.
pub(super) fn method(did: &str, fragment: &str, multikey: &str) -> Value {
    json!({"id": format!("{did}#{fragment}"), "type": "Multikey", "controller": did, "publicKeyMultibase": multikey})
}

fn document(did: &str, multikey: &str, options: &Create) -> Result<Value, Failure> {
    let id = format!("{did}#key-1");
    let mut document = json!({
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": did, "verificationMethod": [method(did, "key-1", multikey)], "authentication": [id], "assertionMethod": [id],
    });
    set_endpoints(&mut document, &options.endpoints)?;
    set_domains(&mut document, &options.domains);
    Ok(document)
}

/// Puts the endpoints into a document, in place of those that it has.
pub(super) fn set_endpoints(document: &mut Value, endpoints: &[String]) -> Result<(), Failure> {
    let parsed = endpoints.iter().map(|url| Endpoint::parse(url)).collect::<Result<Vec<_>, _>>();
    let parsed =
        parsed.map_err(|error| Failure::new(Exit::Usage, "endpoint", format!("an endpoint is refused: {error}")))?;
    let mut service = None;
    if !parsed.is_empty() {
        let entry = discovery::service_entry("#didshake", &parsed);
        let entry = entry.map_err(|error| Failure::new(Exit::Usage, "endpoint", error.to_string()))?;
        service = serde_json::from_str(&entry).ok();
    }
    set_service(document, "#didshake", service);
    Ok(())
}

/// Puts the origins that belong to the DID into a document, in place of those that it has.
pub(super) fn set_domains(document: &mut Value, origins: &[Origin]) {
    let origins: Vec<&str> = origins.iter().map(Origin::as_str).collect();
    let service = json!({"id": "#origins", "type": "LinkedDomains", "serviceEndpoint": origins});
    set_service(document, "#origins", Some(service).filter(|_| !origins.is_empty()));
}

fn set_service(document: &mut Value, id: &str, service: Option<Value>) {
    let Some(members) = document.as_object_mut() else { return };
    let mut services: Vec<Value> = members.get("service").and_then(Value::as_array).cloned().unwrap_or_default();
    services.retain(|entry| entry.get("id").and_then(Value::as_str).is_none_or(|known| !known.ends_with(id)));
    services.extend(service);
    match services.is_empty() {
        true => drop(members.remove("service")),
        false => drop(members.insert("service".to_owned(), services.into())),
    }
}
