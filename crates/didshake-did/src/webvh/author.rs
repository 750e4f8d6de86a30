//! Making the entries of a log: what its owner does.

use didshake::{Algorithm, Internal, PublicKey, SigningKey, UnixTime};

use super::log::Log;
use super::parameters::{METHOD, Witnesses};
use super::{jcs, proof, scid};
use crate::json::{self, Json, JsonFault, Object};
use crate::{multikey, rfc3339};

/// What an entry changes of the parameters; what is left out stays.
///
/// ```
/// use didshake_did::webvh::Change;
/// let change = Change { ttl_seconds: Some(300), ..Change::default() };
/// assert_eq!(change.portable, None);
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Change {
    /// The multikeys that may update the DID. The first entry needs some.
    pub update_keys: Option<Vec<String>>,
    /// The [`key_hash`]es of the multikeys that may make the next entry; none ends pre-rotation.
    pub next_key_hashes: Option<Vec<String>>,
    /// Who witnesses; `Some(None)` for nobody.
    pub witnesses: Option<Option<Witnesses>>,
    /// Who watches the log: URLs.
    pub watchers: Option<Vec<String>>,
    /// Whether the DID may move; true in the first entry only.
    pub portable: Option<bool>,
    /// Ends the log with this entry.
    pub deactivated: bool,
    /// How long others may keep the document, in seconds.
    pub ttl_seconds: Option<u32>,
}

