//! Logs of did:webvh, and the file of their witnesses.

use std::sync::OnceLock;

use didshake::{Algorithm, Secret, SigningKey, UnixTime};
use didshake_did::webvh::{
    Change, LogHead, UnwitnessedLog, Witnesses, first_entry, key_hash, multikey, next_entry, witness_proof,
};

use crate::handshake::NOW;

/// A good log of two entries with pre-rotation and a witness.
struct Good {
    log: Vec<u8>,
    proofs: Vec<u8>,
    versions: Vec<String>,
    document: String,
}

/// Behind `M` a change of a good log: where (two bytes), how many bytes go (one), and what comes; behind `W` the same of the
/// witness proofs; behind `D` a document, of which a log is made; otherwise a log. What is taken after a change is what was there before:
/// the hashes leave nothing else. Hashes and signatures are none that a fuzzer guesses.
pub(crate) fn webvh_log(input: &[u8]) {
    match input {
        [b'M', rest @ ..] => changed_log(rest),
        [b'W', rest @ ..] => changed_proofs(rest),
        [b'D', document @ ..] => made_of(document),
        log => {
            let read = UnwitnessedLog::read(log, None, NOW);
            assert_eq!(read.as_ref().err(), UnwitnessedLog::read(log, None, NOW).as_ref().err());
            if let Ok(log) = read {
                let _ = log.witnessed(Some(input));
            }
        }
    }
}

fn changed_log(input: &[u8]) {
    let good = good();
    let Some(changed) = changed(&good.log, input) else { return };
    let Ok(log) = UnwitnessedLog::read(&changed, None, NOW) else { return };
    let Ok(log) = log.witnessed(Some(&good.proofs)) else { return };
    // An entry may be missing at the end; whoever saw it knows.
    assert!(good.versions.starts_with(log.versions()));
    let seen = good.versions.last().and_then(|version| LogHead::parse(version));
    assert_eq!(log.check_seen(seen.as_ref()).is_ok(), log.versions() == good.versions);
    if log.versions() == good.versions {
        assert_eq!(log.document_text(), good.document);
    }
}

fn changed_proofs(input: &[u8]) {
    let good = good();
    let Some(changed) = changed(&good.proofs, input) else { return };
    let log = UnwitnessedLog::read(&good.log, None, NOW).expect("the log is good");
    if let Ok(log) = log.witnessed(Some(&changed)) {
        assert_eq!(log.versions(), good.versions);
    }
}

/// Whatever can be made of a document reads as it was made.
fn made_of(document: &[u8]) {
    let change = Change { update_keys: Some(vec![name(1)]), ..Change::default() };
    let Ok(line) = first_entry(document, &change, &key(1), NOW) else { return };
    let Ok(log) = UnwitnessedLog::read(line.as_bytes(), None, NOW) else { return };
    let log = log.witnessed(None).expect("there are no witnesses");
    let did = log.did().clone();
    if let Ok(resolved) = log.resolved(&did) {
        assert_eq!(resolved.document().did(), &did);
    }
    if let Ok(second) = next_entry(&log, Some(log.document_text().as_bytes()), &Change::default(), &key(1), NOW) {
        let both = format!("{line}\n{second}\n");
        let both = UnwitnessedLog::read(both.as_bytes(), Some(&did), UnixTime(NOW.0 + 1)).expect("an entry goes on");
        assert_eq!(both.versions().len(), 2);
    }
}

fn changed(good: &[u8], input: &[u8]) -> Option<Vec<u8>> {
    let (&[high, low, gone], new) = input.split_first_chunk()?;
    let from = usize::from(u16::from_be_bytes([high, low])).min(good.len());
    let to = (from + usize::from(gone)).min(good.len());
    Some([good.get(..from)?, new, good.get(to..)?].concat())
}

fn good() -> &'static Good {
    static GOOD: OnceLock<Good> = OnceLock::new();
    GOOD.get_or_init(|| {
        let change = Change {
            update_keys: Some(vec![name(1)]),
            next_key_hashes: Some(vec![key_hash(&name(2))]),
            witnesses: Some(Witnesses::new(1, vec![name(9)])),
            ..Change::default()
        };
        let document = br#"{"id":"did:webvh:{SCID}:log.example","x":[1,null,"\u00e9"]}"#;
        let first = first_entry(document, &change, &key(1), UnixTime(NOW.0 - 9)).expect("an entry");
        let log = UnwitnessedLog::read(first.as_bytes(), None, NOW).expect("a log");
        let proof = |version: &str| witness_proof(version, &key(9), NOW).expect("a proof");
        let file =
            |version: &str| format!(r#"[{{"versionId":"{version}","proof":[{}]}}]"#, proof(version)).into_bytes();
        let version = log.versions().last().expect("a version").clone();
        let log = log.witnessed(Some(&file(&version))).expect("witnessed");
        let change = Change {
            update_keys: Some(vec![name(2)]),
            next_key_hashes: Some(vec![key_hash(&name(3))]),
            ..Change::default()
        };
        let second = next_entry(&log, None, &change, &key(2), NOW).expect("an entry");
        let text = format!("{first}\n{second}\n").into_bytes();
        let log = UnwitnessedLog::read(&text, None, NOW).expect("a log");
        let proofs = file(log.versions().last().expect("a version"));
        let log = log.witnessed(Some(&proofs)).expect("witnessed");
        Good { versions: log.versions().to_vec(), document: log.document_text(), log: text, proofs }
    })
}

fn key(number: u8) -> SigningKey {
    SigningKey::from_secret(Algorithm::Ed25519, &Secret::new([number; 32])).expect("a key")
}

fn name(number: u8) -> String {
    multikey(&key(number).public_key())
}
