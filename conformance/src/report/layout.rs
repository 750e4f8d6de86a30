//! The fields of a message, by the tables of section 3 of the specification; as far as they go, where a message is broken.

use std::ops::Range;

/// A field of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    /// Its bytes, by offset from the start of the message.
    pub(crate) range: Range<usize>,
    /// What they say, for people.
    pub(crate) meaning: String,
    /// Whether it runs past the end, or follows the last field.
    pub(crate) fault: bool,
}

/// A message and its fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) message: &'static str,
    pub(crate) fields: Vec<Field>,
}

impl Layout {
    /// Whether every field is there, and nothing else.
    pub(crate) fn whole(&self) -> bool {
        self.fields.iter().all(|field| !field.fault)
    }
}

/// Splits a message by its type byte; None if no message has that type.
pub(crate) fn layout(bytes: &[u8]) -> Option<Layout> {
    let (message, read): (_, fn(&mut Cursor<'_>) -> Option<()>) = match bytes.first()? {
        1 => ("Hello", hello),
        2 => ("Reply", reply),
        3 => ("Finish", sealed),
        4 => ("Accept", sealed),
        5 => ("Retry", retry),
        15 => ("Alert", alert),
        16 => ("record", record),
        _ => return None,
    };
    let mut cursor = Cursor { bytes, at: 0, end: bytes.len(), fields: Vec::new() };
    cursor.fixed("type", 1, |_| message.to_owned());
    let complete = read(&mut cursor).is_some();
    let left = bytes.len().saturating_sub(cursor.at);
    if complete && left > 0 {
        cursor.push("after the last field", left, format!("{left} too many"), true);
    }
    Some(Layout { message, fields: cursor.fields })
}

fn hello(cursor: &mut Cursor<'_>) -> Option<()> {
    cursor.fixed("version", 1, |bytes| format!("version {}", number(bytes)))?;
    cursor
        .vector(1, "length of suites", "suites", |bytes| bytes.chunks(2).map(suite).collect::<Vec<_>>().join("; "))?;
    cursor.fixed("group", 2, group)?;
    cursor.vector(2, "length of key_share", "key_share", |_| String::new())?;
    cursor.fixed("nonce", 32, |_| String::new())?;
    cursor.vector(1, "length of application protocol", "application protocol", text)?;
    extensions(cursor)
}

fn reply(cursor: &mut Cursor<'_>) -> Option<()> {
    cursor.fixed("suite", 2, suite)?;
    cursor.vector(2, "length of key_share", "key_share", |_| String::new())?;
    cursor.fixed("nonce", 32, |_| String::new())?;
    sealed(cursor)
}

fn sealed(cursor: &mut Cursor<'_>) -> Option<()> {
    cursor.vector(2, "length of sealed", "sealed", |bytes| match bytes.len().checked_sub(16) {
        Some(inner) => format!("{inner} bytes and a tag of 16"),
        None => "shorter than a tag".to_owned(),
    })
}

fn retry(cursor: &mut Cursor<'_>) -> Option<()> {
    cursor.fixed("suite", 2, suite)
}

fn alert(cursor: &mut Cursor<'_>) -> Option<()> {
    cursor.fixed("code", 1, |bytes| alert_name(number(bytes)).to_owned())
}

fn record(cursor: &mut Cursor<'_>) -> Option<()> {
    let inner = (cursor.end - cursor.at).saturating_sub(16);
    cursor.fixed("ciphertext", inner, |bytes| format!("{} bytes with their type and padding", bytes.len()))?;
    cursor.fixed("tag", 16, |_| String::new())
}

fn extensions(cursor: &mut Cursor<'_>) -> Option<()> {
    let length = cursor.length(2, "length of extensions")?;
    let (outer, end) = (cursor.end, cursor.at.saturating_add(length));
    if end > outer {
        return cursor.fixed("extensions", length, |_| String::new());
    }
    cursor.end = end;
    while cursor.at < end {
        cursor.fixed("extension id", 2, |bytes| match number(bytes) {
            1 => "recipient".to_owned(),
            other => other.to_string(),
        })?;
        cursor.fixed("critical", 1, |bytes| number(bytes).to_string())?;
        cursor.vector(2, "length of body", "body", |_| String::new())?;
    }
    cursor.end = outer;
    Some(())
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where what is being read ends.
    end: usize,
    fields: Vec<Field>,
}

impl Cursor<'_> {
    fn push(&mut self, name: &'static str, length: usize, meaning: String, fault: bool) {
        let end = self.at.saturating_add(length);
        self.fields.push(Field { name, range: self.at..end, meaning, fault });
        self.at = end;
    }

    /// A field of that many bytes, or None if it runs past the end.
    fn fixed(&mut self, name: &'static str, length: usize, meaning: impl Fn(&[u8]) -> String) -> Option<()> {
        let left = self.end.saturating_sub(self.at);
        match self.bytes.get(self.at..self.at.saturating_add(length)).filter(|_| length <= left) {
            Some(field) => {
                self.push(name, length, meaning(field), false);
                Some(())
            }
            None => {
                self.push(name, left, format!("runs past the end: {left} of {length} bytes are there"), true);
                None
            }
        }
    }

    fn length(&mut self, bytes: usize, name: &'static str) -> Option<usize> {
        let start = self.at;
        self.fixed(name, bytes, |bytes| match number(bytes) {
            1 => "1 byte".to_owned(),
            count => format!("{count} bytes"),
        })?;
        self.bytes.get(start..self.at).map(number)
    }

    /// A field with its length in front.
    fn vector(
        &mut self,
        bytes: usize,
        length_name: &'static str,
        name: &'static str,
        meaning: impl Fn(&[u8]) -> String,
    ) -> Option<()> {
        let length = self.length(bytes, length_name)?;
        self.fixed(name, length, meaning)
    }
}

