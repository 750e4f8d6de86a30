//! Every vector of the repository through the real crates, and proof that the runner would notice a wrong byte.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a failed step is a failed test")]

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use didshake_vectors::{Checked, Kind, Vector, decode, load, markdown, text, verify};
use serde_json::Value;

/// Positives whose every byte is flipped once: one of each shape that the runner handles apart.
const MUTATED: [&str; 6] = [
    "p-key-ed25519",
    "p-retry",
    "p-web-multikey",
    "p-channel-key-updates",
    "p-channel-half-close",
    "p-channel-alert-other",
];

fn vectors() -> Vec<Checked> {
    load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors")).unwrap()
}

fn json(id: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../vectors/positive/{id}.json"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn run(json: &Value) -> Result<(), String> {
    let vector: Vector = serde_json::from_value(json.clone()).map_err(|error| error.to_string())?;
    verify(&vector).map_err(|failure| failure.to_string())
}

#[test]
fn every_vector_of_the_repository_verifies() {
    let vectors = vectors();
    let next = AtomicUsize::new(0);
    // A few have millions of records: each core takes the next one that nobody has.
    let work = || {
        let taken = std::iter::from_fn(|| vectors.get(next.fetch_add(1, Ordering::Relaxed)));
        taken.filter_map(|vector| vector.verify().err().map(|failure| format!("{}: {failure}", vector.id()))).collect()
    };
    let failed: Vec<String> = std::thread::scope(|scope| {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| -> Vec<String> { worker.join().unwrap() }).collect()
    });
    assert!(failed.is_empty(), "{} of {} vectors fail\n{}", failed.len(), vectors.len(), failed.join("\n"));
}

/// The same value with one bit of its first, middle or last hex digit flipped.
fn flipped(hex: &str, at: usize) -> String {
    let mut digits: Vec<char> = hex.chars().collect();
    let flipped = digits[at].to_digit(16).unwrap() ^ 1;
    digits[at] = char::from_digit(flipped, 16).unwrap();
    digits.into_iter().collect()
}

/// JSON pointers to everything that the runner must compare.
fn compared(vector: &Value) -> Vec<String> {
    let mut pointers = Vec::new();
    let names = vector["handshake"].as_object().unwrap().keys();
    pointers.extend(names.map(|name| format!("/handshake/{name}")));
    let count = |member: &str| vector[member].as_array().map_or(0, Vec::len);
    pointers.extend((0..count("messages")).map(|at| format!("/messages/{at}/wire")));
    pointers.extend((0..count("exports")).map(|at| format!("/exports/{at}/output")));
    for at in 0..count("channel") {
        pointers.extend(["wire", "content"].map(|member| format!("/channel/{at}/{member}")));
    }
    pointers
}

#[test]
fn a_flipped_bit_anywhere_is_noticed() {
    for id in MUTATED {
        let good = json(id);
        run(&good).unwrap();
        let mut flips = 0;
        for pointer in compared(&good) {
            let hex = good.pointer(&pointer).and_then(Value::as_str).unwrap_or_default();
            if hex.is_empty() {
                continue;
            }
            for at in [0, hex.len() / 2, hex.len() - 1] {
                let mut bad = good.clone();
                *bad.pointer_mut(&pointer).unwrap() = flipped(hex, at).into();
                assert!(run(&bad).is_err(), "{id}: digit {at} of {pointer} was flipped and nobody noticed");
                flips += 1;
            }
        }
        assert!(flips > 90, "{id}: only {flips} flips");
    }
}

