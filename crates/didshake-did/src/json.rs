//! JSON as strict as DID documents and JWKs need it: no member twice in any object, bounded depth (R-DOC-1, R-DOC-2).

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Objects and lists may be nested this deep, the outermost counted as 1.
pub(crate) const MAX_DEPTH: usize = 16;

// How deep the reader itself goes to tell "too deep" from "no JSON"; serde_json stops at 128.
const READER_DEPTH: usize = 100;

// serde_json hands numbers over as an object of this one member if any crate of the build switches its
// `arbitrary_precision` on. Such an object counts as a number in every build, so that builds agree.
const NUMBER_TOKEN: &str = "$serde_json::private::Number";

/// The largest integer that an IEEE double has beside all smaller ones.
const MAX_INTEGER: i64 = (1 << 53) - 1;

/// A JSON value. Of numbers only integers that every reader has exactly are kept: documents need none, and the hashes of a
/// did:webvh log are taken over no others.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Integer(i64),
    OtherNumber,
    Text(String),
    List(Vec<Json>),
    Object(Object),
}

/// The members of an object.
pub(crate) type Object = BTreeMap<String, Json>;

/// Why a text is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum JsonFault {
    /// Not UTF-8, not JSON, not one object, or a member twice.
    #[error("this is not one JSON object without duplicate members")]
    Malformed,
    /// Objects and lists are nested more than 16 deep.
    #[error("this is JSON that is nested more than 16 deep")]
    TooDeep,
}

/// Whether this is one JSON object by the rules that DID documents and JWKs are read by (specification, sections 8.2 and 9.2):
/// no member twice in any object, at most 16 deep, nothing but white space around it. For other texts that have to be as
/// strict; the caller bounds the length.
///
/// ```
/// assert_eq!(didshake_did::check_json_object(br#"{"id": 1, "body": {}}"#), Ok(()));
/// assert!(didshake_did::check_json_object(br#"{"from": "alice", "from": "bob"}"#).is_err());
/// ```
///
/// # Errors
/// [`JsonFault`]: the fault of whoever wrote it.
pub fn check_json_object(bytes: &[u8]) -> Result<(), JsonFault> {
    read_object(bytes).map(drop)
}

impl Json {
    pub(crate) fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(crate) fn as_list(&self) -> Option<&[Json]> {
        if let Self::List(items) = self { Some(items) } else { None }
    }

    pub(crate) fn as_object(&self) -> Option<&Object> {
        if let Self::Object(members) = self { Some(members) } else { None }
    }
}

/// Reads one object; only white space may follow it. The caller has bounded the length.
pub(crate) fn read_object(bytes: &[u8]) -> Result<Object, JsonFault> {
    match read_value(bytes, MAX_DEPTH)? {
        Json::Object(members) => Ok(members),
        _ => Err(JsonFault::Malformed),
    }
}

/// Reads one value, nested at most `depth` deep; only white space may follow it. The caller has bounded the length.
pub(crate) fn read_value(bytes: &[u8], depth: usize) -> Result<Json, JsonFault> {
    let deepest = Cell::new(0);
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Node { depth: 1, deepest: &deepest }.deserialize(&mut reader).and_then(|value| {
        reader.end()?;
        Ok(value)
    });
    match value {
        Ok(_) if deepest.get() > depth => Err(JsonFault::TooDeep),
        Ok(value) => Ok(value),
        Err(_) if deepest.get() > READER_DEPTH => Err(JsonFault::TooDeep),
        Err(_) => Err(JsonFault::Malformed),
    }
}

fn number(value: f64) -> Json {
    let limit = MAX_INTEGER as f64;
    let exact = value.fract() == 0.0 && (-limit..=limit).contains(&value);
    if exact { Json::Integer(value as i64) } else { Json::OtherNumber }
}

// What a double would have as infinite is malformed, as it is to serde_json in a build that hands over no texts.
fn number_text(text: &str) -> Option<Json> {
    text.parse().ok().filter(|value: &f64| value.is_finite()).map(number)
}

/// A value at `depth`, where the outermost object or list has depth 1.
#[derive(Clone, Copy)]
struct Node<'a> {
    depth: usize,
    deepest: &'a Cell<usize>,
}

