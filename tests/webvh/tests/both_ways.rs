//! Logs that didwebvh-rs makes are read here, ours there, and where the two differ on the vectors is written down.
#![allow(missing_docs, reason = "tests")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset};
use didshake::{Algorithm, SigningKey, UnixTime};
use didshake_did::webvh::{self, Change, UnwitnessedLog, first_entry, key_hash, multikey, next_entry, witness_proof};
use didwebvh_rs::prelude::{
    CreateDIDConfig, DIDWebVHState, KeyType, Multibase, Parameters, Secret, UpdateDIDConfig, Witnesses, create_did,
    generate_did_key, update_did,
};
use didwebvh_rs::witness::Witness;
use serde_json::{Value, json};

/// 2026-01-01T00:00:00Z, the clock of the vectors.
const NOW: UnixTime = UnixTime(1_767_225_600);

fn time(day: u8) -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339(&format!("2025-01-0{day}T00:00:00Z")).unwrap()
}

fn their_name(key: &Secret) -> String {
    key.get_public_keymultibase().unwrap()
}

/// A log of theirs that was changed and moved, and its witness proofs.
async fn theirs(pre_rotation: bool, witnessed: bool) -> (String, String) {
    let [(_, one), (_, two), (_, three), (witness, witness_key)] =
        [(); 4].map(|()| generate_did_key(KeyType::Ed25519).unwrap());
    let keys = |key: &Secret| vec![Multibase::new(their_name(key))];
    let hashes = |key: &Secret| vec![Multibase::new(key_hash(&their_name(key)))];
    let document = json!({
        "id": "{DID}", "verificationMethod": [{"id": "{DID}#key-0", "type": "Multikey", "controller": "{DID}", "publicKeyMultibase": their_name(&one)}],
        "authentication": ["{DID}#key-0"],
    });
    let parameters = Parameters {
        update_keys: Some(Arc::new(keys(&one))),
        portable: Some(true),
        next_key_hashes: pre_rotation.then(|| Arc::new(hashes(&two))),
        witness: witnessed
            .then(|| Arc::new(Witnesses::Value { threshold: 1, witnesses: vec![Witness::new(witness.clone())] })),
        ..Parameters::default()
    };
    let mut create = CreateDIDConfig::builder().address("https://example.com:8080/a/path").did_document(document);
    create = create.authorization_key(one.clone()).parameters(parameters).version_time(time(1));
    if witnessed {
        create = create.witness_secret(witness.clone(), witness_key.clone());
    }
    let made = create_did(create.build().unwrap()).await.unwrap();
    let (first, proofs) =
        (serde_json::to_string(made.log_entry()).unwrap(), serde_json::to_string(made.witness_proofs()).unwrap());
    let mut state = DIDWebVHState::default();
    let _ =
        state.resolve_log_owned(made.did(), &format!("{first}\n"), witnessed.then_some(proofs.as_str())).await.unwrap();
    for (day, signer, plain, next) in [(2, &two, &one, &three), (3, &three, &two, &one)] {
        let mut update = UpdateDIDConfig::builder().state(state).version_time(time(day));
        update = if pre_rotation {
            update.signing_key(signer.clone()).update_keys(keys(signer)).next_key_hashes(hashes(next))
        } else {
            update.signing_key(plain.clone()).update_keys(keys(signer))
        };
        update = if day == 2 { update.ttl(60) } else { update.migrate_to("https://example.org/") };
        if witnessed {
            update = update.witness_secret(witness.clone(), witness_key.clone());
        }
        state = update_did(update.build().unwrap()).await.unwrap().into_state();
    }
    let line =
        |entry: &didwebvh_rs::log_entry_state::LogEntryState| serde_json::to_string(&entry.log_entry).unwrap() + "\n";
    (state.log_entries().iter().map(line).collect(), serde_json::to_string(state.witness_proofs()).unwrap())
}

#[tokio::test]
async fn their_logs_are_read_here() {
    for (pre_rotation, witnessed) in [(false, false), (false, true), (true, false), (true, true)] {
        let (log, proofs) = theirs(pre_rotation, witnessed).await;
        let read = UnwitnessedLog::read(log.as_bytes(), None, NOW).unwrap();
        assert_eq!(read.needs_witnesses(), witnessed);
        let read = read.witnessed(witnessed.then_some(proofs.as_bytes())).unwrap();
        assert_eq!(
            (read.versions().len(), read.ttl_seconds(), read.next_key_hashes().len()),
            (3, 60, usize::from(pre_rotation))
        );
        assert!(read.did().as_str().ends_with(":example.org"));
        assert_eq!(read.resolved(read.did()).unwrap().document().authentication_methods().len(), 1);
        // One letter of theirs changed is as bad as one of ours.
        let changed = log.replacen("#key-0", "#key-1", 1);
        assert!(UnwitnessedLog::read(changed.as_bytes(), None, NOW).is_err());
    }
}

fn key(number: u8) -> SigningKey {
    SigningKey::from_secret(Algorithm::Ed25519, &didshake::Secret::new([number; 32])).unwrap()
}

