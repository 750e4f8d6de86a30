//! What may become of a conversation with a fault.

use crate::conversation::{INITIATOR_SAYS, RESPONDER_SAYS, Saw};
use crate::frames::{Frame, What};
use crate::proxy::{Fault, Kind, Way};

/// Both directions of a conversation without a fault.
pub(crate) struct Baseline {
    pub(crate) to_responder: Vec<Frame>,
    pub(crate) to_initiator: Vec<Frame>,
}

impl Baseline {
    pub(crate) fn of(&self, way: Way) -> &[Frame] {
        match way {
            Way::ToResponder => &self.to_responder,
            Way::ToInitiator => &self.to_initiator,
        }
    }

    pub(crate) fn length(&self, way: Way) -> usize {
        self.of(way).last().map_or(0, |frame| frame.end)
    }
}

/// What both saw, and the first position that was not as it was sent.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) initiator: Saw,
    pub(crate) responder: Saw,
    pub(crate) altered: Option<usize>,
}

impl Outcome {
    fn is_whole(&self) -> bool {
        let all = |saw: &Saw, said: &[&[u8]]| saw.end.is_none() && saw.received == said;
        all(&self.responder, &INITIATOR_SAYS) && all(&self.initiator, &RESPONDER_SAYS)
    }

    /// Nothing is delivered that was not sent, nothing twice, nothing out of order; and who takes the conversation for
    /// whole has the whole.
    pub(crate) fn check_delivered(&self) -> Result<(), &'static str> {
        for (saw, said) in [(&self.responder, &INITIATOR_SAYS[..]), (&self.initiator, &RESPONDER_SAYS)] {
            if !saw.received.iter().zip(said).all(|(received, said)| received == said)
                || saw.received.len() > said.len()
            {
                return Err("a wrong message was delivered");
            }
            if saw.end.is_none() && saw.received.len() < said.len() {
                return Err("a part was taken for the whole");
            }
            if !saw.agreed && !saw.received.is_empty() {
                return Err("something was delivered without a handshake");
            }
        }
        Ok(())
    }
}

/// Why an outcome is not what it must be; nothing where it is.
pub(crate) fn judge(fault: Fault, baseline: &Baseline, outcome: &Outcome) -> Result<(), &'static str> {
    outcome.check_delivered()?;
    let frames = baseline.of(fault.way);
    let hit = outcome.altered.and_then(|at| frames.iter().position(|frame| at < frame.end).map(|frame| (at, frame)));
    let Some((at, hit)) = hit else {
        return whole(outcome, "nothing was altered that counts, and yet the conversation is not whole");
    };
    let frame = frames[hit];
    let (receiver, sender) = match fault.way {
        Way::ToResponder => (&outcome.responder, &outcome.initiator),
        Way::ToInitiator => (&outcome.initiator, &outcome.responder),
    };
    let delivered = frames.iter().take(hit).filter(|frame| frame.what == What::Data).count();
    match frame.what {
        // Most of what HTTP says changes nothing here.
        What::Head if fault.kind == Kind::Cut => no_channel(outcome),
        What::Head if outcome.is_whole() => Ok(()),
        What::Head | What::Handshake => no_channel(outcome),
        What::Accept if receiver.agreed => Err("a channel without Accept"),
        What::Accept if !sender.agreed || sender.end.is_none() => Err("Accept was sent: a channel that breaks"),
        What::Accept => Ok(()),
        What::Data | What::Close if receiver.received.len() != delivered => {
            Err("delivered less, or more, than came whole")
        }
        What::Data | What::Close => codes(fault, at, frame, receiver),
        What::Farewell => whole(outcome, "everything had come before"),
    }
}

fn whole(outcome: &Outcome, otherwise: &'static str) -> Result<(), &'static str> {
    if outcome.is_whole() { Ok(()) } else { Err(otherwise) }
}

fn no_channel(outcome: &Outcome) -> Result<(), &'static str> {
    let none = [&outcome.initiator, &outcome.responder].iter().all(|saw| !saw.agreed && saw.end.is_some());
    if none { Ok(()) } else { Err("a channel from a handshake that was altered") }
}

/// The exact error of whoever got what was altered, where there is one; of lengths and headers there are several.
fn codes(fault: Fault, at: usize, frame: Frame, receiver: &Saw) -> Result<(), &'static str> {
    let allowed: &[&str] = match fault.kind {
        Kind::Cut => &["truncated"],
        // A record again, or Accept where records are.
        Kind::Again(_) => &["record_not_opened", "not_a_record"],
        // The type of the record, which is in clear.
        _ if at == frame.content => &["not_a_record"],
        _ if at > frame.content => &["record_not_opened"],
        _ => &["truncated", "not_a_record", "record_not_opened", "record_too_long", "elapsed"],
    };
    match receiver.code() {
        Some(code) if allowed.contains(&code) => Ok(()),
        Some(_) => Err("another error than the one of this fault"),
        None => Err("a fault that nobody noticed"),
    }
}