fn number(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |sum, byte| sum * 256 + usize::from(*byte))
}

fn text(bytes: &[u8]) -> String {
    format!("\"{}\"", bytes.escape_ascii())
}

fn suite(bytes: &[u8]) -> String {
    match (bytes.len(), number(bytes)) {
        (2, 1) => "1 ChaCha20-Poly1305".to_owned(),
        (2, 2) => "2 AES-256-GCM".to_owned(),
        (2, 0xfe01) => "0xfe01 for tests".to_owned(),
        (2, other) => format!("{other} unknown"),
        _ => "half a suite".to_owned(),
    }
}

fn group(bytes: &[u8]) -> String {
    match number(bytes) {
        0x1d => "X25519".to_owned(),
        0xfe00 => "for tests".to_owned(),
        _ => "unknown".to_owned(),
    }
}

fn alert_name(code: usize) -> &'static str {
    match code {
        10 => "unexpected_message",
        20 => "bad_record",
        40 => "no_common_suite",
        47 => "illegal_parameter",
        49 => "denied",
        50 => "decode_error",
        70 => "version",
        80 => "internal",
        110 => "unknown_critical",
        112 => "unknown_recipient",
        120 => "unknown_application_protocol",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(layout: &Layout) -> Vec<(usize, &'static str)> {
        layout.fields.iter().map(|field| (field.range.start, field.name)).collect()
    }

    fn fault(layout: &Layout) -> (&'static str, &str) {
        let fault = layout.fields.iter().find(|field| field.fault).unwrap();
        (fault.name, &fault.meaning)
    }

    /// Two suites, `x` as the application protocol, and an extension list.
    fn hello(extensions: &str) -> Vec<u8> {
        let key = "ab".repeat(32);
        hex::decode(format!("01010400010002001d0020{key}{key}0178{extensions}")).unwrap()
    }

    #[test]
    fn the_messages_of_a_vector_are_whole_and_start_to_end() {
        let vector = include_str!("../../../vectors/positive/p-key-ed25519.json");
        let vector: serde_json::Value = serde_json::from_str(vector).unwrap();
        let mut seen = Vec::new();
        for message in vector["messages"].as_array().unwrap() {
            let bytes = hex::decode(message["wire"].as_str().unwrap()).unwrap();
            let layout = layout(&bytes).unwrap();
            assert!(layout.whole(), "{layout:?}");
            let ends = layout.fields.iter().fold(0, |at, field| {
                assert_eq!(field.range.start, at);
                field.range.end
            });
            assert_eq!(ends, bytes.len());
            seen.push(layout.message);
        }
        assert_eq!(seen, ["Hello", "Reply", "Finish", "Accept"]);
    }

    #[test]
    fn a_hello_has_its_fields_at_the_offsets_of_the_specification() {
        let layout = layout(&hello("000600010100011f")).unwrap();
        let expected = [
            (0, "type"),
            (1, "version"),
            (2, "length of suites"),
            (3, "suites"),
            (7, "group"),
            (9, "length of key_share"),
            (11, "key_share"),
            (43, "nonce"),
            (75, "length of application protocol"),
            (76, "application protocol"),
            (77, "length of extensions"),
            (79, "extension id"),
            (81, "critical"),
            (82, "length of body"),
            (84, "body"),
        ];
        assert_eq!(names(&layout), expected);
        assert!(layout.whole());
        assert_eq!(layout.fields[3].meaning, "1 ChaCha20-Poly1305; 2 AES-256-GCM");
        assert_eq!(layout.fields[9].meaning, "\"x\"");
    }

    #[test]
    fn what_runs_past_the_end_is_the_last_field_and_says_so() {
        let bytes = hello("0000");
        let cut = layout(&bytes[..50]).unwrap();
        assert_eq!(fault(&cut), ("nonce", "runs past the end: 7 of 32 bytes are there"));
        assert_eq!(cut.fields.last().unwrap().range, 43..50);
        let in_entry = layout(&hello("00040001010000")).unwrap();
        assert_eq!(fault(&in_entry), ("length of body", "runs past the end: 1 of 2 bytes are there"));
        let list = layout(&hello("ffff00")).unwrap();
        assert_eq!(fault(&list), ("extensions", "runs past the end: 1 of 65535 bytes are there"));
        let record = layout(&[16; 9]).unwrap();
        assert_eq!(fault(&record), ("tag", "runs past the end: 8 of 16 bytes are there"));
    }

    #[test]
    fn bytes_after_the_last_field_are_a_fault() {
        let retry = layout(&[5, 0, 2, 9, 9]).unwrap();
        assert_eq!(fault(&retry), ("after the last field", "2 too many"));
        assert_eq!(retry.fields[1].meaning, "2 AES-256-GCM");
    }

    #[test]
    fn alerts_and_records_have_their_fields_and_other_types_none() {
        let alert = layout(&[15, 49]).unwrap();
        assert_eq!((alert.message, alert.fields[1].meaning.as_str()), ("Alert", "denied"));
        assert_eq!(names(&layout(&[16; 20]).unwrap()), [(0, "type"), (1, "ciphertext"), (4, "tag")]);
        assert_eq!((layout(&[]), layout(&[17, 0]), layout(&[0])), (None, None, None));
    }
}
