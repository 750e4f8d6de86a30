//! Letters, as people and scripts are shown them. What others wrote cannot drive a terminal.

use base64ct::{Base64, Encoding};
use didshake_peer::mailbox::{InboxLetter, SentLetter};
use serde_json::{Value, json};

use crate::output::{one_line, printable};

/// The type of what is written on a command line.
pub(crate) const TEXT: &str = "text/plain;charset=utf-8";

/// The content, where it is text to be read.
pub(crate) fn text<'a>(content_type: &str, content: &'a [u8]) -> Option<&'a str> {
    let kind = content_type.split(';').next().unwrap_or_default().to_ascii_lowercase();
    let is_text = kind.starts_with("text/") || kind == "application/json" || kind.ends_with("+json");
    is_text.then(|| std::str::from_utf8(content).ok()).flatten()
}

/// A letter that came, for scripts. Text that is none is in `base64`.
pub(crate) fn inbox_json(letter: &InboxLetter, name: Option<&str>) -> Value {
    let text = text(&letter.content_type, &letter.content);
    json!({
        "event": "letter",
        "number": letter.number,
        "from": {"name": name, "did": letter.sender.as_str(), "verificationMethod": letter.method},
        "id": hex::encode(letter.id),
        "type": letter.content_type,
        "text": text,
        "base64": text.is_none().then(|| Base64::encode_string(&letter.content)),
        "sent": letter.sent.0,
        "taken": letter.taken.0,
        "read": letter.read,
    })
}

/// A letter of ours, for scripts.
pub(crate) fn sent_json(letter: &SentLetter, name: Option<&str>) -> Value {
    json!({
        "number": letter.number,
        "to": {"name": name, "did": letter.letter.recipient.as_str()},
        "id": hex::encode(letter.letter.id),
        "type": letter.letter.content_type,
        "bytes": letter.letter.content.len(),
        "written": letter.letter.written.0,
        "expires": letter.letter.expires.0,
        "state": letter.state.as_str(),
        "changed": letter.changed.0,
        "trouble": letter.trouble,
    })
}

/// The lines of a letter's content: each is marked, so that none looks like one of ours.
pub(crate) fn content_lines(content_type: &str, content: &[u8]) -> Vec<String> {
    match text(content_type, content) {
        Some(text) => {
            let shown = printable(text);
            shown.strip_suffix('\n').unwrap_or(&shown).split('\n').map(|line| format!("  | {line}")).collect()
        }
        None => vec![format!("  ({} bytes of {}: --save DIR keeps them)", content.len(), one_line(content_type))],
    }
}

/// The name of a file for a letter's content; nothing in it is the sender's.
pub(crate) fn file_name(letter: &InboxLetter) -> String {
    let kind = letter.content_type.split(';').next().unwrap_or_default();
    let extension = match (kind, text(&letter.content_type, &letter.content)) {
        ("application/json", Some(_)) => "json",
        (_, Some(_)) => "txt",
        _ => "bin",
    };
    format!("letter-{}.{extension}", letter.number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_shown_only_where_it_is_text_and_cannot_drive_a_terminal() {
        assert_eq!(content_lines(TEXT, b"one\ntwo\x1b[2J\n"), ["  | one", "  | two\\u{1b}[2J"]);
        assert_eq!(content_lines("application/json", b"{}"), ["  | {}"]);
        for (content_type, content) in [("image/png", &b"x"[..]), (TEXT, &[0xff])] {
            let [line] = content_lines(content_type, content).try_into().unwrap();
            assert!(line.starts_with("  (1 bytes of "), "{line}");
        }
    }
}
