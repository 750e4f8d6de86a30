//! The crates as a shim of the conformance runner: one JSON object a line in, one out (`spec/conformance.md`).

mod attempt;
mod kept;
mod logs;
mod pieces;

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};

use serde_json::{Value, json};

use crate::format::Hex;
use crate::outcome::Failure;
use attempt::Attempt;
use didshake::{Error, Fault};
use didshake_did::webvh::LogFault;

/// Why a request has no result.
enum Stop {
    /// The refusal that may be under test, and the record that answers it.
    Refused {
        error: Error,
        record: Option<Vec<u8>>,
    },
    /// A refusal of a mailbox key, a letter or a card: nothing is answered to it.
    Kept(&'static str),
    /// A refusal of a log.
    Log(LogFault),
    Failure(Failure),
    Skip(&'static str),
}

type Step<T> = Result<T, Stop>;

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Refused { error, record: None }
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Error::from(fault).into()
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<serde_json::Error> for Stop {
    fn from(cause: serde_json::Error) -> Self {
        Failure::format(cause.to_string()).into()
    }
}

/// Answers requests until the input ends. It is a test peer: it knows suite 0xFE01 and takes its randomness from
/// whoever asks.
///
/// # Errors
/// If the input cannot be read or the output not be written.
///
/// ```
/// let mut output = Vec::new();
/// didshake_vectors::shim(&b"{\"op\":\"hello\"}\n"[..], &mut output)?;
/// assert!(output.starts_with(b"{\"features\":"));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn shim(input: impl BufRead, mut output: impl Write) -> io::Result<()> {
    let mut attempts = BTreeMap::new();
    for line in input.lines() {
        let answer =
            serde_json::from_str(&line?).map_err(Stop::from).and_then(|request| answer(&mut attempts, &request));
        writeln!(output, "{}", answer.unwrap_or_else(stopped))?;
        output.flush()?;
    }
    Ok(())
}

fn answer(attempts: &mut BTreeMap<String, Attempt>, request: &Value) -> Step<Value> {
    let sid = text(request, "sid");
    match text(request, "op") {
        "hello" => Ok(introduction()),
        "new" => {
            let (attempt, first) = Attempt::new(request)?;
            attempts.insert(sid.to_owned(), attempt);
            Ok(first)
        }
        "free" => {
            attempts.remove(sid);
            Ok(json!({}))
        }
        "check" => pieces::check(request),
        "make" => kept::make(request),
        op @ ("recv" | "seal" | "open" | "update" | "close" | "export") => {
            let attempt = attempts.get_mut(sid).ok_or_else(|| Failure::format("no attempt has this sid"))?;
            attempt.answer(op, request)
        }
        _ => Err(Stop::Skip("no such op")),
    }
}

fn introduction() -> Value {
    json!({
        "name": "rust", "version": env!("CARGO_PKG_VERSION"), "language": "Rust",
        "roles": ["initiator", "responder"],
        "features": [
            "codes", "random", "suite_2", "test_suite", "web", "extensions", "token", "channel", "export",
            "decode", "document", "schedule", "ed25519", "request", "mailbox", "card", "webvh",
        ],
    })
}

fn stopped(stop: Stop) -> Value {
    match stop {
        Stop::Skip(why) => json!({ "skip": why }),
        Stop::Kept(code) => json!({ "error": code, "alert": null }),
        Stop::Log(fault) => json!({ "error": fault.fault().code(), "cause": fault.code() }),
        Stop::Failure(failure) => json!({ "crash": failure.to_string() }),
        Stop::Refused { error: error @ (Error::Caller(_) | Error::Ours(_)), .. } => {
            json!({ "crash": error.to_string() })
        }
        Stop::Refused { error, record } => {
            let alert = error.alert().map(|alert| alert as u8);
            json!({ "error": error.code(), "alert": alert, "send": record.map(hex::encode) })
        }
    }
}

fn text<'v>(request: &'v Value, name: &str) -> &'v str {
    request.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A member that is hexadecimal; empty where it is missing.
fn bytes(request: &Value, name: &str) -> Step<Vec<u8>> {
    match request.get(name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(value) => Ok(serde_json::from_value::<Hex>(value.clone())?.0),
    }
}

fn number(request: &Value, name: &str) -> Option<u64> {
    request.get(name).and_then(Value::as_u64)
}
