//! An owner that makes logs: honest, but for what a plan says otherwise.

use super::canonical::{hash_text, jcs, replaced, with};
use super::check::{Halt, Judged};
use crate::ed25519;
use crate::fixed::{multibase, public, secret};
use crate::json::{self, Json};
use crate::keys::ED25519_CODEC;

/// The placeholder of the SCID.
pub(crate) const SCID: &str = "{SCID}";

/// One entry as it is planned; texts are JSON, with the placeholder wherever the SCID belongs.
#[derive(Clone)]
pub(crate) struct Planned {
    pub(crate) time: String,
    pub(crate) parameters: String,
    pub(crate) state: String,
    /// The names of the keys that sign.
    pub(crate) signers: Vec<&'static str>,
    /// The number, where it is another than its place.
    pub(crate) number: Option<String>,
    /// The hash, where it is another than its own.
    pub(crate) hash: Option<String>,
    /// Further members of the entry, as JSON: `,"name":value`.
    pub(crate) more: String,
    /// What becomes of the options of a proof before they are signed.
    pub(crate) options: fn(Json) -> Json,
    /// What becomes of a proof after that.
    pub(crate) proof: fn(Json) -> Json,
}

/// A log as it is planned.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) entries: Vec<Planned>,
    /// The SCID, where it is another than the hash of the first entry.
    pub(crate) scid: Option<String>,
    /// Which entries who witnesses: its place from 0, and the names of the keys.
    pub(crate) witnessed: Vec<(usize, Vec<&'static str>)>,
    /// Whether there is a file of witness proofs.
    pub(crate) witness_file: bool,
}

/// A log that was made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Made {
    pub(crate) lines: Vec<String>,
    pub(crate) scid: String,
    pub(crate) version_ids: Vec<String>,
    pub(crate) witness: Option<String>,
}

/// The multikey of a key by its name.
pub(crate) fn multikey(name: &str) -> Judged<String> {
    Ok(multibase(&ED25519_CODEC, &public(1, name).map_err(|_| Halt::Broken("no such key"))?))
}

/// The hash that commits to a key.
pub(crate) fn commitment(name: &str) -> Judged<String> {
    Ok(hash_text(&multikey(name)?))
}

/// A proof over a canonical text.
pub(crate) fn proof(name: &str, created: &str, secured: &str, options: fn(Json) -> Json) -> Judged<Json> {
    let key = multikey(name)?;
    let text = |text: &str| Json::Text(text.to_owned());
    let members = [
        ("type", text("DataIntegrityProof")),
        ("cryptosuite", text("eddsa-jcs-2022")),
        ("verificationMethod", Json::Text(format!("did:key:{key}#{key}"))),
        ("created", text(created)),
        ("proofPurpose", text("assertionMethod")),
    ];
    let made = options(Json::Object(members.map(|(name, value)| (name.to_owned(), value)).to_vec()));
    let signed = super::judge::signed(&made, secured);
    let signature =
        ed25519::sign(&secret(name), &signed).map_err(|_| Halt::Broken("the key of a proof does not sign"))?;
    Ok(with(&made, "proofValue", Json::Text(format!("z{}", bs58::encode(signature).into_string()))))
}

impl Plan {
    /// Makes the log.
    pub(crate) fn make(&self) -> Judged<Made> {
        let first = self.entries.first().ok_or(Halt::Broken("a plan without entries"))?;
        let preliminary = first.preliminary(SCID, SCID)?;
        let scid = self.scid.clone().unwrap_or_else(|| hash_text(&jcs(&preliminary)));
        let mut made = Made { lines: Vec::new(), scid, version_ids: Vec::new(), witness: None };
        let mut before = made.scid.clone();
        for (place, entry) in self.entries.iter().enumerate() {
            let unsigned = entry.preliminary(&before, &made.scid)?;
            let hash = entry.hash.clone().unwrap_or_else(|| hash_text(&jcs(&unsigned)));
            let number = entry.number.clone().unwrap_or_else(|| (place + 1).to_string());
            before = format!("{number}-{hash}");
            let unsigned = with(&unsigned, "versionId", Json::Text(before.clone()));
            let secured = jcs(&unsigned);
            let sign = |name: &&str| Ok((entry.proof)(proof(name, "2025-12-01T00:00:00Z", &secured, entry.options)?));
            let proofs = entry.signers.iter().map(sign).collect::<Judged<Vec<_>>>()?;
            made.lines.push(jcs(&with(&unsigned, "proof", Json::List(proofs))));
            made.version_ids.push(before.clone());
        }
        made.witness = self.witness(&made.version_ids)?;
        Ok(made)
    }

    fn witness(&self, version_ids: &[String]) -> Judged<Option<String>> {
        if !self.witness_file {
            return Ok(None);
        }
        let mut objects = Vec::new();
        for (place, names) in &self.witnessed {
            // One beyond the end is not published yet.
            let unpublished = format!("{}-{}", place + 1, hash_text("unpublished"));
            let version_id = version_ids.get(*place).unwrap_or(&unpublished);
            let version = ("versionId".to_owned(), Json::Text(version_id.clone()));
            let secured = jcs(&Json::Object(vec![version.clone()]));
            let proofs = names.iter().map(|name| proof(name, "2025-12-02T00:00:00Z", &secured, |options| options));
            let proofs = Json::List(proofs.collect::<Judged<_>>()?);
            objects.push(Json::Object(vec![version, ("proof".to_owned(), proofs)]));
        }
        Ok(Some(jcs(&Json::List(objects))))
    }
}

impl Planned {
    fn preliminary(&self, version_id: &str, scid: &str) -> Judged<Json> {
        let Planned { time, parameters, state, more, .. } = self;
        let text = format!(
            r#"{{"versionId":"{SCID}","versionTime":"{time}","parameters":{parameters},"state":{state}{more}}}"#
        );
        let read = json::parse(&text).ok_or(Halt::Broken("a plan that is no JSON"))?;
        Ok(with(&replaced(&read, SCID, scid), "versionId", Json::Text(version_id.to_owned())))
    }
}
