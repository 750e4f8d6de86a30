//! The bad run: the role that must refuse is played by the code, the other one by the vector.

use didshake::{
    AwaitingAccept, AwaitingHello, AwaitingReply, Binding, Burn, Error, Fault, HelloRead, ReplyRead, UnixTime,
    WAITING_SECONDS, WaitingKeys, WaitingResponder,
};

use crate::config;
use crate::documents::Documents;
use crate::format::{Config, Fails, Message, Side, Vector, WaitingState};
use crate::outcome::Failure;
use crate::play::{ENDPOINT, answering, compare};
use crate::rng::FixedRng;

/// A negative of the handshake: everything before the last message is good, the last one is refused as the vector says.
pub(crate) fn negative(vector: &Vector, fails: &Fails) -> Result<(), Failure> {
    let Some((bad, good)) = vector.messages.split_last() else {
        return Err(Failure::format("a negative without messages"));
    };
    if bad.from == fails.role {
        return Err(Failure::format("the last message comes from the role that must refuse it"));
    }
    if bad.message != "alert" && bad.message != fails.at {
        return Err(Failure::format(format!("the last message is {}, not {}", bad.message, fails.at)));
    }
    let outcome = match fails.role {
        Side::Initiator => Initiator::start(&vector.config, &vector.messages)?.run(good, bad)?,
        Side::Responder => Responder::start(&vector.config, &vector.messages)?.run(good, bad)?,
    };
    judge(fails, &fails.at, outcome)
}

/// Whether the outcome is the one error and alert that the vector wants.
pub(crate) fn judge(fails: &Fails, at: &str, outcome: Result<(), Error>) -> Result<(), Failure> {
    let Err(error) = outcome else {
        return Err(Failure::Accepted { at: at.to_owned(), error: fails.error.clone() });
    };
    let alert = error.alert().map(|alert| alert as u8);
    if error.code() == fails.error && alert == fails.alert {
        return Ok(());
    }
    let show = |code: &str, alert: Option<u8>| match alert {
        Some(alert) => format!("`{code}` with alert {alert}"),
        None => format!("`{code}` without alert"),
    };
    let (expected, found) = (show(&fails.error, fails.alert), show(error.code(), alert));
    Err(Failure::Differs { what: format!("refusal of {at}"), expected, found })
}

/// A step: a broken vector, the refusal under test, or the way on.
type Step<T> = Result<Result<T, Error>, Failure>;

enum InitiatorState {
    Reply(AwaitingReply),
    Accept(Box<AwaitingAccept>),
    Done,
}

struct Initiator<'a> {
    config: &'a Config,
    script: &'a [Message],
    documents: Documents,
    rng: FixedRng,
    state: InitiatorState,
}

impl<'a> Initiator<'a> {
    fn start(config: &'a Config, script: &'a [Message]) -> Result<Self, Failure> {
        let mut rng = config::initiator_rng(config);
        let start = AwaitingReply::start(config::initiator(config)?, config::context(config)?, &mut rng);
        let (hello, awaiting) = start.map_err(|error| Failure::refused("hello", error))?;
        compare(script, 0, Side::Initiator, "hello", &hello)?;
        let state = InitiatorState::Reply(awaiting);
        Ok(Self { config, script, documents: Documents::new(config)?, rng, state })
    }

    fn run(mut self, good: &[Message], bad: &Message) -> Step<()> {
        for (message, at) in good.iter().zip(0_usize..) {
            if message.from == Side::Responder {
                self.read(message, at)?.map_err(|error| Failure::refused(&message.message, error))?;
            }
        }
        self.read(bad, good.len())
    }

