//! RFC 8785, and the hash texts over it.

use crate::json::Json;
use crate::primitives::sha256;

/// The canonical text.
pub(crate) fn jcs(value: &Json) -> String {
    match value {
        Json::Null => "null".to_owned(),
        Json::Bool(value) => value.to_string(),
        Json::Number(value) if is_exact(*value) => format!("{:.0}", value + 0.0),
        Json::Number(value) => value.to_string(),
        Json::Text(text) => quoted(text),
        Json::List(items) => format!("[{}]", items.iter().map(jcs).collect::<Vec<_>>().join(",")),
        Json::Object(members) => {
            // The last of several members of one name counts.
            let last = |at: usize, name: &String| !members.iter().skip(at + 1).any(|(other, _)| other == name);
            let kept = members.iter().enumerate().filter(|(at, (name, _))| last(*at, name)).map(|(_, member)| member);
            let mut kept: Vec<(Vec<u16>, String)> = kept
                .map(|(name, value)| (name.encode_utf16().collect(), format!("{}:{}", quoted(name), jcs(value))))
                .collect();
            kept.sort();
            format!("{{{}}}", kept.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(","))
        }
    }
}

/// Whether every reader has this number, and all below it, exactly.
pub(crate) fn is_exact(value: f64) -> bool {
    value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_991.0
}

/// A string of JSON.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out += "\\\"",
            '\\' => out += "\\\\",
            '\u{8}' => out += "\\b",
            '\u{9}' => out += "\\t",
            '\u{a}' => out += "\\n",
            '\u{c}' => out += "\\f",
            '\u{d}' => out += "\\r",
            '\0'..='\u{1f}' => out += &format!("\\u{:04x}", u32::from(character)),
            other => out.push(other),
        }
    }
    out + "\""
}

/// Base58btc of the multihash of a text's SHA-256.
pub(crate) fn hash_text(text: &str) -> String {
    bs58::encode([vec![0x12, 0x20], sha256(&[text.as_bytes()])].concat()).into_string()
}

/// Whether it is one.
pub(crate) fn is_hash_text(text: &str) -> bool {
    let bytes = bs58::decode(text).into_vec().unwrap_or_default();
    text.len() == 46 && bytes.len() == 34 && bytes.starts_with(&[0x12, 0x20])
}

/// An object without a member.
pub(crate) fn without(value: &Json, name: &str) -> Json {
    match value {
        Json::Object(members) => Json::Object(members.iter().filter(|(other, _)| other != name).cloned().collect()),
        other => other.clone(),
    }
}

/// An object with a member set, in its place or at the end.
pub(crate) fn with(value: &Json, name: &str, to: Json) -> Json {
    let Json::Object(members) = value else { return value.clone() };
    let mut members = members.clone();
    match members.iter_mut().find(|(other, _)| other == name) {
        Some((_, value)) => *value = to,
        None => members.push((name.to_owned(), to)),
    }
    Json::Object(members)
}

/// The same value with another text inside all its texts and names.
pub(crate) fn replaced(value: &Json, from: &str, to: &str) -> Json {
    match value {
        Json::Text(text) => Json::Text(text.replace(from, to)),
        Json::List(items) => Json::List(items.iter().map(|item| replaced(item, from, to)).collect()),
        Json::Object(members) => Json::Object(
            members.iter().map(|(name, item)| (name.replace(from, to), replaced(item, from, to))).collect(),
        ),
        other => other.clone(),
    }
}