fn name(number: u8) -> String {
    multikey(&key(number).public_key())
}

#[tokio::test]
async fn our_logs_are_read_there() {
    let proofs = |version: &str| {
        format!(r#"[{{"versionId":"{version}","proof":[{}]}}]"#, witness_proof(version, &key(9), NOW).unwrap())
    };
    let change = Change {
        update_keys: Some(vec![name(1)]),
        next_key_hashes: Some(vec![key_hash(&name(2))]),
        portable: Some(true),
        witnesses: Some(webvh::Witnesses::new(1, vec![name(9)])),
        ttl_seconds: Some(60),
        ..Change::default()
    };
    let document = br#"{"id":"did:webvh:{SCID}:example.com%3A8080:a","x":[1,true,null,"\u00e9"]}"#;
    let mut text = first_entry(document, &change, &key(1), UnixTime(NOW.0 - 9000)).unwrap() + "\n";
    for number in 1..=4 {
        let log = UnwitnessedLog::read(text.as_bytes(), None, NOW).unwrap();
        let version = log.versions().last().unwrap().clone();
        let log = log.witnessed(Some(proofs(&version).as_bytes())).unwrap();
        let mut state = DIDWebVHState::default();
        let found = state.resolve_log_owned(log.did().as_str(), &text, Some(&proofs(&version))).await;
        let (_, metadata) = found.unwrap();
        assert_eq!((metadata.version_id, metadata.deactivated), (version, number == 4));
        let change = Change {
            update_keys: Some(vec![name(number + 1)]),
            next_key_hashes: Some(if number == 3 { Vec::new() } else { vec![key_hash(&name(number + 2))] }),
            deactivated: number == 3,
            ..Change::default()
        };
        // The third entry moves.
        let also = format!(r#"{{"alsoKnownAs":["{}"],"#, log.did());
        let moved = log.document_text().replace("example.com%3A8080:a", "example.org").replacen('{', &also, 1);
        let moved = (number == 2).then_some(moved.as_bytes());
        text += &(next_entry(&log, moved, &change, &key(number + 1), UnixTime(NOW.0 - 8000)).unwrap() + "\n");
    }
}

/// What it takes and we refuse: it hashes what it has parsed, reads `did:webvh:1.1` as 1.0, remembers nothing, and bounds
/// nothing of a log. (`w-time-future` and `w-time-300` are as of the clock of the machine.)
const TAKEN_THERE: [&str; 36] = [
    "w-deep",
    "w-deep-far",
    "w-did-moved",
    "w-document",
    "w-duplicate",
    "w-duplicate-deep",
    "w-duplicate-escaped",
    "w-file-member",
    "w-key-beside",
    "w-key-none",
    "w-line-too-long",
    "w-method-later",
    "w-method-missing",
    "w-method-old",
    "w-method-version",
    "w-number-fraction",
    "w-number-large",
    "w-number-negative",
    "w-proof-context",
    "w-proof-many",
    "w-seen-far",
    "w-seen-fork-deactivated",
    "w-seen-fork-first",
    "w-seen-fork-last",
    "w-seen-moved",
    "w-seen-next",
    "w-seen-one",
    "w-signature-id",
    "w-state-id-list",
    "w-state-id-missing",
    "w-time-offset",
    "w-too-long",
    "w-value-ttl-large",
    "w-value-witness-none",
    "w-version-plus",
    "w-version-zero",
];

/// What it refuses and we take, as the text of did:webvh 1.0 says: members of proofs that it drops, times that it writes
/// otherwise, one proof without an array, a bad proof beside enough good ones.
const REFUSED_THERE: [&str; 5] =
    ["w-proof-id", "w-proof-object", "w-time-fraction", "w-time-zero-offset", "w-witnesses-bad"];

#[tokio::test]
async fn where_it_judges_the_vectors_otherwise_is_known() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/webvh");
    let (mut taken, mut refused, mut alike) = (BTreeSet::new(), BTreeSet::new(), 0);
    for file in fs::read_dir(directory).unwrap() {
        let vector: Value = serde_json::from_slice(&fs::read(file.unwrap().path()).unwrap()).unwrap();
        let id = vector["id"].as_str().unwrap().to_owned();
        let spaces = " ".repeat(usize::try_from(vector["line_spaces"].as_u64().unwrap()).unwrap());
        let log = vector["log"].as_str().unwrap().replace('\n', &format!("{spaces}\n"));
        let did = vector["view"]["did"].as_str().unwrap();
        let found = DIDWebVHState::default().resolve_log_owned(did, &log, vector["witness"].as_str()).await.is_ok();
        match (vector["kind"] == "positive", found) {
            (false, true) if id != "w-time-future" => drop(taken.insert(id)),
            (true, false) => drop(refused.insert(id)),
            _ => alike += 1,
        }
    }
    let known = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(taken, known(&TAKEN_THERE));
    assert_eq!(refused, known(&REFUSED_THERE));
    assert!(alike > 150, "{alike}");
}
