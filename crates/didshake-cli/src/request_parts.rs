//! What the command line says of a request: header fields and a body. Pure, but for the files that it names.

use std::io::Read;
use std::path::Path;
use std::str::FromStr;

use crate::failure::{Exit, Failure};

/// The longest body, either way.
pub(crate) const MAX_BODY_BYTES: usize = 64 << 20;

/// `Name: value`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) value: Vec<u8>,
}

/// Why a header field is not sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum FieldFault {
    #[error("a header field is written `Name: value`")]
    Form,
    #[error("the value of a header field has no control characters")]
    Value,
    #[error("this field is made by the signature of the request, and cannot be given")]
    Signature,
    #[error("this field belongs to the connection, and cannot be given")]
    Connection,
}

impl FromStr for Field {
    type Err = FieldFault;

    fn from_str(text: &str) -> Result<Self, FieldFault> {
        let (name, value) = text.split_once(':').ok_or(FieldFault::Form)?;
        if !is_token(name) {
            return Err(FieldFault::Form);
        }
        let value = value.trim_matches([' ', '\t']);
        if value.chars().any(|letter| letter.is_control() && letter != '\t') {
            return Err(FieldFault::Value);
        }
        match name.to_ascii_lowercase().as_str() {
            "content-digest" | "signature" | "signature-input" => Err(FieldFault::Signature),
            "connection" | "content-length" | "expect" | "host" | "keep-alive" | "proxy-connection" | "te"
            | "trailer" | "transfer-encoding" | "upgrade" => Err(FieldFault::Connection),
            _ => Ok(Self { name: name.to_owned(), value: value.as_bytes().to_vec() }),
        }
    }
}

/// A token of RFC 9110: a method, or the name of a field.
pub(crate) fn is_token(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(allowed)
}

/// The body: the text itself, or with `@` the file of that name, or with `@-` standard input.
pub(crate) fn body(data: Option<&str>) -> Result<Vec<u8>, Failure> {
    match data.map(|text| (text, text.strip_prefix('@'))) {
        None => Ok(Vec::new()),
        Some((text, None)) => Ok(text.as_bytes().to_vec()),
        Some((_, Some("-"))) => read(&mut std::io::stdin().lock(), "standard input"),
        Some((_, Some(path))) => {
            let file = std::fs::File::open(path).map_err(|error| unreadable(path, &error))?;
            read(&mut &file, &Path::new(path).display().to_string())
        }
    }
}

fn read(source: &mut impl Read, name: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    source.take(MAX_BODY_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(|error| unreadable(name, &error))?;
    if bytes.len() > MAX_BODY_BYTES {
        let message = format!("{name} is longer than {} MiB", MAX_BODY_BYTES >> 20);
        return Err(Failure::new(Exit::Usage, "body_too_long", message)
            .remedy("a signed request holds its whole body at once: send it in parts"));
    }
    Ok(bytes)
}

fn unreadable(name: &str, error: &std::io::Error) -> Failure {
    Failure::new(Exit::Storage, "body", format!("cannot read {name}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_may_be_given() {
        let field =
            |text: &str| text.parse::<Field>().map(|field| (field.name, String::from_utf8(field.value).unwrap()));
        assert_eq!(field("Accept: a/b"), Ok(("Accept".into(), "a/b".into())));
        assert_eq!(field("x:\tö:y \t"), Ok(("x".into(), "ö:y".into())));
        assert_eq!(field("x:"), Ok(("x".into(), String::new())));
        for text in ["x", ": y", "a b: c", "a : b", "ä: b", ""] {
            assert_eq!(field(text), Err(FieldFault::Form), "{text}");
        }
        for text in ["x: a\r\nEvil: b", "x: a\0", "x: a\u{7f}", "x: \u{85}b"] {
            assert_eq!(field(text), Err(FieldFault::Value), "{text}");
        }
    }

    #[test]
    fn nothing_that_the_signature_or_the_connection_says() {
        for text in ["Content-Digest: x", "SIGNATURE: x", "signature-input:"] {
            assert_eq!(text.parse::<Field>(), Err(FieldFault::Signature), "{text}");
        }
        for text in ["Host: evil.example", "content-length: 1", "Transfer-Encoding: chunked", "connection: close"] {
            assert_eq!(text.parse::<Field>(), Err(FieldFault::Connection), "{text}");
        }
    }

    #[test]
    fn bodies_are_bounded() {
        assert_eq!(body(Some("text @file")).unwrap(), b"text @file");
        assert_eq!(body(None).unwrap(), b"");
        let longest = read(&mut std::io::repeat(b'x').take(MAX_BODY_BYTES as u64), "it").unwrap();
        assert_eq!(longest.len(), MAX_BODY_BYTES);
        assert_eq!(read(&mut std::io::repeat(b'x'), "it").unwrap_err().code(), "body_too_long");
        assert_eq!(body(Some("@/no/such/file")).unwrap_err().exit(), Exit::Storage);
    }
}
