//! Tier 2: every vector through a shim with injected randomness, byte for byte.

use serde_json::{Map, Value, json};

use super::attempt::{Attempt, Reaction, Try, able, handed_back, only, role_name, same, too_long, went};
use super::case::{Case, Outcome, Tier};
use super::shim::Shim;
use crate::config::Hex;
use crate::vector::{Export, Fails, Handshake, Message, Record, Role, Vector};

/// One role of one vector.
pub(crate) struct Replay<'v> {
    pub(crate) vector: &'v Vector,
    pub(crate) role: Role,
}

/// The cases of a vector: both roles of a positive, the refusing one of a negative.
pub(crate) fn cases(vector: &Vector) -> Vec<Replay<'_>> {
    match &vector.fails {
        Some(fails) => vec![Replay { vector, role: fails.role }],
        None => [Role::Initiator, Role::Responder].map(|role| Replay { vector, role }).into(),
    }
}

impl Replay<'_> {
    pub(crate) fn case(&self) -> Case {
        let Vector { id, requirements, about, .. } = self.vector;
        let id = format!("replay/{id}/{}", role_name(self.role));
        let case = Case::new(id, Tier::Replay, requirements.clone(), about.clone());
        match &self.vector.fails {
            Some(fails) => case.also(refusal_requirements(fails)),
            None if self.signs_es256() => case.also(&["R-CHECK-6", "R-SEC-2"]),
            None => case.also(&["R-CHECK-6"]),
        }
    }

    /// Whether the role's own signature is one of ES256, which is compared byte for byte.
    fn signs_es256(&self) -> bool {
        let config = &self.vector.config;
        match self.role {
            Role::Initiator => config.initiator.identity.algorithm == 2,
            Role::Responder => config.responder.identities.iter().all(|identity| identity.algorithm == 2),
        }
    }

    /// Plays it; what the shim cannot do is skipped.
    pub(crate) fn run(&self, shim: &mut Shim) -> Outcome {
        self.play(shim).err().unwrap_or(Outcome::Passed)
    }

    fn play(&self, shim: &mut Shim) -> Try<()> {
        self.able(shim)?;
        let vector = self.vector;
        let mut spare = shim.again();
        let (attempt, first) = Attempt::open(shim, "1", self.role, &vector.config, true)?;
        let mut player = Player { attempt, role: self.role, vector, pending: first, out: None, spare: &mut spare };
        let (bad, good) = match (&vector.fails, &vector.channel, vector.messages.split_last()) {
            (Some(fails), None, Some((bad, good))) => (Some((fails, bad)), good),
            _ => (None, vector.messages.as_slice()),
        };
        for message in good {
            player.message(message)?;
        }
        if let Some((fails, bad)) = bad {
            let reaction = player.take(bad)?;
            refused(player.attempt.shim.has("codes"), fails, reaction)?;
        }
        if let Some(handshake) = &vector.handshake {
            player.stands(handshake)?;
        }
        for export in vector.exports.iter().flatten() {
            player.export(export)?;
        }
        player.records()?;
        player.attempt.free()
    }

    fn able(&self, shim: &Shim) -> Try<()> {
        let vector = self.vector;
        let mut more = vec!["random"];
        let handed = |message: &Message| {
            message.repeat == Some(true) || !matches!(message.waiting_state.as_deref(), None | Some("ok" | "expired"))
        };
        if self.role == Role::Responder && vector.messages.iter().any(handed) {
            more.push("token");
        }
        if vector.channel.is_some() {
            more.push("channel");
        }
        able(shim, self.role, &vector.config, &more)?;
        too_long(vector.channel.iter().flatten().map(|record| &record.repeat))
    }
}

/// What every refusal shows beside its own requirement.
pub(crate) fn refusal_requirements(fails: &Fails) -> &'static [&'static str] {
    match (fails.alert, fails.error.as_str()) {
        (Some(49), "finish_replayed") => &["R-ALERT-1", "R-CHECK-7", "R-RESP-8"],
        (Some(49), _) => &["R-ALERT-1", "R-CHECK-7"],
        (Some(_), _) => &["R-ALERT-1"],
        (None, _) => &[],
    }
}

/// Whether the refusal is the one that is demanded; its code too, where the refusing side names codes.
pub(crate) fn refused(codes: bool, fails: &Fails, reaction: Reaction) -> Try<()> {
    let what = format!("refusal of {}", fails.at);
    let expected = || {
        let alert = fails.alert.map_or_else(|| "no alert".to_owned(), |alert| format!("alert {alert}"));
        format!("{}, {alert}", fails.error)
    };
    let Reaction::Refused(refusal) = reaction else {
        return Err(Outcome::differs(&what, expected(), "accepted"));
    };
    let named = !codes || refusal.error.as_deref() == Some(fails.error.as_str());
    if named && refusal.alert == fails.alert {
        return Ok(());
    }
    Err(Outcome::differs(&what, expected(), refusal.to_string()))
}

struct Player<'p> {
    attempt: Attempt<'p>,
    role: Role,
    vector: &'p Vector,
    /// What the shim has sent and nobody has compared yet.
    pending: Vec<Vec<u8>>,
    out: Option<Map<String, Value>>,
    /// A second run of the shim, with waiting-state keys of its own.
    spare: &'p mut Shim,
}

