//! What a resolver checks, in its order.

use super::canonical::{hash_text, is_exact, is_hash_text, jcs, replaced, with, without};
use super::check::{Checks, Halt, Judged, WebvhCheck as Check};
use super::file::{Resolution, View};
use super::owner::{Made, SCID};
use super::parameters::Parameters;
use super::{proofs, witness};
use crate::document::has_shape;
use crate::json::{self, Json};
use crate::primitives::sha256;
use crate::time::{fraction, unix_seconds};

/// What arrives of a log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Sent {
    pub(crate) log: String,
    pub(crate) line_spaces: usize,
    pub(crate) witness: Option<String>,
}

/// The entries up to some place.
pub(super) struct Chain {
    pub(super) scid: String,
    pub(super) version_ids: Vec<String>,
    /// Who has to witness each entry: a threshold and multikeys.
    pub(super) witnesses: Vec<Option<(u64, Vec<String>)>>,
    pub(super) parameters: Parameters,
    did: String,
    dids: Vec<String>,
    state: Json,
    time: (i64, u32),
}

/// What a proof signs.
pub(crate) fn signed(options: &Json, secured: &str) -> Vec<u8> {
    [sha256(&[jcs(options).as_bytes()]), sha256(&[secured.as_bytes()])].concat()
}

/// The checks of section 9.8.
pub(crate) fn judge(checks: Checks, view: &View, sent: &Sent, owner: &Made) -> Judged<Resolution> {
    let mut did = view.did.clone();
    let scid = did.split(':').nth(2).unwrap_or_default().to_owned();
    checks.need(Check::ScidForm, is_hash_text(&scid))?;
    let lines = lines(checks, sent, owner)?;
    let ends = sent.log.ends_with('\n') || checks.off(Check::LogEmpty);
    let mut chain = Chain::start();
    for (place, line) in lines.iter().enumerate() {
        let own = owner.lines.get(place).map_or("", String::as_str);
        let last = !ends && place + 1 == lines.len();
        chain = chain.entry(checks, view, line, own, last, &scid)?;
    }
    if checks.off(Check::ScidDid) || checks.off(Check::ScidForm) {
        did = did.replacen(&scid, &chain.scid, 1);
    }
    checks.need(Check::OtherDid, chain.dids.contains(&did))?;
    if checks.off(Check::OtherDid) {
        did.clone_from(&chain.did);
    }
    witness::check(checks, &chain, sent.witness.as_deref(), owner)?;
    if let Some(seen) = &view.seen {
        let number: usize = seen.split('-').next().unwrap_or_default().parse().unwrap_or(0);
        let there = chain.version_ids.get(number.wrapping_sub(1));
        checks.need(Check::RolledBack, there.is_some())?;
        checks.need(Check::Forked, there.is_none_or(|there| there == seen))?;
    }
    checks.need(Check::Moved, chain.did == did)?;
    checks.need(Check::Document, has_shape(&chain.state))?;
    Ok(Resolution {
        version_id: chain.version_ids.last().cloned().unwrap_or_default(),
        deactivated: chain.parameters.deactivated,
        ttl: chain.parameters.ttl,
        document: jcs(&chain.state),
    })
}

fn lines(checks: Checks, sent: &Sent, owner: &Made) -> Judged<Vec<String>> {
    let count = sent.log.matches('\n').count();
    checks.need(Check::LogLength, sent.log.len() + count * sent.line_spaces <= 1_048_576)?;
    let text = sent.log.strip_suffix('\n').unwrap_or(&sent.log);
    checks.need(Check::LogEmpty, !text.is_empty())?;
    if text.is_empty() {
        return Ok(owner.lines.clone());
    }
    let lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    if lines.len() > 1_024 {
        return Err(Halt::TooMuch("too_many_entries"));
    }
    let longest = lines.iter().map(String::len).max().unwrap_or(0);
    checks.need(Check::LineLength, longest + sent.line_spaces <= 131_072)?;
    Ok(lines)
}

