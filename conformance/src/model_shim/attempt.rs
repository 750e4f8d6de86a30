//! One attempt of the model's shim.

use std::sync::mpsc::{Receiver, Sender};

use serde_json::{Value, json};

use super::{Broken, pieces, stopped};
use crate::channel::{self, Channel};
use crate::check::{Checks, Step, Stop};
use crate::config::Config;
use crate::deviation::Token;
use crate::identity::Peer;
use crate::initiator::Initiator;
use crate::receive::{Incoming, Outgoing};
use crate::responder::Responder;
use crate::schedule::{Keys, export};
use crate::sender::Sender as Had;
use crate::vector::Role;

enum Side<'c> {
    Initiator(Initiator<'c>),
    Responder(Responder<'c>),
}

/// A handshake that stands.
struct Stands {
    keys: Keys,
    channel: Channel,
}

struct Attempt<'c> {
    broken: Broken,
    config: &'c Config,
    side: Side<'c>,
    /// The name of the waiting state.
    token: String,
    replied: bool,
    finished: bool,
    stands: Option<Stands>,
}

/// Answers the requests of one attempt until nobody asks any more.
pub(super) fn live(broken: Broken, config: &Config, initiator: bool, inbox: &Receiver<Value>, outbox: &Sender<Value>) {
    let side =
        if initiator { Side::Initiator(Initiator::new(config)) } else { Side::Responder(Responder::new(config)) };
    let token = pieces::draw();
    let mut attempt = Attempt { broken, config, side, token, replied: false, finished: false, stands: None };
    let first = attempt.first();
    if outbox.send(first.unwrap_or_else(stopped)).is_err() {
        return;
    }
    for request in inbox {
        let answer = attempt.answer(&request).unwrap_or_else(stopped);
        if outbox.send(answer).is_err() {
            return;
        }
    }
}

fn hex_member(request: &Value, name: &str) -> Step<Vec<u8>> {
    let text = request.get(name).and_then(Value::as_str).unwrap_or_default();
    hex::decode(text).map_err(|_| Stop::Broken("a member that is no hexadecimal"))
}