impl Player<'_> {
    /// A message that is good: compared if it is the shim's own, handed over if not.
    fn message(&mut self, message: &Message) -> Try<()> {
        if message.from == self.role {
            let sent = std::mem::take(&mut self.pending);
            return same(&message.message, &message.wire, &only(&message.message, &sent)?);
        }
        let reaction = self.take(message)?;
        let (send, said) = went(&message.message, reaction)?;
        self.pending = send;
        if said.get("done") == Some(&Value::Bool(true)) {
            self.out = said.get("out").and_then(Value::as_object).cloned();
        }
        Ok(())
    }

    fn take(&mut self, message: &Message) -> Try<Reaction> {
        let how = message.waiting_state.as_deref().unwrap_or("ok");
        let token = if how == "other_key" { Some(self.foreign_token()?) } else { self.attempt.token.clone() };
        let of_finish = message.waiting_state.is_some() || message.repeat == Some(true);
        let now = self.vector.config.now;
        let beside = if of_finish { handed_back(token.as_ref(), how, now) } else { Map::new() };
        self.attempt.receive(&message.wire.0, beside)
    }

    /// The token of the same attempt in another run of the shim.
    fn foreign_token(&mut self) -> Try<Value> {
        let (mut attempt, _) = Attempt::open(self.spare, "1", Role::Responder, &self.vector.config, true)?;
        let hello = self.vector.messages.first().map(|hello| hello.wire.0.clone()).unwrap_or_default();
        went("hello", attempt.receive(&hello, Map::new())?)?;
        attempt.token.ok_or_else(|| Outcome::differs("reply", "a token", "none"))
    }

    /// What stands after the handshake.
    fn stands(&self, handshake: &Handshake) -> Try<()> {
        let Some(out) = &self.out else {
            return Err(Outcome::differs("the last message", "`done` and `out`", "neither"));
        };
        let config = &self.vector.config;
        let peer = out.get("peer").cloned().unwrap_or_default();
        let key = match self.role {
            Role::Initiator => &handshake.responder_public_key,
            Role::Responder => &handshake.initiator_public_key,
        };
        member(out, "session_id", &json!(handshake.session_id))?;
        let peer = peer.as_object().cloned().unwrap_or_default();
        member(&peer, "public_key", &json!(key))?;
        match self.role {
            Role::Responder => {
                member(&peer, "did", &json!(config.initiator.identity.did))?;
                member(&peer, "fragment", &json!(config.initiator.identity.fragment))?;
                member(&peer, "algorithm", &json!(config.initiator.identity.algorithm))
            }
            Role::Initiator => member(out, "lifetime", &json!(config.responder.lifetime)),
        }
    }

    fn export(&mut self, export: &Export) -> Try<()> {
        if !self.attempt.shim.has("export") {
            return Err(Outcome::skipped("it lacks the feature `export`"));
        }
        let mut request = Map::new();
        request.insert("label".to_owned(), json!(export.label));
        request.insert("context".to_owned(), json!(export.context));
        request.insert("length".to_owned(), json!(export.length));
        let (_, said) = self.attempt.must("export", request)?;
        member(&said, "output", &json!(export.output))
    }

    fn records(&mut self) -> Try<()> {
        let records = self.vector.channel.as_deref().unwrap_or_default();
        for (number, record) in records.iter().enumerate() {
            match &self.vector.fails {
                Some(fails) if number + 1 == records.len() => {
                    let reaction = self.open(record)?;
                    refused(self.attempt.shim.has("codes"), fails, reaction)?;
                }
                _ => self.record(record, number)?,
            }
        }
        Ok(())
    }

    fn open(&mut self, record: &Record) -> Try<Reaction> {
        let mut request = Map::new();
        request.insert("wire".to_owned(), json!(record.wire));
        self.attempt.react("open", request)
    }

    fn record(&mut self, record: &Record, number: usize) -> Try<()> {
        let name = format!("record {number}");
        let kind = record.kind.as_deref().unwrap_or_default();
        let content = record.content.clone().unwrap_or_default();
        if record.from != self.role {
            return match self.open(record)? {
                Reaction::Refused(refusal) if kind == "alert" && refusal.alert.is_none() => Ok(()),
                reaction => {
                    let (_, said) = went(&name, reaction)?;
                    member(&said, "type", &json!(kind))?;
                    if kind == "data" { member(&said, "content", &json!(content)) } else { Ok(()) }
                }
            };
        }
        let mut request = Map::new();
        request.insert("padding".to_owned(), json!(record.padding.unwrap_or(0)));
        let op = match kind {
            "close" => "close",
            "key_update" => "update",
            _ => {
                request.insert("type".to_owned(), json!(kind));
                request.insert("content".to_owned(), json!(content));
                "seal"
            }
        };
        let (send, _) = self.attempt.must(op, request)?;
        let wire = record.wire.clone().unwrap_or_default();
        same(&name, &wire, &only(&name, &send)?)
    }
}

/// A member of an answer that has to have one value.
pub(crate) fn member(answer: &Map<String, Value>, name: &str, expected: &Value) -> Try<()> {
    let actual = answer.get(name).unwrap_or(&Value::Null);
    if actual == expected {
        return Ok(());
    }
    let show = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Err(Outcome::differs(&format!("`{name}`"), show(expected), show(actual)))
}

/// A member that is compared only where the shim gives it.
pub(crate) fn member_if_given(answer: &Map<String, Value>, name: &str, expected: &Hex) -> Try<()> {
    if answer.contains_key(name) { member(answer, name, &json!(expected)) } else { Ok(()) }
}
