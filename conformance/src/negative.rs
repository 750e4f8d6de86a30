//! Negative vectors: one fault each, and the proof that it is one.

use crate::channel::{Channel, Sealing};
use crate::check::{Check, Checks, Step, Stop};
use crate::config::{Config, Hex};
use crate::deviation::{self, Deviation, Edit, Signer, Token};
use crate::identity::Claim;
use crate::play::{Bad, play};
use crate::positive::{Positive, Say, converse};
use crate::schedule::Inputs;
use crate::sender::Signed;
use crate::vector::{FORMAT, Fails, Kind, Message, Mutation, Record, Role, Vector};
use crate::wire::{Hello, ReplyPrefix};

/// Where the fault lies.
pub(crate) enum Fault {
    /// In a message of the handshake.
    Message(Deviation),
    /// In the configuration or a document: every message is good.
    Config(Edit<Config>),
    /// In a record after `keep` entries of the base's channel.
    Record { keep: usize, say: Say, seal: Edit<Sealing>, send: Edit<Vec<u8>> },
}

/// A negative before it is played.
pub(crate) struct Negative {
    pub(crate) id: &'static str,
    pub(crate) area: &'static str,
    pub(crate) base: &'static str,
    pub(crate) check: Check,
    pub(crate) requirements: Vec<&'static str>,
    pub(crate) index: usize,
    pub(crate) role: Role,
    pub(crate) at: &'static str,
    pub(crate) mutated: &'static str,
    pub(crate) stage: &'static str,
    pub(crate) change: String,
    pub(crate) fault: Fault,
    /// What is set up otherwise than in the base and is no fault.
    pub(crate) setup: Option<Edit<Config>>,
    /// Messages before the bad one that are odd and have to be accepted, by their number.
    pub(crate) before: Vec<(usize, Deviation)>,
}

const BEFORE: &str = "before_signing";
const AFTER: &str = "after_signing";

/// Starts a negative; a position and a fault follow.
pub(crate) fn negative(id: &'static str, base: &'static str, check: Check) -> Negative {
    Negative {
        id,
        area: "",
        base,
        check,
        requirements: vec![check.requirement()],
        index: 0,
        role: Role::Responder,
        at: "hello",
        mutated: "hello",
        stage: BEFORE,
        change: String::new(),
        fault: Fault::Message(Deviation::None),
        setup: None,
        before: Vec::new(),
    }
}

impl Negative {
    pub(crate) fn at(mut self, index: usize, role: Role, at: &'static str) -> Self {
        (self.index, self.role, self.at, self.mutated) = (index, role, at, at);
        self
    }

    /// The second message of a handshake without Retry, refused by the initiator.
    pub(crate) fn reply(self) -> Self {
        self.at(1, Role::Initiator, "reply")
    }

    /// The third, refused by the responder.
    pub(crate) fn finish(self) -> Self {
        self.at(2, Role::Responder, "finish")
    }

    /// The fourth, refused by the initiator.
    pub(crate) fn accept(self) -> Self {
        self.at(3, Role::Initiator, "accept")
    }

