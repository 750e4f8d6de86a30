//! What holds for the vectors as a whole.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::OnceLock;

use crate::check::{Check, Stop};
use crate::config::Document;
use crate::fixed;
use crate::generate::{Vectors, compare, vectors, write};
use crate::keys::ED25519_CODEC;
use crate::negative::negative;
use crate::registry::{Code, NOT_SHOWN};
use crate::vector::{Kind, Role, Vector};
use crate::{Difference, negatives, positives};

/// Played once for all tests: the proof of the single fault is in there.
pub(crate) fn all() -> &'static Vectors {
    static ALL: OnceLock<Vectors> = OnceLock::new();
    ALL.get_or_init(|| vectors().unwrap())
}

fn handshakes() -> &'static [Vector] {
    &all().handshakes
}

#[test]
fn there_are_enough_of_each_kind_and_area() {
    let all = handshakes();
    let of = |kind| all.iter().filter(|vector| vector.kind == kind).count();
    assert!(of(Kind::Positive) >= 25, "{}", of(Kind::Positive));
    assert!(of(Kind::Negative) >= 120, "{}", of(Kind::Negative));
    for area in ["wire", "transcript", "identity", "document", "policy", "channel", "state"] {
        assert!(all.iter().any(|vector| vector.kind == Kind::Negative && vector.area == area), "{area}");
    }
}

#[test]
fn the_registry_is_closed_and_shown() {
    let shown: BTreeSet<String> =
        handshakes().iter().filter_map(|vector| Some(vector.fails.as_ref()?.error.clone())).collect();
    for code in Code::ALL {
        let hidden = NOT_SHOWN.iter().any(|(other, _)| other == code);
        assert_ne!(shown.contains(code.name()), hidden, "{}", code.name());
    }
    assert!(shown.iter().all(|name| Code::ALL.iter().any(|code| code.name() == name)));
}

#[test]
fn every_check_of_the_model_is_tested_by_a_negative() {
    let tested: BTreeSet<&str> =
        handshakes().iter().filter_map(|vector| Some(vector.mutation.as_ref()?.check.as_str())).collect();
    for check in Check::ALL {
        assert!(tested.contains(check.name()), "no negative for check {}", check.name());
    }
    let names: BTreeSet<&str> = Check::ALL.iter().map(|check| check.name()).collect();
    assert_eq!(names.len(), Check::ALL.len());
}

#[test]
fn every_requirement_is_one_of_the_specification() {
    let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec/didshake-1.md");
    let spec = std::fs::read_to_string(spec).unwrap();
    let known = |id: &str| spec.contains(&format!("**{id}**"));
    for check in Check::ALL {
        assert!(known(check.requirement()), "{}", check.requirement());
    }
    for vector in handshakes() {
        assert!(!vector.requirements.is_empty(), "{}", vector.id);
        for id in &vector.requirements {
            assert!(known(id), "{}: {id}", vector.id);
        }
    }
}

#[test]
fn negatives_are_refused_by_the_role_that_receives_the_last_message() {
    for vector in handshakes() {
        let Some(fails) = &vector.fails else { continue };
        let last = vector.messages.last().unwrap();
        let from = vector.channel.as_ref().map_or(last.from, |records| records.last().unwrap().from);
        assert_ne!(from, fails.role, "{}", vector.id);
    }
}

/// The failing role's own messages are those that it sends with good peers: the fault is not in them.
#[test]
fn the_failing_role_sends_what_it_would_send_anyway() {
    let all = handshakes();
    for vector in all {
        let Some(fails) = &vector.fails else { continue };
        let base = all.iter().find(|base| Some(&base.id) == vector.base.as_ref()).unwrap();
        let first = vector.messages.first().unwrap();
        if fails.role == Role::Initiator && base.config.initiator == vector.config.initiator {
            assert_eq!(first, base.messages.first().unwrap(), "{}", vector.id);
        }
        let good = if vector.channel.is_some() { vector.messages.len() } else { vector.messages.len() - 1 };
        if base.config == vector.config {
            let same = good.min(base.messages.len());
            let odd = odd_messages(&vector.id);
            for (number, (message, honest)) in vector.messages.iter().zip(&base.messages).take(same).enumerate() {
                // Nothing of the first Hello reaches further than the Retry; all that follows depends on the second.
                if odd.contains(&number) {
                    assert_ne!(message, honest, "{}: {number}", vector.id);
                } else if !odd.contains(&2) || number < 2 {
                    assert_eq!(message, honest, "{}: {number}", vector.id);
                }
            }
        }
    }
}

/// The numbers of the messages before the bad one that the catalogue declares odd.
fn odd_messages(id: &str) -> Vec<usize> {
    static ODD: OnceLock<Vec<(&str, Vec<usize>)>> = OnceLock::new();
    let odd = ODD.get_or_init(|| {
        let all = negatives::all().unwrap();
        let numbers = |before: &[(usize, _)]| before.iter().map(|(number, _)| *number).collect();
        all.iter().map(|negative| (negative.id, numbers(&negative.before))).collect()
    });
    odd.iter().find(|(other, _)| *other == id).map(|(_, numbers)| numbers.clone()).unwrap_or_default()
}

