//! Expected and actual values that hold bytes, side by side and field by field, with the first byte that differs.

use serde::Serialize;
use serde_json::Value;

use super::layout::{Field, Layout, layout};
use crate::runner::case::Failure;

/// How many bytes of a field are shown, how many of them before the first difference, and how many values and fields.
const WINDOW: usize = 160;
const BEFORE: usize = 16;
const VALUES: usize = 8;
const FIELDS: usize = 64;

/// A value that was expected, that came, or both.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Comparison {
    /// Where it stands in a JSON value, such as `send[1]`; empty if it is the whole.
    path: String,
    expected: Option<Side>,
    actual: Option<Side>,
    /// The offset of the first byte that differs, or that only one side has.
    differs_at: Option<usize>,
    rows: Vec<Row>,
}

/// What one side is as a whole.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Side {
    /// The name of the message, or `bytes`.
    message: &'static str,
    length: usize,
}

/// One field, on both sides if both have it.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Row {
    name: &'static str,
    expected: Option<Cell>,
    actual: Option<Cell>,
}

/// A field of one side.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Cell {
    offset: usize,
    length: usize,
    /// The bytes that are shown, and how many of the field come before and after them.
    hex: String,
    before: usize,
    after: usize,
    /// Which byte of `hex` is the first that differs, counted from 0.
    mark: Option<usize>,
    meaning: String,
    fault: bool,
}

/// Every value of a failure that holds bytes.
pub(crate) fn comparisons(failure: &Failure) -> Vec<Comparison> {
    let hint = hints(&failure.what);
    let (expected, actual) = (values(&failure.expected), values(&failure.actual));
    let mut comparisons = Vec::new();
    for (path, bytes) in &expected {
        let other = actual.iter().find(|(known, _)| known == path).map(|(_, bytes)| bytes.as_slice());
        comparisons.extend(compare(path, Some(bytes), other, hint));
    }
    for (path, bytes) in actual.iter().filter(|(path, _)| !expected.iter().any(|(known, _)| known == path)) {
        comparisons.extend(compare(path, None, Some(bytes), hint));
    }
    comparisons
}

/// Whether a failure is about messages, so that what looks like a broken one is one.
fn hints(what: &str) -> bool {
    let words = ["hello", "retry", "reply", "finish", "accept", "alert", "record", "send", "wire", "message"];
    let what = what.to_ascii_lowercase();
    words.iter().any(|word| what.contains(word))
}

/// The hexadecimal values in a text: the text itself, the strings of the JSON that it is, or its longest word of bytes.
fn values(text: &str) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    match (bytes(text), serde_json::from_str(text)) {
        (Some(bytes), _) => found.push((String::new(), bytes)),
        (None, Ok(value)) => strings(&value, String::new(), &mut found),
        (None, Err(_)) => found.extend(sentence(text).map(|bytes| (String::new(), bytes))),
    }
    found.truncate(VALUES);
    found
}