fn read(checks: Checks, line: &str, own: &str, unended: bool) -> Judged<Json> {
    let check = if unended { Check::Truncated } else { Check::Json };
    let parsed = json::parse(line);
    checks.need(check, parsed.is_some())?;
    let value = parsed.or_else(|| json::parse(own)).ok_or(Halt::Broken("no line to take instead"))?;
    checks.need(Check::Duplicate, !value.has_duplicates())?;
    checks.need(Check::Depth, value.depth() <= 17)?;
    Ok(value)
}

fn is_entry(value: &Json) -> bool {
    let text = |name| value.member(name).and_then(Json::text).is_some();
    let object = |name| matches!(value.member(name), Some(Json::Object(_)));
    let proof = matches!(value.member("proof"), Some(Json::Object(_) | Json::List(_)));
    text("versionId") && text("versionTime") && object("parameters") && object("state") && proof
}

fn numbers_hold(value: &Json) -> bool {
    match value {
        Json::Number(number) => is_exact(*number),
        Json::List(items) => items.iter().all(numbers_hold),
        Json::Object(members) => members.iter().all(|(_, item)| numbers_hold(item)),
        _ => true,
    }
}

impl Chain {
    fn start() -> Self {
        Self {
            scid: String::new(),
            version_ids: Vec::new(),
            witnesses: Vec::new(),
            parameters: Parameters::default(),
            did: String::new(),
            dids: Vec::new(),
            state: Json::Null,
            time: (i64::MIN, 0),
        }
    }

    fn entry(mut self, checks: Checks, view: &View, line: &str, own: &str, last: bool, scid: &str) -> Judged<Self> {
        let mut value = read(checks, line, own, last)?;
        checks.need(Check::AfterDeactivation, !self.parameters.deactivated)?;
        checks.need(Check::Shape, is_entry(&value))?;
        if !is_entry(&value) {
            value = json::parse(own).ok_or(Halt::Broken("no line to take instead"))?;
        }
        let Json::Object(members) = &value else { return Err(Halt::Broken("an entry that is no object")) };
        checks.need(Check::ShapeOther, members.len() == 5 || value.has_duplicates())?;
        checks.need(Check::Number, numbers_hold(&value))?;
        let first = self.version_ids.is_empty();
        let version_id = value.member("versionId").and_then(Json::text).unwrap_or_default().to_owned();
        self.number(checks, &version_id)?;
        let time = time(checks, view.now, value.member("versionTime").and_then(Json::text).unwrap_or_default())?;
        let changes = value.member("parameters").cloned().unwrap_or(Json::Null);
        let parameters = self.parameters.clone().changed(checks, &changes, first)?;
        let did = self.did_of(checks, view, &value)?;
        checks.need(Check::TimeOrder, time.is_none_or(|time| time > self.time))?;
        self.scids(checks, &changes, &did, scid, first)?;
        self.hashes(checks, &value, &version_id, first)?;
        let active = self.active(checks, &changes, &parameters, first)?;
        self.moves(checks, &value, &did, &parameters)?;
        proofs::check(checks, &value, &active)?;
        self.witnesses.push(self.parameters.witness.clone().or_else(|| parameters.witness.clone()));
        self.version_ids.push(version_id);
        self.dids.push(did.clone());
        (self.parameters, self.did) = (parameters, did);
        self.state = value.member("state").cloned().unwrap_or(Json::Null);
        self.time = time.unwrap_or(self.time);
        Ok(self)
    }

    fn number(&self, checks: Checks, version_id: &str) -> Judged<()> {
        let (number, hash) = version_id.split_once('-').unwrap_or_default();
        let digits = number.bytes().all(|byte| byte.is_ascii_digit()) && !number.is_empty() && !number.starts_with('0');
        checks.need(Check::VersionIdForm, digits && is_hash_text(hash))?;
        checks.need(Check::VersionNumber, number.parse() == Ok(self.version_ids.len() + 1))
    }

