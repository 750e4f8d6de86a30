//! The runner is tested with implementations that are broken in one way: each is caught, by the case that names the fault.

#![allow(clippy::unwrap_used, reason = "a test fails where something it needs is not there")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use didshake_conformance::runner::case::{CaseResult, Outcome, Tier};
use didshake_conformance::runner::{self, Options, Session};
use didshake_conformance::{Check, relay, relay_wrongs, report, wrongs};
use serde_json::Value;

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors")
}

fn shim(arguments: &str) -> String {
    format!("{} shim {arguments}", env!("CARGO_BIN_EXE_didshake-conformance"))
}

fn options(shims: Vec<String>, tiers: &[Tier], only: &[&str]) -> Options {
    Options {
        shims,
        targets: Vec::new(),
        initiators: Vec::new(),
        relays: Vec::new(),
        tiers: tiers.to_vec(),
        only: only.iter().map(|text| (*text).to_owned()).collect(),
        seed: 1,
        vectors: vectors(),
        expected: Vec::new(),
    }
}

static SESSION: LazyLock<Session> = LazyLock::new(|| Session::load(&vectors()).unwrap());

fn run(arguments: &str, tiers: &[Tier], only: &[&str]) -> Vec<CaseResult> {
    SESSION.results(&options(vec![shim(arguments)], tiers, only)).unwrap()
}

/// The ids of the negatives that test each check.
fn negatives() -> BTreeMap<String, Vec<String>> {
    let mut negatives: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in std::fs::read_dir(vectors().join("negative")).unwrap() {
        let vector: Value = serde_json::from_slice(&std::fs::read(entry.unwrap().path()).unwrap()).unwrap();
        let text = |pointer: &str| vector.pointer(pointer).and_then(Value::as_str).unwrap().to_owned();
        negatives.entry(text("/mutation/check")).or_default().push(text("/id"));
    }
    negatives
}

/// What a case of a broken shim came to.
fn accepted(result: &CaseResult) -> bool {
    matches!(&result.outcome, Outcome::Failed(failure) if failure.actual == "accepted")
}

/// Checks without which the model has nothing to go on with, or whose fault shows as another one: they have no broken
/// implementation of their own.
const WITHOUT_AN_IMPLEMENTATION: &str = "\
    algorithm_known application_protocol_empty did_found did_jwk_coordinates did_jwk_encoding did_jwk_json did_jwk_type \
    did_key_length did_key_multibase did_key_multicodec did_length did_method_supported did_peer_elements \
    did_peer_encoding did_peer_json did_peer_long did_peer_service_encoding did_peer_service_json did_syntax document_json \
    ed25519_key_point identity_truncated key_update_due label_accept label_derived label_direction label_finish label_iv \
    label_key label_reply label_update method_key_member method_present method_type p256_key_point record_alert_known \
    record_associated_data record_direction record_generation record_sequence record_tag_present record_type \
    sealed_length sealed_nonce share_length signature_algorithm signature_did signature_fragment signature_label \
    signature_peer_fragment signature_transcript transcript_application_protocol transcript_binding \
    transcript_finish_identity transcript_hello_extensions transcript_hello_nonce transcript_hello_share \
    transcript_label transcript_reply_nonce transcript_reply_share transcript_reply_suite transcript_suites";

#[test]
fn a_check_that_is_off_is_caught_by_the_negative_that_names_it() {
    let negatives = negatives();
    let (mut caught, mut others) = (BTreeSet::new(), BTreeSet::new());
    for check in Check::ALL {
        let Some(ids) = negatives.get(check.name()) else { continue };
        let only: Vec<String> = ids.iter().map(|id| format!("replay/{id}/")).collect();
        let only: Vec<&str> = only.iter().map(String::as_str).collect();
        let results = run(&format!("--without {}", check.name()), &[Tier::Replay], &only);
        assert!(!results.is_empty(), "{}", check.name());
        if results.iter().any(accepted) {
            caught.insert(check.name())
        } else {
            others.insert(check.name())
        };
    }
    assert_eq!(others, WITHOUT_AN_IMPLEMENTATION.split_whitespace().collect());
    assert_eq!(caught.len(), 88, "{caught:?}");
}

#[test]
fn a_reader_that_lacks_a_check_of_letters_cards_or_logs_is_caught_too() {
    for (check, case) in [
        ("letter_expired", "letter/m-letter-expired"),
        ("card_period", "card/c-period-none"),
        ("webvh_rolled_back", "webvh/w-seen-next"),
    ] {
        let results = run(&format!("--without {check}"), &[Tier::Static], &[&format!("static/{case}")]);
        let accepted = |result: &CaseResult| match &result.outcome {
            Outcome::Failed(failure) => failure.what == "`error`" && failure.actual.starts_with('{'),
            _ => false,
        };
        assert!(results.iter().any(accepted), "{check}: {results:?}");
    }
}

#[test]
fn what_a_live_peer_accepts_is_caught_too() {
    for (check, case) in [("policy", "live/n-finish-policy"), ("accept_trailing", "live/n-accept-plain-trailing")] {
        let results = run(&format!("--without {check}"), &[Tier::Live], &[case]);
        assert!(results.iter().any(accepted), "{check}: {results:?}");
    }
}