#[test]
fn odd_messages_before_the_bad_one_are_first_hellos_that_get_a_retry() {
    for vector in handshakes().iter().filter(|vector| !odd_messages(&vector.id).is_empty()) {
        assert_eq!(vector.base.as_deref(), Some("p-retry"), "{}", vector.id);
        assert!(odd_messages(&vector.id).contains(&0), "{}", vector.id);
        assert_eq!(vector.messages[1].message, "retry", "{}", vector.id);
        assert_eq!(vector.fails.as_ref().unwrap().role, Role::Responder, "{}", vector.id);
    }
}

#[test]
fn a_key_that_is_none_comes_before_an_algorithm_that_is_not_the_keys() {
    let base = positives::all().unwrap().into_iter().find(|base| base.id == "p-web-multikey").unwrap();
    let good = fixed::multibase(&ED25519_CODEC, &fixed::public(1, "responder ed25519").unwrap());
    let none = fixed::multibase(&ED25519_CODEC, &[vec![2], vec![0; 31]].concat());
    let both = negative("n-both", base.id, Check::AlgorithmFits)
        .reply()
        .given(move |config| {
            for document in config.documents.values_mut() {
                if let Document::Found { text, .. } = document {
                    *text = text.replace(&good, &none);
                }
            }
        })
        .claim("algorithm 2", |claim| claim.algorithm = 2);
    assert_eq!(both.vector(&base).unwrap_err(), Stop::Refused(Check::Ed25519KeyPoint));
}

/// After an alert nothing is answered; after a close there is.
#[test]
fn records_after_an_alert_are_not_answered() {
    for (id, alert) in [
        ("n-record-after-alert", None),
        ("n-record-other-after-alert", None),
        ("n-record-after-close", Some(10)),
        ("n-record-close-twice", Some(10)),
        ("n-record-alert-after-close", Some(10)),
    ] {
        let fails = handshakes().iter().find(|vector| vector.id == id).unwrap().fails.as_ref().unwrap();
        assert_eq!((fails.error.as_str(), fails.alert), ("record_after_close", alert), "{id}");
    }
}

#[test]
fn the_first_handshake_is_481_bytes() {
    let first = handshakes().iter().find(|vector| vector.id == "p-key-ed25519").unwrap();
    let lengths: Vec<usize> = first.messages.iter().map(|message| message.wire.0.len()).collect();
    assert_eq!(lengths, [94, 215, 147, 25]);
    assert_eq!(first.handshake.as_ref().unwrap().reply_identity.0.len(), 128);
}

#[test]
fn two_faults_are_not_taken_for_one() {
    let positives = positives::all().unwrap();
    let base = positives.first().unwrap();
    let two = negative("n-two", base.id, Check::Version).hello("another version, and no suites", |hello| {
        hello.version = 2;
        hello.suites.clear();
    });
    assert_eq!(two.vector(base).unwrap_err(), Stop::SecondFault(Check::SuiteListForm));
    let none = negative("n-none", base.id, Check::Version).hello("nothing", |_| ());
    assert_eq!(none.vector(base).unwrap_err(), Stop::Broken("the model accepts the fault"));
    let other = negative("n-other", base.id, Check::Version).wire("a byte more", |wire| wire.push(0));
    assert_eq!(other.vector(base).unwrap_err(), Stop::Refused(Check::TrailingBytes));
}

#[test]
fn generate_and_check_agree_and_check_names_what_differs() {
    let dir = tempfile::tempdir().unwrap();
    let counts = write(dir.path(), all()).unwrap();
    assert_eq!(compare(dir.path(), all()).unwrap(), (counts, Vec::new()));
    let file = |name: &str| dir.path().join(name);
    std::fs::write(file("positive/p-old.json"), "{}").unwrap();
    std::fs::write(file("index.json"), "{}").unwrap();
    std::fs::remove_file(file("negative/n-hello-empty.json")).unwrap();
    let (_, differences) = compare(dir.path(), all()).unwrap();
    let expected = [
        Difference::Stale(file("positive/p-old.json")),
        Difference::Changed(file("index.json")),
        Difference::Missing(file("negative/n-hello-empty.json")),
    ];
    assert_eq!(differences.len(), 3, "{differences:?}");
    assert!(expected.iter().all(|difference| differences.contains(difference)), "{differences:?}");
    assert_eq!(write(dir.path(), all()).unwrap(), counts);
    assert!(!file("positive/p-old.json").exists());
}

#[test]
fn the_checked_in_vectors_are_those_that_are_generated() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors");
    let (_, differences) = compare(&dir, all()).unwrap();
    assert!(differences.is_empty(), "run `generate --out vectors`: {differences:?}");
}

#[test]
fn fixed_inputs_depend_on_their_names_only() {
    assert_eq!(
        hex::encode(fixed::secret("initiator nonce")),
        "aba945d31e768987eddfde506502b2f98d549a56647e72eb66de0ed4fc86b703"
    );
}
