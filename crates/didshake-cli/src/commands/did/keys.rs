//! `didshake did rotate`, `add-key` and `remove-key`.

use clap::Args;
use didshake::{Algorithm, Did, Fragment};
use didshake_did::key_file::{self, NewKeyFile};
use didshake_did::webvh::{Change, Log, multikey};
use didshake_did::{SecretKey, did_key};
use serde_json::{Value, json};

use super::create::method;
use super::kept::{Kept, Ours, document, is_method, lists};
use crate::cli::Global;
use crate::failure::{Exit, Failure};
use crate::storage;

/// The relationships under which our keys stand.
const RELATIONSHIPS: [&str; 2] = ["authentication", "assertionMethod"];

#[derive(Args)]
pub(crate) struct Rotate {
    #[command(flatten)]
    ours: Ours,
    /// Take the keys out of the document that were rotated before: some minutes after a rotation
    #[arg(long)]
    finish: bool,
    /// Take the old key out at once, because it may be in wrong hands; what it signs at this moment fails
    #[arg(long, conflicts_with = "finish")]
    at_once: bool,
}

#[derive(Args)]
pub(crate) struct AddKey {
    #[command(flatten)]
    ours: Ours,
    /// The key, as its did:key: of another device of ours
    #[arg(long, value_name = "DID")]
    key: Did,
    /// The fragment of its method, without #
    #[arg(long)]
    fragment: String,
}

#[derive(Args)]
pub(crate) struct RemoveKey {
    #[command(flatten)]
    ours: Ours,
    /// The fragment of the method that goes, without #
    #[arg(long)]
    fragment: String,
}

pub(super) fn rotate(global: &Global, options: &Rotate) -> Result<(), Failure> {
    let kept = Kept::of(global, &options.ours)?;
    if options.finish {
        return finish(global, &kept, &kept.log()?);
    }
    rotate_once(global, &kept, options.at_once)
}

/// A new key; or on with one that was cut off.
pub(super) fn rotate_once(global: &Global, kept: &Kept, at_once: bool) -> Result<(), Failure> {
    let log = kept.log()?;
    let (fragment, key) = waiting_key(kept, &log)?;
    let mut new = document(&log);
    // One that was cut off after its entry was made is only published.
    if !lists(&new, &fragment) {
        let old = kept.header().map(|header| header.fragment);
        kept.former_fragments()?.iter().for_each(|former| remove(&mut new, former));
        add(&mut new, log.did(), fragment.as_str(), &key);
        // Left for what it has signed a moment ago, unless it is not to be trusted.
        if let (Some(old), true) = (old, at_once) {
            remove(&mut new, old.as_str());
        }
        let _log = kept.extend(Some(&new), Change::default())?;
    }
    kept.finish(global)
}

/// Takes out the keys that this identity had before.
pub(super) fn finish(global: &Global, kept: &Kept, log: &Log) -> Result<(), Failure> {
    let before = document(log);
    let mut new = before.clone();
    kept.former_fragments()?.iter().for_each(|former| remove(&mut new, former));
    if new != before {
        let _log = kept.extend(Some(&new), Change::default())?;
    }
    kept.finish(global)
}

pub(super) fn add_key(global: &Global, options: &AddKey) -> Result<(), Failure> {
    let kept = Kept::of(global, &options.ours)?;
    let (log, internal) =
        (kept.log()?, |fault: didshake::Fault| Failure::new(Exit::Usage, fault.code(), fault.to_string()));
    let fragment = Fragment::of(log.did(), &options.fragment).map_err(internal)?;
    let key = multikey(&did_key::public_key(&options.key).map_err(internal)?);
    let mut new = document(&log);
    if lists(&new, &fragment) {
        return Err(Failure::new(Exit::Usage, "fragment", format!("the document has #{} already", options.fragment)));
    }
    add(&mut new, log.did(), &options.fragment, &key);
    let _log = kept.extend(Some(&new), Change::default())?;
    kept.finish(global)
}

pub(super) fn remove_key(global: &Global, options: &RemoveKey) -> Result<(), Failure> {
    let kept = Kept::of(global, &options.ours)?;
    let (log, suffix) = (kept.log()?, format!("#{}", options.fragment));
    let mut new = document(&log);
    let has = |name: &str| {
        new.get(name).and_then(Value::as_array).is_some_and(|list| list.iter().any(|entry| is_method(entry, &suffix)))
    };
    if !has("verificationMethod") && !has("authentication") {
        return Err(Failure::new(Exit::Usage, "fragment", format!("the document has no {suffix}")));
    }
    if kept.header().is_some_and(|header| header.fragment.as_str() == options.fragment) {
        let message = format!("{suffix} is the key that `{}` signs with", kept.name);
        return Err(
            Failure::new(Exit::Usage, "own_key", message).remedy("`didshake did rotate` puts another in its place")
        );
    }
    remove(&mut new, &options.fragment);
    let _log = kept.extend(Some(&new), Change::default())?;
    kept.finish(global)
}

/// The key that waits to be signed with, made if there is none: its fragment and its multikey.
fn waiting_key(kept: &Kept, log: &Log) -> Result<(Fragment, String), Failure> {
    let internal = |fault: didshake::Fault| Failure::new(Exit::Usage, fault.code(), fault.to_string());
    let (path, passphrase) = (kept.waiting(), kept.passphrase.as_ref());
    if path.exists() {
        let (header, key) =
            key_file::load_secret(&path, passphrase).map_err(|error| storage::key_file_failure(&error))?;
        return Ok((header.fragment, multikey(&key.public_key().map_err(internal)?)));
    }
    let mut rng = rand_core::UnwrapErr(getrandom::SysRng);
    let key = SecretKey::generate(Algorithm::Ed25519, &mut rng).map_err(internal)?;
    let fragment = Fragment::of(log.did(), &free_fragment(&document(log), log.versions().len())).map_err(internal)?;
    let file = NewKeyFile { name: Some(&kept.name), did: log.did(), fragment: &fragment, key: &key, passphrase };
    key_file::create(&path, &file, &mut rng).map_err(|error| storage::key_file_failure(&error))?;
    Ok((fragment, multikey(&key.public_key().map_err(internal)?)))
}

/// `key-N` for the next version, or a later number that no method has.
fn free_fragment(document: &Value, versions: usize) -> String {
    let taken = |name: &String| {
        let methods = document.get("verificationMethod").and_then(Value::as_array);
        methods.is_some_and(|methods| methods.iter().any(|method| is_method(method, &format!("#{name}"))))
    };
    (versions + 1..versions + 66).map(|number| format!("key-{number}")).find(|name| !taken(name)).unwrap_or_default()
}

fn add(document: &mut Value, did: &Did, fragment: &str, multikey: &str) {
    let id = format!("{did}#{fragment}");
    push(document, "verificationMethod", method(did.as_str(), fragment, multikey));
    RELATIONSHIPS.iter().for_each(|name| push(document, name, json!(id)));
}

fn push(document: &mut Value, name: &str, entry: Value) {
    let Some(members) = document.as_object_mut() else { return };
    if let Some(list) = members.entry(name).or_insert_with(|| json!([])).as_array_mut() {
        list.push(entry);
    }
}

fn remove(document: &mut Value, fragment: &str) {
    let suffix = format!("#{fragment}");
    for list in
        document.as_object_mut().into_iter().flat_map(|members| members.values_mut()).filter_map(Value::as_array_mut)
    {
        list.retain(|entry| !is_method(entry, &suffix));
    }
}
