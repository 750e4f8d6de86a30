//! The vectors of signed requests, and proof that their runner would notice a wrong byte.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a failed step is a failed test")]

use std::path::{Path, PathBuf};

use didshake_vectors::{RequestVector, VectorFile, load};
use serde_json::Value;

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors")
}

fn json(file: &str) -> Value {
    serde_json::from_slice(&std::fs::read(directory().join(file)).unwrap()).unwrap()
}

fn of_kind(kind: &str) -> Vec<Value> {
    let files = load(&directory()).unwrap();
    let requests = files.iter().filter(|file| matches!(file.vector, Ok(VectorFile::Request(_))));
    let all = requests.map(|file| serde_json::from_slice::<Value>(&std::fs::read(&file.path).unwrap()).unwrap());
    all.filter(|vector| vector["kind"] == kind).collect()
}

fn run(json: &Value) -> Result<(), String> {
    let vector: RequestVector = serde_json::from_value(json.clone()).map_err(|error| error.to_string())?;
    vector.verify().map_err(|failure| failure.to_string())
}

/// JSON pointers to every string of a vector that its outcome depends on.
fn strings(at: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(at.to_owned()),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| strings(&format!("{at}/{index}"), item, found));
        }
        Value::Object(members) => {
            members.iter().for_each(|(name, member)| strings(&format!("{at}/{name}"), member, found));
        }
        _ => (),
    }
}

fn flipped(text: &str, at: usize) -> String {
    let flip = |(index, character): (usize, char)| match character {
        _ if index != at => character,
        '0'..='9' | 'a'..='f' => char::from_digit(character.to_digit(16).unwrap() ^ 1, 16).unwrap(),
        'g'..='z' => character.to_ascii_uppercase(),
        'A'..='Z' => character.to_ascii_lowercase(),
        _ => 'x',
    };
    text.chars().enumerate().map(flip).collect()
}

#[test]
fn a_change_of_any_character_of_a_positive_is_noticed() {
    let mut changes = 0;
    for good in of_kind("positive") {
        run(&good).unwrap();
        let mut pointers = Vec::new();
        for member in ["client", "service/now", "service/origin", "service/sessions", "request", "signed", "burns"] {
            let pointer = format!("/{member}");
            strings(&pointer, good.pointer(&pointer).unwrap(), &mut pointers);
        }
        for pointer in pointers {
            let text = good.pointer(&pointer).unwrap().as_str().unwrap();
            let length = text.chars().count();
            let every = if good["id"] == "r-post" { 1 } else { (length / 3).max(1) };
            for at in (0..length).step_by(every) {
                let mut bad = good.clone();
                *bad.pointer_mut(&pointer).unwrap() = flipped(text, at).into();
                assert!(run(&bad).is_err(), "{}: character {at} of {pointer} was changed, nobody noticed", good["id"]);
                changes += 1;
            }
        }
    }
    assert!(changes > 2_000, "only {changes} changes");
}

#[test]
fn other_numbers_and_members_of_a_positive_are_noticed() {
    let good = json("request/r-post.json");
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 12] = [
        ("another created", |v| v["client"]["created"] = 1_767_225_611.into()),
        ("burned too short", |v| v["burns"]["until"] = 1_767_225_670.into()),
        ("burned too long", |v| v["burns"]["until"] = 1_767_225_672.into()),
        ("out of the window", |v| v["service"]["now"] = 1_767_225_671.into()),
        ("an unused session", |v| {
            v["service"]["sessions"][0]["used"] = false.into();
            v["service"]["sessions"][0]["accepted"] = 1_767_225_540.into();
        }),
        ("no lifetime", |v| v["service"]["sessions"][0]["lifetime"] = 0.into()),
        ("no session", |v| v["service"]["sessions"] = Value::Array(Vec::new())),
        ("a field twice", |v| {
            let field = v["request"]["signature"][0].clone();
            v["request"]["signature"].as_array_mut().unwrap().push(field);
        }),
        ("no query", |v| v["request"]["query"] = Value::Null),
        ("burned before", |v| {
            let burned = serde_json::json!({"session_id": v["client"]["session_id"], "nonce": v["client"]["nonce"]});
            v["service"]["burned"] = Value::Array(vec![burned]);
        }),
        ("no intermediates", |v| drop(v.as_object_mut().unwrap().remove("signed"))),
        ("another format", |v| v["format"] = "didshake-request-vectors/2".into()),
    ];
    run(&good).unwrap();
    for (name, change) in changes {
        let mut bad = good.clone();
        change(&mut bad);
        assert!(run(&bad).is_err(), "{name}");
    }
}

#[test]
fn a_negative_must_fail_as_it_says() {
    let codes = [
        "request_unsigned",
        "request_malformed",
        "request_time",
        "request_session",
        "request_signature",
        "request_digest",
        "request_replayed",
    ];
    for good in of_kind("negative") {
        run(&good).unwrap();
        let said = good["fails"]["error"].as_str().unwrap();
        for other in codes.into_iter().filter(|code| *code != said) {
            let mut bad = good.clone();
            bad["fails"]["error"] = other.into();
            assert!(run(&bad).is_err(), "{}: {other}", good["id"]);
        }
    }
}

#[test]
fn a_negative_that_is_good_is_noticed() {
    let mut healed = json("request/r-get.json");
    for member in ["client", "signed", "burns"] {
        healed.as_object_mut().unwrap().remove(member);
    }
    healed["kind"] = "negative".into();
    healed["fails"] = serde_json::json!({"error": "request_signature"});
    assert!(run(&healed).unwrap_err().contains("accepted"));
}

// R-REQ-1: from the handshake to the request, over the files alone.
#[test]
fn the_first_request_is_of_the_session_of_a_handshake() {
    let (handshake, request) = (json("positive/p-binding-http.json"), json("request/r-get.json"));
    for name in ["exporter", "session_id"] {
        assert_eq!(request["client"][name], handshake["handshake"][name], "{name}");
    }
    let prologue = hex::decode(handshake["config"]["prologue"].as_str().unwrap()).unwrap();
    assert_eq!(request["client"]["origin"].as_str().unwrap().as_bytes(), prologue);
}

#[test]
fn the_worked_example_shows_what_is_signed_and_sent() {
    let vector = json("request/r-post.json");
    let file = load(&directory()).unwrap().into_iter().find(|file| file.id() == "r-post").unwrap();
    let file = file.vector.unwrap();
    for shown in [file.markdown().unwrap(), file.text().unwrap()] {
        for pointer in
            ["/signed/signature_base", "/signed/request_key", "/request/signature_input/0", "/request/signature/0"]
        {
            assert!(shown.contains(vector.pointer(pointer).unwrap().as_str().unwrap()), "{pointer}");
        }
        assert!(shown.contains("POST /v1/notes?draft=1 HTTP/1.1\nHost: login.example:8443\n"));
    }
}
