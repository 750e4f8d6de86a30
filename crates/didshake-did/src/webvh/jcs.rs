//! JSON in its canonical form (RFC 8785), over texts, integers and what is made of them.

use std::fmt::Write;

use crate::json::{Json, Object};

/// The canonical text; `None` where there is a number that is no integer of at most 53 bits.
pub(super) fn canonical(value: &Json) -> Option<String> {
    let mut out = String::new();
    write_value(&mut out, value)?;
    Some(out)
}

/// The canonical text of an object without some of its members.
pub(super) fn without(object: &Object, left_out: &str) -> Option<String> {
    let mut out = String::new();
    write_members(&mut out, object.iter().filter(|(name, _)| *name != left_out))?;
    Some(out)
}

fn write_value(out: &mut String, value: &Json) -> Option<()> {
    match value {
        Json::Null => out.push_str("null"),
        Json::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Json::Integer(value) => out.push_str(&value.to_string()),
        Json::OtherNumber => return None,
        Json::Text(text) => write_text(out, text),
        Json::List(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_value(out, item)?;
            }
            out.push(']');
        }
        Json::Object(object) => write_members(out, object.iter())?,
    }
    Some(())
}

fn write_members<'a>(out: &mut String, members: impl Iterator<Item = (&'a String, &'a Json)>) -> Option<()> {
    let mut members: Vec<_> = members.collect();
    // By UTF-16 code units, which differs from the order of UTF-8 beyond the basic plane.
    members.sort_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
    out.push('{');
    for (at, (name, value)) in members.into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        write_text(out, name);
        out.push(':');
        write_value(out, value)?;
    }
    out.push('}');
    Some(())
}

fn write_text(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            // Writing to a String cannot fail.
            c if c < ' ' => drop(write!(out, "\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::read_value;

    // R-WEBVH-3
    #[test]
    fn the_examples_of_rfc_8785() {
        // Section 3.2.2 without its fractions, and the order of section 3.2.3.
        let text = r#"{"literals":[null,true,false],"numbers":[333333333,4,1E2,-0],
            "string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/"}"#;
        let expected = "{\"literals\":[null,true,false],\"numbers\":[333333333,4,100,0],\"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}";
        assert_eq!(canonical(&read_value(text.as_bytes(), 16).unwrap()).as_deref(), Some(expected));
        let order = r#"{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}"#;
        let expected = "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\u{fb33}\":3}";
        assert_eq!(canonical(&read_value(order.as_bytes(), 16).unwrap()).as_deref(), Some(expected));
    }

    // R-WEBVH-3
    #[test]
    fn other_numbers_have_no_canonical_form_here() {
        for text in ["0.5", "9007199254740992", "[1e300]"] {
            assert_eq!(canonical(&read_value(text.as_bytes(), 16).unwrap()), None, "{text}");
        }
    }
}
