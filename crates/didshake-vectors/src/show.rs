//! A positive as a worked example: messages field by field, and every intermediate, all computed anew.

use std::fmt::Write as _;

use crate::decode::{Decoded, Kind, decode};
use crate::format::Vector;
use crate::intermediates::{self, Values};
use crate::outcome::Failure;
use crate::play;

const WIDTH: usize = 64;

/// The example as markdown, for the specification. What it shows comes from the vector's configuration alone.
///
/// # Errors
/// [`Failure`] where the vector is no positive, or its handshake cannot be run.
pub fn markdown(vector: &Vector) -> Result<String, Failure> {
    let mut out = String::new();
    let (played, values) = run(vector)?;
    let _ = writeln!(out, "`{}`: {}. Bytes are hexadecimal, offsets decimal.\n", vector.id, vector.about);
    inputs(&mut out, vector);
    for (side, name, wire) in &played.messages {
        let title = if name == &"hello2" { "Hello, the second" } else { decode(wire, Kind::Message).name };
        let _ = writeln!(out, "**{title}** ({} bytes, from the {})\n", wire.len(), side.name());
        table(&mut out, &decode(wire, Kind::Message));
        for (sealed_in, value, kind) in SEALED {
            if *name == sealed_in {
                let plain = value_of(&values, value);
                let _ = writeln!(out, "Its sealed part, opened (`{value}`, {} bytes):\n", plain.len());
                table(&mut out, &decode(plain, kind));
            }
        }
    }
    let _ = writeln!(out, "**Intermediates**\n\n```");
    for (name, value) in &values {
        wrapped(&mut out, name, value);
    }
    let _ = writeln!(out, "```");
    Ok(out)
}

/// The same for a terminal.
///
/// # Errors
/// As for [`markdown`].
pub fn text(vector: &Vector) -> Result<String, Failure> {
    let mut out = String::new();
    let (played, values) = run(vector)?;
    let _ = writeln!(out, "{}: {}\n", vector.id, vector.about);
    for (side, _, wire) in &played.messages {
        let decoded = decode(wire, Kind::Message);
        let _ = writeln!(out, "{} from the {}, {} bytes", decoded.name, side.name(), wire.len());
        let _ = writeln!(out, "{}", hex_lines(wire, "  "));
    }
    let _ = writeln!(out, "\nintermediates");
    for (name, value) in &values {
        wrapped(&mut out, name, value);
    }
    Ok(out)
}

const SEALED: [(&str, &str, Kind); 3] = [
    ("reply", "reply_identity", Kind::Identity),
    ("finish", "finish_identity", Kind::Identity),
    ("accept", "accept_plain", Kind::AcceptBody),
];

fn run(vector: &Vector) -> Result<(play::Played, Values), Failure> {
    if !vector.is_positive() {
        return Err(Failure::format("a negative has no worked example"));
    }
    let played = play::play(&vector.config, None)?;
    let values = intermediates::compute(&vector.config, &played)?;
    Ok((played, values))
}

fn value_of<'a>(values: &'a Values, name: &str) -> &'a [u8] {
    values.iter().find(|(known, _)| *known == name).map_or(&[], |(_, value)| value)
}

fn inputs(out: &mut String, vector: &Vector) {
    let (initiator, responder) = (&vector.config.initiator, &vector.config.responder);
    let _ = writeln!(out, "**Inputs**\n\n```");
    let prologue = &vector.config.prologue.0;
    let _ = writeln!(out, "binding  {}    prologue  {}", vector.config.binding, or_empty(prologue));
    let _ = writeln!(out, "initiator  {}", initiator.identity.did);
    wrapped(out, "  secret key", &initiator.identity.secret_key.0);
    for (secret, nonce) in initiator.ephemeral_secrets.iter().zip(&initiator.nonces) {
        wrapped(out, "  ephemeral secret", &secret.0);
        wrapped(out, "  nonce", &nonce.0);
    }
    for identity in &responder.identities {
        let _ = writeln!(out, "responder  {}", identity.did);
        wrapped(out, "  secret key", &identity.secret_key.0);
    }
    wrapped(out, "  ephemeral secret", &responder.ephemeral_secret.0);
    wrapped(out, "  nonce", &responder.nonce.0);
    let _ = writeln!(out, "```\n");
}

fn or_empty(bytes: &[u8]) -> String {
    if bytes.is_empty() { String::from("(empty)") } else { hex::encode(bytes) }
}

fn table(out: &mut String, decoded: &Decoded) {
    let _ = writeln!(out, "| offset | field | bytes | meaning |\n|---|---|---|---|");
    for field in &decoded.fields {
        let bytes = hex::encode(&field.bytes);
        let bytes = if bytes.is_empty() { String::from("–") } else { format!("`{bytes}`") };
        let meaning = field.meaning.replace('|', "\\|");
        let _ = writeln!(out, "| {} | {} | {bytes} | {meaning} |", field.offset, field.name);
    }
    let _ = writeln!(out);
}

fn wrapped(out: &mut String, name: &str, value: &[u8]) {
    let lines = hex_lines(value, &" ".repeat(25));
    let _ = writeln!(out, "{name:<24} {}", lines.trim_start());
}

fn hex_lines(bytes: &[u8], indent: &str) -> String {
    let hex = or_empty(bytes);
    let mut lines = Vec::new();
    let mut rest = hex.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(WIDTH).unwrap_or((rest, ""));
        lines.push(format!("{indent}{line}"));
        rest = after;
    }
    lines.join("\n")
}
