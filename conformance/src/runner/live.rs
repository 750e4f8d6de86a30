//! Tier 3 over a shim: the model is the peer, with fresh keys, and misbehaves as one negative says.

use serde_json::{Map, Value, json};

use super::attempt::{Attempt, Party, Reaction, Refusal, Try, able, handed_back, only, role_name, too_long, went};
use super::case::{Case, Outcome, Tier};
use super::dice::Dice;
use super::replay::{member, refusal_requirements, refused};
use super::shim::Shim;
use crate::channel::{self, Channel};
use crate::check::{Checks, Step, Stop};
use crate::config::Config;
use crate::deviation::{Deviation, Token};
use crate::initiator::Initiator;
use crate::negative::{Fault, Negative};
use crate::play::{Bad, HONEST, play};
use crate::positive::{Positive, Say, content_type};
use crate::receive::{Incoming, Outgoing};
use crate::responder::Responder;
use crate::schedule::Keys;
use crate::sender::Sender;
use crate::vector::{Fails, Role};

/// A handshake between the model and a shim.
pub(crate) struct Live<'c> {
    pub(crate) case: Case,
    /// The role that the shim plays.
    pub(crate) role: Role,
    pub(crate) config: Config,
    pub(crate) base: &'c Positive,
    /// None: all goes well.
    pub(crate) negative: Option<&'c Negative>,
}

impl<'c> Live<'c> {
    /// A case of a positive, or of a negative that differs from it, in a configuration that suits whoever plays `role`.
    /// None where the model itself does not do in it what the vector says.
    pub(crate) fn new(
        id: String,
        role: Role,
        mut config: Config,
        base: &'c Positive,
        negative: Option<&'c Negative>,
        seed: u64,
    ) -> Option<Self> {
        Dice::new(seed, &id).freshen(&mut config);
        let case = match negative {
            None => {
                play(&config, None, Checks::all()).ok()?;
                let requirements = base.requirements.iter().map(|id| (*id).to_owned()).collect();
                Case::new(id, Tier::Live, requirements, base.about.to_owned())
            }
            Some(negative) => {
                let of_record = matches!(negative.fault, Fault::Record { .. });
                if negative.role != role || !of_record && negative.prove(&config).is_err() {
                    return None;
                }
                let case = Case::new(id, Tier::Live, negative.requirements_of_role(), negative.change.clone());
                case.also(refusal_requirements(&negative.fails()))
            }
        };
        Some(Self { case, role, config, base, negative })
    }
}

/// The two cases of a positive.
pub(crate) fn honest(positive: &Positive, seed: u64) -> Vec<Live<'_>> {
    let of_role = |role| {
        let id = format!("live/{}/{}", positive.id, role_name(role));
        Live::new(id, role, positive.config.clone(), positive, None, seed)
    };
    [Role::Initiator, Role::Responder].into_iter().filter_map(of_role).collect()
}

/// The case of a negative, unless it needs a second run of the shim.
pub(crate) fn misbehaving<'c>(negative: &'c Negative, base: &'c Positive, seed: u64) -> Option<Live<'c>> {
    if matches!(negative.deviation(), Deviation::Token(Token::OtherKey)) {
        return None;
    }
    let config = negative.configured(&base.config);
    Live::new(format!("live/{}", negative.id), negative.role, config, base, Some(negative), seed)
}

/// What the model's reading of a message came to, as the runner reports it.
pub(crate) fn read<T>(what: &str, step: Step<T>) -> Try<T> {
    step.map_err(|stop| match stop {
        Stop::Refused(check) | Stop::SecondFault(check) => {
            Outcome::differs(what, "a message that the model accepts", format!("refused by the check {}", check.name()))
        }
        Stop::Broken(why) => Outcome::differs(what, "a message that the model can follow", why),
    })
}

fn incoming<'a>(wire: &'a [u8], sender: &'a Sender) -> Incoming<'a> {
    Incoming { wire, sender, checks: Checks::all() }
}

/// A handshake that stands: what the model has of it.
pub(crate) struct Stands {
    pub(crate) suite: u16,
    pub(crate) keys: Keys,
    out: Map<String, Value>,
}

impl Stands {
    pub(crate) fn of(model: Initiator<'_>) -> Self {
        Self { suite: model.suite, keys: model.keys, out: Map::new() }
    }
}

