//! Takes a message apart, field by field.

use didshake::wire::{AcceptBody, Hello, MAX_HELLO_BYTES, MAX_MESSAGE_BYTES, Reply, Retry, Sealed};
use didshake::{AlertCode, Fault, Identity, MAX_RECORD_BYTES};

use crate::fields::{Field, FoundFault, Walk, Walker};
use crate::identity_fields::{extensions, identity, printable};

/// What bytes are taken for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A message or record, by its first byte.
    Message,
    /// The plain text of a sealed Identity.
    Identity,
    /// The plain text of an Accept.
    AcceptBody,
}

/// A message taken apart: everything up to its end or its first fault.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decoded {
    /// What it is.
    pub name: &'static str,
    /// How many bytes it has.
    pub length: usize,
    /// Its fields, in order.
    pub fields: Vec<Field>,
    /// Where it is malformed, if it is.
    pub fault: Option<FoundFault>,
}

/// Decodes a message. The verdict is that of the protocol crate's own decoder; whether a good message is also allowed
/// depends on the state that reads it.
///
/// ```
/// use didshake_vectors::{Kind, decode};
/// let alert = decode(&[15, 49], Kind::Message);
/// assert_eq!((alert.name, alert.fields.len(), alert.fault), ("Alert", 2, None));
/// let cut = decode(&[5, 0], Kind::Message);
/// assert_eq!(cut.fault.unwrap().fault.code(), "message_truncated");
/// ```
#[must_use]
pub fn decode(bytes: &[u8], kind: Kind) -> Decoded {
    let (name, truncated, limit, walk): (_, _, _, fn(&mut Walker<'_>) -> Walk<()>) = match (kind, bytes.first()) {
        (Kind::Identity, _) => ("Identity", Fault::IdentityMalformed, MAX_MESSAGE_BYTES, identity),
        (Kind::AcceptBody, _) => ("Accept's plain text", Fault::AcceptMalformed, MAX_MESSAGE_BYTES, accept_body),
        (Kind::Message, Some(1)) => ("Hello", Fault::MessageTruncated, MAX_HELLO_BYTES, hello),
        (Kind::Message, Some(2)) => ("Reply", Fault::MessageTruncated, MAX_MESSAGE_BYTES, reply),
        (Kind::Message, Some(3)) => ("Finish", Fault::MessageTruncated, MAX_MESSAGE_BYTES, finish),
        (Kind::Message, Some(4)) => ("Accept", Fault::MessageTruncated, MAX_MESSAGE_BYTES, accept),
        (Kind::Message, Some(5)) => ("Retry", Fault::MessageTruncated, MAX_MESSAGE_BYTES, retry),
        (Kind::Message, Some(15)) => ("Alert", Fault::MalformedAlert, MAX_MESSAGE_BYTES, alert),
        (Kind::Message, Some(16)) => ("record", Fault::RecordNotOpened, MAX_RECORD_BYTES, record),
        (Kind::Message, Some(_)) => ("unknown message", Fault::UnexpectedMessage, MAX_MESSAGE_BYTES, unknown),
        (Kind::Message, None) => ("empty message", Fault::MessageTruncated, MAX_MESSAGE_BYTES, unknown),
    };
    let too_long = if name == "record" { Fault::RecordTooLong } else { Fault::MessageTooLong };
    let mut walker = Walker::new(bytes, 0, truncated);
    let found = match bytes.len() > limit {
        true => Err(FoundFault { fault: too_long, offset: limit }),
        false => walk(&mut walker),
    };
    // The walk only says where: what is wrong is for the protocol to say.
    let fault = match (verdict(bytes, kind), found.err()) {
        (Err(fault), found) => Some(FoundFault { fault, offset: found.map_or(walker.at(), |found| found.offset) }),
        (Ok(()), found) => found.filter(|_| matches!(name, "record" | "unknown message" | "empty message")),
    };
    Decoded { name, length: bytes.len(), fields: walker.fields, fault }
}

fn verdict(bytes: &[u8], kind: Kind) -> Result<(), Fault> {
    match (kind, bytes.first()) {
        (Kind::Identity, _) => Identity::decode(bytes).map(drop),
        (Kind::AcceptBody, _) => AcceptBody::decode(bytes).map(drop),
        (Kind::Message, Some(1)) => Hello::decode(bytes).map(drop),
        (Kind::Message, Some(2)) => Reply::decode(bytes).map(drop),
        (Kind::Message, Some(3)) => Sealed::decode_finish(bytes).map(drop),
        (Kind::Message, Some(4)) => Sealed::decode_accept(bytes).map(drop),
        (Kind::Message, Some(5)) => Retry::decode(bytes).map(drop),
        (Kind::Message, Some(15)) => match bytes {
            [_, code] if AlertCode::from_byte(*code).is_some() => Ok(()),
            _ => Err(Fault::MalformedAlert),
        },
        (Kind::Message, _) => Ok(()),
    }
}

fn message_type(walker: &mut Walker<'_>, name: &str) -> Walk<()> {
    walker.field("type", 1, |_| name.to_owned()).map(drop)
}

fn hello(walker: &mut Walker<'_>) -> Walk<()> {
    message_type(walker, "Hello")?;
    let version_at = walker.at();
    let version = walker.number("version", 1, |version| format!("version {version}"))?;
    if version != 1 {
        return Err(walker.fault(Fault::UnsupportedVersion, version_at));
    }
    let suites_at = walker.at();
    walker.vector("suites", 1, suites)?;
    let listed = walker.at().saturating_sub(suites_at + 1);
    if listed == 0 || !listed.is_multiple_of(2) {
        return Err(walker.fault(Fault::SuiteListMalformed, suites_at));
    }
    walker.number("group", 2, group)?;
    walker.vector("key_share", 2, |_| String::from("ephemeral public key"))?;
    walker.field("nonce", 32, |_| String::from("random"))?;
    let protocol_at = walker.at();
    let protocol = walker.vector("application protocol", 1, printable)?;
    if protocol.is_empty() {
        return Err(walker.fault(Fault::ApplicationProtocolEmpty, protocol_at));
    }
    extensions(walker, Fault::MessageTruncated, hello_extension)?;
    end(walker, Fault::TrailingBytes)
}

fn retry(walker: &mut Walker<'_>) -> Walk<()> {
    message_type(walker, "Retry")?;
    walker.number("suite", 2, suite)?;
    end(walker, Fault::TrailingBytes)
}

fn reply(walker: &mut Walker<'_>) -> Walk<()> {
    message_type(walker, "Reply")?;
    walker.number("suite", 2, suite)?;
    walker.vector("key_share", 2, |_| String::from("ephemeral public key"))?;
    walker.field("nonce", 32, |_| String::from("random"))?;
    sealed(walker, "Identity of the responder")
}

fn finish(walker: &mut Walker<'_>) -> Walk<()> {
    message_type(walker, "Finish")?;
    sealed(walker, "Identity of the initiator")
}

fn accept(walker: &mut Walker<'_>) -> Walk<()> {
    message_type(walker, "Accept")?;
    sealed(walker, "lifetime and extensions")
}

fn sealed(walker: &mut Walker<'_>, what: &str) -> Walk<()> {
    walker.vector("sealed", 2, |bytes| match bytes.len().checked_sub(16) {
        Some(plain) => format!("{what}: {plain} bytes and a tag of 16"),
        None => String::from("shorter than its tag of 16 bytes: it cannot open"),
    })?;
    end(walker, Fault::TrailingBytes)
}

fn alert(walker: &mut Walker<'_>) -> Walk<()> {
    message_type(walker, "Alert")?;
    let code_at = walker.at();
    let code = walker.field("code", 1, |bytes| {
        let code = bytes.first().copied().unwrap_or_default();
        AlertCode::from_byte(code)
            .map_or_else(|| format!("{code}, unknown"), |alert| format!("{code} {}", alert.name()))
    })?;
    if code.first().copied().and_then(AlertCode::from_byte).is_none() {
        return Err(walker.fault(Fault::MalformedAlert, code_at));
    }
    end(walker, Fault::MalformedAlert)
}

fn record(walker: &mut Walker<'_>) -> Walk<()> {
    message_type(walker, "record")?;
    let length = walker.left();
    if length < 17 {
        return Err(walker.fault(Fault::RecordNotOpened, walker.at()));
    }
    let inner = length.saturating_sub(16);
    walker.field("ciphertext", inner, |_| format!("{inner} bytes: content, content type, padding"))?;
    walker.field("tag", 16, |_| String::from("of the AEAD")).map(drop)
}

fn unknown(walker: &mut Walker<'_>) -> Walk<()> {
    if walker.left() == 0 {
        return Err(walker.fault(Fault::MessageTruncated, 0));
    }
    walker.number("type", 1, |value| format!("{value}, unknown"))?;
    Err(walker.fault(Fault::UnexpectedMessage, 0))
}

fn accept_body(walker: &mut Walker<'_>) -> Walk<()> {
    walker.number("lifetime", 4, |seconds| match seconds {
        0 => String::from("nothing outlives the connection"),
        seconds => format!("{seconds} s"),
    })?;
    extensions(walker, Fault::AcceptMalformed, |_, _| None)?;
    end(walker, Fault::AcceptMalformed)
}

/// What stands behind the last field.
pub(crate) fn end(walker: &mut Walker<'_>, fault: Fault) -> Walk<()> {
    match walker.left() {
        0 => Ok(()),
        left => {
            let at = walker.at();
            walker.field("(after the last field)", left, |_| String::from("nothing may be here"))?;
            Err(walker.fault(fault, at))
        }
    }
}

fn hello_extension(id: u64, body: &[u8]) -> Option<String> {
    match (id, body.len()) {
        (1, 16) => Some(String::from("recipient: blinded name of the DID that is meant")),
        (1, length) => Some(format!("recipient of {length} bytes, must be 16")),
        _ => None,
    }
}

fn suites(list: &[u8]) -> String {
    let names: Vec<String> =
        list.as_chunks::<2>().0.iter().map(|id| suite(u64::from(u16::from_be_bytes(*id)))).collect();
    names.join("; ")
}

fn suite(id: u64) -> String {
    match id {
        1 => String::from("1 X25519, SHA-256, ChaCha20-Poly1305"),
        2 => String::from("2 X25519, SHA-256, AES-256-GCM"),
        3 => String::from("3 reserved (X25519MLKEM768)"),
        0xFE00..=0xFEFF => format!("0x{id:04x} for tests"),
        _ => format!("{id} unknown"),
    }
}

fn group(id: u64) -> String {
    match id {
        0x001D => String::from("X25519"),
        0xFE00..=0xFEFF => format!("0x{id:04x} for tests"),
        _ => format!("0x{id:04x} unknown"),
    }
}
