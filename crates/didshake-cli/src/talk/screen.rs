//! The whole terminal: who is there, what was said, what is being typed.

use std::io::{IsTerminal, Write, stdin, stdout};

use crossterm::cursor::MoveTo;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste, Event};
use crossterm::style::{Attribute, Color, Print, ResetColor, SetAttribute, SetForegroundColor};
use crossterm::terminal::{
    Clear, ClearType, DisableLineWrap, EnableLineWrap, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode, size,
};
use crossterm::{execute, queue};

use super::editor::{Edit, Editor};
use super::{Line, Said, columns};
use crate::output::printable;

/// Lines that are kept for a look back.
const KEPT: usize = 2_000;
/// Rows that are no conversation: two of the head, a rule, what is typed.
const FRAME: u16 = 4;
/// Before each further line of a message.
const INDENT: &str = "  ";
/// Columns and rows of a terminal that does not say how many it has.
const USUAL: (u16, u16) = (80, 24);

struct Row {
    text: String,
    colour: Option<Color>,
    /// What became of it, behind the text.
    state: Option<&'static str>,
}

/// The terminal, as it was found when this is dropped.
pub(crate) struct Screen {
    head: [String; 2],
    rows: Vec<Row>,
    /// Rows that are remarks stand where they were made: behind so many messages.
    notes: Vec<(usize, Row)>,
    said: usize,
    editor: Editor,
}

impl Screen {
    pub(super) fn is_possible() -> bool {
        stdin().is_terminal() && stdout().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
    }

    pub(super) fn open() -> std::io::Result<Self> {
        enable_raw_mode()?;
        let screen =
            Self { head: Default::default(), rows: Vec::new(), notes: Vec::new(), said: 0, editor: Editor::default() };
        execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste, DisableLineWrap)?;
        Ok(screen)
    }

    pub(super) fn head(&mut self, who: &str, how: &str) {
        self.head = [printable(who), printable(how)];
        self.draw();
    }

    pub(super) fn show(&mut self, said: &[Said], name: &str) {
        self.said = said.len();
        let from = said.len().saturating_sub(KEPT);
        let mut notes = std::mem::take(&mut self.notes);
        notes.retain(|(behind, _)| *behind >= from);
        self.rows.clear();
        for (at, one) in (from..).zip(said.iter().skip(from)) {
            notes.iter().filter(|(behind, _)| *behind == at).for_each(|(_, note)| self.rows.push(note.again()));
            let (who, colour) = if one.state.is_some() { ("you", Color::Cyan) } else { (name, Color::Green) };
            for (line, text) in one.text.split('\n').enumerate() {
                let who = if line == 0 { format!("{who}: ") } else { INDENT.to_owned() };
                let state = one.state.filter(|_| line == 0);
                self.rows.push(Row { text: format!("{who}{text}"), colour: Some(colour), state });
            }
        }
        notes.iter().filter(|(behind, _)| *behind >= said.len()).for_each(|(_, note)| self.rows.push(note.again()));
        self.notes = notes;
        self.draw();
    }

    pub(super) fn note(&mut self, text: &str, alarming: bool) {
        let colour = if alarming { Color::Red } else { Color::DarkGrey };
        for line in printable(text).split('\n') {
            let row = Row { text: line.to_owned(), colour: Some(colour), state: None };
            self.rows.push(row.again());
            self.notes.push((self.said, row));
        }
        let spare = self.notes.len().saturating_sub(KEPT);
        self.notes.drain(..spare);
        self.draw();
    }

    pub(super) fn key(&mut self, event: Event) -> Line {
        let line = match self.editor.key(&event) {
            Edit::Entered(text) if text.trim().is_empty() => Line::None,
            Edit::Entered(text) => Line::Say(text),
            Edit::Ended => Line::End,
            Edit::Changed | Edit::Ignored => Line::None,
        };
        self.draw();
        line
    }

    /// A terminal that is gone is noticed where keys are read.
    fn draw(&self) {
        let _ = self.try_draw();
    }

    fn try_draw(&self) -> std::io::Result<()> {
        // A serial line does not say how large its terminal is.
        let (width, height) = size().ok().filter(|(width, height)| *width > 0 && *height > 0).unwrap_or(USUAL);
        let mut out = stdout().lock();
        queue!(out, MoveTo(0, 0), Clear(ClearType::All))?;
        let [who, how] = &self.head;
        queue!(out, SetAttribute(Attribute::Bold), Print(cut(who, width)), SetAttribute(Attribute::Reset))?;
        queue!(out, MoveTo(0, 1), SetForegroundColor(Color::DarkGrey), Print(cut(how, width)), ResetColor)?;
        let lines: Vec<(&Row, String, bool)> = self.rows.iter().flat_map(|row| wrap(row, width)).collect();
        let room = usize::from(height.saturating_sub(FRAME));
        for (line, (row, text, is_last)) in (2..).zip(lines.iter().skip(lines.len().saturating_sub(room))) {
            queue!(
                out,
                MoveTo(0, line),
                SetForegroundColor(row.colour.unwrap_or(Color::Reset)),
                Print(text),
                ResetColor
            )?;
            if let Some(state) = row.state.filter(|_| *is_last) {
                queue!(out, SetForegroundColor(colour(state)), Print(format!("  {state}")), ResetColor)?;
            }
        }
        let typed = self.editor.text();
        let shown = columns::end(typed, usize::from(width.saturating_sub(3)));
        queue!(out, MoveTo(0, height.saturating_sub(2)), SetForegroundColor(Color::DarkGrey))?;
        queue!(out, Print("─".repeat(width.into())), ResetColor, MoveTo(0, height.saturating_sub(1)))?;
        queue!(out, Print(format!("> {shown}")))?;
        out.flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = execute!(stdout(), EnableLineWrap, DisableBracketedPaste, LeaveAlternateScreen);
        let _ = disable_raw_mode();
    }
}

