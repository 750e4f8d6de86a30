//! Logs of did:webvh, resolved from their bytes (tier 1).

use serde_json::{Value, json};

use super::statics::{Expected, Question, check, result};
use crate::webvh::{View, WebvhVector};

/// The log with witnesses, from which cases beside the vectors are made.
pub(crate) const BASE: &str = "w-witnesses";

/// The log of a vector, as a resolver gets it.
pub(crate) fn of_log(vector: &WebvhVector) -> Question {
    let log = vector.log.replace('\n', &format!("{}\n", " ".repeat(vector.line_spaces)));
    let expected = match (&vector.fails, &vector.resolution) {
        (None, Some(resolution)) => result(json!(resolution)),
        (Some(fails), _) => refused(&fails.error, &fails.cause),
        (None, None) => refused("", ""),
    };
    let inputs = inputs(&vector.view, log.as_bytes(), vector.witness.as_deref().map(str::as_bytes));
    check(format!("webvh/{}", vector.id), vector.requirements.clone(), &vector.about, "webvh", inputs, expected)
}

/// What is too large for a vector, or no text: at each bound, and one beyond it.
pub(crate) fn beside(vector: &WebvhVector) -> Vec<Question> {
    let (log, file) = (vector.log.as_bytes(), vector.witness.clone().unwrap_or_default());
    let good = || result(json!(vector.resolution));
    let too_long = || refused("document_limits", "witness_too_long");
    let ask = |name: &str, requirement: &str, about: &str, log: &[u8], file: &[u8], expected| {
        let inputs = inputs(&vector.view, log, Some(file));
        check(format!("webvh/{name}"), vec![requirement.to_owned()], about, "webvh", inputs, expected)
    };
    let of_lines = |name, about, count, expected| {
        ask(name, "R-WEBVH-13", about, "{}\n".repeat(count).as_bytes(), file.as_bytes(), expected)
    };
    let of_file = |name, about, file: String, expected| ask(name, "R-WEBVH-13", about, log, file.as_bytes(), expected);
    let long = |length: usize| file.clone() + &" ".repeat(length.saturating_sub(file.len()));
    vec![
        of_lines("lines-1024", "1,024 lines: the first is looked at", 1_024, refused("did_resolution_failed", "shape")),
        of_lines("lines-1025", "1,025 lines", 1_025, refused("document_limits", "too_many_entries")),
        of_file("witness-longest", "witness proofs of 262,144 bytes", long(262_144), good()),
        of_file("witness-longer", "witness proofs of 262,145 bytes", long(262_145), too_long()),
        of_file("witness-32", "32 proofs in one object", more(&file, &[32]), good()),
        of_file("witness-33", "33 proofs in one object", more(&file, &[33]), too_long()),
        of_file("witness-1024", "1,024 proofs", more(&file, &up_to(&file, 1_024)), good()),
        of_file("witness-1025", "1,025 proofs", more(&file, &up_to(&file, 1_025)), too_long()),
        ask(
            "log-no-text",
            "R-WEBVH-2",
            "a line that is no UTF-8",
            &spoiled(log),
            file.as_bytes(),
            refused("did_resolution_failed", "json"),
        ),
        ask(
            "witness-no-text",
            "R-WEBVH-9",
            "witness proofs that are no UTF-8",
            log,
            &spoiled(file.as_bytes()),
            refused("did_resolution_failed", "witness_file"),
        ),
    ]
}

fn inputs(view: &View, log: &[u8], witness: Option<&[u8]>) -> Value {
    let (log, witness) = (hex::encode(log), witness.map(hex::encode));
    json!({ "did": view.did, "now": view.now, "seen": view.seen, "log": log, "witness": witness })
}

fn refused(error: &str, cause: &str) -> Expected {
    Expected::RefusedFor { error: error.to_owned(), cause: cause.to_owned() }
}

/// The file with more objects, of so many malformed proofs each, of a version that is not in the log: to be ignored.
fn more(file: &str, counts: &[usize]) -> String {
    let object = |count: &usize| json!({ "versionId": "1-unpublished", "proof": vec![json!({}); *count] });
    let mut list: Vec<Value> = serde_json::from_str(file).unwrap_or_default();
    list.extend(counts.iter().map(object));
    Value::Array(list).to_string()
}

/// How many proofs further objects have to have, so that it is so many in all.
fn up_to(file: &str, all: usize) -> Vec<usize> {
    let list: Vec<Value> = serde_json::from_str(file).unwrap_or_default();
    let there: usize = list.iter().filter_map(|object| Some(object.get("proof")?.as_array()?.len())).sum();
    let missing = all.saturating_sub(there);
    let mut counts = vec![32; missing / 32];
    counts.push(missing % 32);
    counts
}

/// The first letter of the first proof's type is a byte that no text has.
fn spoiled(bytes: &[u8]) -> Vec<u8> {
    let part = b"DataIntegrityProof";
    let at = bytes.windows(part.len()).position(|window| window == part).unwrap_or_default();
    bytes.iter().enumerate().map(|(place, byte)| if place == at { 0xff } else { *byte }).collect()
}

#[cfg(test)]
#[path = "logs_test.rs"]
mod tests;
