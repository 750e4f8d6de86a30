//! What the entries of a log say about the log.

use super::fault::LogFault;
use super::proof;
use crate::json::{Json, Object};

/// The one version of the method that is known here.
pub(super) const METHOD: &str = "did:webvh:1.0";

/// Of each list in the parameters.
const MAX_LIST: usize = 32;
const MAX_TEXT_BYTES: usize = 2048;
const MAX_TTL_SECONDS: i64 = 1 << 31;

/// Who has to witness the entries of a log, and how many of them.
///
/// ```
/// use didshake_did::webvh::Witnesses;
/// let one = "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK".to_owned();
/// assert!(Witnesses::new(1, vec![one.clone()]).is_some());
/// assert!(Witnesses::new(2, vec![one]).is_none());
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Witnesses {
    pub(super) threshold: usize,
    pub(super) keys: Vec<String>,
}

impl Witnesses {
    /// Witnesses by their multikeys, as in their did:key; `None` where the threshold is not between 1 and their number,
    /// there are more than 32, two are the same, or one is no Ed25519 key.
    #[must_use]
    pub fn new(threshold: usize, keys: Vec<String>) -> Option<Self> {
        let distinct = keys.iter().enumerate().all(|(at, key)| keys.iter().position(|other| other == key) == Some(at));
        let good = keys.len() <= MAX_LIST && keys.iter().all(|key| proof::ed25519(key).is_ok());
        ((1..=keys.len()).contains(&threshold) && distinct && good).then_some(Self { threshold, keys })
    }

    /// How many of them every entry needs.
    #[must_use]
    pub fn threshold(&self) -> usize {
        self.threshold
    }

    /// Their multikeys.
    #[must_use]
    pub fn keys(&self) -> &[String] {
        &self.keys
    }
}

/// What one entry's parameters change.
#[derive(Default)]
pub(super) struct Changes {
    pub(super) scid: Option<String>,
    pub(super) update_keys: Option<Vec<String>>,
    pub(super) next_key_hashes: Option<Vec<String>>,
    /// `Some(None)`: no witnesses any more.
    pub(super) witnesses: Option<Option<Witnesses>>,
    watchers: Option<Vec<String>>,
    portable: Option<bool>,
    deactivated: Option<bool>,
    ttl_seconds: Option<u32>,
}

impl Changes {
    pub(super) fn read(parameters: &Object, first: bool) -> Result<Self, LogFault> {
        let mut changes = Self::default();
        let mut method = None;
        let unknown = |name: &String| !NAMES.contains(&name.as_str());
        if parameters.keys().any(unknown) {
            return Err(LogFault::UnknownParameter);
        }
        if let Some(value) = parameters.get("method") {
            method = Some(value.as_text().filter(|text| *text == METHOD).ok_or(LogFault::MethodVersion)?);
        }
        if first && method.is_none() {
            return Err(LogFault::MethodVersion);
        }
        for (name, value) in parameters {
            changes.read_one(name, value).ok_or(LogFault::Parameter)?;
        }
        if first != changes.scid.is_some() || (first && changes.update_keys.is_none()) {
            return Err(LogFault::Parameter);
        }
        if !first && changes.portable == Some(true) {
            return Err(LogFault::PortableLate);
        }
        Ok(changes)
    }

    /// Whether the DID, portable until now, still is.
    pub(super) fn keeps_portable(&self) -> bool {
        self.portable != Some(false)
    }

    fn read_one(&mut self, name: &str, value: &Json) -> Option<()> {
        match name {
            "scid" => self.scid = Some(value.as_text()?.to_owned()),
            "updateKeys" => self.update_keys = Some(texts(value)?),
            "nextKeyHashes" => self.next_key_hashes = Some(texts(value)?),
            "watchers" => self.watchers = Some(texts(value)?),
            "witness" => self.witnesses = Some(witnesses(value.as_object()?)?),
            "portable" => self.portable = Some(flag(value)?),
            "deactivated" => self.deactivated = Some(flag(value)?),
            "ttl" => self.ttl_seconds = Some(ttl(value)?),
            _ => {}
        }
        Some(())
    }
}

const NAMES: [&str; 9] =
    ["deactivated", "method", "nextKeyHashes", "portable", "scid", "ttl", "updateKeys", "watchers", "witness"];

/// What is in force after some entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Parameters {
    pub(super) update_keys: Vec<String>,
    pub(super) next_key_hashes: Vec<String>,
    pub(super) witnesses: Option<Witnesses>,
    pub(super) watchers: Vec<String>,
    pub(super) portable: bool,
    pub(super) deactivated: bool,
    pub(super) ttl_seconds: u32,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            update_keys: Vec::new(),
            next_key_hashes: Vec::new(),
            witnesses: None,
            watchers: Vec::new(),
            portable: false,
            deactivated: false,
            ttl_seconds: 3600,
        }
    }
}

impl Parameters {
    pub(super) fn changed(self, by: Changes) -> Self {
        Self {
            update_keys: by.update_keys.unwrap_or(self.update_keys),
            next_key_hashes: by.next_key_hashes.unwrap_or(self.next_key_hashes),
            witnesses: by.witnesses.unwrap_or(self.witnesses),
            watchers: by.watchers.unwrap_or(self.watchers),
            portable: by.portable.unwrap_or(self.portable),
            deactivated: by.deactivated.unwrap_or(self.deactivated),
            ttl_seconds: by.ttl_seconds.unwrap_or(self.ttl_seconds),
        }
    }
}

fn texts(value: &Json) -> Option<Vec<String>> {
    let items = value.as_list().filter(|items| items.len() <= MAX_LIST)?;
    let short = |item: &Json| item.as_text().filter(|text| text.len() <= MAX_TEXT_BYTES).map(str::to_owned);
    items.iter().map(short).collect()
}

fn flag(value: &Json) -> Option<bool> {
    if let Json::Bool(value) = value { Some(*value) } else { None }
}

fn ttl(value: &Json) -> Option<u32> {
    let Json::Integer(seconds) = value else { return None };
    u32::try_from(*seconds).ok().filter(|_| *seconds <= MAX_TTL_SECONDS)
}

// An empty object means none; a malformed one never does.
fn witnesses(value: &Object) -> Option<Option<Witnesses>> {
    if value.is_empty() {
        return Some(None);
    }
    let (Some(Json::Integer(threshold)), Some(list)) = (value.get("threshold"), value.get("witnesses")) else {
        return None;
    };
    let key = |witness: &Json| {
        let witness = witness.as_object().filter(|members| members.len() == 1)?;
        witness.get("id")?.as_text()?.strip_prefix("did:key:").map(str::to_owned)
    };
    let keys = list.as_list()?.iter().map(key).collect::<Option<Vec<_>>>()?;
    let witnesses = Witnesses::new(usize::try_from(*threshold).ok()?, keys).filter(|_| value.len() == 2)?;
    Some(Some(witnesses))
}
