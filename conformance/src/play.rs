//! Plays a handshake between the two roles of the model, with at most one bad message.

use crate::check::{Check, Checks, Step, Stop};
use crate::config::{Config, Hex};
use crate::deviation::{Deviation, Token};
use crate::initiator::Initiator;
use crate::receive::{Incoming, Outgoing};
use crate::responder::Responder;
use crate::vector::{Message, Role};

/// The bad message: its number in the handshake, from 0, and how its sender misbehaves. `before` are messages that are
/// odd and yet to be accepted, by their number.
#[derive(Clone, Copy)]
pub(crate) struct Bad<'d> {
    pub(crate) index: usize,
    pub(crate) deviation: &'d Deviation,
    pub(crate) before: &'d [(usize, Deviation)],
}

impl<'d> Bad<'d> {
    pub(crate) fn at(self, index: usize) -> &'d Deviation {
        if self.index == index {
            return self.deviation;
        }
        self.before.iter().find(|(number, _)| *number == index).map_or(HONEST, |(_, deviation)| deviation)
    }
}

/// A handshake that was played to its end, or to the bad message.
pub(crate) struct Played<'a> {
    pub(crate) messages: Vec<Message>,
    pub(crate) initiator: Initiator<'a>,
    pub(crate) responder: Responder<'a>,
    /// What the receiver of the bad message said; None if it accepted.
    pub(crate) refused: Option<Check>,
    /// The last message, with what its sender had.
    pub(crate) last: Option<Outgoing>,
    replied: bool,
    finished: bool,
}

pub(crate) const HONEST: &Deviation = &Deviation::None;

/// Plays. `checks` apply to the bad message alone; every other message is checked in full.
pub(crate) fn play<'a>(config: &'a Config, bad: Option<Bad<'_>>, checks: Checks) -> Step<Played<'a>> {
    let at = |index: usize| bad.map_or(HONEST, |bad| bad.at(index));
    let mut played = Played {
        messages: Vec::new(),
        initiator: Initiator::new(config),
        responder: Responder::new(config),
        refused: None,
        last: None,
        replied: false,
        finished: false,
    };
    let mut from = Role::Initiator;
    let mut next = Some(played.initiator.hello(at(0))?);
    let mut last_finish = None;
    while let Some(message) = next {
        let index = played.messages.len();
        let tested = bad.is_some_and(|bad| bad.index == index);
        let token = if let Deviation::Token(token) = at(index) { *token } else { Token::Good };
        played.record(from, &message, token);
        if message.name == "finish" {
            last_finish = Some(message.clone());
        }
        let on = if tested { checks } else { Checks::all() };
        let answer = played.deliver(from, &message, on, token, at(index + 1));
        played.last = Some(message);
        if tested {
            played.refused = verdict(answer)?;
            return Ok(played);
        }
        next = answer?;
        from = from.other();
    }
    if let (Some(Bad { deviation: Deviation::Repeat, .. }), Some(finish)) = (bad, last_finish) {
        played.record(Role::Initiator, &finish, Token::Good);
        if let Some(repeated) = played.messages.last_mut() {
            repeated.repeat = Some(true);
        }
        let answer = played.deliver(Role::Initiator, &finish, checks, Token::Good, HONEST);
        played.refused = verdict(answer)?;
        return Ok(played);
    }
    if bad.is_some() { Err(Stop::Broken("the bad message was never sent")) } else { Ok(played) }
}

fn verdict(answer: Step<Option<Outgoing>>) -> Step<Option<Check>> {
    match answer {
        Ok(_) => Ok(None),
        Err(Stop::Refused(check)) => Ok(Some(check)),
        Err(broken) => Err(broken),
    }
}

impl Played<'_> {
    fn record(&mut self, from: Role, message: &Outgoing, token: Token) {
        let alert = message.wire.first() == Some(&crate::wire::ALERT);
        self.messages.push(Message {
            from,
            message: if alert { "alert" } else { message.name }.to_owned(),
            wire: Hex(message.wire.clone()),
            waiting_state: (message.name == "finish" && !alert).then(|| token.name().to_owned()),
            repeat: None,
        });
    }

    fn deliver(
        &mut self,
        from: Role,
        message: &Outgoing,
        checks: Checks,
        token: Token,
        next: &Deviation,
    ) -> Step<Option<Outgoing>> {
        let incoming = Incoming { wire: &message.wire, sender: &message.sender, checks };
        let answer = match (from, self.replied, self.finished) {
            (Role::Initiator, false, _) => self.responder.read_hello(incoming, next)?,
            (Role::Initiator, true, _) => self.responder.read_finish(incoming, token, next)?,
            (Role::Responder, _, false) => self.initiator.read_answer(incoming, next)?,
            (Role::Responder, _, true) => {
                self.initiator.read_accept(incoming)?;
                None
            }
        };
        self.replied |= answer.as_ref().is_some_and(|answer| answer.name == "reply");
        self.finished |= answer.as_ref().is_some_and(|answer| answer.name == "finish");
        Ok(answer)
    }
}