impl Live<'_> {
    pub(crate) fn run(&self, shim: &mut Shim) -> Outcome {
        self.play(shim).err().unwrap_or(Outcome::Passed)
    }

    fn play(&self, shim: &mut Shim) -> Try<()> {
        self.able(shim)?;
        let (mut attempt, first) = Attempt::open(shim, "1", self.role, &self.config, false)?;
        let stands = match self.role {
            Role::Responder => self.against_responder(&mut attempt)?,
            Role::Initiator => self.against_initiator(&mut attempt, &only("hello", &first)?)?,
        };
        if let Some(stands) = stands {
            self.converse(&mut attempt, &stands)?;
        }
        attempt.free()
    }

    fn able(&self, shim: &Shim) -> Try<()> {
        let mut more = Vec::new();
        if self.of_record() {
            more.push("channel");
        }
        let deviation = self.bad().deviation;
        let handed = matches!(deviation, Deviation::Repeat | Deviation::Token(_));
        if handed && !matches!(deviation, Deviation::Token(Token::Expired)) {
            more.push("token");
        }
        able(shim, self.role, &self.config, &more)?;
        too_long(self.records().iter().map(|say| &say.repeat))
    }

    /// Whether the fault is one of a record, after a handshake that goes well.
    fn of_record(&self) -> bool {
        matches!(self.negative.map(|negative| &negative.fault), Some(Fault::Record { .. }))
    }

    /// A handshake that is done although the negative says that it is refused.
    fn accepted<T>(&self) -> Try<T> {
        Err(Outcome::differs("the handshake", "a refusal", "accepted"))
    }

    fn bad(&self) -> Bad<'_> {
        let none = Bad { index: usize::MAX, deviation: HONEST, before: &[] };
        self.negative.map_or(none, Negative::bad)
    }

    /// The records that are said before the bad one.
    fn records(&self) -> &[Say] {
        match self.negative.map(|negative| &negative.fault) {
            Some(Fault::Record { keep, .. }) => self.base.script.get(..*keep).unwrap_or_default(),
            Some(_) => &[],
            None => &self.base.script,
        }
    }

    /// The refusal that ends this case, if it comes at message `index`.
    fn expected(&self, index: usize) -> Option<Fails> {
        self.negative.filter(|negative| negative.index == index && !self.of_record()).map(Negative::fails)
    }

    pub(crate) fn against_responder(&self, party: &mut dyn Party) -> Try<Option<Stands>> {
        let (bad, mut model, nobody) = (self.bad(), Initiator::new(&self.config), Sender::default());
        let mut message = read("hello", model.hello(bad.at(0)))?;
        for index in (0usize..).step_by(2) {
            let reaction = party.receive(&message.wire, self.beside(party.token(), &message, bad.at(index)))?;
            if let Some(fails) = self.expected(index) {
                return refused(party.codes(), &fails, reaction).map(|()| None);
            }
            let (send, said) = went(message.name, reaction)?;
            let answer = only("the answer", &send)?;
            if said.get("done") == Some(&Value::Bool(true)) {
                read("accept", model.read_accept(incoming(&answer, &nobody)))?;
                if let Some(fails) = self.expected(index + 2) {
                    let again = party.receive(&message.wire, self.beside(party.token(), &message, HONEST))?;
                    return refused(party.codes(), &fails, again).map(|()| None);
                }
                if self.negative.is_some() && !self.of_record() {
                    return self.accepted();
                }
                let out = said.get("out").and_then(Value::as_object).cloned().unwrap_or_default();
                return Ok(Some(Stands { suite: model.suite, keys: model.keys, out }));
            }
            let next = read("the answer", model.read_answer(incoming(&answer, &nobody), bad.at(index + 2)))?;
            message = next.ok_or_else(|| Outcome::differs("the answer", "a Reply or Retry", hex::encode(&answer)))?;
        }
        Ok(None)
    }

    pub(crate) fn against_initiator(&self, party: &mut dyn Party, hello: &[u8]) -> Try<Option<Stands>> {
        let (bad, mut model, nobody) = (self.bad(), Responder::new(&self.config), Sender::default());
        let (mut sent, mut replied) = (hello.to_vec(), false);
        for index in (1usize..).step_by(2) {
            let from = incoming(&sent, &nobody);
            let answer = match replied {
                false => read("hello", model.read_hello(from, bad.at(index)))?,
                true => read("finish", model.read_finish(from, Token::Good, bad.at(index)))?,
            };
            let answer = answer.ok_or_else(|| Outcome::differs("hello", "a Hello", "an alert"))?;
            replied |= answer.name == "reply";
            let reaction = alert_in_record(party.receive(&answer.wire, Map::new())?, &model)?;
            if let Some(fails) = self.expected(index) {
                return refused(party.codes(), &fails, reaction).map(|()| None);
            }
            let (send, said) = went(answer.name, reaction)?;
            if said.get("done") == Some(&Value::Bool(true)) {
                if self.negative.is_some() && !self.of_record() {
                    return self.accepted();
                }
                let out = said.get("out").and_then(Value::as_object).cloned().unwrap_or_default();
                return Ok(Some(Stands { suite: model.suite, keys: model.keys, out }));
            }
            sent = only("the next message", &send)?;
        }
        Ok(None)
    }

    /// Token, clock and endpoint beside a Finish.
    fn beside(&self, token: Option<Value>, message: &Outgoing, deviation: &Deviation) -> Map<String, Value> {
        if message.name != "finish" {
            return Map::new();
        }
        let how = if let Deviation::Token(token) = deviation { *token } else { Token::Good };
        handed_back(token.as_ref(), how.name(), self.config.now)
    }

    /// Exports, then the records of the script, then the bad one.
    fn converse(&self, attempt: &mut Attempt<'_>, stands: &Stands) -> Try<()> {
        member(&stands.out, "session_id", &json!(hex::encode(&stands.keys.session_id)))?;
        if attempt.shim.has("export") {
            self.export(attempt, stands)?;
        }
        if !attempt.shim.has("channel") {
            return Ok(());
        }
        let mut channel = Channel::new(stands.suite, &stands.keys.ms);
        for say in self.records() {
            speak(&mut channel, attempt, self.role, say)?;
        }
        let Some(Negative { fault: Fault::Record { say, seal, send, .. }, .. }) = self.negative else { return Ok(()) };
        let mut sealing = channel.next(say.from, channel::inner(say.kind, &say.content, say.padding));
        seal(&mut sealing);
        read("record", channel.seal(&mut sealing))?;
        let mut wire = sealing.whole;
        send(&mut wire);
        let reaction = open(attempt, &wire)?;
        let fails = self.negative.map(Negative::fails);
        fails.map_or(Ok(()), |fails| refused(attempt.shim.has("codes"), &fails, reaction))
    }

    fn export(&self, attempt: &mut Attempt<'_>, stands: &Stands) -> Try<()> {
        let usual = [("didshake conformance".to_owned(), Vec::new(), 32)];
        let exports = if self.base.exports.is_empty() { &usual[..] } else { &self.base.exports };
        for (label, context, length) in exports {
            let request = json!({ "label": label, "context": hex::encode(context), "length": length });
            let (_, said) = attempt.must("export", request.as_object().cloned().unwrap_or_default())?;
            let output = read("export", crate::schedule::export(&stands.keys, label.as_bytes(), context, *length))?;
            member(&said, "output", &json!(hex::encode(output)))?;
        }
        Ok(())
    }
}