    fn did_of(&self, checks: Checks, view: &View, value: &Json) -> Judged<String> {
        let id = value.member("state").and_then(|state| state.member("id")).and_then(Json::text);
        let id = id.filter(|id| crate::did::is_did(id) && crate::did::method(id) == "webvh");
        checks.need(Check::StateId, id.is_some())?;
        let instead = if self.did.is_empty() { &view.did } else { &self.did };
        Ok(id.unwrap_or(instead).to_owned())
    }

    fn scids(&mut self, checks: Checks, changes: &Json, did: &str, asked: &str, first: bool) -> Judged<()> {
        let of_state = did.split(':').nth(2).unwrap_or_default();
        if first {
            let claimed = changes.member("scid").and_then(Json::text).unwrap_or_default();
            claimed.clone_into(&mut self.scid);
            checks.need(Check::ScidState, is_hash_text(claimed) && of_state == claimed)?;
            return checks.need(Check::ScidDid, asked == claimed || checks.off(Check::ScidForm));
        }
        checks.need(Check::ScidState, of_state == self.scid)
    }

    fn hashes(&self, checks: Checks, value: &Json, version_id: &str, first: bool) -> Judged<()> {
        let unproved = without(value, "proof");
        let preliminary = |before: &str| with(&unproved, "versionId", Json::Text(before.to_owned()));
        if first {
            let placeheld = replaced(&preliminary(SCID), &self.scid, SCID);
            checks.need(Check::Scid, hash_text(&jcs(&placeheld)) == self.scid)?;
        }
        let before = self.version_ids.last().unwrap_or(&self.scid);
        let hash = version_id.split_once('-').map_or("", |(_, hash)| hash);
        checks.need(Check::EntryHash, hash_text(&jcs(&preliminary(before))) == hash)
    }

    /// The keys that may sign.
    fn active(&self, checks: Checks, changes: &Json, new: &Parameters, first: bool) -> Judged<Vec<String>> {
        let committed = &self.parameters.next_key_hashes;
        if first {
            return Ok(new.update_keys.clone());
        }
        if committed.is_empty() {
            return Ok(self.parameters.update_keys.clone());
        }
        let sets = changes.member("updateKeys").is_some();
        checks.need(Check::PreRotationMembers, sets && changes.member("nextKeyHashes").is_some())?;
        let kept = new.update_keys.iter().all(|key| committed.contains(&hash_text(key)));
        checks.need(Check::PreRotationKeys, kept || !sets)?;
        Ok(new.update_keys.clone())
    }

    fn moves(&self, checks: Checks, value: &Json, did: &str, new: &Parameters) -> Judged<()> {
        if self.version_ids.is_empty() || did == self.did {
            return Ok(());
        }
        checks.need(Check::Portable, self.parameters.portable && new.portable)?;
        let names = value.member("state").and_then(|state| state.member("alsoKnownAs"));
        let known = matches!(names, Some(Json::List(names)) if names.iter().any(|name| name.text() == Some(&self.did)));
        checks.need(Check::PriorDid, known)
    }
}

/// Seconds and nanoseconds; none where the form is not looked at.
fn time(checks: Checks, now: u64, text: &str) -> Judged<Option<(i64, u32)>> {
    let seconds = unix_seconds(text);
    checks.need(Check::TimeForm, seconds.is_some())?;
    let Some(seconds) = seconds else { return Ok(None) };
    let utc = text.ends_with('Z') || text.ends_with("+00:00") || text.ends_with("-00:00");
    checks.need(Check::TimeUtc, utc)?;
    checks.need(Check::TimeFuture, u64::try_from(seconds).is_ok_and(|seconds| seconds <= now + 300))?;
    Ok(Some((seconds, fraction(text))))
}