impl Row {
    fn again(&self) -> Self {
        Self { text: self.text.clone(), colour: self.colour, state: self.state }
    }
}

fn colour(state: &str) -> Color {
    match state {
        "taken" | "read" | "sent" => Color::Green,
        "refused" | "expired" | "unknown" | "blocked" => Color::Red,
        _ => Color::DarkGrey,
    }
}

fn cut(text: &str, width: u16) -> &str {
    columns::beginning(text, width.into())
}

/// The lines of a row, and which of them is its last.
fn wrap(row: &Row, width: u16) -> Vec<(&Row, String, bool)> {
    // What became of it stands behind the last line.
    let width = usize::from(width.saturating_sub(10)).max(10);
    // A tab is as wide as the terminal likes.
    let text = row.text.replace('\t', " ");
    let first = columns::beginning(&text, width);
    let mut lines = vec![first.to_owned()];
    // A long message cannot have a line of it look like one of somebody else: only who speaks stands at the edge.
    let rest = text.strip_prefix(first).filter(|rest| !rest.is_empty());
    let rest = rest.map(|rest| columns::wrap(rest, width.saturating_sub(INDENT.len()))).unwrap_or_default();
    lines.extend(rest.iter().map(|line| format!("{INDENT}{line}")));
    let last = lines.len().saturating_sub(1);
    lines.into_iter().enumerate().map(|(at, line)| (row, line, at == last)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_a_message_looks_like_the_beginning_of_another() {
        let said = format!("bob: {}you: I agree\tto that", "x".repeat(65));
        let row = Row { text: said, colour: None, state: None };
        let lines: Vec<String> = wrap(&row, 80).into_iter().map(|(_, text, _)| text).collect();
        assert_eq!(lines, [format!("bob: {}", "x".repeat(65)), "  you: I agree to that".to_owned()]);
        let empty = Row { text: String::new(), colour: None, state: None };
        assert!(matches!(wrap(&empty, 0).as_slice(), [(_, text, true)] if text.is_empty()));
    }
}
