//! What people see: results on standard output, everything else on standard error; colour on terminals only, and not
//! with NO_COLOR.

use std::io::{IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use serde_json::Value;

pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();

/// A line of the result.
pub(crate) fn line(text: &str) {
    // A reader that went away (`| head`) is no failure of ours.
    let _ = writeln!(anstream::stdout(), "{text}");
}

/// Text that ends its lines itself.
pub(crate) fn text(text: &str) {
    let _ = write!(anstream::stdout(), "{text}");
}

/// One JSON value, on one line.
pub(crate) fn json(value: &Value) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{value}");
    let _ = out.flush();
}

/// A remark for whoever sits there.
pub(crate) fn note(text: &str) {
    let _ = writeln!(anstream::stderr(), "{DIM}{text}{DIM:#}");
}

/// Something that must not be overlooked.
pub(crate) fn warning(text: &str) {
    let style = AnsiColor::Yellow.on_default().bold();
    let _ = writeln!(anstream::stderr(), "{style}warning:{style:#} {text}");
}

pub(crate) fn error(text: &str) {
    let _ = writeln!(anstream::stderr(), "{BAD}error:{BAD:#} {text}");
}

pub(crate) fn hint(text: &str) {
    let _ = writeln!(anstream::stderr(), "{BOLD}hint:{BOLD:#} {text}");
}

/// Bytes of a peer. On a terminal control characters are shown, not obeyed.
pub(crate) fn peer_bytes(bytes: &[u8]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    if out.is_terminal() {
        out.write_all(printable(bytes).as_bytes())?;
    } else {
        out.write_all(bytes)?;
    }
    out.flush()
}

fn printable(bytes: &[u8]) -> String {
    let escaped = |letter: char| match letter {
        '\n' | '\t' => letter.to_string(),
        letter if letter.is_control() => letter.escape_default().to_string(),
        // Marks that turn the direction of writing could make a text read as another.
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            letter.escape_default().to_string()
        }
        letter => letter.to_string(),
    };
    String::from_utf8_lossy(bytes).chars().map(escaped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_cannot_drive_the_terminal() {
        assert_eq!(printable("a\tgrüße\n".as_bytes()), "a\tgrüße\n");
        assert_eq!(printable(b"\x1b[2J\r\x07\x9b"), "\\u{1b}[2J\\r\\u{7}\u{fffd}");
        assert_eq!(printable("\u{9b}\u{202e}".as_bytes()), "\\u{9b}\\u{202e}");
    }
}
