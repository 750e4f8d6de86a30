//! One line that is being typed.

use crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers};

/// The longest line: a letter's content.
const LONGEST: usize = didshake::mailbox::MAX_LETTER_CONTENT_BYTES;

/// What comes of a key.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Edit {
    Changed,
    Entered(String),
    Ended,
    Ignored,
}

/// A line that is being typed; the cursor stands at its end.
#[derive(Default)]
pub(super) struct Editor {
    text: String,
}

impl Editor {
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn key(&mut self, event: &Event) -> Edit {
        match event {
            Event::Resize(..) => Edit::Changed,
            Event::Paste(text) => {
                text.chars().for_each(|letter| self.push(if letter.is_control() { ' ' } else { letter }));
                Edit::Changed
            }
            Event::Key(key) if key.kind != KeyEventKind::Release => {
                self.press(key.code, key.modifiers.contains(KeyModifiers::CONTROL))
            }
            _ => Edit::Ignored,
        }
    }

    fn press(&mut self, code: KeyCode, control: bool) -> Edit {
        match (code, control) {
            (KeyCode::Char('c'), true) => return Edit::Ended,
            (KeyCode::Char('d'), true) if self.text.is_empty() => return Edit::Ended,
            (KeyCode::Char('u'), true) => self.text.clear(),
            (KeyCode::Char('w'), true) => {
                let rest = self.text.trim_end();
                let end = rest.rfind(' ').map_or(0, |at| at + 1);
                self.text.truncate(end);
            }
            (KeyCode::Char(letter), false) => self.push(letter),
            (KeyCode::Backspace, _) => drop(self.text.pop()),
            (KeyCode::Enter, _) => return Edit::Entered(std::mem::take(&mut self.text)),
            _ => return Edit::Ignored,
        }
        Edit::Changed
    }

    fn push(&mut self, letter: char) {
        if self.text.len() + letter.len_utf8() <= LONGEST {
            self.text.push(letter);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::KeyEvent;

    fn press(editor: &mut Editor, code: KeyCode, modifiers: KeyModifiers) -> Edit {
        editor.key(&Event::Key(KeyEvent::new(code, modifiers)))
    }

    #[test]
    fn keys_make_a_line() {
        let mut editor = Editor::default();
        let none = KeyModifiers::NONE;
        editor.key(&Event::Paste("grüße\nan alle".into()));
        assert_eq!(editor.text(), "grüße an alle");
        press(&mut editor, KeyCode::Char('w'), KeyModifiers::CONTROL);
        assert_eq!(editor.text(), "grüße an ");
        (0..5).for_each(|_| drop(press(&mut editor, KeyCode::Backspace, none)));
        assert_eq!(press(&mut editor, KeyCode::Enter, none), Edit::Entered("grüß".into()));
        press(&mut editor, KeyCode::Char('x'), none);
        // With something typed Ctrl-D is no end.
        assert_eq!(press(&mut editor, KeyCode::Char('d'), KeyModifiers::CONTROL), Edit::Ignored);
        press(&mut editor, KeyCode::Char('u'), KeyModifiers::CONTROL);
        assert_eq!(press(&mut editor, KeyCode::Char('d'), KeyModifiers::CONTROL), Edit::Ended);
        assert_eq!(press(&mut editor, KeyCode::Char('c'), KeyModifiers::CONTROL), Edit::Ended);
    }

    #[test]
    fn a_line_is_no_longer_than_a_letter() {
        let mut editor = Editor::default();
        editor.key(&Event::Paste("ü".repeat(LONGEST)));
        assert_eq!(editor.text().len(), LONGEST);
    }
}
