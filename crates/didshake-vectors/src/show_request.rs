//! A signed request as a worked example, computed anew from what the client signs with.

use std::fmt::Write as _;

use didshake::request::{CONTENT_DIGEST, SIGNATURE, SIGNATURE_INPUT, SignatureFields};

use crate::outcome::Failure;
use crate::request::{Made, sign};
use crate::request_format::{Client, RequestVector};

/// The example as markdown, for the specification.
///
/// # Errors
/// [`Failure`] where the vector is no positive, or cannot be signed.
pub(crate) fn markdown(vector: &RequestVector) -> Result<String, Failure> {
    let (client, made) = run(vector)?;
    let mut out = String::new();
    let _ = writeln!(out, "`{}`: {}.\n\n**Inputs**\n\n```", vector.id, vector.about);
    out.push_str(&inputs(client, &made));
    let _ = writeln!(out, "```\n\n**The signature base** (no line feed at its end)\n\n```\n{}\n```\n", made.base);
    let _ = writeln!(
        out,
        "**The request** (its body has no line feed at its end)\n\n```\n{}```",
        message(vector, client, &made.fields)
    );
    Ok(out)
}

/// The same for a terminal.
///
/// # Errors
/// As for [`markdown`].
pub(crate) fn text(vector: &RequestVector) -> Result<String, Failure> {
    let (client, made) = run(vector)?;
    let parts = [inputs(client, &made), made.base.clone() + "\n", message(vector, client, &made.fields)];
    Ok(format!("{}: {}\n\n{}", vector.id, vector.about, parts.join("\n")))
}

fn run(vector: &RequestVector) -> Result<(&Client, Made), Failure> {
    match &vector.client {
        Some(client) if vector.is_positive() => Ok((client, sign(client, &vector.request)?)),
        _ => Err(Failure::format("a negative has no worked example")),
    }
}

fn inputs(client: &Client, made: &Made) -> String {
    let mut out = String::new();
    for (name, value) in [
        ("origin", client.origin.clone()),
        ("exporter", hex::encode(&client.exporter.0)),
        ("session_id", hex::encode(&client.session_id.0)),
        ("nonce", hex::encode(&client.nonce.0)),
        ("created", client.created.to_string()),
        ("request_key", hex::encode(made.key.secret().expose())),
    ] {
        let _ = writeln!(out, "{name:<12} {value}");
    }
    out
}

/// As HTTP/1.1 sends it.
fn message(vector: &RequestVector, client: &Client, fields: &SignatureFields) -> String {
    let request = &vector.request;
    let path = if request.path.is_empty() { "/" } else { &request.path };
    let query = request.query.as_ref().map_or_else(String::new, |query| format!("?{query}"));
    let host = client.origin.split_once("://").map_or("", |(_, authority)| authority);
    let mut out = format!("{} {path}{query} HTTP/1.1\nHost: {host}\n", request.method);
    for (name, value) in fields.headers() {
        let name = match name {
            CONTENT_DIGEST => "Content-Digest",
            SIGNATURE_INPUT => "Signature-Input",
            SIGNATURE => "Signature",
            other => other,
        };
        let _ = writeln!(out, "{name}: {value}");
    }
    let body = std::str::from_utf8(&request.body.0).map_or_else(|_| hex::encode(&request.body.0), str::to_owned);
    if !body.is_empty() {
        let _ = writeln!(out, "Content-Length: {}\n\n{body}", request.body.0.len());
    }
    out
}
