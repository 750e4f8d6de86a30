//! A plaintext message as JSON, without a look at who sent it.

use didshake::{Did, UnixTime};
use didshake_did::{JsonFault, check_json_object};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    CONTENT_TYPE, DidcommFault, DidcommMessage, MAX_BYTES, MAX_ID_BYTES, MAX_RECIPIENTS, MAX_TYPE_BYTES, Member,
};

/// The same format without `application/`, which DIDComm lets a sender leave out.
const SHORT_TYPE: &str = "didcomm-plain+json";
/// The largest integer that every JSON reader keeps.
const MAX_INTEGER: u64 = (1 << 53) - 1;

/// Reads a message: its form, and nothing else.
pub(super) fn message(content: &[u8]) -> Result<DidcommMessage, DidcommFault> {
    if content.len() > MAX_BYTES {
        return Err(DidcommFault::TooLong);
    }
    // The strict reader first: it refuses duplicate members and depth anywhere, and keeps no numbers.
    check_json_object(content)?;
    let read: Read = serde_json::from_slice(content).map_err(|_| DidcommFault::Json(JsonFault::Malformed))?;
    read.message().map_err(DidcommFault::Member)
}

/// The members of a message, whatever they are.
#[derive(Deserialize)]
struct Read {
    typ: Option<Value>,
    id: Option<Value>,
    #[serde(rename = "type")]
    kind: Option<Value>,
    from: Option<Value>,
    to: Option<Value>,
    thid: Option<Value>,
    created_time: Option<Value>,
    expires_time: Option<Value>,
    body: Option<Value>,
}

impl Read {
    fn message(self) -> Result<DidcommMessage, Member> {
        let is_plain = |typ: &Value| typ == CONTENT_TYPE || typ == SHORT_TYPE;
        self.typ.is_none_or(|typ| is_plain(&typ)).then_some(()).ok_or(Member::Typ)?;
        Ok(DidcommMessage {
            id: self.id.and_then(id).ok_or(Member::Id)?,
            kind: self.kind.and_then(kind).ok_or(Member::Type)?,
            from: self.from.and_then(|from| did(&from)).ok_or(Member::From)?,
            to: self.to.and_then(|to| recipients(&to)).ok_or(Member::To)?,
            thid: self.thid.map(|thid| id(thid).ok_or(Member::Thid)).transpose()?,
            created_time: self.created_time.map(|time| seconds(&time).ok_or(Member::CreatedTime)).transpose()?,
            expires_time: self.expires_time.map(|time| seconds(&time).ok_or(Member::ExpiresTime)).transpose()?,
            body: self.body.map_or_else(|| Some(Map::new()), object).ok_or(Member::Body)?,
        })
    }
}

/// A message in the order in which it is written.
#[derive(Serialize)]
pub(super) struct Written<'a> {
    id: &'a str,
    typ: &'static str,
    #[serde(rename = "type")]
    kind: &'a str,
    from: &'a str,
    to: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_time: Option<u64>,
    body: &'a Map<String, Value>,
}

impl<'a> Written<'a> {
    pub(super) fn of(message: &'a DidcommMessage) -> Self {
        Self {
            id: &message.id,
            typ: CONTENT_TYPE,
            kind: &message.kind,
            from: message.from.as_str(),
            to: message.to.iter().map(Did::as_str).collect(),
            thid: message.thid.as_deref(),
            created_time: message.created_time.map(|time| time.0),
            expires_time: message.expires_time.map(|time| time.0),
            body: &message.body,
        }
    }
}

fn id(value: Value) -> Option<String> {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text(value, MAX_ID_BYTES, unreserved)
}

fn kind(value: Value) -> Option<String> {
    text(value, MAX_TYPE_BYTES, |byte| byte.is_ascii_graphic())
}

fn text(value: Value, most: usize, may_be: impl Fn(u8) -> bool) -> Option<String> {
    let Value::String(text) = value else { return None };
    ((1..=most).contains(&text.len()) && text.bytes().all(may_be)).then_some(text)
}

fn did(value: &Value) -> Option<Did> {
    Did::parse(value.as_str()?).ok()
}

fn recipients(value: &Value) -> Option<Vec<Did>> {
    let list = value.as_array()?;
    (1..=MAX_RECIPIENTS).contains(&list.len()).then_some(())?;
    list.iter().map(did).collect()
}

fn seconds(value: &Value) -> Option<UnixTime> {
    value.as_u64().filter(|seconds| *seconds <= MAX_INTEGER).map(UnixTime)
}

fn object(value: Value) -> Option<Map<String, Value>> {
    if let Value::Object(members) = value { Some(members) } else { None }
}