/// A record that answers an Accept has to open; an alert in it is a refusal (R-INIT-9).
fn alert_in_record(reaction: Reaction, model: &Responder<'_>) -> Try<Reaction> {
    let Reaction::Went { send, .. } = &reaction else { return Ok(reaction) };
    let [record] = send.as_slice() else { return Ok(reaction) };
    if record.first() != Some(&channel::RECORD) {
        return Ok(reaction);
    }
    let mut channel = Channel::new(model.suite, &model.keys.ms);
    let honest = channel.next(Role::Initiator, Vec::new());
    match read("record", channel.receive(Checks::all(), Role::Initiator, record, &honest))? {
        Some((channel::ALERT, code)) => {
            Ok(Reaction::Refused(Refusal { error: None, alert: code.first().copied(), send: send.clone() }))
        }
        _ => Ok(reaction),
    }
}

fn open(attempt: &mut Attempt<'_>, wire: &[u8]) -> Try<Reaction> {
    let mut request = Map::new();
    request.insert("wire".to_owned(), json!(hex::encode(wire)));
    attempt.react("open", request)
}

/// One record of the script, from either side.
fn speak(channel: &mut Channel, attempt: &mut Attempt<'_>, role: Role, say: &Say) -> Try<()> {
    let kind = read("record", content_type(say.kind))?;
    if say.from == role {
        let mut request = Map::new();
        request.insert("padding".to_owned(), json!(say.padding));
        request.insert("type".to_owned(), json!(kind));
        request.insert("content".to_owned(), json!(hex::encode(&say.content)));
        let op = match say.kind {
            channel::CLOSE => "close",
            channel::KEY_UPDATE => "update",
            _ => "seal",
        };
        let (send, _) = attempt.must(op, request)?;
        let wire = only("record", &send)?;
        let honest = channel.next(say.from, Vec::new());
        let opened = read("record", channel.receive(Checks::all(), say.from, &wire, &honest))?;
        let right = opened.as_ref().is_some_and(|(found, content)| *found == say.kind && *content == say.content);
        return if right { Ok(()) } else { Err(Outcome::differs("record", kind, format!("{opened:?}"))) };
    }
    let mut sealing = channel.next(say.from, channel::inner(say.kind, &say.content, say.padding));
    read("record", channel.seal(&mut sealing))?;
    read("record", channel.receive(Checks::all(), say.from, &sealing.whole, &sealing))?;
    match open(attempt, &sealing.whole)? {
        Reaction::Refused(refusal) if say.kind == channel::ALERT && refusal.alert.is_none() => Ok(()),
        reaction => {
            let (_, said) = went("record", reaction)?;
            member(&said, "type", &json!(kind))
        }
    }
}
