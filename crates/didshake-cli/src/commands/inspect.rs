//! `didshake inspect`.

use std::io::Read;

use clap::{Args, ValueEnum};
use didshake_peer::MAX_FRAME_BYTES;
use didshake_vectors::{Decoded, Field, Kind, decode};
use serde_json::{Value, json};

use crate::cli::Global;
use crate::failure::{Exit, Failure};
use crate::output::{self, printable};

const MAX_INPUT_BYTES: u64 = 1 << 22;

const AFTER_HELP: &str = "\
Takes hexadecimal digits, the name of a file (hexadecimal or raw), or - for standard input. Messages may stand alone, or
one after the other with the stream's u24 lengths. What is sealed stays sealed: no keys are asked for.
Exit code 1 if a message is malformed; what was decoded before the fault is shown.

Examples:
  didshake inspect 0f31
  didshake inspect --as identity identity.bin
  jq -r '.messages[0].wire' vectors/positive/p-key-ed25519.json | didshake inspect -";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Inspect {
    /// The message
    #[arg(value_name = "HEX|FILE|-", default_value = "-")]
    input: String,
    /// What the bytes are
    #[arg(long = "as", value_enum, default_value_t = As::Message, value_name = "KIND")]
    kind: As,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum As {
    /// A message of the handshake, or a record; with or without u24 lengths
    Message,
    /// The plain text of a sealed Identity
    Identity,
    /// The plain text of an Accept
    AcceptBody,
}

pub(crate) fn run(global: &Global, options: &Inspect) -> Result<(), Failure> {
    let bytes = read(&options.input)?;
    let messages: Vec<(usize, Decoded)> = match options.kind {
        As::Message => unframed(&bytes).into_iter().map(|(at, message)| (at, decode(message, Kind::Message))).collect(),
        As::Identity => vec![(0, decode(&bytes, Kind::Identity))],
        As::AcceptBody => vec![(0, decode(&bytes, Kind::AcceptBody))],
    };
    if global.json {
        output::json(&json!(messages.iter().map(|(at, decoded)| as_json(*at, decoded)).collect::<Vec<_>>()));
    } else {
        messages.iter().for_each(|(at, decoded)| show(*at, decoded));
    }
    match messages.iter().find_map(|(at, decoded)| decoded.fault.map(|found| (*at, found))) {
        None => Ok(()),
        Some(_) if global.json => Err(Failure::silent(Exit::Check)),
        Some((at, found)) => Err(Failure::new(
            Exit::Check,
            found.fault.code(),
            format!("malformed at byte {}: {} ({})", at + found.offset, found.fault, found.fault.code()),
        )),
    }
}

fn read(input: &str) -> Result<Vec<u8>, Failure> {
    let unreadable = |error: std::io::Error| Failure::new(Exit::Storage, "io", format!("cannot read {input}: {error}"));
    let mut bytes = Vec::new();
    if input == "-" {
        std::io::stdin().lock().take(MAX_INPUT_BYTES).read_to_end(&mut bytes).map_err(unreadable)?;
    } else if let Some(hex) = from_hex(input.as_bytes()) {
        return Ok(hex);
    } else if std::path::Path::new(input).exists() {
        let file = std::fs::File::open(input).map_err(unreadable)?;
        file.take(MAX_INPUT_BYTES).read_to_end(&mut bytes).map_err(unreadable)?;
    } else {
        let message = format!("`{input}` is neither hexadecimal nor a file");
        return Err(Failure::new(Exit::Usage, "input", message));
    }
    Ok(from_hex(&bytes).unwrap_or(bytes))
}

/// Hexadecimal digits, white space between them allowed.
fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    if digits.is_empty() { None } else { hex::decode(digits).ok() }
}

/// The messages with their offsets: several where u24 lengths lead exactly to the end, otherwise one.
fn unframed(bytes: &[u8]) -> Vec<(usize, &[u8])> {
    let mut messages = Vec::new();
    let mut at = 0;
    while let Some(([high, middle, low], rest)) = bytes.get(at..).and_then(<[u8]>::split_first_chunk::<3>) {
        let length = usize::from(*high) << 16 | usize::from(*middle) << 8 | usize::from(*low);
        match rest.get(..length).filter(|_| length <= MAX_FRAME_BYTES && length > 0) {
            Some(message) => messages.push((at + 3, message)),
            None => return vec![(0, bytes)],
        }
        at += 3 + length;
    }
    if at == bytes.len() && at > 0 { messages } else { vec![(0, bytes)] }
}

fn show(at: usize, decoded: &Decoded) {
    output::line(&format!("{}, {} bytes{}", decoded.name, decoded.length, framed(at)));
    output::line("  offset  length  field");
    for Field { offset, bytes, name, meaning, depth } in &decoded.fields {
        let indent = "  ".repeat(*depth);
        output::line(&format!("  {:>6}  {:>6}  {indent}{name}: {}", at + offset, bytes.len(), printable(meaning)));
        for chunk in bytes.chunks(28).take(if name == "ciphertext" { 4 } else { usize::MAX }) {
            output::line(&format!("                  {indent}{}", hex::encode(chunk)));
        }
    }
    if let Some(found) = decoded.fault {
        output::line(&format!("  {:>6}          {} ({})", at + found.offset, found.fault, found.fault.code()));
    }
}

fn framed(at: usize) -> String {
    if at == 0 { String::new() } else { format!(", at byte {at} of the stream") }
}

fn as_json(at: usize, decoded: &Decoded) -> Value {
    let field = |field: &Field| {
        json!({
            "offset": at + field.offset, "length": field.bytes.len(), "name": field.name, "depth": field.depth,
            "hex": hex::encode(&field.bytes), "meaning": field.meaning,
        })
    };
    let fault = decoded.fault.map(|found| {
        let (code, message) = (found.fault.code(), found.fault.to_string());
        json!({"code": code, "offset": at + found.offset, "message": message})
    });
    let fields: Vec<Value> = decoded.fields.iter().map(field).collect();
    json!({"message": decoded.name, "offset": at, "length": decoded.length, "fields": fields, "fault": fault})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_told_from_bare_messages() {
        assert_eq!(unframed(&[15, 49]), [(0, &[15, 49][..])]);
        assert_eq!(unframed(&[0, 0, 2, 15, 49, 0, 0, 1, 5]), [(3, &[15, 49][..]), (8, &[5][..])]);
        assert_eq!(unframed(&[0, 0, 2, 15]), [(0, &[0, 0, 2, 15][..])]);
        assert_eq!(unframed(&[5, 0, 1]), [(0, &[5, 0, 1][..])]);
        assert_eq!(unframed(&[]), [(0, &[][..])]);
    }
}