    fn read(&mut self, message: &Message, at: usize) -> Step<()> {
        match std::mem::replace(&mut self.state, InitiatorState::Done) {
            InitiatorState::Reply(awaiting) => self.read_answer(awaiting, message, at),
            InitiatorState::Accept(awaiting) => Ok(match awaiting.read(&message.wire.0) {
                Ok(_) => Ok(()),
                Err(refused) => {
                    let in_record = matches!(refused.error.code(), "accept_malformed" | "unknown_critical_extension");
                    if in_record != refused.record.is_some() {
                        return Err(Failure::format(
                            "an alert after an opened Accept goes in a record, and only there",
                        ));
                    }
                    Err(refused.error)
                }
            }),
            InitiatorState::Done => Err(Failure::format("a message after Accept")),
        }
    }

    fn read_answer(&mut self, awaiting: AwaitingReply, message: &Message, at: usize) -> Step<()> {
        let responder = match awaiting.read(&message.wire.0, &mut self.rng) {
            Err(error) => return Ok(Err(error)),
            Ok(ReplyRead::Retry { hello, next }) => {
                if self.script.len() > at + 1 {
                    compare(self.script, at + 1, Side::Initiator, "hello2", &hello)?;
                }
                self.state = InitiatorState::Reply(next);
                return Ok(Ok(()));
            }
            Ok(ReplyRead::Claimed(responder)) => responder,
        };
        let document = match self.documents.resolve(&responder.claim()) {
            Err(fault) => return Ok(Err(fault.into())),
            Ok(document) => document,
        };
        let unsigned = match responder.verify(&document, config::now(self.config)) {
            Err(error) => return Ok(Err(error)),
            Ok(unsigned) => unsigned,
        };
        if !config::allows(&self.config.initiator.policy, unsigned.responder()) {
            return Ok(Err(Fault::PolicyRefused.into()));
        }
        let signature = config::holder(&self.config.initiator.identity)?.key.sign(unsigned.signature_input())?;
        let (finish, next) = unsigned.sign(signature).map_err(|error| Failure::refused("finish", error))?;
        if self.script.len() > at + 1 {
            compare(self.script, at + 1, Side::Initiator, "finish", &finish)?;
        }
        self.state = InitiatorState::Accept(Box::new(next));
        Ok(Ok(()))
    }
}

struct Responder<'a> {
    config: &'a Config,
    script: &'a [Message],
    documents: Documents,
    rng: FixedRng,
    listening: Option<AwaitingHello>,
    keys: WaitingKeys,
    other_keys: WaitingKeys,
    token: Option<Vec<u8>>,
    burned: Vec<[u8; 32]>,
}

impl<'a> Responder<'a> {
    fn start(config: &'a Config, script: &'a [Message]) -> Result<Self, Failure> {
        let keys = |seed| {
            let keys = WaitingKeys::new(config::now(config), &mut FixedRng::filler(seed));
            keys.map_err(|error| Failure::refused("waiting_state", error))
        };
        Ok(Self {
            config,
            script,
            documents: Documents::new(config)?,
            rng: config::responder_rng(config),
            listening: Some(Self::listen(config)?),
            keys: keys(1)?,
            other_keys: keys(2)?,
            token: None,
            burned: Vec::new(),
        })
    }

    fn listen(config: &Config) -> Result<AwaitingHello, Failure> {
        AwaitingHello::new(config::responder(config)?, config::context(config)?)
            .map_err(|error| Failure::refused("hello", error))
    }

    fn run(mut self, good: &[Message], bad: &Message) -> Step<()> {
        for (message, at) in good.iter().zip(0_usize..) {
            if message.from == Side::Initiator {
                self.read(message, at)?.map_err(|error| Failure::refused(&message.message, error))?;
            }
        }
        self.read(bad, good.len())
    }

    fn read(&mut self, message: &Message, at: usize) -> Step<()> {
        match (self.token.take(), self.listening.take()) {
            (Some(token), _) => self.read_finish(token, message, at),
            (None, Some(listening)) => self.read_hello(listening, message, at),
            (None, None) => Err(Failure::format("a message after the last one")),
        }
    }