impl Node<'_> {
    fn enter<E: Error>(self) -> Result<Self, E> {
        self.deepest.set(self.deepest.get().max(self.depth));
        if self.depth > READER_DEPTH {
            return Err(E::custom("too deep"));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Json, E> {
        Ok(if (-MAX_INTEGER..=MAX_INTEGER).contains(&value) { Json::Integer(value) } else { Json::OtherNumber })
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Json, E> {
        Ok(i64::try_from(value).ok().filter(|value| *value <= MAX_INTEGER).map_or(Json::OtherNumber, Json::Integer))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Json, E> {
        Ok(number(value))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Json, E> {
        Ok(Json::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let inner = self.enter()?;
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(inner)? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Json, A::Error> {
        let mut members = Object::new();
        let Some(first) = object.next_key::<String>()? else {
            self.enter::<A::Error>()?;
            return Ok(Json::Object(members));
        };
        let inner = if first == NUMBER_TOKEN { self } else { self.enter()? };
        members.insert(first, object.next_value_seed(inner)?);
        while let Some(name) = object.next_key::<String>()? {
            let value = object.next_value_seed(self.enter()?)?;
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a member twice"));
            }
        }
        let number = (members.len() == 1).then(|| members.get(NUMBER_TOKEN).and_then(Json::as_text)).flatten();
        match number {
            None => Ok(Json::Object(members)),
            Some(text) => number_text(text).ok_or_else(|| A::Error::custom("no number")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(depth: usize) -> String {
        format!("{{\"a\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1))
    }

    // R-DOC-1
    #[test]
    fn one_object_without_duplicates() {
        assert!(read_object(br#" {"a":{"b":[1,-0.5e3,true,null,"\u00e9"]}} "#).is_ok());
        for bad in [
            "",
            "[]",
            "1",
            "{} {}",
            "{}x",
            "{a:1}",
            "{'a':1}",
            "{\"a\":1,}",
            "{\"a\":01}",
            "{\"a\":NaN}",
            "{\"a\":\"\\ud800\"}",
            "{\"a\":\"\u{1}\"}",
            "\u{feff}{}",
            "{/**/}",
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":1}"#,
            r#"{"x":[{"a":1,"b":2,"a":1}]}"#,
        ] {
            assert_eq!(read_object(bad.as_bytes()), Err(JsonFault::Malformed), "{bad}");
        }
        assert_eq!(read_object(b"{\"a\":\"\xff\"}"), Err(JsonFault::Malformed));
    }

    // R-DOC-2
    #[test]
    fn depth_is_counted_from_the_outermost_object() {
        assert!(read_object(nested(MAX_DEPTH).as_bytes()).is_ok());
        for depth in [MAX_DEPTH + 1, READER_DEPTH, READER_DEPTH + 1, 127, 128, 129, 20_000] {
            assert_eq!(read_object(nested(depth).as_bytes()), Err(JsonFault::TooDeep), "{depth}");
        }
        assert_eq!(read_object((nested(20) + "x").as_bytes()), Err(JsonFault::Malformed));
    }

    #[test]
    fn the_number_token_is_a_number_in_every_build() {
        let object = read_object(br#"{"a":{"$serde_json::private::Number":"1"},"b":1}"#).unwrap();
        assert_eq!(object.get("a"), Some(&Json::Integer(1)));
        assert_eq!(object.get("b"), Some(&Json::Integer(1)));
        for beyond in [r#"{"a":1e400}"#, r#"{"a":{"$serde_json::private::Number":"1e400"}}"#] {
            assert_eq!(read_object(beyond.as_bytes()), Err(JsonFault::Malformed), "{beyond}");
        }
    }

    // R-WEBVH-3
    #[test]
    fn an_integer_written_as_a_float_is_not_one_off() {
        for (text, value) in [
            ("1892359682440747.0", 1_892_359_682_440_747),
            ("-1892359682440747.0", -1_892_359_682_440_747),
            ("9007199254740991.0", MAX_INTEGER),
            ("9007199254740991.4", MAX_INTEGER),
            ("9007199254740991e0", MAX_INTEGER),
            ("0.9007199254740991e16", MAX_INTEGER),
        ] {
            assert_eq!(read_value(text.as_bytes(), MAX_DEPTH).unwrap(), Json::Integer(value), "{text}");
        }
    }

    #[test]
    fn integers_are_kept_where_every_reader_has_them_exactly() {
        let kept = |text: &str| read_value(text.as_bytes(), MAX_DEPTH).unwrap();
        for (text, value) in
            [("0", 0), ("-0", 0), ("1.0", 1), ("1e2", 100), ("-7", -7), ("9007199254740991", MAX_INTEGER)]
        {
            assert_eq!(kept(text), Json::Integer(value), "{text}");
        }
        for text in ["0.5", "9007199254740992", "-9007199254740992", "18446744073709551616", "1e16", "1e300"] {
            assert_eq!(kept(text), Json::OtherNumber, "{text}");
        }
    }
}
