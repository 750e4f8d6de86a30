//! `didshake did rotate`, `add-key` and `remove-key`.

use clap::Args;
use didshake::{Did, Fragment};
use didshake_did::did_key;
use didshake_did::webvh::{Change, multikey};
use serde_json::{Value, json};

use super::create::method;
use super::keeper_failure::of_fault;
use super::kept::{Kept, Ours, document, is_method, mentions};
use super::login_keys::key_of;
use crate::cli::Global;
use crate::failure::{Exit, Failure};

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
    match options.finish {
        true => finish(global, &kept),
        false => rotate_once(global, &kept, options.at_once),
    }
}

/// A new key; or on with one that was cut off.
pub(super) fn rotate_once(global: &Global, kept: &Kept, at_once: bool) -> Result<(), Failure> {
    kept.change(|log| {
        let (fragment, key) = kept.waiting_key(log)?;
        // One that was cut off after its entry was made is only published.
        let is_listed = key_of(log, &fragment).as_ref() == Some(&key);
        let mut new = document(log);
        if !is_listed || at_once {
            kept.former_methods(log)?.iter().for_each(|former| remove(&mut new, former));
        }
        // Left for what it has signed a moment ago, unless it is not to be trusted.
        let old = kept.header().map(|old| old.fragment).filter(|old| at_once && *old != fragment);
        old.iter().for_each(|old| remove(&mut new, old.as_str()));
        if !is_listed {
            add(&mut new, log.did(), fragment.as_str(), &multikey(&key));
        }
        Ok((new != document(log)).then_some((Some(new), Change::default())))
    })?;
    kept.finish(global)
}

/// Takes out the keys that this identity had before.
pub(super) fn finish(global: &Global, kept: &Kept) -> Result<(), Failure> {
    kept.change(|log| {
        let former = kept.former_methods(log)?;
        let mut new = document(log);
        former.iter().for_each(|former| remove(&mut new, former));
        Ok((!former.is_empty()).then_some((Some(new), Change::default())))
    })?;
    kept.finish(global)
}

pub(super) fn add_key(global: &Global, options: &AddKey) -> Result<(), Failure> {
    let kept = Kept::of(global, &options.ours)?;
    let key = multikey(&did_key::public_key(&options.key).map_err(of_fault)?);
    kept.change(|log| {
        let (fragment, mut new) = (Fragment::of(log.did(), &options.fragment).map_err(of_fault)?, document(log));
        if mentions(&new, &fragment) {
            let message = format!("the document has #{} already", options.fragment);
            return Err(Failure::new(Exit::Usage, "fragment", message).remedy("choose another name for the key"));
        }
        add(&mut new, log.did(), &options.fragment, &key);
        Ok(Some((Some(new), Change::default())))
    })?;
    kept.finish(global)
}

pub(super) fn remove_key(global: &Global, options: &RemoveKey) -> Result<(), Failure> {
    let kept = Kept::of(global, &options.ours)?;
    let suffix = format!("#{}", options.fragment);
    kept.change(|log| {
        let mut new = document(log);
        let has = |name: &str| {
            let list = new.get(name).and_then(Value::as_array);
            list.is_some_and(|list| list.iter().any(|entry| is_method(entry, &suffix)))
        };
        if !has("verificationMethod") && !has("authentication") {
            let failure = Failure::new(Exit::Usage, "fragment", format!("the document has no {suffix}"));
            return Err(failure.remedy("`didshake did resolve` shows what it has"));
        }
        if kept.header().is_some_and(|header| header.fragment.as_str() == options.fragment) {
            let message = format!("{suffix} is the key that `{}` signs with", kept.name);
            return Err(
                Failure::new(Exit::Usage, "own_key", message).remedy("`didshake did rotate` puts another in its place")
            );
        }
        remove(&mut new, &options.fragment);
        Ok(Some((Some(new), Change::default())))
    })?;
    kept.finish(global)
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
