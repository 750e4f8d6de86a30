//! The vectors of did:webvh, and proof that their runner would notice a wrong one.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

use std::path::{Path, PathBuf};

use didshake_vectors::{VectorFile, WebvhVector, load};
use serde_json::Value;

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors")
}

fn of_kind(kind: &str) -> Vec<Value> {
    let files = load(&directory()).unwrap();
    let logs = files.iter().filter(|file| matches!(file.vector, Ok(VectorFile::Log(_))));
    let all = logs.map(|file| serde_json::from_slice::<Value>(&std::fs::read(&file.path).unwrap()).unwrap());
    all.filter(|vector| vector["kind"] == kind).collect()
}

fn run(json: &Value) -> Result<(), String> {
    let vector: WebvhVector = serde_json::from_value(json.clone()).map_err(|error| error.to_string())?;
    vector.verify().map_err(|failure| failure.to_string())
}

// R-WEBVH-1, R-WEBVH-2, R-WEBVH-4, R-WEBVH-7
#[test]
fn a_changed_letter_of_a_positive_is_noticed() {
    let positives = of_kind("positive");
    assert!(positives.len() >= 30, "only {} positives", positives.len());
    for good in positives {
        run(&good).unwrap();
        for pointer in ["/view/did", "/log", "/resolution/version_id", "/resolution/document"] {
            let text = good.pointer(pointer).unwrap().as_str().unwrap();
            let letters: Vec<usize> =
                text.bytes().enumerate().filter(|(_, byte)| byte.is_ascii_alphanumeric()).map(|(at, _)| at).collect();
            for part in 1..8 {
                let at = letters[letters.len() * part / 8];
                let other = if text[at..].starts_with('x') { "y" } else { "x" };
                let mut bad = good.clone();
                *bad.pointer_mut(pointer).unwrap() = [&text[..at], other, &text[at + 1..]].concat().into();
                assert!(run(&bad).is_err(), "{}: {pointer} was changed at {at}, nobody noticed", good["id"]);
            }
        }
    }
}

// R-WEBVH-10, R-WEBVH-12
#[test]
fn other_members_of_a_positive_are_noticed() {
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 6] = [
        ("deactivated", |v| v["resolution"]["deactivated"] = true.into()),
        ("ttl", |v| v["resolution"]["ttl"] = 3599.into()),
        ("now", |v| v["view"]["now"] = 1_700_000_000.into()),
        ("seen", |v| v["view"]["seen"] = format!("1-{}", &v["resolution"]["version_id"].as_str().unwrap()[2..]).into()),
        ("another format", |v| v["format"] = "didshake-webvh-vectors/2".into()),
        ("no resolution", |v| drop(v.as_object_mut().unwrap().remove("resolution"))),
    ];
    let good = of_kind("positive").into_iter().find(|vector| vector["id"] == "w-three").unwrap();
    run(&good).unwrap();
    for (name, change) in changes {
        let mut bad = good.clone();
        change(&mut bad);
        assert!(run(&bad).is_err(), "{name}");
    }
}

// R-WEBVH-2
#[test]
fn a_negative_must_fail_as_it_says() {
    let negatives = of_kind("negative");
    assert!(negatives.len() >= 150, "only {} negatives", negatives.len());
    for good in negatives {
        run(&good).unwrap();
        for (member, other) in [("error", "policy_refused"), ("cause", "empty "), ("cause", "scid ")] {
            let mut bad = good.clone();
            bad["fails"][member] = other.into();
            assert!(run(&bad).is_err(), "{}: {member} {other}", good["id"]);
        }
    }
}