    fn read_hello(&mut self, listening: AwaitingHello, message: &Message, at: usize) -> Step<()> {
        let now = config::now(self.config);
        let unsigned = match listening.read(&message.wire.0, now, &mut self.rng) {
            Err(error) => return Ok(Err(error)),
            Ok(HelloRead::Retry { retry, next }) => {
                if self.script.len() > at + 1 {
                    compare(self.script, at + 1, Side::Responder, "retry", &retry)?;
                }
                let http = config::context(self.config)?.binding() == Binding::Http;
                self.listening = Some(if http { Self::listen(self.config)? } else { next });
                return Ok(Ok(()));
            }
            Ok(HelloRead::Unsigned(unsigned)) => unsigned,
        };
        let signature = answering(self.config, &unsigned)?.key.sign(unsigned.signature_input())?;
        let (reply, waiting) = unsigned.sign(signature).map_err(|error| Failure::refused("reply", error))?;
        if self.script.len() > at + 1 {
            compare(self.script, at + 1, Side::Responder, "reply", &reply)?;
        }
        let token = self.keys.seal(&waiting, ENDPOINT, now, &mut FixedRng::filler(3));
        self.token = Some(token.map_err(|error| Failure::refused("waiting_state", error))?);
        Ok(Ok(()))
    }

    fn read_finish(&mut self, token: Vec<u8>, message: &Message, at: usize) -> Step<()> {
        let instruction = message.waiting_state.unwrap_or(WaitingState::Ok);
        let late = if instruction == WaitingState::Expired { WAITING_SECONDS } else { 0 };
        let now = config::now(self.config).plus(late);
        // A refused Finish leaves the waiting state usable, and a repeated one brings it again (R-STATE-6).
        self.token = Some(token.clone());
        let waiting = match self.open(token, instruction, now)? {
            Err(error) => return Ok(Err(error)),
            Ok(waiting) => waiting,
        };
        let claimed = match waiting.read(&message.wire.0, now) {
            Err(error) => return Ok(Err(error)),
            Ok(claimed) => claimed,
        };
        let document = match self.documents.resolve(&claimed.claim()) {
            Err(fault) => return Ok(Err(fault.into())),
            Ok(document) => document,
        };
        let verified = match claimed.verify(&document, now) {
            Err(error) => return Ok(Err(error)),
            Ok(verified) => verified,
        };
        if !config::allows(&self.config.responder.policy, verified.initiator()) {
            return Ok(Err(verified.refuse()));
        }
        let th3 = *verified.th3();
        let burn = if self.burned.contains(&th3) { Burn::Again } else { Burn::First };
        self.burned.push(th3);
        let extensions = config::accept_extensions(self.config)?;
        match verified.accept(burn, self.config.responder.lifetime, extensions) {
            Err(error) => Ok(Err(error)),
            Ok((accept, _)) => {
                if self.script.get(at + 1).is_some_and(|next| next.from == Side::Responder) {
                    compare(self.script, at + 1, Side::Responder, "accept", &accept)?;
                }
                Ok(Ok(()))
            }
        }
    }

    /// What the instruction of a `finish` does to the waiting state.
    fn open(&self, mut token: Vec<u8>, instruction: WaitingState, now: UnixTime) -> Step<WaitingResponder> {
        let (mut keys, mut endpoint) = (&self.keys, ENDPOINT);
        match instruction {
            WaitingState::Ok | WaitingState::Expired => {}
            WaitingState::Missing => token.clear(),
            WaitingState::Altered => {
                if let Some(byte) = token.get_mut(30) {
                    *byte ^= 1;
                }
            }
            WaitingState::Truncated => {
                token.pop();
            }
            WaitingState::OtherEndpoint => endpoint = b"/other",
            WaitingState::OtherKey => keys = &self.other_keys,
        }
        Ok(keys.open(&token, config::responder(self.config)?, config::context(self.config)?, endpoint, now))
    }
}
