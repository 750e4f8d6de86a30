//! Tier 4: two shims against each other. The runner carries the messages and compares what both have at the end.

use serde_json::{Map, Value, json};

use super::attempt::{Attempt, Reaction, Try, able, only, too_long, went};
use super::case::{Case, Outcome, Tier};
use super::dice::Dice;
use super::live::read;
use super::replay::member;
use super::shim::Shim;
use crate::channel;
use crate::check::Checks;
use crate::config::{Config, Identity};
use crate::play::play;
use crate::positive::{Positive, Say, content_type};
use crate::vector::Role;

/// A configuration that a pair has to agree on.
pub(crate) struct Pairing<'c> {
    pub(crate) case: Case,
    base: &'c Positive,
    config: Config,
}

/// The case of a positive, unless it depends on the randomness of its vector.
pub(crate) fn case(positive: &Positive, seed: u64) -> Option<Pairing<'_>> {
    let id = format!("matrix/{}", positive.id);
    let mut config = positive.config.clone();
    Dice::new(seed, &id).freshen(&mut config);
    play(&config, None, Checks::all()).ok()?;
    let requirements = positive.requirements.iter().map(|id| (*id).to_owned()).collect();
    Some(Pairing { case: Case::new(id, Tier::Matrix, requirements, positive.about.to_owned()), base: positive, config })
}

/// What one side has after Accept.
struct Ends<'s> {
    attempt: Attempt<'s>,
    out: Map<String, Value>,
}

impl Pairing<'_> {
    pub(crate) fn run(&self, initiator: &mut Shim, responder: &mut Shim) -> Outcome {
        self.play(initiator, responder).err().unwrap_or(Outcome::Passed)
    }

    fn play(&self, initiator: &mut Shim, responder: &mut Shim) -> Try<()> {
        able(initiator, Role::Initiator, &self.config, &[])?;
        able(responder, Role::Responder, &self.config, &[])?;
        too_long(self.base.script.iter().map(|say| &say.repeat))?;
        let (first, hello) = Attempt::open(initiator, "1", Role::Initiator, &self.config, false)?;
        let (second, _) = Attempt::open(responder, "1", Role::Responder, &self.config, false)?;
        let (mut first, mut second) = carry(first, second, only("hello", &hello)?)?;
        self.agree(&first, &second)?;
        self.export(&mut first, &mut second)?;
        if first.attempt.shim.has("channel") && second.attempt.shim.has("channel") {
            self.base.script.iter().try_for_each(|say| speak(&mut first, &mut second, say))?;
        }
        first.attempt.free()?;
        second.attempt.free()
    }

    /// One session id, and each side knows the other.
    fn agree(&self, first: &Ends<'_>, second: &Ends<'_>) -> Try<()> {
        let session = first.out.get("session_id").cloned().unwrap_or_default();
        member(&second.out, "session_id", &session)?;
        member(&second.out, "suite", &first.out.get("suite").cloned().unwrap_or_default())?;
        member(&first.out, "lifetime", &json!(self.config.responder.lifetime))?;
        knows(second, &self.config.initiator.identity)?;
        let peer = first.out.get("peer").and_then(Value::as_object).cloned().unwrap_or_default();
        let did = peer.get("did").and_then(Value::as_str).unwrap_or_default().to_owned();
        match self.config.responder.identities.iter().find(|identity| identity.did == did) {
            Some(identity) => knows(first, identity),
            None => Err(Outcome::differs("the responder's DID", "one of its configuration", did)),
        }
    }

    fn export(&self, first: &mut Ends<'_>, second: &mut Ends<'_>) -> Try<()> {
        if !first.attempt.shim.has("export") || !second.attempt.shim.has("export") {
            return Ok(());
        }
        let request = json!({ "label": "didshake conformance", "context": "00", "length": 64 });
        let request = request.as_object().cloned().unwrap_or_default();
        let (_, mine) = first.attempt.must("export", request.clone())?;
        let (_, yours) = second.attempt.must("export", request)?;
        member(&yours, "output", &mine.get("output").cloned().unwrap_or_default())
    }
}

/// Carries messages until both are done.
fn carry<'s>(mut initiator: Attempt<'s>, mut responder: Attempt<'s>, hello: Vec<u8>) -> Try<(Ends<'s>, Ends<'s>)> {
    let (mut message, mut accepted) = (hello, None);
    loop {
        let beside: Map<String, Value> =
            responder.token.iter().map(|token| ("token".to_owned(), token.clone())).collect();
        let (send, said) = went("the responder", responder.receive(&message, beside)?)?;
        if let Some(out) = done(&said) {
            accepted = Some(out);
        }
        let (send, said) = went("the initiator", initiator.receive(&only("the responder", &send)?, Map::new())?)?;
        match (done(&said), accepted.take()) {
            (Some(out), Some(accepted)) => {
                return Ok((Ends { attempt: initiator, out }, Ends { attempt: responder, out: accepted }));
            }
            (None, None) => message = only("the initiator", &send)?,
            (mine, _) => {
                let who = if mine.is_some() { "the initiator" } else { "the responder" };
                return Err(Outcome::differs("the end", "both are done", format!("{who} alone")));
            }
        }
    }
}

fn done(said: &Map<String, Value>) -> Option<Map<String, Value>> {
    said.get("done").filter(|done| **done == Value::Bool(true))?;
    Some(said.get("out").and_then(Value::as_object).cloned().unwrap_or_default())
}

fn knows(side: &Ends<'_>, identity: &Identity) -> Try<()> {
    let peer = side.out.get("peer").and_then(Value::as_object).cloned().unwrap_or_default();
    member(&peer, "did", &json!(identity.did))?;
    member(&peer, "fragment", &json!(identity.fragment))?;
    member(&peer, "algorithm", &json!(identity.algorithm))
}

fn speak<'s>(first: &mut Ends<'s>, second: &mut Ends<'s>, say: &Say) -> Try<()> {
    let (from, to) = if say.from == Role::Initiator { (first, second) } else { (second, first) };
    let kind = read("record", content_type(say.kind))?;
    let op = match say.kind {
        channel::CLOSE => "close",
        channel::KEY_UPDATE => "update",
        _ => "seal",
    };
    let request = json!({ "type": kind, "content": hex::encode(&say.content), "padding": say.padding });
    let (send, _) = from.attempt.must(op, request.as_object().cloned().unwrap_or_default())?;
    for wire in send {
        let mut request = Map::new();
        request.insert("wire".to_owned(), json!(hex::encode(wire)));
        match to.attempt.react("open", request)? {
            Reaction::Refused(refusal) if say.kind == channel::ALERT && refusal.alert.is_none() => (),
            reaction => {
                let (_, said) = went("record", reaction)?;
                member(&said, "type", &json!(kind))?;
                if say.kind == channel::DATA {
                    member(&said, "content", &json!(hex::encode(&say.content)))?;
                }
            }
        }
    }
    Ok(())
}
