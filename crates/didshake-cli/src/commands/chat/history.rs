//! What was said before, out of the store.

use didshake::UnixTime;
use didshake::mailbox::MessageId;
use didshake_peer::mailbox::{InboxLetter, SentLetter, SentState};
use serde_json::json;

use crate::letters::{content_lines, inbox_json, text};
use crate::talk::Said;

/// A letter of before.
pub(super) struct Before {
    pub(super) said: Said,
    /// Ours, of which something may become yet.
    pub(super) under_way: Option<MessageId>,
    at: UnixTime,
}

/// The letters of both, as they came and went here. What was not read is not among them.
pub(super) fn history(came: &[InboxLetter], sent: &[SentLetter]) -> Vec<Before> {
    let theirs = came.iter().filter(|letter| letter.read);
    let theirs = theirs.map(|letter| Before { said: of_theirs(letter), under_way: None, at: letter.taken });
    let mut all: Vec<Before> = theirs.chain(sent.iter().map(of_ours)).collect();
    // Stable: those of one second stay in the order of each side.
    all.sort_by_key(|before| before.at);
    all
}

/// A letter of the peer.
pub(super) fn of_theirs(letter: &InboxLetter) -> Said {
    let told = inbox_json(letter, None);
    let member = |name: &str| told.get(name).cloned().unwrap_or_default();
    Said {
        state: None,
        by: "letter",
        id: Some(hex::encode(letter.id)),
        number: Some(letter.number),
        text: shown(&letter.content_type, &letter.content),
        at: letter.sent,
        content: json!({"text": member("text"), "base64": member("base64"), "type": member("type")}),
    }
}

fn of_ours(sent: &SentLetter) -> Before {
    let letter = &sent.letter;
    let may_change = sent.state.is_under_way() || sent.state == SentState::Taken;
    let said = Said {
        state: Some(sent.state.as_str()),
        by: "letter",
        id: Some(hex::encode(letter.id)),
        number: None,
        text: shown(&letter.content_type, &letter.content),
        at: letter.written,
        content: json!({"text": text(&letter.content_type, &letter.content)}),
    };
    Before { said, under_way: may_change.then_some(letter.id), at: letter.written }
}

fn shown(content_type: &str, content: &[u8]) -> String {
    let lines = content_lines(content_type, content);
    let lines: Vec<&str> = lines.iter().map(|line| line.strip_prefix("  | ").unwrap_or(line)).collect();
    lines.join("\n")
}
