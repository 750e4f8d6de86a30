//! The parameters of a log.

use super::check::{Checks, Judged, WebvhCheck as Check};
use crate::json::Json;
use crate::keys::{ED25519_CODEC, from_multibase};

const KNOWN: [&str; 9] =
    ["method", "scid", "updateKeys", "nextKeyHashes", "watchers", "portable", "deactivated", "ttl", "witness"];

/// What is in force.
#[derive(Clone)]
pub(super) struct Parameters {
    pub(super) update_keys: Vec<String>,
    pub(super) next_key_hashes: Vec<String>,
    pub(super) witness: Option<(u64, Vec<String>)>,
    pub(super) portable: bool,
    pub(super) deactivated: bool,
    pub(super) ttl: u64,
}

impl Default for Parameters {
    fn default() -> Self {
        let (update_keys, next_key_hashes) = (Vec::new(), Vec::new());
        Self { update_keys, next_key_hashes, witness: None, portable: false, deactivated: false, ttl: 3600 }
    }
}

impl Parameters {
    /// After an entry.
    pub(super) fn changed(mut self, checks: Checks, by: &Json, first: bool) -> Judged<Self> {
        let Json::Object(members) = by else { return Ok(self) };
        checks.need(Check::ParameterUnknown, members.iter().all(|(name, _)| KNOWN.contains(&name.as_str())))?;
        let method = by.member("method");
        checks.need(Check::Method, method.is_none_or(|method| method.text() == Some("did:webvh:1.0")))?;
        checks.need(Check::MethodMissing, !first || method.is_some())?;
        for (name, value) in members {
            let allowed = self.set(name, value).is_some();
            checks.need(Check::ParameterValue, allowed)?;
        }
        let present = |name| by.member(name).is_some();
        checks.need(Check::ScidLate, first || !present("scid"))?;
        checks.need(Check::ParameterValue, !first || (present("scid") && present("updateKeys")))?;
        let late = !first && matches!(by.member("portable"), Some(Json::Bool(true)));
        checks.need(Check::PortableLate, !late)?;
        Ok(self)
    }

    fn set(&mut self, name: &str, value: &Json) -> Option<()> {
        match name {
            "scid" => drop(value.text()?),
            "updateKeys" => self.update_keys = texts(value)?,
            "nextKeyHashes" => self.next_key_hashes = texts(value)?,
            "watchers" => drop(texts(value)?),
            "portable" => self.portable = flag(value)?,
            "deactivated" => self.deactivated = flag(value)?,
            "ttl" => self.ttl = number(value).filter(|seconds| *seconds <= 1 << 31)?,
            "witness" => self.witness = witness(value)?,
            _ => (),
        }
        Some(())
    }
}

fn texts(value: &Json) -> Option<Vec<String>> {
    let Json::List(items) = value else { return None };
    let text = |item: &Json| item.text().filter(|text| text.len() <= 2048).map(str::to_owned);
    if items.len() <= 32 { items.iter().map(text).collect() } else { None }
}

fn flag(value: &Json) -> Option<bool> {
    if let Json::Bool(value) = value { Some(*value) } else { None }
}

fn number(value: &Json) -> Option<u64> {
    let Json::Number(value) = value else { return None };
    // Exact: it is an integer below 2^53.
    (value.fract() == 0.0 && *value >= 0.0).then_some(*value as u64)
}

fn witness(value: &Json) -> Option<Option<(u64, Vec<String>)>> {
    let Json::Object(members) = value else { return None };
    if members.is_empty() {
        return Some(None);
    }
    let threshold = number(value.member("threshold")?)?;
    let Some(Json::List(list)) = value.member("witnesses") else { return None };
    let mut keys: Vec<String> = Vec::new();
    for item in list {
        let Json::Object(parts) = item else { return None };
        let key = item.member("id")?.text()?.strip_prefix("did:key:")?;
        let ed25519 = from_multibase(key)?.strip_prefix(&ED25519_CODEC)?.len() == 32;
        if parts.len() != 1 || !ed25519 || keys.iter().any(|other| other == key) {
            return None;
        }
        keys.push(key.to_owned());
    }
    let fits = members.len() == 2 && threshold >= 1 && threshold <= keys.len() as u64 && keys.len() <= 32;
    fits.then_some(Some((threshold, keys)))
}
