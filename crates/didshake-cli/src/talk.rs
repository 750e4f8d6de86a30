//! A conversation with one peer: what was said by both, and how it is shown.

pub(crate) mod answering;
mod columns;
mod editor;
mod input;
pub(crate) mod live;
mod screen;

use didshake::UnixTime;
use serde_json::{Value, json};

use crate::output::{self, one_line};
use screen::Screen;

pub(crate) use input::{Input, Typed};

/// Something that was said.
pub(crate) struct Said {
    /// By us: what became of it. By them: nothing.
    pub(crate) state: Option<&'static str>,
    /// How it went: `letter` or `channel`.
    pub(crate) by: &'static str,
    /// The message id of a letter, in hexadecimal.
    pub(crate) id: Option<String>,
    /// The number of a letter in the inbox.
    pub(crate) number: Option<u64>,
    /// Text that cannot drive a terminal.
    pub(crate) text: String,
    /// When, by whoever said it.
    pub(crate) at: UnixTime,
    /// The same for scripts, as it came.
    pub(crate) content: Value,
}

/// With whom we talk.
#[derive(Clone)]
pub(crate) struct With {
    pub(crate) name: String,
    pub(crate) did: String,
    /// Since when the name has this DID, where the list says so.
    pub(crate) since: Option<String>,
    /// How messages go just now, and how the peer is verified then.
    pub(crate) how: String,
}

/// Where it is shown.
pub(crate) enum Front {
    /// One JSON object a line.
    Json,
    /// Lines, for pipes and simple terminals.
    Lines,
    /// The whole terminal.
    Screen(Box<Screen>),
}

impl Front {
    /// The whole terminal, where there is one and it is wanted.
    pub(crate) fn new(as_json: bool, plain: bool) -> std::io::Result<Self> {
        Ok(match (as_json, plain || !Screen::is_possible()) {
            (true, _) => Self::Json,
            (false, true) => Self::Lines,
            (false, false) => Self::Screen(Box::new(Screen::open()?)),
        })
    }

    pub(crate) fn input(&self) -> Input {
        match self {
            Self::Screen(_) => Input::keys(),
            _ => Input::lines(),
        }
    }

    /// Who is there, and how that is known.
    pub(crate) fn with(&mut self, with: &With) {
        let since = with.since.as_ref().map(|day| format!(", known since {}", one_line(day))).unwrap_or_default();
        match self {
            Self::Json => output::json(&json!({
                "event": "with", "name": with.name, "did": with.did, "knownSince": with.since, "how": with.how,
            })),
            Self::Lines => output::note(&format!("{} is {}{since}; {}", with.name, with.did, with.how)),
            Self::Screen(screen) => {
                screen.head(&format!("{}  {}{since}", with.name, with.did), &with.how);
            }
        }
    }

    /// Something new was said.
    pub(crate) fn said(&mut self, said: &[Said], with: &With) {
        let Some(last) = said.last() else { return };
        match self {
            Self::Json => output::json(&last.json(with)),
            Self::Lines => match last.state {
                Some(state) => output::note(&format!("({state})")),
                None => last.text.split('\n').for_each(|line| output::line(&format!("< {line}"))),
            },
            Self::Screen(screen) => screen.show(said, &with.name),
        }
    }

    /// Something became of the message at this place.
    pub(crate) fn changed(&mut self, said: &[Said], at: usize, with: &With) {
        let Some(one) = said.get(at) else { return };
        match self {
            Self::Json => output::json(&json!({"event": "state", "id": one.id, "state": one.state})),
            Self::Lines => {
                let state = one.state.unwrap_or_default();
                output::note(&format!("({state}: {})", short(&one.text)));
            }
            Self::Screen(screen) => screen.show(said, &with.name),
        }
    }

    /// A remark; `alarming` in red.
    pub(crate) fn note(&mut self, text: &str, alarming: bool) {
        match self {
            Self::Json => output::json(&json!({"event": "note", "text": text, "alarming": alarming})),
            Self::Lines if alarming => output::warning(text),
            Self::Lines => output::note(text),
            Self::Screen(screen) => screen.note(text, alarming),
        }
    }

    /// A key was pressed; a whole line where it was Enter.
    pub(crate) fn typed(&mut self, typed: Typed) -> Line {
        match (self, typed) {
            (_, Typed::Line(line)) => Line::Say(line),
            (Self::Screen(screen), Typed::Key(event)) => screen.key(event),
            (_, Typed::Key(_)) => Line::None,
            (_, Typed::End) => Line::End,
        }
    }
}

/// What comes of a key.
pub(crate) enum Line {
    None,
    Say(String),
    End,
}

impl Said {
    fn json(&self, with: &With) -> Value {
        let Self { state, by, id, number, content, at, .. } = self;
        let mut told = json!({
            "event": "message", "from": if state.is_some() { Value::Null } else { json!({"name": with.name, "did": with.did}) },
            "by": by, "id": id, "number": number, "at": at.0, "state": state,
        });
        if let (Some(told), Some(content)) = (told.as_object_mut(), content.as_object()) {
            told.extend(content.clone());
        }
        told
    }
}

/// The beginning of a text, on one line.
fn short(text: &str) -> String {
    let line = one_line(text);
    let start: String = line.chars().take(40).collect();
    if start.len() < line.len() { format!("{start}…") } else { start }
}
