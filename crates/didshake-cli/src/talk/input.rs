//! What is typed: lines of a pipe or a simple terminal, or keys.

use crossterm::event::{Event, read};
use tokio::sync::mpsc;

use crate::input::Lines;

/// Where what is typed comes from.
pub(crate) enum Input {
    Lines(Lines, Vec<u8>),
    Keys(mpsc::Receiver<Event>),
}

/// Something typed.
pub(crate) enum Typed {
    Line(String),
    Key(Event),
    End,
}

impl Input {
    pub(super) fn lines() -> Self {
        Self::Lines(Lines::of_stdin(), Vec::new())
    }

    /// A thread of its own waits for keys; it ends with the program.
    pub(super) fn keys() -> Self {
        let (sender, keys) = mpsc::channel(64);
        std::thread::spawn(move || {
            while let Ok(event) = read() {
                if sender.blocking_send(event).is_err() {
                    return;
                }
            }
        });
        Self::Keys(keys)
    }

    /// What is typed next. Cancel-safe.
    pub(crate) async fn next(&mut self) -> Typed {
        match self {
            Self::Keys(keys) => keys.recv().await.map_or(Typed::End, Typed::Key),
            Self::Lines(lines, kept) => loop {
                match lines.next().await {
                    // A long line comes in pieces; only its end makes it a message.
                    Some(piece) => {
                        kept.extend_from_slice(&piece);
                        if piece.ends_with(b"\n") || kept.len() > didshake::mailbox::MAX_LETTER_CONTENT_BYTES {
                            break Typed::Line(line(kept));
                        }
                    }
                    None if kept.is_empty() => break Typed::End,
                    None => break Typed::Line(line(kept)),
                }
            },
        }
    }
}

fn line(kept: &mut Vec<u8>) -> String {
    let bytes = std::mem::take(kept);
    String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']).to_owned()
}