/// Why there is no entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AuthorError {
    /// The document is no JSON object without duplicate members.
    #[error("the document is refused: {0}")]
    Document(#[from] JsonFault),
    /// The document holds a number that a log may not hold.
    #[error("the document holds a number that is no integer of at most 53 bits: write it as a string")]
    Number,
    /// Log entries are signed with Ed25519.
    #[error("entries of a log are signed with an Ed25519 key")]
    Algorithm,
    /// A time after the year 9999.
    #[error("the clock is after the year 9999: set it right")]
    Clock,
    /// The signature backend failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

/// The multikey of a public key, as `updateKeys` and did:key have it.
///
/// ```
/// use didshake::{Algorithm, Secret, SigningKey};
/// use didshake_did::webvh::{key_hash, multikey};
/// let key = SigningKey::from_secret(Algorithm::Ed25519, &Secret::new([7; 32]))?;
/// assert!(multikey(&key.public_key()).starts_with("z6Mk"));
/// assert!(key_hash(&multikey(&key.public_key())).starts_with("Qm"));
/// # Ok::<(), didshake::Fault>(())
/// ```
#[must_use]
pub fn multikey(key: &PublicKey) -> String {
    multikey::encode(key)
}

/// The hash of a multikey, as `nextKeyHashes` has it.
#[must_use]
pub fn key_hash(multikey: &str) -> String {
    scid::hash(multikey)
}

/// The first line of a log, without a line feed, from a document that has `{SCID}` wherever the SCID will stand.
///
/// ```
/// use didshake::{Algorithm, Secret, SigningKey, UnixTime};
/// use didshake_did::webvh::{Change, UnwitnessedLog, first_entry, multikey};
/// let now = UnixTime(1_767_225_600);
/// let key = SigningKey::from_secret(Algorithm::Ed25519, &Secret::new([7; 32]))?;
/// let change = Change { update_keys: Some(vec![multikey(&key.public_key())]), ..Change::default() };
/// let line = first_entry(br#"{"id":"did:webvh:{SCID}:example.com"}"#, &change, &key, now)?;
/// let log = UnwitnessedLog::read(line.as_bytes(), None, now)?.witnessed(None)?;
/// assert!(log.did().as_str().ends_with(":example.com"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`AuthorError`]. Whether the log is good is for [`UnwitnessedLog::read`](super::UnwitnessedLog::read) to say.
pub fn first_entry(document: &[u8], change: &Change, key: &SigningKey, now: UnixTime) -> Result<String, AuthorError> {
    let mut parameters = parameters(change);
    parameters.insert("method".to_owned(), Json::Text(METHOD.to_owned()));
    parameters.insert("scid".to_owned(), Json::Text(scid::PLACEHOLDER.to_owned()));
    let state = Json::Object(json::read_object(document)?);
    let time = rfc3339::text(now).ok_or(AuthorError::Clock)?;
    let preliminary = Json::Object(entry(scid::PLACEHOLDER, &time, parameters, state));
    let scid = hash(&preliminary)?;
    let Some(Json::Object(whole)) = scid::replaced(&preliminary, scid::PLACEHOLDER, &scid) else {
        return Err(JsonFault::Malformed.into());
    };
    signed(whole, 1, key, &time)
}

/// The next line of a log, without a line feed: with the document given, or the last one. Its time is now, or a second
/// after the last entry where the clock does not say more.
///
/// # Errors
/// [`AuthorError`]. Whether the log is good with it is for [`UnwitnessedLog::read`](super::UnwitnessedLog::read) to say.
pub fn next_entry(
    log: &Log,
    document: Option<&[u8]>,
    change: &Change,
    key: &SigningKey,
    now: UnixTime,
) -> Result<String, AuthorError> {
    let state = match document {
        Some(document) => Json::Object(json::read_object(document)?),
        None => log.state().clone(),
    };
    let time = now.max(UnixTime(log.updated().0.saturating_add(1)));
    let time = rfc3339::text(time).ok_or(AuthorError::Clock)?;
    let before = log.versions().last().map_or("", String::as_str);
    following(before, log.versions().len() + 1, &time, (parameters(change), state), key)
}

/// The line of the entry of this number, after the one with the versionId `before`.
pub(super) fn following(
    before: &str,
    number: usize,
    time: &str,
    (parameters, state): (Object, Json),
    key: &SigningKey,
) -> Result<String, AuthorError> {
    signed(entry(before, time, parameters, state), number, key, time)
}

/// A witness's proof for a version, as `did-witness.json` has it: JSON.
///
/// # Errors
/// [`AuthorError::Algorithm`], [`AuthorError::Clock`], [`AuthorError::Internal`].
pub fn witness_proof(version_id: &str, key: &SigningKey, now: UnixTime) -> Result<String, AuthorError> {
    check_algorithm(key)?;
    let time = rfc3339::text(now).ok_or(AuthorError::Clock)?;
    let secured = Object::from([("versionId".to_owned(), Json::Text(version_id.to_owned()))]);
    let secured = jcs::canonical(&Json::Object(secured)).ok_or(AuthorError::Number)?;
    jcs::canonical(&proof::make(key, &time, &secured)?).ok_or(AuthorError::Number)
}

fn entry(version_id: &str, time: &str, parameters: Object, state: Json) -> Object {
    Object::from([
        ("versionId".to_owned(), Json::Text(version_id.to_owned())),
        ("versionTime".to_owned(), Json::Text(time.to_owned())),
        ("parameters".to_owned(), Json::Object(parameters)),
        ("state".to_owned(), state),
    ])
}

/// The line of an entry whose `versionId` is still the one before it.
fn signed(mut whole: Object, number: usize, key: &SigningKey, time: &str) -> Result<String, AuthorError> {
    check_algorithm(key)?;
    if number == 1 {
        let scid = whole.get("parameters").and_then(Json::as_object).and_then(|parameters| parameters.get("scid"));
        let scid = scid.cloned().unwrap_or(Json::Null);
        whole.insert("versionId".to_owned(), scid);
    }
    let version_id = format!("{number}-{}", hash(&Json::Object(whole.clone()))?);
    whole.insert("versionId".to_owned(), Json::Text(version_id));
    let secured = jcs::without(&whole, "proof").ok_or(AuthorError::Number)?;
    whole.insert("proof".to_owned(), Json::List(vec![proof::make(key, time, &secured)?]));
    jcs::canonical(&Json::Object(whole)).ok_or(AuthorError::Number)
}

fn check_algorithm(key: &SigningKey) -> Result<(), AuthorError> {
    if key.algorithm() == Algorithm::Ed25519 { Ok(()) } else { Err(AuthorError::Algorithm) }
}

fn hash(value: &Json) -> Result<String, AuthorError> {
    Ok(scid::hash(&jcs::canonical(value).ok_or(AuthorError::Number)?))
}

fn parameters(change: &Change) -> Object {
    let mut parameters = Object::new();
    let mut set = |name: &str, value: Json| drop(parameters.insert(name.to_owned(), value));
    let texts = |texts: &[String]| Json::List(texts.iter().cloned().map(Json::Text).collect());
    if let Some(keys) = &change.update_keys {
        set("updateKeys", texts(keys));
    }
    if let Some(hashes) = &change.next_key_hashes {
        set("nextKeyHashes", texts(hashes));
    }
    if let Some(watchers) = &change.watchers {
        set("watchers", texts(watchers));
    }
    if let Some(witnesses) = &change.witnesses {
        set("witness", Json::Object(witnesses.as_ref().map_or_else(Object::new, witness_object)));
    }
    if let Some(portable) = change.portable {
        set("portable", Json::Bool(portable));
    }
    if change.deactivated {
        set("deactivated", Json::Bool(true));
    }
    if let Some(seconds) = change.ttl_seconds {
        set("ttl", Json::Integer(seconds.into()));
    }
    parameters
}

fn witness_object(witnesses: &Witnesses) -> Object {
    let one = |key: &String| Json::Object(Object::from([("id".to_owned(), Json::Text(format!("did:key:{key}")))]));
    let threshold = i64::try_from(witnesses.threshold).unwrap_or(i64::MAX);
    Object::from([
        ("threshold".to_owned(), Json::Integer(threshold)),
        ("witnesses".to_owned(), Json::List(witnesses.keys.iter().map(one).collect())),
    ])
}