impl Attempt<'_> {
    fn first(&mut self) -> Step<Value> {
        match &mut self.side {
            Side::Initiator(side) => {
                Ok(json!({ "send": hex::encode(side.hello(&self.broken.deviation("hello"))?.wire) }))
            }
            Side::Responder(_) => Ok(json!({})),
        }
    }

    fn answer(&mut self, request: &Value) -> Step<Value> {
        match request.get("op").and_then(Value::as_str) {
            Some("recv") => self.receive(request),
            Some("open") => self.open(request),
            Some("export") => self.export(request),
            Some(op) => self.seal(op, request),
            None => Err(Stop::Broken("no op")),
        }
    }

    fn receive(&mut self, request: &Value) -> Step<Value> {
        let wire = hex_member(request, "wire")?;
        let (nobody, broken, token) = (Had::default(), self.broken, self.token_state(request));
        let message = Incoming { wire: &wire, sender: &nobody, checks: broken.checks() };
        let answer = match &mut self.side {
            Side::Initiator(side) if self.finished => {
                side.read_accept(message)?;
                None
            }
            Side::Initiator(side) => side.read_answer(message, &broken.deviation("finish"))?,
            Side::Responder(side) if self.replied => side.read_finish(message, token, &broken.deviation("accept"))?,
            Side::Responder(side) => side.read_hello(message, &broken.deviation("reply"))?,
        };
        let name = answer.as_ref().map(|answer| answer.name);
        self.replied |= name == Some("reply");
        let mut said = json!({});
        if let (Some(answer), Value::Object(said)) = (&answer, &mut said) {
            said.insert("send".to_owned(), json!(hex::encode(&answer.wire)));
            if name == Some("reply") {
                said.insert("token".to_owned(), json!(self.token));
            }
        }
        if self.is_done(answer.as_ref()) {
            self.stand(&mut said)?;
        }
        self.finished |= name == Some("finish");
        Ok(said)
    }

    /// What has become of the waiting state on its way.
    fn token_state(&self, request: &Value) -> Token {
        let now = request.get("now").and_then(Value::as_u64).unwrap_or(self.config.now);
        match request.get("token").and_then(Value::as_str) {
            Some("") => Token::Missing,
            Some(token) if token != self.token => Token::Altered,
            _ if request.get("endpoint").is_some() => Token::OtherEndpoint,
            _ if now >= self.config.now + 60 => Token::Expired,
            _ => Token::Good,
        }
    }

    fn is_done(&self, answer: Option<&Outgoing>) -> bool {
        match self.side {
            Side::Initiator(_) => self.finished,
            Side::Responder(_) => answer.is_some_and(|answer| answer.name == "accept"),
        }
    }

    fn stand(&mut self, said: &mut Value) -> Step<()> {
        let (suite, keys, peer, accept) = match &self.side {
            Side::Initiator(side) => (side.suite, side.keys.clone(), side.peer.clone(), &side.inputs.accept_plain),
            Side::Responder(side) => (side.suite, side.keys.clone(), side.peer.clone(), &side.inputs.accept_plain),
        };
        let peer = peer.ok_or(Stop::Broken("a handshake without a verified peer"))?;
        let lifetime = accept.iter().take(4).fold(0u32, |sum, byte| sum << 8 | u32::from(*byte));
        if let Value::Object(said) = said {
            said.insert("done".to_owned(), json!(true));
            let peer = shown(&peer);
            let session_id = hex::encode(&keys.session_id);
            let out = json!({ "peer": peer, "session_id": session_id, "suite": suite, "lifetime": lifetime });
            said.insert("out".to_owned(), out);
        }
        let channel = Channel::new(suite, &keys.ms);
        self.stands = Some(Stands { keys, channel });
        Ok(())
    }

    fn stands(&mut self) -> Step<&mut Stands> {
        self.stands.as_mut().ok_or(Stop::Broken("no handshake stands"))
    }

    fn role(&self) -> Role {
        if matches!(self.side, Side::Initiator(_)) { Role::Initiator } else { Role::Responder }
    }

    fn export(&mut self, request: &Value) -> Step<Value> {
        let label = request.get("label").and_then(Value::as_str).unwrap_or_default().to_owned();
        let length = request.get("length").and_then(Value::as_u64).and_then(|length| u16::try_from(length).ok());
        let length = length.ok_or(Stop::Broken("a length over 65,535"))?;
        let context = hex_member(request, "context")?;
        let output = export(&self.stands()?.keys, label.as_bytes(), &context, length)?;
        Ok(json!({ "output": hex::encode(output) }))
    }

    fn seal(&mut self, op: &str, request: &Value) -> Step<Value> {
        let (role, broken) = (self.role(), self.broken);
        let kind = match (op, request.get("type").and_then(Value::as_str)) {
            ("update", _) => channel::KEY_UPDATE,
            ("close", _) => channel::CLOSE,
            (_, Some("alert")) => channel::ALERT,
            _ => channel::DATA,
        };
        let padding = request.get("padding").and_then(Value::as_u64).unwrap_or(0);
        let padding = usize::try_from(padding).map_err(|_| Stop::Broken("a padding over the address space"))?;
        let inner = channel::inner(kind, &hex_member(request, "content")?, padding);
        let channel = &mut self.stands()?.channel;
        let honest = channel.next(role, inner);
        let mut sealing = honest.clone();
        broken.record(&mut sealing);
        channel.seal(&mut sealing)?;
        let mut counted = honest;
        channel.seal(&mut counted)?;
        channel.receive(Checks::all(), role, &counted.whole, &counted)?;
        Ok(json!({ "send": hex::encode(&sealing.whole) }))
    }

    fn open(&mut self, request: &Value) -> Step<Value> {
        let wire = hex_member(request, "wire")?;
        let (from, checks) = (self.role().other(), self.broken.checks());
        let channel = &mut self.stands()?.channel;
        let honest = channel.next(from, Vec::new());
        match channel.receive(checks, from, &wire, &honest)? {
            Some((channel::ALERT, _)) => Ok(json!({ "error": "peer_alert", "alert": null })),
            Some((kind, content)) => {
                Ok(json!({ "type": crate::positive::content_type(kind)?, "content": hex::encode(content) }))
            }
            None => Ok(json!({})),
        }
    }
}

fn shown(peer: &Peer) -> Value {
    json!({
        "did": String::from_utf8_lossy(&peer.did), "fragment": String::from_utf8_lossy(&peer.fragment),
        "algorithm": if peer.public_key.len() == 32 { 1 } else { 2 }, "public_key": hex::encode(&peer.public_key),
    })
}