#[test]
fn missing_extra_and_reordered_parts_are_noticed() {
    let good = json("p-channel-data");
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 12] = [
        ("no Accept", |v| drop(v["messages"].as_array_mut().unwrap().pop())),
        ("a message twice", |v| {
            let last = v["messages"][3].clone();
            v["messages"].as_array_mut().unwrap().push(last);
        }),
        ("sides changed", |v| v["messages"][0]["from"] = "responder".into()),
        ("an intermediate less", |v| drop(v["handshake"].as_object_mut().unwrap().remove("th2"))),
        ("an intermediate more", |v| v["handshake"]["th5"] = "00".into()),
        ("no intermediates", |v| drop(v.as_object_mut().unwrap().remove("handshake"))),
        ("another sequence", |v| v["channel"][1]["sequence"] = 0.into()),
        ("another generation", |v| v["channel"][1]["generation"] = 1.into()),
        ("another type", |v| v["channel"][4]["type"] = "close".into()),
        ("records in another order", |v| v["channel"].as_array_mut().unwrap().swap(0, 1)),
        ("another format", |v| v["format"] = "didshake-vectors/2".into()),
        ("another seed", |v| v["config"]["responder"]["nonce"] = "00".repeat(32).into()),
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
    let text = |negative: &Checked| std::fs::read_to_string(&negative.path).unwrap();
    let wanted =
        |text: &str| text.contains("\"error\": \"signature_invalid\"") && text.contains("\"role\": \"initiator\"");
    let negative = vectors().into_iter().find(|vector| wanted(&text(vector))).unwrap();
    let good: Value = serde_json::from_slice(&std::fs::read(&negative.path).unwrap()).unwrap();
    run(&good).unwrap();
    for (pointer, value) in [
        ("/fails/error", Value::from("key_invalid")),
        ("/fails/alert", Value::from(20)),
        ("/fails/alert", Value::Null),
        ("/fails/role", Value::from("responder")),
        ("/fails/at", Value::from("accept")),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = value;
        assert!(run(&bad).is_err(), "{pointer}");
    }
    // A message before the bad one that is not ours, and a bad one that is good after all.
    for pointer in ["/messages/0/wire", "/config/initiator/nonces/0"] {
        let mut bad = good.clone();
        let hex = good.pointer(pointer).unwrap().as_str().unwrap();
        *bad.pointer_mut(pointer).unwrap() = flipped(hex, 30).into();
        assert!(run(&bad).is_err(), "{pointer}");
    }
    let mut healed = json("p-key-ed25519");
    healed["kind"] = "negative".into();
    healed["fails"] =
        serde_json::json!({"role": "initiator", "at": "accept", "error": "accept_malformed", "alert": 50});
    assert!(run(&healed).unwrap_err().contains("accepted"));
    healed["fails"] =
        serde_json::json!({"role": "responder", "at": "finish", "error": "signature_invalid", "alert": 49});
    healed["messages"].as_array_mut().unwrap().pop();
    assert!(run(&healed).unwrap_err().contains("accepted"));
}

#[test]
fn the_worked_example_shows_every_field() {
    let example = json("p-key-ed25519");
    let vector: Vector = serde_json::from_value(example.clone()).unwrap();
    let shown = markdown(&vector).unwrap();
    for name in ["th4", "k_accept", "resume", "Hello", "Reply", "Finish", "Accept", "lifetime", "padding"] {
        assert!(shown.contains(name), "{name}");
    }
    let wire = example["messages"][0]["wire"].as_str().unwrap();
    assert!(text(&vector).unwrap().contains(&wire[..64]));
}

#[test]
fn decoding_shows_every_byte_of_every_good_message() {
    for checked in vectors().iter().filter(|checked| checked.path.to_string_lossy().contains("positive")) {
        let vector: Value = serde_json::from_slice(&std::fs::read(&checked.path).unwrap()).unwrap();
        for message in vector["messages"].as_array().unwrap() {
            let wire = hex::decode(message["wire"].as_str().unwrap()).unwrap();
            let decoded = decode(&wire, Kind::Message);
            assert_eq!(decoded.fault, None, "{}", checked.id());
            let bytes: Vec<u8> = decoded.fields.iter().flat_map(|field| field.bytes.clone()).collect();
            assert_eq!(bytes, wire, "{}", checked.id());
        }
        for name in ["reply_identity", "finish_identity"] {
            let plain = hex::decode(vector["handshake"][name].as_str().unwrap()).unwrap();
            let decoded = decode(&plain, Kind::Identity);
            let bytes: Vec<u8> = decoded.fields.iter().flat_map(|field| field.bytes.clone()).collect();
            assert_eq!((decoded.fault, bytes), (None, plain), "{}", checked.id());
        }
    }
}

#[test]
fn cut_and_changed_messages_keep_what_was_decoded() {
    let vector = json("p-key-ed25519");
    for message in vector["messages"].as_array().unwrap() {
        let wire = hex::decode(message["wire"].as_str().unwrap()).unwrap();
        for length in 1..wire.len() {
            let decoded = decode(&wire[..length], Kind::Message);
            let fault = decoded.fault.unwrap();
            assert_eq!(fault.fault.code(), "message_truncated");
            let shown: usize = decoded.fields.iter().map(|field| field.bytes.len()).sum();
            assert_eq!(fault.offset, shown, "{length}");
        }
        let longer = [wire.as_slice(), &[0]].concat();
        let fault = decode(&longer, Kind::Message).fault.unwrap();
        assert_eq!((fault.fault.code(), fault.offset), ("trailing_bytes", wire.len()));
    }
}
