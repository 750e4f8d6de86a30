//! Whose documents are asked for: one DID of each method.

use std::time::{SystemTime, UNIX_EPOCH};

use didshake::{Algorithm, Did, Fragment, PublicKey, Secret, SigningKey, UnixTime};
use didshake_did::webvh::{Change, UnwitnessedLog, first_entry, key_hash, multikey, next_entry};
use didshake_did::{SecretKey, did_jwk, did_key, did_peer};
use serde_json::json;

use super::host::Host;

/// A DID, and what its document has to say.
#[derive(Clone)]
pub(crate) struct Subject {
    /// What figures name it by.
    pub(crate) id: &'static str,
    pub(crate) what: &'static str,
    pub(crate) did: Did,
    pub(crate) fragment: Fragment,
    pub(crate) key: PublicKey,
    pub(crate) source: Source,
}

/// Where a document comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// The DID itself.
    Did,
    /// A host.
    Host,
    /// A host; the newest entry that was seen of its log is kept in a file, as the program does.
    HostAndFile,
}

const DOCUMENT: &str = "application/did+json";
const LOG: &str = "text/jsonl";
/// The log of somebody who has changed keys each week for a year.
const ENTRIES: usize = 50;
const DAY: u64 = 86_400;

/// All of them; the host publishes what is to be fetched.
pub(crate) fn all(host: &Host) -> Vec<Subject> {
    let mut subjects = offline();
    subjects.push(web(host));
    let one = log(host, "one", 1);
    host.publish("/one/did.jsonl", LOG, one.0);
    let many = log(host, "many", ENTRIES);
    host.publish("/many/did.jsonl", LOG, many.0);
    for (id, what, (did, key), source) in [
        ("webvh_1", "did:webvh, 1 entry", one.1.clone(), Source::Host),
        ("webvh_1_file", "did:webvh, 1 entry, noted in a file", one.1, Source::HostAndFile),
        ("webvh_50", "did:webvh, 50 entries", many.1, Source::Host),
    ] {
        subjects.push(subject(id, what, did, FRAGMENT, key, source));
    }
    subjects
}

const FRAGMENT: &str = "key-1";

fn subject(id: &'static str, what: &'static str, did: Did, fragment: &str, key: PublicKey, source: Source) -> Subject {
    let fragment = Fragment::of(&did, fragment).unwrap();
    Subject { id, what, did, fragment, key, source }
}

fn offline() -> Vec<Subject> {
    let secret = SecretKey::new(Algorithm::Ed25519, Secret::new([7; 32])).unwrap();
    let (key, agreement) = (secret.public_key().unwrap(), secret.key_agreement().public_key());
    let peer = did_peer::NewPeer { key: &key, key_agreement: Some(&agreement), services: &[] };
    let of = |id, what, did, fragment| subject(id, what, did, fragment, key.clone(), Source::Did);
    vec![
        of("key", "did:key", did_key::encode(&key).unwrap(), ""),
        of("jwk", "did:jwk", did_jwk::encode(&key).unwrap(), ""),
        of("peer_2", "did:peer, form 2", peer.form_2().unwrap(), did_peer::FRAGMENT),
        of("peer_4", "did:peer, form 4", peer.form_4().unwrap(), did_peer::FRAGMENT),
    ]
}

fn web(host: &Host) -> Subject {
    let (did, key) = (format!("did:web:127.0.0.1%3A{}", host.port), signing_key(0).public_key());
    host.publish("/.well-known/did.json", DOCUMENT, document(&did, &key));
    subject("web", "did:web", Did::parse(&did).unwrap(), FRAGMENT, key, Source::Host)
}

/// A log with so many entries, and whose it is. Each has another key in its document, and commits to the next one that may change it, as
/// `didshake did rotate` does.
fn log(host: &Host, name: &str, entries: usize) -> (String, (Did, PublicKey)) {
    let now = UnixTime(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs());
    let begun = now.0 - entries as u64 * DAY;
    let (mut text, mut scid) = (String::new(), "{SCID}".to_owned());
    for number in 0..entries {
        let did = format!("did:webvh:{scid}:127.0.0.1%3A{}:{name}", host.port);
        let document = document(&did, &signing_key(2 * number).public_key());
        let change = Change {
            update_keys: Some(vec![multikey(&update_key(number).public_key())]),
            next_key_hashes: Some(vec![key_hash(&multikey(&update_key(number + 1).public_key()))]),
            ..Change::default()
        };
        let (key, time) = (update_key(number), UnixTime(begun + number as u64 * DAY));
        let line = if number == 0 {
            first_entry(document.as_bytes(), &change, &key, time)
        } else {
            next_entry(&read(&text, now), Some(document.as_bytes()), &change, &key, time)
        };
        text += &(line.unwrap() + "\n");
        scid = read(&text, now).scid().to_owned();
    }
    let did = read(&text, now).did().clone();
    (text, (did, signing_key(2 * (entries - 1)).public_key()))
}

fn read(text: &str, now: UnixTime) -> didshake_did::webvh::Log {
    UnwitnessedLog::read(text.as_bytes(), None, now).unwrap().witnessed(None).unwrap()
}

fn update_key(number: usize) -> SigningKey {
    signing_key(2 * number + 1)
}

fn signing_key(number: usize) -> SigningKey {
    let mut seed = [9; 32];
    seed[..8].copy_from_slice(&number.to_be_bytes());
    SigningKey::from_secret(Algorithm::Ed25519, &Secret::new(seed)).unwrap()
}

/// As `didshake did create` makes it.
fn document(did: &str, key: &PublicKey) -> String {
    let method = format!("{did}#{FRAGMENT}");
    json!({
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": did,
        "verificationMethod": [{"id": method, "type": "Multikey", "controller": did, "publicKeyMultibase": multikey(key)}],
        "authentication": [method],
        "assertionMethod": [method],
    })
    .to_string()
}