fn strings(value: &Value, path: String, found: &mut Vec<(String, Vec<u8>)>) {
    match value {
        Value::String(text) => found.extend(bytes(text).map(|bytes| (path, bytes))),
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                strings(item, format!("{path}[{number}]"), found);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                let dot = if path.is_empty() { "" } else { "." };
                strings(member, format!("{path}{dot}{name}"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The bytes in `accepted 0f32`; no English word has a digit.
fn sentence(text: &str) -> Option<Vec<u8>> {
    let words = text.split_whitespace().filter(|word| word.contains(|c: char| c.is_ascii_digit()));
    words.filter_map(bytes).max_by_key(Vec::len)
}

/// Two bytes at least, since a shorter value needs no table; and no number such as a lifetime.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let lower = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let number = !text.starts_with('0') && text.parse::<u64>().is_ok();
    hex::decode(text).ok().filter(|bytes| lower && !number && bytes.len() > 1)
}

fn compare(path: &str, expected: Option<&[u8]>, actual: Option<&[u8]>, hint: bool) -> Option<Comparison> {
    let message = |bytes: Option<&[u8]>| bytes.and_then(layout).filter(|layout| hint || layout.whole() && !odd(layout));
    let (mut left, mut right) = (message(expected), message(actual));
    // A lone value without fields says nothing that the text does not.
    if left.is_none() && right.is_none() && (expected.is_none() || actual.is_none()) {
        return None;
    }
    left = left.or_else(|| expected.map(whole));
    right = right.or_else(|| actual.map(whole));
    let differs_at = expected.zip(actual).and_then(|(expected, actual)| first_byte(expected, actual));
    let side = |layout: &Option<Layout>, bytes: Option<&[u8]>| {
        Some(Side { message: layout.as_ref()?.message, length: bytes?.len() })
    };
    Some(Comparison {
        path: path.to_owned(),
        expected: side(&left, expected),
        actual: side(&right, actual),
        differs_at,
        rows: rows(left.zip(expected), right.zip(actual), differs_at),
    })
}

/// Any bytes that begin with 16 are a record by their layout.
fn odd(layout: &Layout) -> bool {
    layout.message == "record"
}

fn whole(bytes: &[u8]) -> Layout {
    let field = Field { name: "bytes", range: 0..bytes.len(), meaning: String::new(), fault: false };
    Layout { message: "bytes", fields: vec![field] }
}

fn first_byte(expected: &[u8], actual: &[u8]) -> Option<usize> {
    let same = expected.iter().zip(actual).take_while(|(a, b)| a == b).count();
    (expected != actual).then_some(same)
}

type Decoded<'a> = Option<(Layout, &'a [u8])>;

/// The fields of both sides, those of one name in one row.
fn rows(expected: Decoded<'_>, actual: Decoded<'_>, differs_at: Option<usize>) -> Vec<Row> {
    let cells = |decoded: Decoded<'_>| {
        let (layout, bytes) = decoded?;
        Some(layout.fields.iter().map(|field| (field.name, cell(field, bytes, differs_at))).collect::<Vec<_>>())
    };
    let mut others = cells(actual).unwrap_or_default();
    let mut rows = Vec::new();
    for (name, cell) in cells(expected).unwrap_or_default() {
        let partner = others.iter().position(|(other, _)| *other == name);
        let actual = partner.map(|place| others.remove(place).1);
        rows.push(Row { name, expected: Some(cell), actual });
    }
    rows.extend(others.into_iter().map(|(name, cell)| Row { name, expected: None, actual: Some(cell) }));
    rows.truncate(FIELDS);
    rows
}

fn cell(field: &Field, bytes: &[u8], differs_at: Option<usize>) -> Cell {
    let content = bytes.get(field.range.clone()).unwrap_or_default();
    let mark = differs_at.and_then(|at| at.checked_sub(field.range.start)).filter(|at| *at < content.len());
    let latest = content.len().saturating_sub(WINDOW);
    let before = mark.unwrap_or_default().saturating_sub(BEFORE).min(latest);
    let shown = content.get(before..content.len().min(before + WINDOW)).unwrap_or_default();
    Cell {
        offset: field.range.start,
        length: content.len(),
        hex: hex::encode(shown),
        before,
        after: content.len() - before - shown.len(),
        mark: mark.map(|mark| mark - before),
        meaning: field.meaning.clone(),
        fault: field.fault,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(what: &str, expected: &str, actual: &str) -> Vec<Comparison> {
        let (what, expected, actual) = (what.to_owned(), expected.to_owned(), actual.to_owned());
        comparisons(&Failure { what, expected, actual, ..Failure::default() })
    }

    fn reply(nonce: &str) -> String {
        format!("0200010020{}{nonce}0010{}", "ab".repeat(32), "cd".repeat(16))
    }

    #[test]
    fn the_first_byte_that_differs_is_marked_in_its_field_only() {
        let (one, other) = ("11".repeat(32), format!("{}22{}", "11".repeat(5), "33".repeat(26)));
        let compared = &compared("reply", &reply(&one), &reply(&other))[0];
        assert_eq!(compared.differs_at, Some(37 + 5));
        assert_eq!(compared.rows.len(), 7);
        for row in &compared.rows {
            let mark = (row.name == "nonce").then_some(5);
            assert_eq!(row.expected.as_ref().unwrap().mark, mark, "{}", row.name);
            assert_eq!(row.actual.as_ref().unwrap().mark, mark, "{}", row.name);
        }
    }

    #[test]
    fn another_message_than_was_expected_has_rows_of_its_own() {
        let compared = &compared("answer to send", &reply(&"11".repeat(32)), "0f32")[0];
        assert_eq!(compared.actual.as_ref().unwrap().message, "Alert");
        assert_eq!(compared.differs_at, Some(0));
        assert!(compared.rows[0].expected.is_some() && compared.rows[0].actual.is_some());
        assert!(compared.rows[1].actual.is_none());
        let last = compared.rows.last().unwrap();
        assert!(last.name == "code" && last.expected.is_none());
        assert_eq!(last.actual.as_ref().unwrap().meaning, "decode_error");
    }

    #[test]
    fn a_message_that_ends_early_marks_the_first_byte_that_is_missing() {
        let whole = reply(&"11".repeat(32));
        let compared = &compared("reply", &whole, &whole[..whole.len() - 4])[0];
        let sealed = compared.rows.last().unwrap();
        assert_eq!((sealed.expected.as_ref().unwrap().mark, sealed.actual.as_ref().unwrap().mark), (Some(14), None));
        assert!(sealed.actual.as_ref().unwrap().fault);
    }

    #[test]
    fn long_fields_show_the_bytes_around_the_difference() {
        let long = |byte: &str| format!("10{}{byte}{}", "00".repeat(5000), "00".repeat(500));
        let compared = &compared("record", &long("aa"), &long("bb"))[0];
        let Cell { hex, before, after, mark, length, .. } = compared.rows[1].expected.as_ref().unwrap();
        assert_eq!((hex.len(), *before, *mark), (2 * WINDOW, 5000 - BEFORE, Some(BEFORE)));
        assert_eq!(before + WINDOW + after, *length);
        assert!(hex[2 * BEFORE..].starts_with("aa"));
    }

    #[test]
    fn bytes_inside_json_are_compared_by_their_place() {
        let compared = compared("answer", r#"{"send":["0f31","0f32"],"done":true}"#, r#"{"send":["0f31","0f28"]}"#);
        let found: Vec<_> = compared.iter().map(|one| (one.path.as_str(), one.differs_at)).collect();
        assert_eq!(found, [("send[0]", None), ("send[1]", Some(1))]);
    }

    #[test]
    fn bytes_that_are_no_message_are_compared_as_they_are() {
        let compared = &compared("th2", &"01".repeat(32), &format!("{}02", "01".repeat(31)))[0];
        assert_eq!((compared.expected.as_ref().unwrap().message, compared.differs_at), ("bytes", Some(31)));
        assert_eq!(compared.rows.len(), 1);
    }

    #[test]
    fn codes_and_other_words_are_no_bytes() {
        for (expected, actual) in
            [("trailing_bytes", "decode_error"), ("", "no answer"), ("3600", "7200"), ("0F31", "-")]
        {
            assert!(compared("error of finish", expected, actual).is_empty(), "{expected}");
        }
        let accepted = &compared("finish", "a refusal in 1225 ms", "accepted 0f31 in 1225 ms")[0];
        assert_eq!((accepted.actual.as_ref().unwrap().message, &accepted.expected), ("Alert", &None));
    }
}
