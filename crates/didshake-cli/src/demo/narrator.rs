//! Tells each step in plain words, with bytes and time.

use std::time::Instant;

use didshake_peer::{Event, Message, Observer};

use crate::output::{self, BOLD, DIM};

/// Whether anything is told.
#[derive(Clone, Copy)]
pub(crate) struct Told(bool);

impl Told {
    pub(crate) fn to(people: bool) -> Self {
        Self(people)
    }
}

pub(crate) fn say(told: Told, text: &str) {
    if told.0 {
        output::line(text);
    }
}

pub(crate) fn heading(told: Told, text: &str) {
    say(told, &format!("\n{BOLD}{text}{BOLD:#}"));
}

/// Tells what one side does.
pub(crate) struct Narrator {
    pub(crate) told: Told,
    pub(crate) start: Instant,
    pub(crate) who: &'static str,
    pub(crate) other: &'static str,
}

impl Narrator {
    fn tell(&self, bytes: Option<usize>, text: &str, who: &str) {
        let milliseconds = self.start.elapsed().as_secs_f64() * 1000.0;
        let bytes = bytes.map(|bytes| bytes.to_string()).unwrap_or_default();
        say(self.told, &format!("{DIM}{milliseconds:7.1} ms{DIM:#}  {who:<12} {bytes:>5}  {text}"));
    }
}

impl Observer for Narrator {
    fn observe(&self, event: &Event<'_>) {
        let other = self.other;
        match event {
            Event::Sent { message, wire } => {
                let text = match message {
                    Message::Hello => "Hello: what I speak, a fresh key, a nonce".to_owned(),
                    Message::Retry => "Retry: another group, please".to_owned(),
                    Message::Reply => "Reply: a fresh key; sealed: DID, signature".to_owned(),
                    Message::Finish => "Finish: sealed: DID, signature".to_owned(),
                    Message::Accept => "Accept: I agree on who you are".to_owned(),
                    message => message.to_string(),
                };
                self.tell(Some(wire.len()), &text, &format!("{} → {other}", self.who));
            }
            Event::Received { .. } => {}
            Event::Claimed(_) => self.tell(None, &format!("opens it; may meet {other}"), self.who),
            Event::Resolved(_) => self.tell(None, &format!("resolves {other}'s DID"), self.who),
            Event::Verified(_) => self.tell(None, &format!("{other}'s signature holds"), self.who),
            Event::Allowed(_) => {}
            Event::Burned => self.tell(None, "burns this handshake: it counts once", self.who),
        }
    }
}
