//! Bytes in another form than the one that there is: nonces, session ids, MACs and digests.

use super::case::Negative;
use super::check::RequestCheck as Check;
use super::client::{base64, from_base64};
use crate::keys::{base64url, from_base64url};

/// How the 16 bytes of a parameter are written, without the quotes where the writer adds them.
type Write = fn(&[u8]) -> String;

/// The parameter of this name, signed as it is sent, with its bytes written otherwise.
fn written(id: &'static str, check: Check, name: &'static str, change: &str, write: Write) -> Negative {
    Negative::input(id, check, change, move |input| {
        let rewrite = |part: &str| {
            let text = part.strip_prefix(name)?.strip_prefix("=\"")?.strip_suffix('"')?;
            Some(format!("{name}={}", write(&from_base64url(text)?)))
        };
        let parts = input.split(';').map(|part| rewrite(part).unwrap_or_else(|| part.to_owned()));
        parts.collect::<Vec<_>>().join(";")
    })
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

fn shortened(bytes: &[u8]) -> &[u8] {
    bytes.split_last().map_or(bytes, |(_, rest)| rest)
}

fn lengthened(bytes: &[u8]) -> Vec<u8> {
    [bytes, &[0]].concat()
}

/// The next character of the alphabet in the last place, where only bits change that decode to nothing.
fn with_spare_bits(text: &str) -> String {
    let place = text.trim_end_matches('=').len().saturating_sub(1);
    let (head, tail) = text.split_at_checked(place).unwrap_or((text, ""));
    let mut tail = tail.chars();
    let last = tail.next().map(|last| match last {
        'A'..='Y' | 'a'..='y' | '0'..='8' => char::from_u32(u32::from(last) + 1).unwrap_or(last),
        other => other,
    });
    head.chars().chain(last).chain(tail).collect()
}

fn parameters() -> Vec<Negative> {
    let nonce = |id, change: &str, write: Write| written(id, Check::InputNonce, "nonce", change, write);
    let keyid = |id, change: &str, write: Write| written(id, Check::InputSession, "keyid", change, write);
    vec![
        nonce("r-nonce-15-bytes", "a nonce of 15 bytes", |bytes| quoted(&base64url(shortened(bytes)))),
        nonce("r-nonce-17-bytes", "a nonce of 17 bytes", |bytes| quoted(&base64url(&lengthened(bytes)))),
        nonce("r-nonce-empty", "an empty nonce", |_| quoted("")),
        nonce("r-nonce-padded", "a nonce with padding", |bytes| quoted(&base64(bytes))),
        nonce("r-nonce-spare-bits", "spare bits of the nonce are set", |bytes| {
            quoted(&with_spare_bits(&base64url(bytes)))
        }),
        nonce("r-nonce-hexadecimal", "a nonce in hexadecimal", |bytes| quoted(&hex::encode(bytes))),
        nonce("r-nonce-binary", "a nonce as a byte sequence of RFC 9651", |bytes| format!(":{}:", base64(bytes))),
        nonce("r-nonce-token", "a nonce without quotes", base64url),
        nonce("r-nonce-standard-alphabet", "a nonce in the alphabet of standard base64", |bytes| {
            quoted(base64(bytes).trim_end_matches('='))
        })
        .on("r-nonce-alphabet"),
        keyid("r-keyid-15-bytes", "a session id of 15 bytes", |bytes| quoted(&base64url(shortened(bytes)))),
        keyid("r-keyid-17-bytes", "a session id of 17 bytes", |bytes| quoted(&base64url(&lengthened(bytes)))),
        keyid("r-keyid-empty", "an empty session id", |_| quoted("")),
        keyid("r-keyid-padded", "a session id with padding", |bytes| quoted(&base64(bytes))),
        keyid("r-keyid-spare-bits", "spare bits of the session id are set", |bytes| {
            quoted(&with_spare_bits(&base64url(bytes)))
        }),
        keyid("r-keyid-hexadecimal", "a session id in hexadecimal", |bytes| quoted(&hex::encode(bytes))),
        keyid("r-keyid-token", "a session id without quotes", base64url),
    ]
}

/// What stands between the colons, and all 32 bytes of it.
fn between(field: &str) -> (String, Vec<u8>) {
    let text = field.split(':').nth(1).unwrap_or_default().to_owned();
    let bytes = from_base64(&text).unwrap_or_default();
    (text, bytes)
}

/// A field of 32 bytes, written otherwise.
type Rewrite = fn(&str) -> String;

/// The same faults for both fields: the ids of the two vectors, the change, and how it is made.
const FORMS: [(&str, &str, &str, Rewrite); 13] = [
    ("r-signature-31-bytes", "r-digest-31-bytes", "31 bytes in 44 characters", |field| {
        let (text, bytes) = between(field);
        field.replace(&text, &base64(shortened(&bytes)))
    }),
    ("r-signature-33-bytes", "r-digest-33-bytes", "33 bytes in 44 characters", |field| {
        let (text, bytes) = between(field);
        field.replace(&text, &base64(&lengthened(&bytes)))
    }),
    ("r-signature-empty", "r-digest-empty", "no bytes", |field| field.replace(&between(field).0, "")),
    ("r-signature-unpadded", "r-digest-unpadded", "no padding", |field| {
        let (text, _) = between(field);
        field.replace(&text, text.trim_end_matches('='))
    }),
    ("r-signature-spare-bits", "r-digest-spare-bits", "spare bits are set", |field| {
        let (text, _) = between(field);
        field.replace(&text, &with_spare_bits(&text))
    }),
    ("r-signature-hexadecimal", "r-digest-hexadecimal", "hexadecimal", |field| {
        let (text, bytes) = between(field);
        field.replace(&text, &hex::encode(bytes))
    }),
    ("r-signature-string", "r-digest-string", "a string instead of a byte sequence", |field| field.replace(':', "\"")),
    ("r-signature-no-colons", "r-digest-no-colons", "no colons", |field| field.replace(':', "")),
    ("r-signature-parameter", "r-digest-parameter", "a parameter", |field| format!("{field};x")),
    ("r-signature-space", "r-digest-space", "a space before the byte sequence", |field| field.replacen("=:", "= :", 1)),
    ("r-signature-upper", "r-digest-upper", "the name in capitals", |field| {
        let (name, rest) = field.split_once('=').unwrap_or_default();
        format!("{}={rest}", name.to_ascii_uppercase())
    }),
    ("r-signature-second-member", "r-digest-second-member", "a second member in the same field", |field| {
        format!("{field}, other=:AA==:")
    }),
    ("r-signature-too-long", "r-digest-too-long", "513 bytes, by a parameter", |field| {
        let length = 513_usize.saturating_sub(field.len() + ";x=\"\"".len());
        format!("{field};x=\"{}\"", "x".repeat(length))
    }),
];

fn fields() -> Vec<Negative> {
    let signatures = FORMS.into_iter().map(|(id, _, change, rewrite)| {
        Negative::sent(id, Check::SignatureForm, "signature", change, move |request| {
            request.signature.iter_mut().for_each(|field| *field = rewrite(field));
        })
    });
    let digests =
        FORMS.into_iter().map(|(_, id, change, rewrite)| Negative::digest(id, Check::DigestForm, change, rewrite));
    signatures.chain(digests).collect()
}

fn others() -> Vec<Negative> {
    let to_url = |field: &str| {
        let (text, bytes) = between(field);
        field.replace(&text, &(base64url(&bytes) + "="))
    };
    vec![
        Negative::sent("r-signature-label", Check::SignatureForm, "signature", "the label `sig1`", |request| {
            request.signature.iter_mut().for_each(|field| *field = field.replacen("didshake=", "sig1=", 1));
        }),
        Negative::sent("r-signature-base64url", Check::SignatureForm, "signature", "base64url", move |request| {
            request.signature.iter_mut().for_each(|field| *field = to_url(field));
        }),
        Negative::digest("r-digest-base64url", Check::DigestForm, "base64url", to_url).on("r-get"),
        Negative::digest("r-digest-sha-512", Check::DigestForm, "the name `sha-512`", |field| {
            field.replacen("sha-256", "sha-512", 1)
        }),
    ]
}

pub(crate) fn all() -> Vec<Negative> {
    [parameters(), fields(), others()].into_iter().flatten().collect()
}
