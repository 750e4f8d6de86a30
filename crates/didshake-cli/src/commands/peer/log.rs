//! `didshake peer log`.

use didshake::Did;
use didshake_did::{Clock, SystemClock};
use didshake_peer::PeerName;
use didshake_peer::mailbox::{Sighted, Sighting};
use serde_json::{Value, json};

use super::unknown;
use crate::cli::Global;
use crate::failure::Failure;
use crate::meeting::runtime;
use crate::output::{self, BAD, one_line};
use crate::time_words::{date, since};
use crate::{peer_log, storage};

pub(super) fn log(global: &Global, who: &str) -> Result<(), Failure> {
    let peers = storage::known_peers(global)?;
    let did = match (Did::parse(who), PeerName::parse(who)) {
        (Ok(did), _) => did,
        (Err(_), Ok(name)) => peers.find(&name).ok_or_else(|| unknown(&name))?.did.clone(),
        (Err(_), Err(fault)) => {
            return Err(Failure::new(crate::failure::Exit::Usage, "name", format!("`{who}`: {fault}")));
        }
    };
    let facts = runtime()?.block_on(peer_log::of(global, &did))?;
    if global.json {
        for fact in &facts {
            output::json(&json(&did, fact));
        }
        return Ok(());
    }
    output::line(did.as_str());
    if facts.is_empty() {
        output::note("nothing is noted about it: you have not met it from here");
    }
    let mut key = None;
    for fact in &facts {
        output::line(&format!("{}  {}", date(fact.first), words(&did, fact, &mut key)));
    }
    if let Some(last) = facts.iter().filter(|fact| matches!(fact.what, Sighted::Key { .. })).map(|fact| fact.last).max()
    {
        output::note(&format!("last met {}", since(last, SystemClock.now())));
    }
    Ok(())
}

/// A line about a fact. `before` is the key that was seen last.
fn words(did: &Did, fact: &Sighting, before: &mut Option<(String, Vec<u8>)>) -> String {
    match &fact.what {
        Sighted::Pinned { name } => format!("you call it {}", one_line(name)),
        Sighted::Unpinned { name } => format!("you call it {} no more", one_line(name)),
        Sighted::Key { method, key, version } => {
            let this = (method.clone(), key.as_bytes().to_vec());
            let shown = format!("{} {}", key.algorithm().name(), hex::encode(key.as_bytes()));
            let at = version.as_ref().map(|version| format!(", version {}", one_line(version))).unwrap_or_default();
            let authority = format!("authorised by {}{at}", authority(did));
            let line = match before.as_ref() {
                None => format!("first met, with {} ({shown}); {authority}", one_line(method)),
                Some((_, bytes)) if *bytes == this.1 => format!("the same key as {}; {authority}", one_line(method)),
                Some(_) => format!("{BAD}KEY CHANGED{BAD:#} to {} ({shown}); {authority}", one_line(method)),
            };
            *before = Some(this);
            line
        }
    }
}

/// Who says that a key is one of this DID.
fn authority(did: &Did) -> &'static str {
    match did.method() {
        "key" | "jwk" | "peer" => "the DID itself",
        "web" => "its document on the web (DNS and certificates)",
        "webvh" => "its own log, signed by its update keys",
        _ => "its document",
    }
}

fn json(did: &Did, fact: &Sighting) -> Value {
    let (first, last) = (fact.first.0, fact.last.0);
    match &fact.what {
        Sighted::Key { method, key, version } => json!({
            "fact": "key", "did": did.as_str(), "first": first, "last": last, "verificationMethod": method,
            "algorithm": key.algorithm().name(), "publicKey": hex::encode(key.as_bytes()), "version": version,
            "authority": authority(did),
        }),
        Sighted::Pinned { name } => {
            json!({"fact": "named", "did": did.as_str(), "first": first, "last": last, "name": name})
        }
        Sighted::Unpinned { name } => {
            json!({"fact": "unnamed", "did": did.as_str(), "first": first, "last": last, "name": name})
        }
    }
}
