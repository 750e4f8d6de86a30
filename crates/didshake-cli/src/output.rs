//! What people see: results on standard output, everything else on standard error; colour on terminals only, and not
//! with NO_COLOR. Text of others cannot drive a terminal, nor pass for our own.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use anstyle::{AnsiColor, Style};
use serde_json::Value;

use crate::failure::{Exit, Failure};
use crate::stderr;

pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();

/// The first write to standard output that failed: nothing is written after it.
static LOST: OnceLock<io::Error> = OnceLock::new();

/// Fails once output was lost. A reader that went away (`| head`) ends the program in order, without a word.
pub(crate) fn check() -> Result<(), Failure> {
    match LOST.get() {
        None => Ok(()),
        Some(error) if error.kind() == ErrorKind::BrokenPipe => Err(Failure::silent(Exit::Done)),
        Some(error) => {
            let message = format!("cannot write to standard output: {error}");
            Err(Failure::new(Exit::Storage, "output_lost", message))
        }
    }
}

fn write(out: &mut impl Write, bytes: &[u8]) {
    if LOST.get().is_none()
        && let Err(error) = out.write_all(bytes).and_then(|()| out.flush())
    {
        // Only the first can be noted, and only the first counts.
        let _ = LOST.set(error);
    }
}

/// A line of the result.
pub(crate) fn line(line: &str) {
    text(&format!("{line}\n"));
}

/// Text that ends its lines itself.
pub(crate) fn text(text: &str) {
    write(&mut anstream::stdout(), text.as_bytes());
}

/// Bytes as they are.
pub(crate) fn bytes(bytes: &[u8]) {
    write(&mut io::stdout().lock(), bytes);
}

/// Whether standard output belongs to something else than events.
static EVENTS_TO_STDERR: AtomicBool = AtomicBool::new(false);

/// From here on JSON goes to standard error: the peer's bytes, or the channel itself, have standard output.
pub(crate) fn events_to_stderr() {
    EVENTS_TO_STDERR.store(true, Ordering::Relaxed);
}

/// One JSON value, on one line.
pub(crate) fn json(value: &Value) {
    let line = format!("{}\n", escaped_json(&value.to_string()));
    if EVENTS_TO_STDERR.load(Ordering::Relaxed) {
        stderr::write(line.as_bytes());
    } else {
        bytes(line.as_bytes());
    }
}

/// A remark for whoever sits there.
pub(crate) fn note(text: &str) {
    stderr::write(format!("{DIM}{}{DIM:#}\n", printable(text)).as_bytes());
}

/// Something that must not be overlooked.
pub(crate) fn warning(text: &str) {
    let style = AnsiColor::Yellow.on_default().bold();
    stderr::write(format!("{style}warning:{style:#} {}\n", printable(text)).as_bytes());
}

pub(crate) fn error(text: &str) {
    stderr::write(format!("{BAD}error:{BAD:#} {}\n", printable(text)).as_bytes());
}

pub(crate) fn hint(text: &str) {
    stderr::write(format!("{BOLD}hint:{BOLD:#} {}\n", printable(text)).as_bytes());
}

/// Bytes of a peer. On a terminal every line of it is marked, and control characters are shown, not obeyed.
pub(crate) fn peer_bytes(content: &[u8]) {
    if io::stdout().is_terminal() {
        bytes(marked(content).as_bytes());
    } else {
        bytes(content);
    }
}

/// The mark is ours, so a peer cannot write a line that looks like one of our notes.
fn marked(content: &[u8]) -> String {
    let text = printable(&String::from_utf8_lossy(content));
    text.strip_suffix('\n').unwrap_or(&text).split('\n').map(|line| format!("< {line}\n")).collect()
}

/// The text, with what is no visible character written as an escape.
pub(crate) fn printable(text: &str) -> String {
    let shown = |letter: char| match letter {
        '\n' | '\t' => letter.to_string(),
        letter if letter.is_control() || misleads(letter) => letter.escape_unicode().to_string(),
        letter => letter.to_string(),
    };
    text.chars().map(shown).collect()
}

/// The same on one line: what a service sends must not look like two lines of ours.
pub(crate) fn one_line(text: &str) -> String {
    printable(text).replace(['\n', '\t'], " ")
}

/// Marks that nobody sees, or that turn the direction of writing: one text could be read as another.
fn misleads(letter: char) -> bool {
    matches!(
        letter,
        '\u{34f}'
            | '\u{61c}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            // All selectors of variants but the one that emoji have: bytes can be hidden in them.
            | '\u{fe00}'..='\u{fe0e}'
            | '\u{feff}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// The same JSON, with the same letters escaped: in JSON text they stand in strings only.
pub(crate) fn escaped_json(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        if ('\u{7f}'..='\u{9f}').contains(&letter) || misleads(letter) {
            letter.encode_utf16(&mut [0; 2]).iter().for_each(|unit| escaped.push_str(&format!("\\u{unit:04x}")));
        } else {
            escaped.push(letter);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_cannot_drive_the_terminal() {
        assert_eq!(printable("a\tgrüße\n"), "a\tgrüße\n");
        assert_eq!(marked(b"\x1b[2J\r\x07\x9b"), "< \\u{1b}[2J\\u{d}\\u{7}\u{fffd}\n");
        assert_eq!(printable("\u{9b}\u{202e}"), "\\u{9b}\\u{202e}");
        for hidden in [
            '\u{61c}',
            '\u{200b}',
            '\u{200f}',
            '\u{2028}',
            '\u{2060}',
            '\u{2069}',
            '\u{feff}',
            '\u{e0041}',
            '\u{e0100}',
            '\u{fe01}',
            '\u{180e}',
        ] {
            assert_eq!(printable(&hidden.to_string()), format!("\\u{{{:x}}}", u32::from(hidden)));
        }
    }

    #[test]
    fn each_line_of_a_peer_is_marked() {
        assert_eq!(marked(b"one\n\nConnected to did:key:z\n"), "< one\n< \n< Connected to did:key:z\n");
        assert_eq!(marked(b"no end"), "< no end\n");
        assert_eq!(marked(b""), "< \n");
    }

    #[test]
    fn json_shows_hidden_letters_as_escapes_and_stays_the_same_value() {
        let value = serde_json::json!({"text": "a\u{7f}\u{9b}\u{202e}\u{200b}\u{feff}\u{e0041}\u{1b}ü"});
        let text = escaped_json(&value.to_string());
        assert_eq!(text, r#"{"text":"a\u007f\u009b\u202e\u200b\ufeff\udb40\udc41\u001bü"}"#);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}
