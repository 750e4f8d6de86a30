//! The vectors of mailbox keys and envelopes, and proof that their runner would notice a wrong byte.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a failed step is a failed test")]

use std::path::{Path, PathBuf};

use didshake_vectors::{MailboxVector, VectorFile, load};
use serde_json::Value;

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors")
}

fn of_kind(kind: &str) -> Vec<Value> {
    let files = load(&directory()).unwrap();
    let mailbox = files.iter().filter(|file| matches!(file.vector, Ok(VectorFile::Mailbox(_))));
    let all = mailbox.map(|file| serde_json::from_slice::<Value>(&std::fs::read(&file.path).unwrap()).unwrap());
    all.filter(|vector| vector["kind"] == kind).collect()
}

fn run(json: &Value) -> Result<(), String> {
    let vector: MailboxVector = serde_json::from_value(json.clone()).map_err(|error| error.to_string())?;
    vector.verify().map_err(|failure| failure.to_string())
}

fn flipped(hex: &str, at: usize) -> String {
    let flip = |(index, digit): (usize, char)| {
        if index == at { char::from_digit(digit.to_digit(16).unwrap() ^ 1, 16).unwrap() } else { digit }
    };
    hex.chars().enumerate().map(flip).collect()
}

// R-MBOX-1, R-MBOX-3, R-MBOX-4
#[test]
fn a_changed_byte_of_a_positive_is_noticed() {
    let members = [
        "/owner/signing_key",
        "/owner/mailbox_secret",
        "/sender/signing_key",
        "/sender/ephemeral_ikm",
        "/sender/message_id",
        "/sender/content",
        "/mailbox_key",
        "/envelope",
        "/intermediates/mailbox_key_signed",
        "/intermediates/key_id",
        "/intermediates/enc",
        "/intermediates/letter_signed",
    ];
    let mut changes = 0;
    for good in of_kind("positive") {
        run(&good).unwrap();
        for pointer in members {
            let text = good.pointer(pointer).unwrap().as_str().unwrap();
            // The lowest bits of an X25519 secret are clamped away.
            for at in [2, text.len() / 2, text.len().saturating_sub(3)].into_iter().filter(|at| *at < text.len()) {
                let mut bad = good.clone();
                *bad.pointer_mut(pointer).unwrap() = flipped(text, at).into();
                assert!(run(&bad).is_err(), "{}: digit {at} of {pointer} was changed, nobody noticed", good["id"]);
                changes += 1;
            }
        }
    }
    assert!(changes > 500, "only {changes} changes");
}

#[test]
fn other_numbers_and_members_of_a_positive_are_noticed() {
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 9] = [
        ("begins", |v| v["owner"]["begins"] = (v["owner"]["begins"].as_u64().unwrap() + 1).into()),
        ("ends", |v| v["owner"]["ends"] = (v["owner"]["ends"].as_u64().unwrap() - 1).into()),
        ("sent", |v| v["sender"]["sent"] = (v["sender"]["sent"].as_u64().unwrap() - 1).into()),
        ("expires", |v| v["sender"]["expires"] = (v["sender"]["expires"].as_u64().unwrap() - 1).into()),
        ("content type", |v| v["sender"]["content_type"] = "text/html".into()),
        ("means somebody else", |v| v["sender_view"]["means"] = "did:web:other.example".into()),
        ("admits nobody", |v| v["recipient_view"]["admits"] = Value::Array(Vec::new())),
        ("no intermediates", |v| drop(v.as_object_mut().unwrap().remove("intermediates"))),
        ("another format", |v| v["format"] = "didshake-mailbox-vectors/2".into()),
    ];
    let good = of_kind("positive").into_iter().find(|vector| vector["id"] == "m-ed25519").unwrap();
    run(&good).unwrap();
    for (name, change) in changes {
        let mut bad = good.clone();
        change(&mut bad);
        assert!(run(&bad).is_err(), "{name}");
    }
}

// R-MBOX-2, R-MBOX-5, R-MBOX-6
#[test]
fn a_negative_must_fail_as_it_says() {
    let negatives = of_kind("negative");
    assert!(negatives.len() >= 60, "only {} negatives", negatives.len());
    for good in negatives {
        run(&good).unwrap();
        for (member, other) in [("error", "policy_refused"), ("step", "mailbox_key"), ("step", "letter")] {
            if good["fails"][member] == other {
                continue;
            }
            let mut bad = good.clone();
            bad["fails"][member] = other.into();
            assert!(run(&bad).is_err(), "{}: {member} {other}", good["id"]);
        }
    }
}