    pub(crate) fn also(mut self, requirements: &[&'static str]) -> Self {
        self.requirements.extend_from_slice(requirements);
        self
    }

    /// Replaces the check's own requirement, where another one demands it here.
    pub(crate) fn proves(mut self, requirements: &[&'static str]) -> Self {
        self.requirements = requirements.to_vec();
        self
    }

    /// Another configuration than the base's, without which the fault could not be alone.
    pub(crate) fn given(mut self, setup: impl Fn(&mut Config) + 'static) -> Self {
        self.setup = Some(Box::new(setup));
        self
    }

    /// Hello number `index` is odd, but nothing that a receiver looks at.
    pub(crate) fn after_hello(mut self, index: usize, edit: impl Fn(&mut Hello) + 'static) -> Self {
        self.before.push((index, Deviation::Hello(Box::new(edit))));
        self
    }

    fn with(mut self, stage: &'static str, change: &str, deviation: Deviation) -> Self {
        self.stage = stage;
        self.change = change.to_owned();
        self.fault = Fault::Message(deviation);
        self
    }

    pub(crate) fn wire(self, change: &str, edit: impl Fn(&mut Vec<u8>) + 'static) -> Self {
        self.with(AFTER, change, Deviation::Wire(Box::new(edit)))
    }

    pub(crate) fn hello(self, change: &str, edit: impl Fn(&mut Hello) + 'static) -> Self {
        self.with(BEFORE, change, Deviation::Hello(Box::new(edit)))
    }

    pub(crate) fn reply_fields(self, change: &str, edit: impl Fn(&mut ReplyPrefix) + 'static) -> Self {
        self.with(BEFORE, change, Deviation::Reply(Box::new(edit)))
    }

    pub(crate) fn retry_for(self, change: &str, suite: u16) -> Self {
        self.with(BEFORE, change, Deviation::Retry(suite))
    }

    pub(crate) fn inputs(self, change: &str, edit: impl Fn(&mut Inputs) + 'static) -> Self {
        self.with(BEFORE, change, Deviation::Inputs(Box::new(edit)))
    }

    pub(crate) fn signer(self, change: &str, signer: Signer) -> Self {
        self.with(BEFORE, change, Deviation::Signer(signer))
    }

    pub(crate) fn claim(self, change: &str, edit: impl Fn(&mut Claim) + 'static) -> Self {
        self.with(BEFORE, change, Deviation::Claim(Box::new(edit)))
    }

    pub(crate) fn signed(self, change: &str, edit: impl Fn(&mut Signed) + 'static) -> Self {
        self.with(BEFORE, change, Deviation::Signed(Box::new(edit)))
    }

    pub(crate) fn signature(self, change: &str, edit: impl Fn(&mut Vec<u8>) + 'static) -> Self {
        self.with(AFTER, change, Deviation::Signature(Box::new(edit)))
    }

    pub(crate) fn signed_claim(self, change: &str, edit: impl Fn(&mut Claim) + 'static) -> Self {
        self.with(AFTER, change, Deviation::SignedClaim(Box::new(edit)))
    }

    pub(crate) fn plain(self, change: &str, edit: impl Fn(&mut Vec<u8>) + 'static) -> Self {
        self.with(AFTER, change, Deviation::Plain(Box::new(edit)))
    }

    pub(crate) fn sealing(self, change: &str, edit: impl Fn(&mut deviation::Sealing) + 'static) -> Self {
        self.with(AFTER, change, Deviation::Sealing(Box::new(edit)))
    }

    pub(crate) fn token(self, change: &str, token: Token) -> Self {
        let mut negative = self.finish().with(AFTER, change, Deviation::Token(token));
        negative.mutated = "waiting_state";
        negative
    }

    pub(crate) fn repeat(self, change: &str) -> Self {
        self.at(4, Role::Responder, "finish").with(AFTER, change, Deviation::Repeat)
    }

    pub(crate) fn config(mut self, change: &str, edit: impl Fn(&mut Config) + 'static) -> Self {
        self.mutated = "configuration";
        self.change = change.to_owned();
        self.fault = Fault::Config(Box::new(edit));
        self
    }

    pub(crate) fn record(self, keep: usize, say: Say, change: &str, seal: impl Fn(&mut Sealing) + 'static) -> Self {
        self.record_fault(keep, say, BEFORE, change, Box::new(seal), Box::new(|_| ()))
    }

    pub(crate) fn record_wire(
        self,
        keep: usize,
        say: Say,
        change: &str,
        send: impl Fn(&mut Vec<u8>) + 'static,
    ) -> Self {
        self.record_fault(keep, say, AFTER, change, Box::new(|_| ()), Box::new(send))
    }

    fn record_fault(
        self,
        keep: usize,
        say: Say,
        stage: &'static str,
        change: &str,
        seal: Edit<Sealing>,
        send: Edit<Vec<u8>>,
    ) -> Self {
        let mut negative = self.at(0, say.from.other(), "record");
        negative.stage = stage;
        negative.change = change.to_owned();
        negative.fault = Fault::Record { keep, say, seal, send };
        negative
    }

    /// The configuration that it is played in.
    pub(crate) fn configured(&self, base: &Config) -> Config {
        let mut config = base.clone();
        if let Some(setup) = &self.setup {
            setup(&mut config);
        }
        if let Fault::Config(edit) = &self.fault {
            edit(&mut config);
        }
        config
    }

    /// What its sender does at the bad message; nothing where the fault lies elsewhere.
    pub(crate) fn deviation(&self) -> &Deviation {
        if let Fault::Message(deviation) = &self.fault { deviation } else { &Deviation::None }
    }

    /// The bad message among the others.
    pub(crate) fn bad(&self) -> Bad<'_> {
        let deviation = self.deviation();
        let index = if matches!(deviation, Deviation::Repeat) { usize::MAX } else { self.index };
        Bad { index, deviation, before: &self.before }
    }

    /// Plays it, proves that it has a single fault, and gives the vector.
    pub(crate) fn vector(&self, base: &Positive) -> Step<Vector> {
        let config = self.configured(&base.config);
        let (messages, channel) = match &self.fault {
            Fault::Message(_) => (self.prove(&config)?, None),
            Fault::Config(_) if config == base.config => {
                return Err(Stop::Broken("a configuration that was not changed"));
            }
            Fault::Config(_) => (self.prove(&config)?, None),
            Fault::Record { keep, say, seal, send } => {
                let (messages, records) = self.prove_record(base, *keep, say, seal, send)?;
                (messages, Some(records))
            }
        };
        Ok(self.describe(config, messages, channel))
    }

    /// All checks on: refused by the named check. Only that check off: accepted.
    fn judge(&self, verdict: impl Fn(Checks) -> Step<Option<Check>>) -> Step<()> {
        match verdict(Checks::all())? {
            Some(check) if check == self.check.shows_as() => (),
            Some(other) => return Err(Stop::Refused(other)),
            None => return Err(Stop::Broken("the model accepts the fault")),
        }
        match verdict(Checks::all_but(self.check))? {
            None => Ok(()),
            Some(second) => Err(Stop::SecondFault(second)),
        }
    }

    /// Plays it in this configuration, proves that it has a single fault there, and gives the messages.
    pub(crate) fn prove(&self, config: &Config) -> Step<Vec<Message>> {
        let bad = Some(self.bad());
        self.judge(|checks| Ok(play(config, bad, checks)?.refused))?;
        let messages = play(config, bad, Checks::all())?.messages;
        match messages.last() {
            Some(last) if last.from == self.role.other() && messages.len() == self.index + 1 => Ok(messages),
            _ => Err(Stop::Broken("the bad message is not where the vector says")),
        }
    }

    fn prove_record(
        &self,
        base: &Positive,
        keep: usize,
        say: &Say,
        seal: &Edit<Sealing>,
        send: &Edit<Vec<u8>>,
    ) -> Step<(Vec<Message>, Vec<Record>)> {
        let played = play(&base.config, None, Checks::all())?;
        let mut channel = Channel::new(played.responder.suite, &played.responder.keys.ms);
        let script = base.script.get(..keep).ok_or(Stop::Broken("the base has fewer records"))?;
        let mut records = converse(&mut channel, script)?;
        let mut sealing = channel.next(say.from, crate::channel::inner(say.kind, &say.content, say.padding));
        seal(&mut sealing);
        channel.seal(&mut sealing)?;
        let mut wire = sealing.whole.clone();
        send(&mut wire);
        self.judge(|checks| match channel.clone().receive(checks, say.from, &wire, &sealing) {
            Ok(_) => Ok(None),
            Err(Stop::Refused(check)) => Ok(Some(check)),
            Err(broken) => Err(broken),
        })?;
        records.push(Record {
            from: say.from,
            repeat: None,
            kind: None,
            content: None,
            padding: None,
            generation: None,
            sequence: None,
            wire: Some(Hex(wire)),
        });
        Ok((played.messages, records))
    }

    /// Who must refuse, and how.
    pub(crate) fn fails(&self) -> Fails {
        let (error, alert) = (self.check.code().name().to_owned(), self.check.alert());
        Fails { role: self.role, at: self.at.to_owned(), error, alert }
    }

    /// Its requirements; that of a signature input is the one of the role that signs.
    pub(crate) fn requirements_of_role(&self) -> Vec<String> {
        let signed_input = if self.at == "reply" { "R-SIG-2" } else { "R-SIG-3" };
        let by_role = |id: &&'static str| if matches!(*id, "R-SIG-2" | "R-SIG-3") { signed_input } else { *id };
        self.requirements.iter().map(|id| by_role(id).to_owned()).collect()
    }

    fn describe(&self, config: Config, messages: Vec<Message>, channel: Option<Vec<Record>>) -> Vector {
        let code = self.check.code();
        let who = if self.role == Role::Initiator { "initiator" } else { "responder" };
        Vector {
            format: FORMAT.to_owned(),
            id: self.id.to_owned(),
            kind: Kind::Negative,
            area: self.area.to_owned(),
            about: format!("the {who} refuses with {}: {}", code.name(), self.change),
            requirements: self.requirements_of_role(),
            base: Some(self.base.to_owned()),
            mutation: Some(Mutation {
                at: self.mutated.to_owned(),
                stage: self.stage.to_owned(),
                change: self.change.clone(),
                check: self.check.name().to_owned(),
            }),
            fails: Some(self.fails()),
            config,
            messages,
            handshake: None,
            channel,
            exports: None,
        }
    }
}