/// Whoever ends every connection at once passes nothing but what asks for an end without a word.
#[test]
fn an_endpoint_that_says_nothing_passes_only_where_nothing_is_to_be_said() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || listener.incoming().for_each(drop));
    let mut chosen = options(Vec::new(), &[Tier::Live], &[]);
    let did = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";
    chosen.targets = ["http", "ws", "tcp"].map(|scheme| format!("{scheme}={scheme}://{address}/,{did}")).into();
    let results = SESSION.results(&chosen).unwrap();
    let passed = results.iter().filter(|result| result.outcome == Outcome::Passed);
    let wrong: Vec<_> = passed.map(|result| &result.case.id).filter(|id| !id.contains("-alert")).collect();
    assert!(wrong.is_empty() && results.len() > 800, "{wrong:?} of {}", results.len());
}

#[test]
fn a_relay_that_says_nothing_passes_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || listener.incoming().for_each(drop));
    let mut chosen = options(Vec::new(), &[Tier::Relay], &[]);
    chosen.relays = vec![format!("relay=http://{address}/,did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK")];
    let results = SESSION.results(&chosen).unwrap();
    let passed: Vec<_> = results.iter().filter(|result| result.outcome == Outcome::Passed).collect();
    assert!(passed.is_empty() && results.len() > 25, "{passed:?} of {}", results.len());
}

/// The cases, over a relay of the model.
fn run_relay(wrong: Option<&str>, only: &[&str]) -> Vec<CaseResult> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let did = relay(listener, wrong).unwrap();
    let mut chosen = options(Vec::new(), &[Tier::Relay], only);
    chosen.relays = vec![format!("relay=http://{address}/didshake,{did}")];
    SESSION.results(&chosen).unwrap()
}

#[test]
fn a_relay_that_does_one_thing_wrong_is_caught_by_its_case() {
    let mut all = BTreeSet::new();
    for (name, case) in relay_wrongs() {
        let results = run_relay(Some(name), &[case]);
        let result = results.iter().find(|result| result.case.id == case).unwrap();
        assert!(matches!(&result.outcome, Outcome::Failed(failure) if !failure.crash), "{name}: {:?}", result.outcome);
        all.insert(name);
    }
    assert_eq!(all.len(), 27, "{all:?}");
}

/// The model has no sockets: what it does not do is caught too.
#[test]
fn the_models_relay_passes_all_but_sockets_events_and_circuits() {
    let results = run_relay(None, &[]);
    let failed = results.iter().filter(|result| result.outcome != Outcome::Passed);
    let failed: BTreeSet<&str> = failed.map(|result| result.case.id.as_str()).collect();
    let without = ["socket", "socket-frames", "events", "circuit", "circuit-once", "circuit-sockets", "away"];
    let without = without.map(|name| format!("relay/{name}"));
    assert_eq!(failed, without.iter().map(String::as_str).collect(), "{results:#?}");
}

#[test]
fn a_broken_shim_fails_nothing_but_what_its_fault_touches() {
    for check in ["policy", "version", "record_zeros"] {
        let results = run(&format!("--without {check}"), &[Tier::Replay], &["replay/p-"]);
        let failed = results.iter().find(|result| matches!(result.outcome, Outcome::Failed(_)));
        assert!(failed.is_none(), "{check}: {failed:?}");
    }
}

#[test]
fn a_field_that_is_wrong_is_caught_by_its_case() {
    let mut all = BTreeSet::new();
    for (name, case) in wrongs() {
        let tier = if case.starts_with("live/") { Tier::Live } else { Tier::Replay };
        let results = run(&format!("--wrong {name}"), &[tier], &[case]);
        let [result] = results.as_slice() else { panic!("{name}: {case} is {} cases", results.len()) };
        assert!(matches!(&result.outcome, Outcome::Failed(failure) if !failure.crash), "{name}: {:?}", result.outcome);
        all.insert(name);
    }
    assert_eq!(all.len(), 33, "{all:?}");
}

#[test]
fn the_whole_model_passes() {
    let results = run("", &[], &["p-key-ed25519", "p-retry", "m-", "c-", "w-", "letter-"]);
    assert!(results.len() > 700, "{}", results.len());
    let failed: Vec<_> = results.iter().filter(|result| result.outcome != Outcome::Passed).collect();
    assert!(failed.is_empty(), "{failed:?}");
}

#[test]
fn a_shim_that_dies_hangs_up_or_talks_nonsense_fails_its_cases() {
    let script = r#"{"name":"dead","version":"1","language":"sh","roles":["initiator","responder"],"features":["random","codes","suite_2","channel","export"]}"#;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dead.sh");
    std::fs::write(&path, format!("read line; echo '{script}'; read line; echo nonsense; read line; exit 3\n"))
        .unwrap();
    let only = ["replay/p-key-ed25519/", "replay/p-key-p256/"];
    let results = Session::load(&vectors()).unwrap().results(&options(
        vec![format!("sh {}", path.display())],
        &[Tier::Replay],
        &only,
    ));
    let results = results.unwrap();
    let failure = |result: &CaseResult| match &result.outcome {
        Outcome::Failed(failure) => Some(failure.clone()),
        _ => None,
    };
    let failures: Vec<_> = results.iter().filter_map(failure).collect();
    assert_eq!((results.len(), failures.len()), (4, 4));
    assert!(failures.iter().any(|failure| failure.crash));
}

#[test]
fn every_must_has_a_case_or_a_reason_and_every_case_an_id_of_its_own() {
    let cases = runner::list(&options(Vec::new(), &[], &[])).unwrap();
    let not_observable = report::coverage::not_observable(include_str!("../not-observable.json")).unwrap();
    let (_, problems) = report::coverage::coverage(&cases, &not_observable);
    assert!(problems.is_empty(), "{problems:#?}");
    let ids: BTreeSet<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    assert_eq!(ids.len(), cases.len());
}
