//! The vectors of contact cards, and proof that their runner would notice a wrong byte.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

use std::path::{Path, PathBuf};

use didshake_vectors::{CardVector, VectorFile, load};
use serde_json::Value;

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors")
}

fn of_kind(kind: &str) -> Vec<Value> {
    let files = load(&directory()).unwrap();
    let cards = files.iter().filter(|file| matches!(file.vector, Ok(VectorFile::Card(_))));
    let all = cards.map(|file| serde_json::from_slice::<Value>(&std::fs::read(&file.path).unwrap()).unwrap());
    all.filter(|vector| vector["kind"] == kind).collect()
}

fn run(json: &Value) -> Result<(), String> {
    let vector: CardVector = serde_json::from_value(json.clone()).map_err(|error| error.to_string())?;
    vector.verify().map_err(|failure| failure.to_string())
}

fn replaced(text: &str, at: usize) -> String {
    let other = if text[at..].starts_with('1') { "0" } else { "1" };
    [&text[..at], other, &text[at + 1..]].concat()
}

// R-CARD-1, R-CARD-5
#[test]
fn a_changed_byte_of_a_positive_is_noticed() {
    let mut changes = 0;
    for good in of_kind("positive") {
        run(&good).unwrap();
        for pointer in ["/owner/signing_key", "/contents/token", "/signed", "/card", "/link"] {
            let text = good.pointer(pointer).unwrap().as_str().unwrap();
            for at in [2, text.len() / 2, text.len().saturating_sub(3)].into_iter().filter(|at| *at < text.len()) {
                let mut bad = good.clone();
                *bad.pointer_mut(pointer).unwrap() = replaced(text, at).into();
                assert!(run(&bad).is_err(), "{}: {pointer} was changed at {at}, nobody noticed", good["id"]);
                changes += 1;
            }
        }
    }
    assert!(changes > 300, "only {changes} changes");
}

#[test]
fn other_numbers_and_members_of_a_positive_are_noticed() {
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 10] = [
        ("issued", |v| v["contents"]["issued"] = (v["contents"]["issued"].as_u64().unwrap() + 1).into()),
        ("ends", |v| v["contents"]["ends"] = 0.into()),
        ("endpoints", |v| v["contents"]["endpoints"] = Value::Array(Vec::new())),
        ("name", |v| v["contents"]["name"] = "Zoe".into()),
        ("mailbox", |v| v["contents"]["mailbox"] = "https://relay.example".into()),
        ("token without mailbox", |v| v["contents"]["mailbox"] = "".into()),
        ("now", |v| v["reader_view"]["now"] = 0.into()),
        ("means somebody else", |v| v["reader_view"]["means"] = "did:web:other.example".into()),
        ("no link", |v| drop(v.as_object_mut().unwrap().remove("link"))),
        ("another format", |v| v["format"] = "didshake-card-vectors/2".into()),
    ];
    let good = of_kind("positive").into_iter().find(|vector| vector["id"] == "c-ed25519").unwrap();
    run(&good).unwrap();
    for (name, change) in changes {
        let mut bad = good.clone();
        change(&mut bad);
        assert!(run(&bad).is_err(), "{name}");
    }
}

// R-CARD-2, R-CARD-5
#[test]
fn a_negative_must_fail_as_it_says() {
    let negatives = of_kind("negative");
    assert!(negatives.len() >= 150, "only {} negatives", negatives.len());
    for good in negatives {
        run(&good).unwrap();
        for (member, other) in [("error", "policy_refused"), ("step", "link"), ("step", "card")] {
            if good["fails"][member] == other {
                continue;
            }
            let mut bad = good.clone();
            bad["fails"][member] = other.into();
            assert!(run(&bad).is_err(), "{}: {member} {other}", good["id"]);
        }
    }
}
