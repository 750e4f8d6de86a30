//! The three header fields, one codec each. They are Structured Fields (RFC 9651) of which exactly one serialisation is
//! allowed, so that reading is comparing (R-REQ-3 to R-REQ-5).

use alloc::string::String;
use core::str;

use base64ct::{Base64, Base64UrlUnpadded, Encoding};

use super::RequestFault;
use crate::document::UnixTime;

/// `Content-Digest` (RFC 9530), in lower case.
pub const CONTENT_DIGEST: &str = "content-digest";
/// `Signature-Input` (RFC 9421), in lower case.
pub const SIGNATURE_INPUT: &str = "signature-input";
/// `Signature` (RFC 9421), in lower case.
pub const SIGNATURE: &str = "signature";

/// No field is longer, in bytes; a longer one is not looked at.
pub const MAX_FIELD_BYTES: usize = 512;

/// Digits of an Integer of RFC 9651.
const MAX_CREATED_DIGITS: usize = 15;

const COMPONENTS: &str = r#"("@method" "@authority" "@path" "@query" "content-digest")"#;
const NAME: &str = "didshake=";
const END: &str = r#"";alg="hmac-sha256";tag="didshake.login/1""#;

/// What a service looks at of a request's fields. Each list has the values of all fields of that name.
#[derive(Clone, Copy, Debug)]
pub struct ReceivedFields<'a> {
    /// `Signature-Input`.
    pub signature_input: &'a [&'a [u8]],
    /// `Signature`.
    pub signature: &'a [&'a [u8]],
    /// `Content-Digest`.
    pub content_digest: &'a [&'a [u8]],
}

impl<'a> ReceivedFields<'a> {
    pub(super) fn each_once(&self) -> Result<(&'a str, &'a str, &'a str), RequestFault> {
        match (self.signature_input, self.signature, self.content_digest) {
            // Other parties use Content-Digest too.
            ([], [], _) => Err(RequestFault::Unsigned),
            ([input], [signature], [digest]) => Ok((text(input)?, text(signature)?, text(digest)?)),
            _ => Err(RequestFault::Malformed),
        }
    }
}

fn text(value: &[u8]) -> Result<&str, RequestFault> {
    if value.len() > MAX_FIELD_BYTES {
        return Err(RequestFault::Malformed);
    }
    str::from_utf8(value).map_err(|_| RequestFault::Malformed)
}

/// The signature's parameters: those that vary.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Parameters {
    pub(super) created: UnixTime,
    pub(super) nonce: [u8; 16],
    pub(super) session_id: [u8; 16],
}

impl Parameters {
    /// `@signature-params`.
    pub(super) fn write(&self) -> String {
        let (created, nonce) = (self.created.0, Base64UrlUnpadded::encode_string(&self.nonce));
        let keyid = Base64UrlUnpadded::encode_string(&self.session_id);
        alloc::format!(r#"{COMPONENTS};created={created};nonce="{nonce}";keyid="{keyid}{END}"#)
    }

    /// The value of `Signature-Input`.
    pub(super) fn write_field(&self) -> String {
        alloc::format!("{NAME}{}", self.write())
    }

    pub(super) fn read_field(field: &str) -> Result<Self, RequestFault> {
        let malformed = RequestFault::Malformed;
        let rest = after(field, NAME)?;
        let rest = after(rest, COMPONENTS)?;
        let rest = after(rest, ";created=")?;
        let (created, rest) = rest.split_once(';').ok_or(malformed)?;
        let (nonce, rest) = after(rest, "nonce=\"")?.split_once('"').ok_or(malformed)?;
        let keyid = after(rest, ";keyid=\"")?.strip_suffix(END).ok_or(malformed)?;
        if created.len() > MAX_CREATED_DIGITS {
            return Err(malformed);
        }
        let read = Self {
            created: UnixTime(created.parse().map_err(|_| malformed)?),
            nonce: name_of_16(nonce)?,
            session_id: name_of_16(keyid)?,
        };
        // A sign or leading zeros before a number, for instance.
        if read.write_field() == field { Ok(read) } else { Err(malformed) }
    }
}

pub(super) fn write_digest(digest: &[u8; 32]) -> String {
    alloc::format!("sha-256=:{}:", Base64::encode_string(digest))
}

pub(super) fn read_digest(field: &str) -> Result<[u8; 32], RequestFault> {
    bytes_between(field, "sha-256=:")
}

pub(super) fn write_signature(signature: &[u8; 32]) -> String {
    alloc::format!("{NAME}:{}:", Base64::encode_string(signature))
}

pub(super) fn read_signature(field: &str) -> Result<[u8; 32], RequestFault> {
    bytes_between(after(field, NAME)?, ":")
}

fn bytes_between(text: &str, start: &str) -> Result<[u8; 32], RequestFault> {
    let encoded = after(text, start)?.strip_suffix(':').ok_or(RequestFault::Malformed)?;
    exactly(Base64::decode(encoded, &mut [0; 32]))
}

fn name_of_16(text: &str) -> Result<[u8; 16], RequestFault> {
    exactly(Base64UrlUnpadded::decode(text, &mut [0; 16]))
}

/// All bytes that are due: 31 have as many characters as 32.
fn exactly<const N: usize>(decoded: Result<&[u8], base64ct::Error>) -> Result<[u8; N], RequestFault> {
    decoded.ok().and_then(|bytes| bytes.try_into().ok()).ok_or(RequestFault::Malformed)
}

fn after<'a>(text: &'a str, start: &str) -> Result<&'a str, RequestFault> {
    text.strip_prefix(start).ok_or(RequestFault::Malformed)
}
